import Primitives
import Structures

/// Looks for elements that stand twice where each should stand once.
enum RepeatedElements {
    /// More elements than this are put into a table.
    private static var fewElements: Int { 128 }

    /// Whether two of the elements 0, `step`, 2 x `step` ... of a listpack are equal.
    static func exist(in pack: Listpack, every step: Int, seed: HashSeed) -> Bool {
        let groups = pack.count / step
        if groups > fewElements { return existInMany(pack, every: step, groups, seed) }
        // Two words of a Bloom filter: most elements need no comparison.
        var seen: (UInt64, UInt64) = (0, 0)
        var place = Listpack.headerBytes
        let end = pack.end
        while place < end {
            let element = pack.element(at: place)
            let hash = element.isInteger
                ? UInt64(bitPattern: element.integer) &* 0x9e37_79b9_7f4a_7c15
                : pack.bytes.slice(element.start, element.count).hash(seed)
            let (first, second) = (UInt64(1) << (hash >> 58), UInt64(1) << (hash >> 52 & 63))
            if seen.0 & first != 0, seen.1 & second != 0, stands(element, in: pack, before: place, every: step) { return true }
            seen.0 |= first
            seen.1 |= second
            place = pack.skip(step, from: place)
        }
        return false
    }

    private static func stands(_ element: ListpackElement, in pack: Listpack, before place: Int, every step: Int) -> Bool {
        pack.withText(of: element) { text in
            guard let found = pack.find(ListpackWord(text), skipping: step - 1) else { return false }
            return found < place
        }
    }

    private static func existInMany(_ pack: Listpack, every step: Int, _ groups: Int, _ seed: HashSeed) -> Bool {
        var table = MemberTable(seed: seed)
        table.reserve(groups)
        var place = Listpack.headerBytes
        while place < pack.end {
            guard pack.withText(at: place, { table.insert($0) }) else { return true }
            place = pack.skip(step, from: place)
        }
        return false
    }
}
