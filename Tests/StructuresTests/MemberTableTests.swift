import Primitives
import Structures
import Testing

struct MemberTableTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func equalsASet(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var table = MemberTable(seed: HashSeed(seed, 7))
        var expected: Set<[UInt8]> = []
        for step in 0..<3000 {
            let length = random.below(40) == 0 ? 65_530 + random.below(10) : random.below(20)
            let member = [UInt8](repeating: UInt8(random.below(12)), count: length)
            if random.below(3) > 0 {
                let isNew = table.insert(member.rawSpan)
                #expect(isNew == expected.insert(member).inserted)
            } else {
                let wasThere = table.remove(member.rawSpan)
                #expect(wasThere == (expected.remove(member) != nil))
            }
            if step % 100 == 0 { table.checkInvariants() }
        }
        let count = table.count
        #expect(count == expected.count)
        for member in expected {
            let isThere = table.contains(member.rawSpan)
            #expect(isThere)
        }
        let copy = table.copy()
        copy.checkInvariants()
        var members: Set<[UInt8]> = []
        copy.forEach { members.insert($0.array) }
        #expect(members == expected)
        var scanned: [[UInt8]] = []
        var position: UInt64? = 0
        while let here = position { position = copy.scan(from: here) { scanned.append($0.array) } }
        #expect(scanned.count == expected.count && Set(scanned) == expected)
    }
}
