import Primitives
import Structures
import Testing

struct DeadlineListTests {
    private typealias Deadline = DeadlineList.Deadline

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func equalsASortedArray(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var list = DeadlineList()
        var expected: [Deadline] = []
        for step in 0..<6000 {
            // Phases of growing and shrinking, so that runs are cut and joined.
            let grows = random.below(10) < (step / 1500 % 2 == 0 ? 8 : 2)
            if grows || expected.isEmpty {
                let moment = random.below(3) == 0 ? Int64(step) : Int64(random.below(500))
                let deadline = Deadline(moment: moment, number: UInt(step))
                list.insert(deadline)
                let place = expected.firstIndex { deadline < $0 } ?? expected.count
                expected.insert(deadline, at: place)
            } else {
                let chosen = random.below(4) == 0 ? 0 : random.below(expected.count)
                list.remove(expected.remove(at: chosen))
            }
            let first = list.first
            #expect(first == expected.first)
            if step % 200 == 0 {
                list.checkInvariants()
                let moment = Int64(random.below(600))
                let due = list.dueCount(at: moment)
                #expect(due == expected.count { $0.moment <= moment })
            }
        }
        let copy = list.copy()
        while let first = list.first { list.remove(first) }
        let usage = list.memoryUsage
        #expect(usage < 200, "an empty list keeps \(usage) bytes")
        copy.checkInvariants()
        var seen: [Deadline] = []
        copy.forEach { seen.append($0) }
        #expect(seen == expected)
    }

    /// A constant time to live adds at the end: runs are left full.
    @Test func ascendingMomentsFillTheRuns() {
        var list = DeadlineList()
        for moment in 0..<100_000 { list.insert(DeadlineList.Deadline(moment: Int64(moment), number: 1)) }
        list.checkInvariants()
        let usage = list.memoryUsage
        #expect(usage < 100_000 * 21)
    }
}
