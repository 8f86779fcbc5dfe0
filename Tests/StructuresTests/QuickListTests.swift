import Primitives
import Testing

@testable import Structures

/// A list beside an array that must hold the same.
private struct QuickListModel: ~Copyable {
    var list: QuickList
    var expected: [[UInt8]] = []
    var random: RandomGenerator
    let limits: ListLimits

    init(seed: UInt64) {
        random = RandomGenerator(seed: seed)
        let node: Int64 = [1, 2, 7, 128, -1, -2][random.below(6)]
        let depth = Int64([0, 0, 1, 2, 5][random.below(5)])
        limits = ListLimits(node: node, compressDepth: depth, packedThreshold: [0, 0, 20, 400][random.below(4)])
        list = QuickList(compressDepth: limits.compressDepth)
    }

    mutating func element() -> [UInt8] {
        switch random.below(8) {
        case 0: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 1: []
        case 2: [UInt8](repeating: UInt8(random.below(3)), count: random.below(600))
        case 3: (0..<random.below(100)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 4: [UInt8](repeating: 97, count: random.below(12) == 0 ? 9000 : 63 + random.below(3))
        default: [UInt8]("e\(random.below(6))")
        }
    }

    mutating func range() -> Range<Int> {
        let start = random.below(expected.count + 1)
        return start..<min(expected.count, start + [0, 1, 2, 5, 40][random.below(5)])
    }

    mutating func step(growing: Bool) {
        let element = element()
        switch random.below(growing ? 9 : 14) {
        case 0, 1, 2:
            list.push(element.rawSpan, .tail, limits)
            expected.append(element)
        case 3, 4:
            list.push(element.rawSpan, .head, limits)
            expected.insert(element, at: 0)
        case 5, 6:
            let index = random.below(expected.count + 1)
            list.insert(element.rawSpan, at: index, limits)
            expected.insert(element, at: index)
        case 7 where !expected.isEmpty:
            let index = random.below(expected.count)
            list.replace(at: index, with: element.rawSpan, limits)
            expected[index] = element
        case 8: removeMatches(element)
        case 9 where !expected.isEmpty:
            let count = min(expected.count, 1 + random.below(4))
            let range = random.below(2) == 0 ? 0..<count : expected.count - count..<expected.count
            list.removeSubrange(range)
            expected.removeSubrange(range)
        default:
            let range = range()
            list.removeSubrange(range)
            expected.removeSubrange(range)
        }
    }

    private mutating func removeMatches(_ element: [UInt8]) {
        let limit = [1, 2, 3, Int.max][random.below(4)]
        let end: ListEnd = random.below(2) == 0 ? .head : .tail
        let removed = list.removeAll(element.rawSpan, limit: limit, from: end)
        var count = 0
        let order = end == .head ? Array(expected.indices) : expected.indices.reversed()
        let gone = Set(order.filter { expected[$0] == element }.prefix(limit))
        count = gone.count
        expected = expected.indices.filter { !gone.contains($0) }.map { expected[$0] }
        #expect(removed == count)
    }

    mutating func check() {
        list.checkInvariants()
        let count = list.count
        #expect(count == expected.count)
        #expect(elements(0..<count, .head) == expected)
        let range = range()
        #expect(elements(range, .head) == Array(expected[range]))
        #expect(elements(range, .tail) == expected[range].reversed())
        let wanted = [UInt8]("e1")
        for end in [ListEnd.head, .tail] {
            var found: [Int] = []
            list.forEachRun(from: end) { run, first in
                run.forEachMatch(of: ListpackWord(wanted.rawSpan), from: end, limit: .max) {
                    found.append(first + $0)
                    return true
                }
            }
            let all = expected.indices.filter { expected[$0] == wanted }
            #expect(found == (end == .head ? all : all.reversed()))
        }
    }

    private func elements(_ range: Range<Int>, _ end: ListEnd) -> [[UInt8]] {
        var elements: [[UInt8]] = []
        list.forEach(in: range, from: end) { elements.append($0.array) }
        return elements
    }

    func checkCopy() {
        let copy = list.copy()
        copy.checkInvariants()
        var elements: [[UInt8]] = []
        copy.forEach(in: 0..<copy.count, from: .head) { elements.append($0.array) }
        #expect(elements == expected)
    }
}

struct QuickListTests {
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func equalsAnArray(seed: UInt64) {
        var model = QuickListModel(seed: seed)
        for step in 0..<400 {
            model.step(growing: step < 250)
            model.check()
        }
        model.checkCopy()
    }

    /// At the ends of a list of the usual shape a change touches neither the other elements nor the other nodes.
    @Test func queue() {
        let limits = ListLimits(node: -2, compressDepth: 0)
        var list = QuickList(compressDepth: 0)
        for i in 0..<20_000 { list.push([UInt8]("element:\(i)").rawSpan, .tail, limits) }
        for i in 0..<200_000 {
            list.push([UInt8]("element:\(20_000 + i)").rawSpan, .tail, limits)
            var first: [UInt8] = []
            list.forEach(in: 0..<1, from: .head) { first = $0.array }
            #expect(first == [UInt8]("element:\(i)"))
            list.removeSubrange(0..<1)
        }
        list.checkInvariants()
        let usage = list.memoryUsage
        #expect(usage < 20_000 * 20)
    }

    @Test(arguments: [ListEnd.head, .tail])
    func bytesPerElement(end: ListEnd) {
        let limits = ListLimits(node: -2, compressDepth: 0)
        var list = QuickList(compressDepth: 0)
        let count = 100_000
        for i in 0..<count { list.push([UInt8]("element-\(10_000_000 + i)").rawSpan, end, limits) }
        let usage = Double(list.memoryUsage) / Double(count)
        #expect(usage < 18.2)
    }

    @Test func compressesInside() {
        let limits = ListLimits(node: -1, compressDepth: 1)
        var list = QuickList(compressDepth: 1)
        for i in 0..<10_000 { list.push([UInt8]("the same words again, \(i % 100)").rawSpan, .tail, limits) }
        let nodes = list.nodeCounts
        #expect(nodes.compressed == nodes.all - 2)
        let usage = list.memoryUsage
        #expect(usage < 10_000 * 8)
        list.checkInvariants()
        list.removeSubrange(0..<9_990)
        let left = list.nodeCounts
        #expect(left.compressed == 0)
    }

    @Test func splittingLeavesNoCrumbs() {
        let limits = ListLimits(node: -1, compressDepth: 0)
        var list = QuickList(compressDepth: 0)
        for i in 0..<1000 { list.push([UInt8]("element number \(i)").rawSpan, .tail, limits) }
        for i in 0..<4000 { list.insert([UInt8]("inserted \(i)").rawSpan, at: 1 + (i * 7919) % (list.count - 1), limits) }
        list.checkInvariants()
        let nodes = list.nodeCounts
        #expect(nodes.all < 60)
    }
}

struct LZFTests {
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<50 {
            let letters = 1 + random.below(256)
            let bytes = (0..<random.below(3000)).map { _ in UInt8(random.below(letters)) }
            guard let compressed = LZF.compress(bytes.rawSpan, limit: bytes.count * 2 + 10) else {
                Issue.record("not compressed")
                return
            }
            #expect(LZF.decompress(compressed.rawSpan, count: bytes.count) == bytes)
            #expect(LZF.decompress(compressed.rawSpan, count: bytes.count + 1) == nil)
        }
    }

    @Test func format() {
        let text = [UInt8]("abcabcabcabcabcabc")
        let compressed = LZF.compress(text.rawSpan, limit: 100)
        #expect(compressed == [2, 97, 98, 99, 7 << 5, 15 - 2 - 7, 2])
        #expect(LZF.compress(text.rawSpan, limit: 6) == nil)
        #expect(LZF.decompress(([0, 120, 7 << 5, 200, 0] as [UInt8]).rawSpan, count: 210) == [UInt8](repeating: 120, count: 210))
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func damageIsRefused(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let bytes = (0..<300).map { _ in UInt8(random.below(3)) }
        guard var damaged = LZF.compress(bytes.rawSpan, limit: 400) else { return }
        for _ in 0...random.below(4) { damaged[random.below(damaged.count)] = UInt8(truncatingIfNeeded: random.next()) }
        damaged.removeLast(random.below(3))
        let result = LZF.decompress(damaged.rawSpan, count: bytes.count)
        #expect(result == nil || result?.count == bytes.count)
        for count in [0, 1, Int.max] { #expect(LZF.decompress(damaged.rawSpan, count: count) == nil) }
    }
}
