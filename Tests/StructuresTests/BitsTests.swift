import Primitives
import Structures
import Testing

struct BitsTests {
    /// Strings with long runs of equal bits, and noise.
    private func bytes(_ random: inout RandomGenerator) -> [UInt8] {
        let count = random.below(random.below(4) == 0 ? 300 : 40)
        switch random.below(4) {
        case 0: return [UInt8](repeating: 0, count: count)
        case 1: return [UInt8](repeating: 0xff, count: count)
        case 2:
            var bytes = [UInt8](repeating: random.below(2) == 0 ? 0 : 0xff, count: count)
            if count > 0 { bytes[random.below(count)] ^= 1 << UInt8(random.below(8)) }
            return bytes
        default: return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    private func bits(_ bytes: [UInt8]) -> [Bool] { bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 == 1 } } }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func countingAndSearching(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<2000 {
            let bytes = bytes(&random)
            let bits = bits(bytes)
            let ends = [random.below(bits.count + 1), random.below(bits.count + 1)].sorted()
            let range = ends[0]..<ends[1]
            #expect(Bits.count(bytes.rawSpan, in: range) == bits[range].count { $0 })
            for bit in [false, true] {
                #expect(Bits.first(bit, in: range, of: bytes.rawSpan) == bits[range].firstIndex(of: bit))
            }
            let index = random.below(bits.count + 20)
            #expect(Bits.bit(index, of: bytes.rawSpan) == (index < bits.count && bits[index]))
        }
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func fields(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<2000 {
            let bytes = bytes(&random)
            var bits = bits(bytes)
            let width = 1 + random.below(64)
            let index = random.below(bits.count + 20)
            bits += [Bool](repeating: false, count: 100)
            let expected = bits[index..<index + width].reduce(0 as UInt64) { $0 << 1 | ($1 ? 1 : 0) }
            #expect(Bits.field(index, width: width, of: bytes.rawSpan) == expected)

            let value = random.next()
            let patch = Bits.patch(index, width: width, of: bytes.rawSpan, with: value)
            let start = index >> 3
            var patched = bytes + [UInt8](repeating: 0, count: max(0, start + patch.count - bytes.count))
            for i in 0..<patch.count { patched[start + i] = patch.bytes[i] }
            for i in 0..<width { bits[index + i] = value >> UInt64(width - 1 - i) & 1 == 1 }
            #expect(self.bits(patched) == Array(bits[..<(patched.count * 8)]))
        }
    }

    /// The definition of each operation, a byte at a time.
    private func combined(_ operation: BitOperation, _ bytes: [UInt8]) -> UInt8 {
        let others = bytes.dropFirst().reduce(0, |)
        switch operation {
        case .and: return bytes.reduce(0xff, &)
        case .or: return bytes.reduce(0, |)
        case .xor: return bytes.reduce(0, ^)
        case .not: return ~bytes[0]
        case .difference: return bytes[0] & ~others
        case .reverseDifference: return others & ~bytes[0]
        case .andOr: return bytes[0] & others
        case .one:
            return (0..<8).reduce(0) { result, bit in
                bytes.count { $0 >> UInt8(bit) & 1 == 1 } == 1 ? result | 1 << UInt8(bit) : result
            }
        }
    }

    @Test(arguments: [BitOperation.and, .or, .xor, .not, .difference, .reverseDifference, .andOr, .one])
    func combinations(operation: BitOperation) {
        var random = RandomGenerator(seed: 3)
        var chunk = BitChunk(operation, count: 400)
        for _ in 0..<200 {
            let strings = (0..<(operation == .not ? 1 : 2 + random.below(4))).map { _ in bytes(&random) }
            let count = strings.map(\.count).max() ?? 0
            chunk.begin(count: count)
            for string in strings { chunk.add(string.rawSpan) }
            chunk.finish()
            let result = chunk.bytes.array
            #expect(result == (0..<count).map { i in combined(operation, strings.map { i < $0.count ? $0[i] : 0 }) })
        }
    }
}
