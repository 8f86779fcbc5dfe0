import Primitives
import Structures
import Testing

/// A listpack beside the array that it should equal.
private struct ListpackModel: ~Copyable {
    var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
    var expected: [[UInt8]] = []
    var random: RandomGenerator

    init(seed: UInt64) { random = RandomGenerator(seed: seed) }

    /// A word of every encoding: integers around the borders of widths, strings around those of lengths.
    mutating func word() -> [UInt8] {
        switch random.below(4) {
        case 0:
            let borders: [Int64] = [0, 127, 4095, 4096, 32767, 32768, 8_388_607, 8_388_608, 2_147_483_647, 2_147_483_648, .max]
            let border = borders[random.below(borders.count)]
            let near = border &+ Int64(random.below(3)) &- 1
            return [UInt8](String(random.below(2) == 0 ? near : 0 &- near))
        case 1: return [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 2: return [UInt8](repeating: 120, count: random.below(140))
        default:
            let borders = [0, 63, 64, 127, 128, 4090, 4096, 16380, 16390]
            return [UInt8](repeating: 121, count: borders[random.below(borders.count)])
        }
    }

    /// The place of element `index`, `expected.count` meaning the end.
    func place(_ index: Int) -> Int {
        let pack = Listpack(buffer.bytes)
        return pack.seek(index) ?? pack.end
    }

    mutating func step() {
        let index = random.below(expected.count + 1)
        let word = word()
        switch random.below(6) {
        case 0, 1:
            buffer.insertElement(ListpackWord(word.rawSpan), at: place(index))
            expected.insert(word, at: index)
        case 2:
            let second = self.word()
            buffer.insertElements(ListpackWord(word.rawSpan), ListpackWord(second.rawSpan), at: place(index))
            expected.insert(contentsOf: [word, second], at: index)
        case 3 where index < expected.count:
            buffer.replaceElement(at: place(index), with: ListpackWord(word.rawSpan))
            expected[index] = word
        case 4:
            let count = random.below(4)
            let removed = buffer.removeElements(at: place(index), count)
            #expect(removed == min(count, expected.count - index))
            expected.removeSubrange(index..<index + removed)
        default:
            let found = Listpack(buffer.bytes).find(ListpackWord(word.rawSpan))
            #expect((found != nil) == expected.contains(word))
        }
    }

    func check() {
        let pack = Listpack(buffer.bytes)
        let isValid = Listpack.isValid(buffer.bytes)
        #expect(isValid)
        let count = pack.count
        #expect(count == expected.count)
        var words: [[UInt8]] = []
        pack.forEach {
            words.append($0.array)
            return true
        }
        #expect(words == expected)
        var backwards: [[UInt8]] = []
        var offset = pack.last
        while let here = offset {
            backwards.append(pack.withText(at: here) { $0.array })
            offset = pack.previous(before: here)
        }
        #expect(backwards == expected.reversed())
        for index in expected.indices {
            let fromEnd = pack.seek(index - expected.count)
            let fromStart = pack.seek(index)
            #expect(fromEnd == fromStart)
        }
        let beyond = pack.seek(expected.count)
        #expect(beyond == nil)
    }
}

struct ListpackTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func equalsAnArray(seed: UInt64) {
        var model = ListpackModel(seed: seed)
        for _ in 0..<300 {
            model.step()
            model.check()
        }
    }

    @Test func hasTheBytesOfTheFormat() {
        var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
        for word in ["hello", "1024", "-1", "127"] {
            let end = Listpack(buffer.bytes).end
            buffer.insertElement(ListpackWord([UInt8](word).rawSpan), at: end)
        }
        let expected: [UInt8] =
            [24, 0, 0, 0, 4, 0] + [0x85] + [UInt8]("hello") + [6] + [0xc4, 0x00, 2] + [0xdf, 0xff, 2] + [0x7f, 1] + [0xff]
        let bytes = buffer.bytes.array
        #expect(bytes == [UInt8(expected.count)] + expected.dropFirst())
    }

    @Test func countsBeyondSixteenBits() {
        var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
        for i in 0..<66_000 {
            let end = Listpack(buffer.bytes).end
            buffer.insertElement(ListpackWord(integer: Int64(i)), at: end)
        }
        let count = Listpack(buffer.bytes).count
        let far = Listpack(buffer.bytes).seek(65_999).map { Listpack(buffer.bytes).element(at: $0).integer }
        #expect(count == 66_000)
        #expect(far == 65_999)
    }

    /// Damaged bytes are refused, or walking through them stays within bounds.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func damageIsFound(seed: UInt64) {
        var model = ListpackModel(seed: seed)
        for _ in 0..<30 { model.step() }
        var bytes = model.buffer.bytes.array
        for _ in 0..<1 + model.random.below(4) {
            bytes[model.random.below(bytes.count)] = UInt8(truncatingIfNeeded: model.random.next())
        }
        guard Listpack.isValid(bytes.rawSpan) else { return }
        var seen = 0
        Listpack(bytes.rawSpan).forEach { _ in
            seen += 1
            return true
        }
        #expect(seen <= bytes.count)
    }
}
