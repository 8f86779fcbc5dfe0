// Strings as rows of bits: bit 0 is the highest bit of byte 0.

import CSystem
import Primitives

/// Counting, searching and reading the bits of byte strings.
public enum Bits {
    // MARK: Single bits

    /// The bit at `index`; bits behind the end are zero.
    @inlinable
    public static func bit(_ index: Int, of bytes: RawSpan) -> Bool {
        let byte = index >> 3
        guard byte < bytes.byteCount else { return false }
        return bytes.byte(byte) >> UInt8(7 &- index & 7) & 1 == 1
    }

    // MARK: Counting

    /// How many bits in `range` are one; the range lies within the bytes.
    public static func count(_ bytes: RawSpan, in range: Range<Int>) -> Int {
        guard !range.isEmpty else { return 0 }
        let first = range.lowerBound >> 3
        let last = (range.upperBound - 1) >> 3
        var total = count(bytes.slice(first, last - first + 1))
        total -= (bytes.byte(first) & ~tailMask(range.lowerBound & 7)).nonzeroBitCount
        total -= (bytes.byte(last) & ~headMask(range.upperBound - last * 8)).nonzeroBitCount
        return total
    }

    /// How many bits are one.
    static func count(_ bytes: RawSpan) -> Int {
        // SAFETY: the kernel reads `byteCount` bytes of this span.
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe Int(cs_count_bits(start.assumingMemoryBound(to: UInt8.self), buffer.count))
        }
    }

    /// The bits of a byte from `index` (0..<8) on.
    private static func tailMask(_ index: Int) -> UInt8 { 0xff >> UInt8(index) }

    /// The first `count` (1...8) bits of a byte.
    private static func headMask(_ count: Int) -> UInt8 { ~(UInt8(0x7f) >> UInt8(count - 1)) }

    // MARK: Searching

    /// The first bit in `range` that is `bit`; the range lies within the bytes.
    public static func first(_ bit: Bool, in range: Range<Int>, of bytes: RawSpan) -> Int? {
        guard !range.isEmpty else { return nil }
        // Turned so that a one is looked for.
        let inversion: UInt8 = bit ? 0 : 0xff
        var index = range.lowerBound >> 3
        let end = (range.upperBound + 7) >> 3
        var found = (bytes.byte(index) ^ inversion) & tailMask(range.lowerBound & 7)
        if found == 0 {
            index += 1
            index += runLength(of: inversion, in: bytes.slice(index, end - index))
            guard index < end else { return nil }
            found = bytes.byte(index) ^ inversion
        }
        let place = index * 8 + found.leadingZeroBitCount
        return place < range.upperBound ? place : nil
    }

    /// How many bytes in front equal `byte`.
    private static func runLength(of byte: UInt8, in bytes: RawSpan) -> Int {
        // SAFETY: the kernel reads `byteCount` bytes of this span.
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe cs_run_length(start.assumingMemoryBound(to: UInt8.self), buffer.count, byte)
        }
    }

    // MARK: Fields

    /// The `width` (1...64) bits from `index` on as an unsigned number, highest
    /// bit first; bits behind the end are zero.
    public static func field(_ index: Int, width: Int, of bytes: RawSpan) -> UInt64 {
        var value: UInt64 = 0
        let start = index >> 3
        let end = (index + width + 7) >> 3
        // Up to nine bytes, of which the ninth pushes the bits in front of the field out at the top.
        let last = end - 1
        for place in start..<last { value = value << 8 | UInt64(place < bytes.byteCount ? bytes.byte(place) : 0) }
        let used = (index + width - 1) & 7 + 1
        let tail = last < bytes.byteCount ? bytes.byte(last) : 0
        value = value << UInt64(used) | UInt64(tail >> UInt8(8 - used))
        return width == 64 ? value : value & (1 << UInt64(width) - 1)
    }

    /// The bytes that hold `width` bits from `index` on, once `value` stands
    /// there: how many they are, the first of them at `index >> 3`.
    public static func patch(
        _ index: Int, width: Int, of bytes: RawSpan, with value: UInt64
    ) -> (bytes: InlineArray<9, UInt8>, count: Int) {
        var patched = InlineArray<9, UInt8>(repeating: 0)
        let start = index >> 3
        let count = (index + width + 7) >> 3 - start
        for i in 0..<count where start + i < bytes.byteCount { patched[i] = bytes.byte(start + i) }
        for i in 0..<width {
            let place = index & 7 + i
            let mask = UInt8(0x80) >> UInt8(place & 7)
            if value >> UInt64(width - 1 - i) & 1 == 1 {
                patched[place >> 3] |= mask
            } else {
                patched[place >> 3] &= ~mask
            }
        }
        return (patched, count)
    }
}
