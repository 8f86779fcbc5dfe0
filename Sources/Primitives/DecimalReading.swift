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
        var index = isNegative ? 1 : 0
        let whole = readDigits(&index, &digits)
        var fraction = 0
        if index < byteCount, byte(index) == UInt8(ascii: ".") {
            index &+= 1
            fraction = readDigits(&index, &digits)
        }
        guard index == byteCount, (1...19).contains(whole &+ fraction) else { return nil }
        let value = Self.quotient(digits, powerOfTen: fraction)
        return isNegative ? -value : value
    }

    /// Appends the decimal digits from `index` on to `digits`; how many there are. More than 19 may wrap.
    private func readDigits(_ index: inout Int, _ digits: inout UInt64) -> Int {
        let start = index
        while index < byteCount {
            let digit = byte(index) &- 48
            guard digit < 10 else { break }
            digits = digits &* 10 &+ UInt64(digit)
            index &+= 1
        }
        return index &- start
    }

    /// `digits` / 10^`power`, rounded to nearest; `power` is 19 at most.
    private static func quotient(_ digits: UInt64, powerOfTen power: Int) -> Double {
        guard digits > 0 else { return 0 }
        guard power > 0 else { return Double(digits) }
        // By squares: 10, 10^2, 10^4, 10^8, 10^16.
        var divisor: UInt64 = power & 1 == 0 ? 1 : 10
        if power & 2 != 0 { divisor &*= 100 }
        if power & 4 != 0 { divisor &*= 10_000 }
        if power & 8 != 0 { divisor &*= 100_000_000 }
        if power & 16 != 0 { divisor &*= 10_000_000_000_000_000 }
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
