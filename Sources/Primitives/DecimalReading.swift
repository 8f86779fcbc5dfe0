// Decimals to doubles without C's help, as far as they are short.

extension RawSpan {
    /// The double nearest to the number that fills the span, where that is a
    /// plain decimal of up to 19 digits; nil where C has to look at it.
    ///
    /// With m the digits as an integer and k those behind the point, m / 10^k is
    /// divided to 62 bits and more, which are then rounded once.
    var shortDecimal: Double? {
        guard byteCount > 0, byteCount <= 21 else { return nil }
        let isNegative = byte(0) == UInt8(ascii: "-")
        var digits: UInt64 = 0
        var count = 0
        var fraction: Int?
        for index in (isNegative ? 1 : 0)..<byteCount {
            let byte = byte(index)
            if byte == UInt8(ascii: "."), fraction == nil {
                fraction = count
                continue
            }
            guard byte.isDigit, count < 19 else { return nil }
            digits = digits &* 10 &+ UInt64(byte &- 48)
            count += 1
        }
        guard count > 0 else { return nil }
        let value = Self.quotient(digits, powerOfTen: count - (fraction ?? count))
        return isNegative ? -value : value
    }

    /// `digits` / 10^`power`, rounded to nearest; `power` is 19 at most.
    private static func quotient(_ digits: UInt64, powerOfTen power: Int) -> Double {
        guard digits > 0 else { return 0 }
        guard power > 0 else { return Double(digits) }
        var divisor: UInt64 = 1
        for _ in 0..<power { divisor &*= 10 }
        // Both with their highest bit set, so that the quotient has 63 or 64 bits.
        let digitShift = digits.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        let dividend = digits << UInt64(digitShift)
        let (quotient, remainder) = (divisor << UInt64(divisorShift))
            .dividingFullWidth((dividend >> 1, dividend << 63))
        // What the division leaves over decides between halves.
        let sticky = quotient | (remainder == 0 ? 0 : 1)
        // 2^-126 to 2^-3.
        let scale = Double(bitPattern: UInt64(1023 - 63 + divisorShift - digitShift) << 52)
        return Double(sticky) * scale
    }
}
