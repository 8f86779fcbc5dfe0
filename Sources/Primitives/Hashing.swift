// Keyed hashing of keys. A folded-multiply hash in the manner of wyhash
// (Wang Yi, 2019): two 64-bit words are multiplied to 128 bits and the halves
// are xored. Both multiplicands are masked with secret words, so that nobody
// who lacks the seed can aim keys at one bucket.

/// The 128-bit secret of an engine's hash tables.
public struct HashSeed: Sendable, BitwiseCopyable {
    public let first: UInt64
    public let second: UInt64

    public init(_ first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }
}

@inlinable @inline(__always)
func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}

extension RawSpan {
    /// A 64-bit hash, every bit of which depends on every byte and on the seed.
    @inlinable
    public func hash(_ seed: HashSeed) -> UInt64 {
        let count = byteCount
        var state = seed.first
        var a: UInt64 = 0
        var b: UInt64 = 0
        if count <= 16 {
            if count >= 8 {
                a = word(0)
                b = word(count &- 8)
            } else if count >= 4 {
                a = UInt64(half(0))
                b = UInt64(half(count &- 4))
            } else if count > 0 {
                a = UInt64(byte(0)) << 16 | UInt64(byte(count >> 1)) << 8 | UInt64(byte(count &- 1))
            }
        } else {
            var offset = 0
            while count &- offset > 16 {
                state = folded(word(offset) ^ seed.second, word(offset &+ 8) ^ state)
                offset &+= 16
            }
            a = word(count &- 16)
            b = word(count &- 8)
        }
        return folded(seed.second ^ UInt64(truncatingIfNeeded: count), folded(a ^ seed.second, b ^ state))
    }
}
