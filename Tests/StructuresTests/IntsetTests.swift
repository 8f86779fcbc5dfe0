import Primitives
import Structures
import Testing

struct IntsetTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func equalsASortedSet(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var buffer = ByteBuffer(copying: Intset.empty.rawSpan)
        var expected: Set<Int64> = []
        let width = [4, 16, 20, 40, 64][random.below(5)]
        for _ in 0..<600 {
            let value = Int64(truncatingIfNeeded: random.next()) >> Int64(64 - width)
            if random.below(3) > 0 {
                let isNew = buffer.insertInteger(value)
                #expect(isNew == expected.insert(value).inserted)
            } else {
                let victim = random.below(2) == 0 ? value : expected.randomElement(using: &random) ?? value
                let wasThere = buffer.removeInteger(victim)
                #expect(wasThere == (expected.remove(victim) != nil))
            }
            let isValid = expected.isEmpty || Intset.isValid(buffer.bytes)
            #expect(isValid)
        }
        var values: [Int64] = []
        for index in 0..<Intset(buffer.bytes).count { values.append(Intset(buffer.bytes)[index]) }
        #expect(values == expected.sorted())
    }

    @Test func hasTheBytesOfTheFormat() {
        var buffer = ByteBuffer(copying: Intset.empty.rawSpan)
        for value: Int64 in [5, -1, 70000] { buffer.insertInteger(value) }
        let bytes = buffer.bytes.array
        #expect(bytes == [4, 0, 0, 0, 3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 5, 0, 0, 0, 0x70, 0x11, 1, 0])
    }

    @Test func edgesOfTheRange() {
        var buffer = ByteBuffer(copying: Intset.empty.rawSpan)
        for value in [Int64.max, .min, 0, 32767, 32768, -32768, -32769] { buffer.insertInteger(value) }
        var values: [Int64] = []
        for index in 0..<Intset(buffer.bytes).count { values.append(Intset(buffer.bytes)[index]) }
        #expect(values == [.min, -32769, -32768, 0, 32767, 32768, .max])
    }
}
