// XXH3 of 64 bits without a seed, after the published specification (xxHash,
// doc/xxhash_spec.md). Clients compute it themselves, so it is part of the protocol.

extension RawSpan {
    /// The XXH3 hash of the bytes.
    public var xxh3: UInt64 {
        let hasher = XXH3()
        switch byteCount {
        case ...16: return hasher.short(self)
        case ...128: return hasher.upTo128(self)
        case ...240: return hasher.upTo240(self)
        default: return hasher.long(self)
        }
    }
}

private struct XXH3 {
    private static var prime32a: UInt64 { 0x9e37_79b1 }
    private static var prime32b: UInt64 { 0x85eb_ca77 }
    private static var prime32c: UInt64 { 0xc2b2_ae3d }
    private static var prime64a: UInt64 { 0x9e37_79b1_85eb_ca87 }
    private static var prime64b: UInt64 { 0xc2b2_ae3d_27d4_eb4f }
    private static var prime64c: UInt64 { 0x1656_67b1_9e37_79f9 }
    private static var prime64d: UInt64 { 0x85eb_ca77_c2b2_ae63 }
    private static var prime64e: UInt64 { 0x27d4_eb2f_1656_67c5 }

    private static var stripeBytes: Int { 64 }
    private static var secretBytes: Int { 192 }
    private static var stripesPerBlock: Int { 16 }

    private let secretStore: InlineArray<192, UInt8> = [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
        0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
        0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
        0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
        0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
        0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
        0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
        0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
        0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ]

    private var secret: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: UInt8 elements are always initialised.
            unsafe secretStore.span.bytes
        }
    }

    // MARK: Mixing

    private func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }

    private func avalanche(_ value: UInt64) -> UInt64 {
        var h = value
        h = (h ^ h >> 37) &* 0x1656_6791_9e37_79f9
        return h ^ h >> 32
    }

    private func oldAvalanche(_ value: UInt64) -> UInt64 {
        var h = value
        h = (h ^ h >> 33) &* Self.prime64b
        h = (h ^ h >> 29) &* Self.prime64c
        return h ^ h >> 32
    }

    private func mixed16(_ input: RawSpan, _ offset: Int, _ secretOffset: Int) -> UInt64 {
        folded(input.word(offset) ^ secret.word(secretOffset), input.word(offset + 8) ^ secret.word(secretOffset + 8))
    }

    // MARK: By length

    func short(_ input: RawSpan) -> UInt64 {
        let count = input.byteCount
        if count > 8 {
            let low = input.word(0) ^ secret.word(24) ^ secret.word(32)
            let high = input.word(count - 8) ^ secret.word(40) ^ secret.word(48)
            return avalanche(UInt64(count) &+ low.byteSwapped &+ high &+ folded(low, high))
        }
        if count >= 4 {
            let combined = UInt64(input.half(count - 4)) &+ UInt64(input.half(0)) << 32
            var h = combined ^ secret.word(8) ^ secret.word(16)
            h ^= rotated(h, 49) ^ rotated(h, 24)
            h = h &* 0x9fb2_1c65_1e98_df25
            h ^= (h >> 35) &+ UInt64(count)
            h = h &* 0x9fb2_1c65_1e98_df25
            return h ^ h >> 28
        }
        if count > 0 {
            let ends = UInt64(input.byte(0)) << 16 | UInt64(input.byte(count - 1))
            let combined = ends | UInt64(input.byte(count / 2)) << 24 | UInt64(count) << 8
            return oldAvalanche(combined ^ UInt64(secret.half(0) ^ secret.half(4)))
        }
        return oldAvalanche(secret.word(56) ^ secret.word(64))
    }

    func upTo128(_ input: RawSpan) -> UInt64 {
        let count = input.byteCount
        var sum = UInt64(count) &* Self.prime64a
        for pair in stride(from: (count - 1) / 32, through: 0, by: -1) {
            sum = sum &+ mixed16(input, 16 * pair, 32 * pair)
            sum = sum &+ mixed16(input, count - 16 * (pair + 1), 32 * pair + 16)
        }
        return avalanche(sum)
    }

    func upTo240(_ input: RawSpan) -> UInt64 {
        let count = input.byteCount
        var sum = UInt64(count) &* Self.prime64a
        for i in 0..<8 { sum = sum &+ mixed16(input, 16 * i, 16 * i) }
        sum = avalanche(sum)
        for i in 8..<count / 16 { sum = sum &+ mixed16(input, 16 * i, 16 * (i - 8) + 3) }
        return avalanche(sum &+ mixed16(input, count - 16, 136 - 17))
    }

    func long(_ input: RawSpan) -> UInt64 {
        let count = input.byteCount
        var lanes: InlineArray<8, UInt64> = [
            Self.prime32c, Self.prime64a, Self.prime64b, Self.prime64c,
            Self.prime64d, Self.prime32b, Self.prime64e, Self.prime32a,
        ]
        let stripes = (count - 1) / Self.stripeBytes
        for stripe in 0..<stripes {
            let position = stripe % Self.stripesPerBlock
            accumulate(&lanes, input, stripe * Self.stripeBytes, 8 * position)
            if position == Self.stripesPerBlock - 1 { scramble(&lanes) }
        }
        accumulate(&lanes, input, count - Self.stripeBytes, Self.secretBytes - Self.stripeBytes - 7)
        var sum = UInt64(count) &* Self.prime64a
        for i in 0..<4 {
            sum = sum &+ folded(
                lanes[2 * i] ^ secret.word(11 + 16 * i), lanes[2 * i + 1] ^ secret.word(19 + 16 * i))
        }
        return avalanche(sum)
    }

    private func accumulate(
        _ lanes: inout InlineArray<8, UInt64>, _ input: RawSpan, _ offset: Int, _ secretOffset: Int
    ) {
        for i in 0..<8 {
            let value = input.word(offset + 8 * i)
            let keyed = value ^ secret.word(secretOffset + 8 * i)
            lanes[i ^ 1] = lanes[i ^ 1] &+ value
            lanes[i] = lanes[i] &+ (keyed & 0xffff_ffff) &* (keyed >> 32)
        }
    }

    private func scramble(_ lanes: inout InlineArray<8, UInt64>) {
        for i in 0..<8 {
            let value = lanes[i]
            lanes[i] = (value ^ value >> 47 ^ secret.word(Self.secretBytes - Self.stripeBytes + 8 * i)) &* Self.prime32a
        }
    }
}
