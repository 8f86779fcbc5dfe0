import Keyspace
import Primitives
import Structures

extension SnapshotDecoder {
    /// A sorted set member by member.
    mutating func plainSortedSet(hasTextScores: Bool) throws(SnapshotError) -> DecodedValue {
        let count = try count(bytes: 2)
        guard count > 0 else { return .nothing }
        var set = SortedSet(seed: limits.seed)
        set.reserve(count)
        for index in 0..<count {
            try string()
            let score: Double
            if hasTextScores {
                swap(&text, &second)
                defer { swap(&text, &second) }
                score = try textScore()
            } else {
                score = try self.score()
            }
            set.collect(text.bytes, score) { first, _ in first }
            guard set.count == index + 1 else { throw failure("a sorted set has a member twice") }
        }
        set.arrange()
        return .sortedSet(set)
    }

    /// A sorted set in a listpack, or in the ziplist that was there before.
    mutating func packedSortedSet(isOld: Bool) throws(SnapshotError) -> DecodedValue {
        try string()
        if isOld { try replaceText(by: OldPacks.listpack(ofZiplist: text.bytes), "Zset ziplist") }
        try checkListpack(groups: 2, "Zset listpack")
        guard !Listpack(text.bytes).isEmpty else { return .nothing }
        let isFit = try isOrdered() && Listpack(text.bytes).count / 2 <= limits.sortedSets.count
            && longestWord <= limits.sortedSets.bytes
        if isFit { return .packed(.sortedSet, .listpack) }
        return .sortedSet(expanded())
    }

    /// Whether the members in `text` stand in order; all must have scores.
    private func isOrdered() throws(SnapshotError) -> Bool {
        let pack = Listpack(text.bytes)
        var place = Listpack.headerBytes
        var last: (place: Int, score: Double)?
        var isOrdered = true
        while place < pack.end {
            let scorePlace = pack.skip(1, from: place)
            let element = pack.element(at: scorePlace)
            let score = element.isInteger ? Double(element.integer) : pack.bytes.slice(element.start, element.count).double
            guard let score, !score.isNaN else { throw failure("Zset listpack integrity check failed: a score is no number") }
            if let last {
                isOrdered = isOrdered && (last.score < score || last.score == score && precedes(pack, last.place, place))
            }
            last = (place, score)
            place = pack.skip(1, from: scorePlace)
        }
        return isOrdered
    }

    private func precedes(_ pack: Listpack, _ first: Int, _ second: Int) -> Bool {
        pack.withText(at: first) { text in pack.withText(at: second) { text.compare($0) < 0 } }
    }

    private func expanded() -> SortedSet {
        var set = SortedSet(seed: limits.seed)
        let members = PackedSortedSet(text.bytes)
        set.reserve(members.count)
        members.forEach(0..<members.count, reversed: false) { set.collect($0, $1) { first, _ in first } }
        set.arrange()
        return set
    }
}
