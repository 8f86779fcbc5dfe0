// Decimals as C's printf writes them with a fixed number of digits behind the
// point, made in integers: the digits are those of the exact value.

/// The text of a number with a fixed number of decimals, held in place.
public struct FixedText: BitwiseCopyable {
    private var text = InlineArray<64, UInt8>(repeating: 0)
    /// Bytes of the text.
    public private(set) var count = 0

    /// The number with up to 17 decimals, without trailing zeros. Its magnitude
    /// must be below 2^53; what is smaller than the decimals show is 0.
    public init(_ value: Double) {
        precondition(value.magnitude < 9_007_199_254_740_992)
        let (whole, fraction) = Self.split(value.magnitude)
        if value < 0, whole | fraction > 0 { append(45) }
        append(whole, digits: 0)
        guard fraction > 0 else { return }
        append(46)
        append(fraction, digits: 17)
        while text[count - 1] == 48 { count -= 1 }
    }

    /// A number of ten-thousandths, with four decimals.
    public init(tenThousandths value: Int64) {
        if value < 0 { append(45) }
        append(value.magnitude / 10_000, digits: 0)
        append(46)
        append(value.magnitude % 10_000, digits: 4)
    }

    /// The text.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: UInt8 elements are always initialised.
            unsafe text.span.bytes.slice(0, count)
        }
    }

    /// The integer part, and the rest in units of 10^-17, rounded to nearest, halves to even.
    private static func split(_ value: Double) -> (whole: UInt64, fraction: UInt64) {
        let whole = value.rounded(.down)
        let rest = value - whole
        guard rest > 1e-20 else { return (UInt64(whole), 0) }
        // rest = significand / 2^shift, with a shift of 119 at most.
        let shift = 52 - Int(rest.exponent)
        let significand = UInt128(rest.significandBitPattern | 1 << 52)
        let scaled = significand * 100_000_000_000_000_000
        var fraction = UInt64(scaled >> UInt128(shift))
        let left = scaled & (UInt128(1) << UInt128(shift) - 1)
        let half = UInt128(1) << UInt128(shift - 1)
        if left > half || left == half && fraction & 1 == 1 { fraction += 1 }
        guard fraction < 100_000_000_000_000_000 else { return (UInt64(whole) + 1, 0) }
        return (UInt64(whole), fraction)
    }

    private mutating func append(_ byte: UInt8) {
        text[count] = byte
        count += 1
    }

    /// Appends a number, filled up with zeros to at least so many digits.
    private mutating func append(_ number: UInt64, digits: Int) {
        let digitsText = DecimalText(Int64(clamping: number))
        for _ in 0..<max(0, digits - digitsText.count) { append(48) }
        for index in 0..<digitsText.count { append(digitsText.bytes.byte(index)) }
    }
}
