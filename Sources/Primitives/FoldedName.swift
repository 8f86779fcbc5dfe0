/// A name of up to 23 bytes with its ASCII letters in lower case, as three
/// words: compared and hashed without a loop. The last byte holds the length,
/// so that zero bytes at the end of a name count.
public struct FoldedName: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline let a: UInt64
    @usableFromInline let b: UInt64
    @usableFromInline let c: UInt64

    @inlinable
    public init?(_ name: RawSpan) {
        let count = name.byteCount
        guard count > 0, count < 24 else { return nil }
        a = Self.folded(Self.load(name, 0, count))
        b = count > 8 ? Self.folded(Self.load(name, 8, count)) : 0
        c = (count > 16 ? Self.folded(Self.load(name, 16, count)) : 0) | UInt64(truncatingIfNeeded: count) << 56
    }

    /// The up to eight bytes from `offset`, padded with zeros.
    @inlinable @inline(__always)
    static func load(_ name: RawSpan, _ offset: Int, _ count: Int) -> UInt64 {
        let left = count &- offset
        if left >= 8 { return name.word(offset) }
        var word: UInt64 = 0
        var index = 0
        while index < left {
            word |= UInt64(name.byte(offset &+ index)) << UInt64(truncatingIfNeeded: index &* 8)
            index &+= 1
        }
        return word
    }

    /// Lower-cases eight ASCII bytes at once; bytes above 127 stay.
    @inlinable @inline(__always)
    static func folded(_ x: UInt64) -> UInt64 {
        let ones = 0x0101_0101_0101_0101 as UInt64
        let low7 = x & (ones &* 0x7f)
        let aboveZ = low7 &+ ones &* (0x7f - 90)
        let fromA = low7 &+ ones &* (0x80 - 65)
        let upper = ~x & (fromA ^ aboveZ) & (ones &* 0x80)
        return x | upper >> 2
    }

    /// A hash for small tables.
    @inlinable
    public var tableHash: Int {
        let mixed = (a ^ b &* 31 ^ c &* 37) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed >> 40)
    }
}
