import Primitives
import Structures
import Testing

/// Members and scores in a plain array, kept in order.
private struct SortedModel {
    var items: [(score: Double, member: [UInt8])] = []

    static func isBefore(_ a: (score: Double, member: [UInt8]), _ b: (score: Double, member: [UInt8])) -> Bool {
        a.score != b.score ? a.score < b.score : a.member.rawSpan.compare(b.member.rawSpan) < 0
    }

    func index(_ member: [UInt8]) -> Int? { items.firstIndex { $0.member == member } }

    mutating func set(_ member: [UInt8], _ score: Double) {
        if let index = index(member) { items.remove(at: index) }
        let place = items.firstIndex { !Self.isBefore($0, (score, member)) } ?? items.count
        items.insert((score, member), at: place)
    }

    /// Items in front of a score, or up to it.
    func rank(_ score: Double, isBehind: Bool) -> Int { items.filter { isBehind ? $0.score <= score : $0.score < score }.count }
}

private func limit(_ random: inout RandomGenerator) -> (score: Double, isBehind: Bool) {
    let scores: [Double] = [-.infinity, -3, -0.0, 0, 0.5, 7, 12.25, 19, 100, .infinity]
    return (scores[random.below(scores.count)], random.below(2) == 0)
}

struct SortedSetTests {
    private func score(_ random: inout RandomGenerator) -> Double {
        switch random.below(8) {
        case 0: [.infinity, -.infinity, 0, 1e300, -1e-300][random.below(5)]
        case 1...4: Double(random.below(20))
        default: Double(random.below(4000)) / 4 - 500
        }
    }

    private func member(_ random: inout RandomGenerator, _ range: Int) -> [UInt8] {
        switch random.below(60) {
        case 0 where random.below(10) == 0: [UInt8](repeating: UInt8(random.below(3)), count: 65_530 + random.below(8))
        case 1: [UInt8](repeating: 7, count: random.below(3))
        default: [UInt8]("member:\(random.below(range))")
        }
    }

    /// Compares everything that can be asked.
    private func compare(_ set: borrowing SortedSet, _ model: SortedModel, _ random: inout RandomGenerator) {
        let count = set.count
        #expect(count == model.items.count)
        var seen: [(Double, [UInt8])] = []
        set.forEach(0..<count, reversed: false) { seen.append(($1, $0.array)) }
        let isEqual = seen.elementsEqual(model.items) { $0.0 == $1.score && $0.1 == $1.member }
        #expect(isEqual)
        guard count > 0 else { return }
        for _ in 0..<20 {
            let rank = random.below(count)
            let item = model.items[rank]
            let found = set.rank(of: item.member.rawSpan)
            #expect(found?.rank == rank && found?.score == item.score)
            let (score, isBehind) = limit(&random)
            let below = set.rank(SortedSetLimit(score: score, isBehind: isBehind))
            #expect(below == model.rank(score, isBehind: isBehind))
            let start = random.below(count + 1)
            let end = start + random.below(count - start + 1)
            let isReversed = random.below(2) == 0
            var part: [[UInt8]] = []
            set.forEach(start..<end, reversed: isReversed) { member, _ in part.append(member.array) }
            let expected = model.items[start..<end].map(\.member)
            #expect(part == (isReversed ? expected.reversed() : expected))
        }
        let missing = set.rank(of: [UInt8]("nobody").rawSpan)
        #expect(missing == nil)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func equalsAModel(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var set = SortedSet(seed: HashSeed(seed, 3))
        var model = SortedModel()
        let range = [30, 400, 3000][Int(seed % 3)]
        for step in 0..<900 {
            // Phases that grow and phases that shrink.
            let grows = step / 225 % 2 == 0
            if random.below(10) < (grows ? 8 : 3) {
                let member = member(&random, range)
                let score = score(&random)
                _ = set.apply(ScoreRule(), member.rawSpan, score)
                // A score that is equal stays, be it the other zero.
                if model.index(member).map({ model.items[$0].score == score }) != true { model.set(member, score) }
            } else if random.below(12) == 0, !model.items.isEmpty {
                let start = random.below(model.items.count)
                let length = random.below(min(model.items.count - start, random.below(4) == 0 ? 300 : 20) + 1)
                set.remove(start..<start + length)
                model.items.removeSubrange(start..<start + length)
            } else {
                let member = member(&random, range)
                let isRemoved = set.remove(member.rawSpan)
                let index = model.index(member)
                #expect(isRemoved == (index != nil))
                if let index { model.items.remove(at: index) }
            }
            set.checkInvariants()
            if step % 100 == 99 { compare(set, model, &random) }
        }
        let copy = set.copy()
        copy.checkInvariants()
        compare(copy, model, &random)
    }

    @Test func growsInOrderBothWaysAndFillsItsLeaves() {
        for step in [1.0, -1.0] {
            var set = SortedSet(seed: HashSeed(5, 6))
            for number in 0..<20_000 { set.add([UInt8]("m\(number)").rawSpan, step * Double(number)) }
            set.checkInvariants()
            let nodes = set.nodeBytes
            #expect(nodes < 20_000 * 10)
            set.remove(100..<19_900)
            set.checkInvariants()
            let rank = set.rank(of: [UInt8](step > 0 ? "m19900" : "m99").rawSpan)?.rank
            #expect(rank == 100)
            set.remove(0..<200)
            set.checkInvariants()
            let left = (set.count, set.nodeBytes)
            #expect(left == (0, 0))
        }
    }

    @Test func randomOrderFillsLeavesTwoThirds() {
        var random = RandomGenerator(seed: 4)
        var set = SortedSet(seed: HashSeed(5, 6))
        for number in 0..<50_000 { set.add([UInt8]("m\(number)").rawSpan, Double(random.below(1 << 40))) }
        let nodes = set.nodeBytes
        #expect(nodes < 50_000 * 14)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func collectsAndArranges(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var set = SortedSet(seed: HashSeed(seed, 3))
        var model = SortedModel()
        for _ in 0..<1000 {
            let member = [UInt8]("member:\(random.below(600))")
            let score = Double(random.below(50))
            set.collect(member.rawSpan, score) { $0 + $1 }
            model.set(member, score + (model.index(member).map { model.items[$0].score } ?? 0))
        }
        set.arrange()
        set.checkInvariants()
        compare(set, model, &random)
        // Moves that stay between the neighbours and moves that do not.
        for _ in 0..<1000 {
            let member = model.items[random.below(model.items.count)].member
            var rule = ScoreRule()
            rule.increments = true
            let by = [0.25, -0.25, 5, -5][random.below(4)]
            _ = set.apply(rule, member.rawSpan, by)
            model.set(member, (model.index(member).map { model.items[$0].score } ?? 0) + by)
            set.checkInvariants()
        }
        compare(set, model, &random)
    }

    @Test func limitsOfBytes() {
        var set = SortedSet(seed: HashSeed(1, 3))
        for number in 0..<500 { set.add([UInt8](String(1000 + number)).rawSpan, 0) }
        let bytes = [UInt8]("1250")
        let ranks = [
            set.rank(SortedSetLimit(member: bytes.rawSpan, isBehind: false)),
            set.rank(SortedSetLimit(member: bytes.rawSpan, isBehind: true)), set.rank(.bottom), set.rank(.top),
        ]
        #expect(ranks == [250, 251, 0, 500])
    }

    @Test func rulesDecide() {
        func decide(_ current: Double?, _ given: Double, _ change: (inout ScoreRule) -> Void) -> String {
            var rule = ScoreRule()
            change(&rule)
            return "\(rule.decide(current: current, given: given))"
        }
        #expect(decide(nil, 1) { _ in } == "add(1.0)")
        #expect(decide(nil, 1) { $0.onlyExisting = true } == "refuse")
        #expect(decide(nil, 1) { $0.onlyGreater = true } == "add(1.0)")
        #expect(decide(2, 1) { $0.onlyNew = true } == "refuse")
        #expect(decide(2, 1) { $0.onlyGreater = true } == "refuse")
        #expect(decide(2, 2) { $0.onlyLess = true } == "refuse")
        #expect(decide(2, 1) { $0.onlyLess = true } == "change(1.0)")
        #expect(decide(2, 2) { _ in } == "keep(2.0)")
        #expect(decide(2, 3) { $0.increments = true } == "change(5.0)")
        #expect(decide(.infinity, -.infinity) { $0.increments = true } == "notANumber")
    }
}

struct PackedSortedSetTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func equalsAModel(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
        var model = SortedModel()
        for _ in 0..<800 {
            let member = random.below(3) == 0 ? [UInt8]("\(random.below(40) - 20)") : [UInt8]("m\(random.below(60))")
            let place = PackedSortedSet(buffer.bytes).find(member.rawSpan)
            let index = model.index(member)
            #expect(place?.rank == index && place?.score == index.map { model.items[$0].score })
            if let place { buffer.removeScored(at: place.offset, 1) }
            if let index { model.items.remove(at: index) }
            if random.below(3) > 0 {
                let scores: [Double] = [0, -1, 1.5, 0.1, 1e300, .infinity, -.infinity, .leastNonzeroMagnitude, 123_456_789_012]
                let score = random.below(3) == 0 ? scores[random.below(scores.count)] : Double(random.below(30)) / 8
                buffer.insertScored(member.rawSpan, score)
                model.set(member, score)
            }
            let view = PackedSortedSet(buffer.bytes)
            view.checkInvariants()
            var seen: [(Double, [UInt8])] = []
            view.forEach(0..<view.count, reversed: true) { seen.append(($1, $0.array)) }
            let isEqual = seen.elementsEqual(model.items.reversed()) { $0.0 == $1.score && $0.1 == $1.member }
            #expect(isEqual)
            let (score, isBehind) = limit(&random)
            let below = view.rank(SortedSetLimit(score: score, isBehind: isBehind))
            #expect(below == model.rank(score, isBehind: isBehind))
        }
    }

    @Test func scoresKeepTheirBits() {
        for score in [0.1, -2.5e-7, 1.7976931348623157e308, .leastNonzeroMagnitude, 4.611686018427388e18, 9.3e18, -9.3e18, 3.0000000000000004] {
            var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
            buffer.insertScored([UInt8]("m").rawSpan, score)
            let read = PackedSortedSet(buffer.bytes).find([UInt8]("m").rawSpan)?.score
            #expect(read == score)
            let count = buffer.bytes.byteCount
            let expected = 7 + 3 + score.packedCount
            #expect(count == expected)
        }
    }
}
