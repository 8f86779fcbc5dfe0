// Reading sorted sets, small ones (listpack) and large ones (table and tree).

import Primitives
import Structures

extension SortedSet: Container {}

extension Entry {
    /// The sorted set with encoding skiplist.
    public var sortedSet: ContainerReference<SortedSet> {
        precondition(type == .sortedSet && holdsContainer)
        return reference(SortedSet.self)
    }

    var packedSortedSet: PackedSortedSet {
        @_lifetime(borrow self)
        get {
            precondition(type == .sortedSet && encoding == .listpack)
            return PackedSortedSet(bytes)
        }
    }

    /// Members of a sorted set.
    public var scoredCount: Int { holdsContainer ? sortedSet.value.count : packedSortedSet.count }

    /// The score of a member; nil when it is not there.
    public func score(of member: RawSpan) -> Double? {
        holdsContainer ? sortedSet.value.score(of: member) : packedSortedSet.find(member)?.score
    }

    /// How many members stand in front of `member`, and its score.
    public func rank(of member: RawSpan) -> (rank: Int, score: Double)? {
        if holdsContainer { return sortedSet.value.rank(of: member) }
        return packedSortedSet.find(member).map { ($0.rank, $0.score) }
    }

    /// The ranks of the members between two limits; empty when they cross.
    public func ranks(from lower: SortedSetLimit, to upper: SortedSetLimit) -> Range<Int> {
        let first = rank(lower)
        return first..<max(first, rank(upper))
    }

    private func rank(_ limit: SortedSetLimit) -> Int {
        holdsContainer ? sortedSet.value.rank(limit) : packedSortedSet.rank(limit)
    }

    /// Visits the members of these ranks with their scores, ascending or descending.
    public func forEachScored(_ ranks: Range<Int>, reversed: Bool = false, _ body: (RawSpan, Double) -> Void) {
        if holdsContainer {
            sortedSet.value.forEach(ranks, reversed: reversed, body)
        } else {
            packedSortedSet.forEach(ranks, reversed: reversed, body)
        }
    }

    /// The same without the scores.
    public func forEachRanked(_ ranks: Range<Int>, reversed: Bool, _ body: (RawSpan) -> Void) {
        if holdsContainer {
            sortedSet.value.forEach(ranks, reversed: reversed) { member, _ in body(member) }
        } else {
            packedSortedSet.forEachMember(ranks, reversed: reversed, body)
        }
    }

    /// Writes the members of these ranks as bulk strings.
    public func writeRanked(_ ranks: Range<Int>, reversed: Bool, to writer: inout ByteWriter) {
        if holdsContainer {
            sortedSet.value.write(ranks, reversed: reversed, to: &writer)
        } else {
            packedSortedSet.forEachMember(ranks, reversed: reversed) { writer.appendBulk($0) }
        }
    }

    /// Visits members from `limit` on in order, for as long as `body` wants more.
    public func forEachScored(from limit: SortedSetLimit, while body: (RawSpan, Double) -> Bool) {
        if holdsContainer {
            sortedSet.value.forEach(from: limit, while: body)
        } else {
            packedSortedSet.forEach(from: limit, while: body)
        }
    }

    /// Calls `body` with a member chosen by chance, all having the same.
    public func withRandomScored(using random: inout RandomGenerator, _ body: (RawSpan, Double) -> Void) {
        if holdsContainer {
            sortedSet.value.withRandomMember(using: &random, body)
        } else {
            let rank = random.below(scoredCount)
            packedSortedSet.forEach(rank..<rank + 1, reversed: false, body)
        }
    }
}
