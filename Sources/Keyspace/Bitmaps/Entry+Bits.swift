import Primitives
import Structures

// The bits of strings. Integers count as their texts.
extension Entry {
    /// The bit at `index`; bits behind the end are zero.
    @inlinable
    public func bit(_ index: Int) -> Bool { withString { Bits.bit(index, of: $0) } }

    /// How many bits in `range`, which lies within the string, are one.
    public func bitCount(in range: Range<Int>) -> Int { withString { Bits.count($0, in: range) } }

    /// The first bit in `range`, which lies within the string, that is `bit`.
    public func firstBit(_ bit: Bool, in range: Range<Int>) -> Int? { withString { Bits.first(bit, in: range, of: $0) } }

    /// The `width` (1...64) bits from `index` on, the highest first; bits behind the end are zero.
    public func bitField(_ index: Int, width: Int) -> UInt64 { withString { Bits.field(index, width: width, of: $0) } }
}
