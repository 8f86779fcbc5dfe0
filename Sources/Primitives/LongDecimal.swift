import CSystem

/// A number in the precision of C's `long double`, in which clients' decimal
/// texts are added. Not NaN when parsed; arithmetic may make it infinite.
public struct LongDecimal: Sendable, BitwiseCopyable {
    private let value: cs_long_double

    private init(_ value: cs_long_double) { self.value = value }

    /// The number that fills `text`.
    public init?(_ text: RawSpan) {
        var value = cs_long_double()
        // SAFETY: the C function reads the given count of bytes.
        let isValid = unsafe text.withUnsafeBytes { bytes in
            unsafe cs_long_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &value)
        }
        guard isValid else { return nil }
        self.value = value
    }

    public static var zero: LongDecimal { LongDecimal(cs_long_double()) }

    /// The largest finite number.
    public static var largest: LongDecimal { LongDecimal(cs_long_largest()) }

    public var isFinite: Bool { cs_long_is_finite(value) }

    public static func + (a: LongDecimal, b: LongDecimal) -> LongDecimal { LongDecimal(cs_long_add(a.value, b.value)) }

    public static func - (a: LongDecimal, b: LongDecimal) -> LongDecimal {
        LongDecimal(cs_long_subtract(a.value, b.value))
    }

    public static func < (a: LongDecimal, b: LongDecimal) -> Bool { cs_long_compare(a.value, b.value) < 0 }

    /// The number without exponent and without trailing zeros; it must be finite.
    public var text: [UInt8] {
        // SAFETY: the C function writes at most CS_DECIMAL_TEXT_BYTES bytes and returns how many.
        unsafe [UInt8](unsafeUninitializedCapacity: Int(CS_DECIMAL_TEXT_BYTES)) { buffer, count in
            count = unsafe cs_long_format(
                value, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self))
        }
    }
}
