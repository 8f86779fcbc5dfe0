// Numbers to text and back, in the exact forms that the protocol accepts.

import CSystem

/// The decimal text of an integer, held in place.
public struct DecimalText: BitwiseCopyable {
    // Digits fill the 24 bytes from the end; the longest text has 20.
    @usableFromInline var digits: InlineArray<24, UInt8>
    @usableFromInline var start: Int

    @inlinable
    public init(_ value: Int64) {
        digits = InlineArray(repeating: 0)
        start = 24
        var rest = value.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            start &-= 1
            digits[start] = UInt8(truncatingIfNeeded: digit) &+ 48
            rest = quotient
        } while rest > 0
        if value < 0 {
            start &-= 1
            digits[start] = 45
        }
    }

    /// Bytes of the text.
    @inlinable public var count: Int { 24 &- start }

    /// The text.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: UInt8 elements are always initialised.
            unsafe digits.span.bytes.suffix(from: start)
        }
    }
}

extension RawSpan {
    /// The integer that the bytes spell in canonical decimal: no sign but '-',
    /// no leading zeros, no blanks; nil for anything else or beyond 64 bits.
    @inlinable
    public var canonicalInteger: Int64? {
        let count = byteCount
        guard count > 0, count <= 20 else { return nil }
        let negative = byte(0) == 45
        var index = negative ? 1 : 0
        guard index < count else { return nil }
        let first = byte(index)
        if first == 48 { return count == 1 ? 0 : nil }
        var magnitude: UInt64 = 0
        while index < count {
            let digit = byte(index) &- 48
            guard digit < 10 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            if overflow || carry { return nil }
            magnitude = sum
            index &+= 1
        }
        if negative {
            return magnitude <= UInt64(1) << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    /// The unsigned decimal number that fills the span; nil for anything else or beyond 64 bits.
    public var unsignedDecimal: UInt64? {
        guard byteCount > 0 else { return nil }
        var value: UInt64 = 0
        for i in 0..<byteCount {
            let digit = byte(i) &- 48
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    /// The finite or infinite double that fills the span, C syntax; nil otherwise.
    public var double: Double? {
        if let short = shortDecimal { return short }
        var value = 0.0
        // SAFETY: the C function reads byteCount bytes.
        let valid = unsafe withUnsafeBytes { bytes in
            unsafe cs_parse_double(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &value)
        }
        return valid ? value : nil
    }
}

/// A sum of two decimal texts, computed as C's `long double`.
public enum DecimalSum {
    /// The sum without exponent and without trailing zeros.
    case text([UInt8])
    case firstInvalid
    case secondInvalid
    /// NaN or infinity.
    case notFinite

    public static func adding(_ first: RawSpan, _ second: RawSpan) -> DecimalSum {
        var length = 0
        var status = CS_DECIMAL_OK
        // SAFETY: the C function writes at most CS_DECIMAL_TEXT_BYTES bytes and reports how many.
        let text = unsafe [UInt8](unsafeUninitializedCapacity: Int(CS_DECIMAL_TEXT_BYTES)) { buffer, count in
            unsafe first.withUnsafeBytes { a in
                unsafe second.withUnsafeBytes { b in
                    status = unsafe cs_add_decimals(
                        a.baseAddress?.assumingMemoryBound(to: CChar.self), a.count,
                        b.baseAddress?.assumingMemoryBound(to: CChar.self), b.count,
                        UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), &length)
                }
            }
            count = length
        }
        switch status {
        case CS_DECIMAL_OK: return .text(text)
        case CS_DECIMAL_BAD_FIRST: return .firstInvalid
        case CS_DECIMAL_BAD_SECOND: return .secondInvalid
        default: return .notFinite
        }
    }
}

/// The shortest text that reads back as `value`.
public func shortestText(of value: Double) -> [UInt8] { DoubleText(value).bytes.array }
