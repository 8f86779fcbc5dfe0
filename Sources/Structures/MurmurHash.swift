import Primitives

extension RawSpan {
    /// MurmurHash64A, the 64-bit variant of MurmurHash2: part of the format of HyperLogLogs.
    public func murmurHash(seed: UInt64) -> UInt64 {
        let multiplier: UInt64 = 0xc6a4_a793_5bd1_e995
        var hash = seed ^ UInt64(byteCount) &* multiplier
        var offset = 0
        while offset &+ 8 <= byteCount {
            var block = UInt64(littleEndian: word(offset)) &* multiplier
            block ^= block >> 47
            hash = (hash ^ block &* multiplier) &* multiplier
            offset &+= 8
        }
        if offset < byteCount {
            var tail: UInt64 = 0
            for index in offset..<byteCount { tail |= UInt64(byte(index)) << UInt64(8 &* (index &- offset)) }
            hash = (hash ^ tail) &* multiplier
        }
        hash ^= hash >> 47
        hash &*= multiplier
        return hash ^ hash >> 47
    }
}
