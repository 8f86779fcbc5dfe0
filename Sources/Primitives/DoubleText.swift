// Doubles as Redis 7.2 and later print them: the fewest digits that read back
// as the same number; integers and numbers near 1 without an exponent.

import CSystem

/// The text of a double, held in place.
public struct DoubleText: BitwiseCopyable {
    // The longest text, a negative number with 17 digits and an exponent, has 24 bytes.
    private var text: InlineArray<40, UInt8>
    /// Bytes of the text.
    public private(set) var count = 0

    public init(_ value: Double) {
        text = InlineArray(repeating: 0)
        if value.isNaN {
            append("nan")
        } else if value.isInfinite {
            append(value < 0 ? "-inf" : "inf")
        } else if value == 0 {
            append(value.sign == .minus ? "-0" : "0")
        } else if let integer = Int64(exactly: value), integer.magnitude <= 1 << 62 {
            let digits = DecimalText(integer)
            for i in 0..<digits.count { append(digits.bytes.byte(i)) }
        } else {
            append(DoubleDigits(value))
        }
    }

    /// The text.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: UInt8 elements are always initialised.
            unsafe text.span.bytes.slice(0, count)
        }
    }

    private mutating func append(_ byte: UInt8) {
        text[count] = byte
        count += 1
    }

    private mutating func append(_ literal: StaticString) {
        let bytes = RawSpan(literal: literal)
        for i in 0..<bytes.byteCount { append(bytes.byte(i)) }
    }

    private mutating func append(zeros: Int) {
        for _ in 0..<max(0, zeros) { append(48) }
    }

    private mutating func append(_ number: DoubleDigits) {
        if number.isNegative { append(45) }
        // The exponent that scientific notation has.
        let scientific = number.exponent + number.count - 1
        if number.exponent >= 0, abs(scientific) < number.count + 7 {
            append(number, 0..<number.count)
            append(zeros: number.exponent)
        } else if number.exponent < 0, number.exponent > -7 || abs(scientific) < 4 {
            let whole = number.count + number.exponent
            if whole <= 0 { append(48) } else { append(number, 0..<whole) }
            append(46)
            append(zeros: -whole)
            append(number, max(0, whole)..<number.count)
        } else {
            append(number, 0..<1)
            if number.count > 1 { append(46) }
            append(number, 1..<number.count)
            append(101)
            append(scientific < 0 ? 45 : 43)
            let digits = DecimalText(Int64(abs(scientific)))
            for i in 0..<digits.count { append(digits.bytes.byte(i)) }
        }
    }

    private mutating func append(_ number: DoubleDigits, _ range: Range<Int>) {
        for i in range { append(number.digits[i] &+ 48) }
    }
}

/// A double with 17 significant digits, as C prints it.
public func preciseText(of value: Double) -> [UInt8] {
    // SAFETY: the C function writes at most 40 bytes and returns how many.
    unsafe [UInt8](unsafeUninitializedCapacity: 40) { buffer, count in
        count = unsafe cs_format_precise(
            value, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self))
    }
}

/// A double with six digits behind the point and no exponent, as C prints it.
public func plainText(of value: Double) -> [UInt8] {
    // SAFETY: the C function writes at most 320 bytes and returns how many.
    unsafe [UInt8](unsafeUninitializedCapacity: 320) { buffer, count in
        count = unsafe cs_format_fixed(
            value, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self))
    }
}

/// The shortest decimal that reads back as a finite double: digits * 10^exponent.
private struct DoubleDigits {
    var digits = InlineArray<24, UInt8>(repeating: 0)
    var count = 0
    var exponent = 0
    let isNegative: Bool

    init(_ value: Double) {
        isNegative = value < 0
        guard !readFewDecimals(value.magnitude) else { return }
        var isFraction = false
        var isExponent = false
        var isExponentNegative = false
        var given = 0
        for byte in value.description.utf8 {
            switch byte {
            case 46: isFraction = true
            case 101: isExponent = true
            case 45: isExponentNegative = isExponent
            case 48...57 where isExponent: given = given * 10 + Int(byte - 48)
            case 48...57:
                if isFraction { exponent -= 1 }
                guard byte != 48 || count > 0 else { continue }
                digits[count] = byte - 48
                count += 1
            default: continue
            }
        }
        exponent += isExponentNegative ? -given : given
        dropTrailingZeros()
    }

    private mutating func dropTrailingZeros() {
        while count > 1, digits[count - 1] == 0 {
            count -= 1
            exponent += 1
        }
    }

    /// Numbers with up to six decimals and 15 digits: the first power of ten that
    /// makes an integer of them, from which they come back, tells their digits.
    private mutating func readFewDecimals(_ value: Double) -> Bool {
        guard value >= 1e-3, value < 1e9 else { return false }
        var power = 1.0
        for decimals in 1...6 {
            power *= 10
            let scaled = (value * power).rounded()
            guard scaled / power == value else { continue }
            let text = DecimalText(Int64(scaled))
            for i in 0..<text.count { digits[i] = text.bytes.byte(i) &- 48 }
            count = text.count
            exponent = -decimals
            return true
        }
        return false
    }
}
