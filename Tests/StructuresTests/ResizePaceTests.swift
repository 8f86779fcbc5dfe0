import Primitives
import Structures
import Testing

/// No idle time ends the resizes of values, so that few changes have to.
@Suite struct ResizePaceTests {
    /// Follows how long resizes last, in changes.
    private struct Watch {
        var lasting = 0
        var resizes = 0

        mutating func look(_ spread: TableSpread, _ note: String) {
            guard spread.target != nil else {
                lasting = 0
                return
            }
            lasting += 1
            if lasting == 1 { resizes += 1 }
            // The buckets that were there, 32 a change.
            #expect(lasting <= spread.main.bucketCount / 32 + 1, "\(note): \(lasting) changes, \(spread.main.bucketCount) buckets")
        }
    }

    private func words(_ index: Int) -> [UInt8] { [UInt8]("word:\(index)") }
    private static let count = 8000

    @Test func members() {
        var table = MemberTable(seed: HashSeed(1, 2))
        var watch = Watch()
        for index in 0..<Self.count {
            table.insert(words(index).rawSpan)
            if index % 3 == 0 || watch.lasting > 0 { watch.look(table.spread, "insertion \(index)") }
        }
        let grown = watch.resizes
        #expect(grown > 5)
        watch.lasting = 0
        for index in 0..<Self.count - 5 {
            table.remove(words(index).rawSpan)
            if index % 3 == 0 || watch.lasting > 0 { watch.look(table.spread, "removal \(index)") }
        }
        #expect(watch.resizes > grown + 1)
        let spread = table.spread
        #expect(spread.target == nil && spread.main.elementCount == 5)
    }

    @Test func fields() {
        var table = FieldTable(seed: HashSeed(1, 2))
        var watch = Watch()
        for index in 0..<Self.count {
            table.set(words(index).rawSpan, words(index).rawSpan, .clear)
            if index % 3 == 0 || watch.lasting > 0 { watch.look(table.spread, "field \(index)") }
        }
        #expect(watch.resizes > 5)
    }

    @Test func scores() {
        var set = SortedSet(seed: HashSeed(1, 2))
        var watch = Watch()
        for index in 0..<Self.count {
            set.add(words(index).rawSpan, Double(index % 100))
            if index % 3 == 0 || watch.lasting > 0 { watch.look(set.spread, "member \(index)") }
        }
        #expect(watch.resizes > 5)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func spreadCountsEveryElement(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var table = MemberTable(seed: HashSeed(seed, 3))
        for step in 0..<3000 {
            let word = words(random.below(2000))
            if random.below(3) > 0 { table.insert(word.rawSpan) } else { table.remove(word.rawSpan) }
            let spread = table.spread
            let counted = spread.main.elementCount + (spread.target?.elementCount ?? 0)
            let count = table.count
            #expect(counted == count, "seed \(seed), step \(step)")
        }
    }
}
