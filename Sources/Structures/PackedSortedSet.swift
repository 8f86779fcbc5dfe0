// A small sorted set: a listpack of members, each with its score behind it, in
// order. Scores that are integers are kept as such, others as their text.

import Primitives

/// A view of a small sorted set.
public struct PackedSortedSet: ~Escapable, BitwiseCopyable {
    /// What the set is kept in.
    public let pack: Listpack

    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { pack = Listpack(bytes) }

    /// Members.
    public var count: Int { pack.count / 2 }

    /// Where a member stands.
    public struct Place: BitwiseCopyable {
        /// Of the member, in the listpack.
        public let offset: Int
        /// Members in front of it.
        public let rank: Int
        /// Of the member.
        public let score: Double
    }

    /// Where a member stands; nil when it is not there.
    public func find(_ member: RawSpan) -> Place? {
        let word = ListpackWord(member)
        var offset = Listpack.headerBytes
        var rank = 0
        while offset < pack.end {
            let scoreOffset = pack.skip(1, from: offset)
            if pack.equals(at: offset, word) { return Place(offset: offset, rank: rank, score: score(at: scoreOffset)) }
            offset = pack.skip(1, from: scoreOffset)
            rank += 1
        }
        return nil
    }

    private func score(at offset: Int) -> Double {
        let element = pack.element(at: offset)
        if element.isInteger { return Double(element.integer) }
        return pack.bytes.slice(element.start, element.count).double ?? 0
    }

    /// How many members stand in front of `limit`.
    public func rank(_ limit: SortedSetLimit) -> Int { place(limit).rank }

    /// How many members stand in front of `boundary`, and where the next one stands.
    private func place<Boundary: SortedSetBoundary & ~Escapable>(_ boundary: borrowing Boundary) -> (rank: Int, offset: Int) {
        var offset = Listpack.headerBytes
        var rank = 0
        while offset < pack.end {
            let scoreOffset = pack.skip(1, from: offset)
            guard follows(boundary, offset, score(at: scoreOffset)) else { break }
            offset = pack.skip(1, from: scoreOffset)
            rank += 1
        }
        return (rank, offset)
    }

    private func follows<Boundary: SortedSetBoundary & ~Escapable>(
        _ boundary: borrowing Boundary, _ offset: Int, _ score: Double
    ) -> Bool {
        let member = pack.element(at: offset)
        if member.isInteger {
            let digits = DecimalText(member.integer)
            return boundary.follows(score, digits.bytes)
        }
        return boundary.follows(score, pack.bytes.slice(member.start, member.count))
    }

    /// Where a member that is not there is to be put.
    func insertionOffset(_ member: RawSpan, _ score: Double) -> Int {
        place(MemberBoundary(score, member, isBehind: false)).offset
    }

    /// Where the member of this rank stands; the end when there is none.
    public func offset(ofRank rank: Int) -> Int { pack.seek(2 * rank) ?? pack.end }

    /// Visits the members of these ranks, ascending or descending.
    public func forEach(_ ranks: Range<Int>, reversed: Bool, _ body: (RawSpan, Double) -> Void) {
        forEachPlace(ranks, reversed) { offset, scoreOffset in
            let score = score(at: scoreOffset)
            pack.withText(at: offset) { body($0, score) }
        }
    }

    /// The same without the scores, which need not be read then.
    public func forEachMember(_ ranks: Range<Int>, reversed: Bool, _ body: (RawSpan) -> Void) {
        forEachPlace(ranks, reversed) { offset, _ in pack.withText(at: offset, body) }
    }

    /// Visits the offsets of members and of their scores.
    private func forEachPlace(_ ranks: Range<Int>, _ reversed: Bool, _ body: (Int, Int) -> Void) {
        guard !ranks.isEmpty else { return }
        var offset = offset(ofRank: reversed ? ranks.upperBound - 1 : ranks.lowerBound)
        for _ in 0..<ranks.count {
            let scoreOffset = pack.skip(1, from: offset)
            body(offset, scoreOffset)
            if !reversed {
                offset = pack.skip(1, from: scoreOffset)
            } else if let before = pack.previous(before: offset) {
                offset = pack.previous(before: before) ?? offset
            }
        }
    }

    /// Visits members from `limit` on in order, for as long as `body` wants more.
    public func forEach(from limit: SortedSetLimit, while body: (RawSpan, Double) -> Bool) {
        var offset = place(limit).offset
        var wantsMore = true
        while wantsMore, offset < pack.end {
            let scoreOffset = pack.skip(1, from: offset)
            let score = score(at: scoreOffset)
            pack.withText(at: offset) { wantsMore = body($0, score) }
            offset = pack.skip(1, from: scoreOffset)
        }
    }

    /// Traps when members are out of order. For tests.
    public func checkInvariants() {
        precondition(pack.bytes.byteCount >= 7 && Listpack.isValid(pack.bytes) && pack.count % 2 == 0)
        var previous: (member: [UInt8], score: Double)?
        forEach(0..<count, reversed: false) { member, score in
            if let previous {
                precondition(MemberBoundary(score, member, isBehind: false).follows(previous.score, previous.member.rawSpan))
            }
            previous = (member.array, score)
        }
    }
}

extension Spliceable where Self: ~Copyable {
    /// Adds a member that is not in the small sorted set.
    public mutating func insertScored(_ member: RawSpan, _ score: Double) {
        insertScored(member, score, at: PackedSortedSet(bytes).insertionOffset(member, score))
    }

    /// Adds a member behind all others.
    public mutating func appendScored(_ member: RawSpan, _ score: Double) {
        insertScored(member, score, at: Listpack(bytes).end)
    }

    private mutating func insertScored(_ member: RawSpan, _ score: Double, at offset: Int) {
        if let integer = score.packedInteger {
            insertElements(ListpackWord(member), ListpackWord(integer: integer), at: offset)
        } else {
            let text = DoubleText(score)
            insertElements(ListpackWord(member), ListpackWord(text.bytes), at: offset)
        }
    }

    /// Removes `count` members from the one at `offset` on.
    public mutating func removeScored(at offset: Int, _ count: Int) { removeElements(at: offset, 2 * count) }
}

extension Double {
    /// The integer as which a listpack keeps this score.
    var packedInteger: Int64? {
        guard let integer = Int64(exactly: self), integer.magnitude <= 1 << 62 else { return nil }
        return integer
    }

    /// Bytes that a listpack needs for this score.
    public var packedCount: Int {
        if let packedInteger { return ListpackWord(integer: packedInteger).totalCount }
        let text = DoubleText(self)
        return ListpackWord(text.bytes).totalCount
    }
}
