// A large sorted set: a hash table that finds a member's score and a tree that
// keeps the members in order, both over the same allocations. A member of 16
// bytes takes 32 for itself, 12 in the table and 9 to 13 in the tree.

import CSystem
import Primitives

/// Members with scores, found by member and by place.
@safe
public struct SortedSet: ~Copyable {
    // SAFETY: table and tree hold the same members; they are freed when removed
    // from both, and by deinit.
    var table: HashTable<ScoredMember>
    var tree = ScoreTree()
    private var memberBytes = 0

    public init(seed: HashSeed) { table = HashTable(seed: seed, pace: .hasty) }

    deinit { table.forEach { unsafe $0.free() } }

    /// Members.
    public var count: Int { table.count }

    /// How the members are spread over the table.
    public var spread: TableSpread { table.spread }

    /// Bytes of table, tree and members.
    public var memoryUsage: Int { table.allocatedBytes + tree.memoryUsage + memberBytes }

    /// Bytes of the tree alone.
    public var nodeBytes: Int { tree.memoryUsage }

    /// An equal set that shares nothing.
    public func copy() -> SortedSet {
        var copy = SortedSet(seed: table.seed)
        copy.reserve(count)
        tree.forEach(0..<count, reversed: false) { copy.add($0.bytes, $0.score) }
        return copy
    }

    // MARK: Look-up

    /// The score of a member; nil when it is not there.
    public func score(of member: RawSpan) -> Double? { table.find(member, member.hash(table.seed))?.score }

    /// How many members stand in front of `member`, and its score.
    public func rank(of member: RawSpan) -> (rank: Int, score: Double)? {
        guard let found = table.find(member, member.hash(table.seed)) else { return nil }
        return (tree.place(of: found).rank, found.score)
    }

    /// How many members stand in front of `limit`.
    public func rank(_ limit: SortedSetLimit) -> Int { tree.rank(limit) }

    /// Visits the members of these ranks, ascending or descending.
    public func forEach(_ ranks: Range<Int>, reversed: Bool, _ body: (RawSpan, Double) -> Void) {
        tree.forEach(ranks, reversed: reversed) { body($0.bytes, $0.score) }
    }

    /// Writes the members of these ranks, ascending or descending, as bulk strings: the whole
    /// loop without a call per member, for a range of a leaderboard is hardly anything else.
    public func write(_ ranks: Range<Int>, reversed: Bool, to writer: inout ByteWriter) {
        tree.forEach(ranks, reversed: reversed) { writer.appendElement($0.bytes) }
    }

    /// Visits members from `limit` on in order, for as long as `body` wants more.
    public func forEach(from limit: SortedSetLimit, while body: (RawSpan, Double) -> Bool) {
        tree.forEach(from: limit) { body($0.bytes, $0.score) }
    }

    /// Visits all members in the order of the table.
    public func forEachUnordered(_ body: (RawSpan, Double) -> Void) { table.forEach { body($0.bytes, $0.score) } }

    /// Visits members from `position` on, at least a bucket; where to go on, or nil at the end.
    public func scan(from position: UInt64, _ body: (RawSpan, Double) -> Void) -> UInt64? {
        table.scan(from: position) { body($0.bytes, $0.score) }
    }

    /// Calls `body` with a random member, each with equal chance.
    public func withRandomMember(using random: inout RandomGenerator, _ body: (RawSpan, Double) -> Void) {
        if let member = table.randomElement(using: &random) { body(member.bytes, member.score) }
    }

    // MARK: Change

    /// Does with `member` what the rule says.
    public mutating func apply(_ rule: ScoreRule, _ member: RawSpan, _ given: Double) -> ScoreDecision {
        let hash = member.hash(table.seed)
        let found = table.find(member, hash)
        let decision = rule.decide(current: found?.score, given: given)
        switch decision {
        case .add(let score): insert(ScoredMember.make(member, score), hash)
        case .change(let score): if let found { move(found, to: score) }
        case .keep, .refuse, .notANumber: break
        }
        return decision
    }

    /// Adds a member that is not there.
    public mutating func add(_ member: RawSpan, _ score: Double) {
        insert(ScoredMember.make(member, score), member.hash(table.seed))
    }

    private mutating func insert(_ member: ScoredMember, _ hash: UInt64) {
        memberBytes += member.allocationBytes
        table.insert(member, hash)
        tree.insert(member)
    }

    private mutating func move(_ member: ScoredMember, to score: Double) {
        let place = tree.place(of: member)
        if place.index > 0, place.index + 1 < place.leaf.count {
            let boundary = MemberBoundary(score, member.bytes, isBehind: false)
            let before = place.leaf[place.index - 1]
            let after = place.leaf[place.index + 1]
            if boundary.follows(before.score, before.bytes), !boundary.follows(after.score, after.bytes) {
                member.score = score
                return
            }
        }
        tree.remove(place.rank..<place.rank + 1) { _ in }
        member.score = score
        tree.insert(member)
    }

    /// Removes a member; false when it is not there.
    public mutating func remove(_ member: RawSpan) -> Bool {
        guard let found = table.remove(member, member.hash(table.seed)) else { return false }
        let rank = tree.place(of: found).rank
        tree.remove(rank..<rank + 1) { _ in }
        memberBytes -= found.allocationBytes
        // SAFETY: out of table and tree.
        unsafe found.free()
        return true
    }

    /// Removes the members of these ranks.
    public mutating func remove(_ ranks: Range<Int>) {
        memberBytes -= Self.remove(ranks, &tree, &table)
    }

    /// Returns the bytes of the members, which it frees.
    private static func remove(_ ranks: Range<Int>, _ tree: inout ScoreTree, _ table: inout HashTable<ScoredMember>) -> Int {
        let seed = table.seed
        var bytes = 0
        tree.remove(ranks) { member in
            _ = table.remove(member.bytes, member.hash(seed))
            bytes += member.allocationBytes
            // SAFETY: out of the table; the tree does not look at what it removes.
            unsafe member.free()
        }
        return bytes
    }

    // MARK: Building

    /// Makes room for `capacity` members ahead of their coming.
    public mutating func reserve(_ capacity: Int) { table.reserve(capacity) }

    /// Notes a member for `arrange`: with `combine` of both scores where it is noted already.
    public mutating func collect(
        _ member: RawSpan, _ score: Double, _ combine: (Double, Double) -> Double
    ) {
        let hash = member.hash(table.seed)
        if let found = table.find(member, hash) {
            found.score = combine(found.score, score)
            return
        }
        let made = ScoredMember.make(member, score)
        memberBytes += made.allocationBytes
        table.insert(made, hash)
    }

    /// Puts what was collected in order. Until then nothing but `collect` may be called.
    public mutating func arrange() {
        var members: [(score: Double, member: ScoredMember)] = []
        members.reserveCapacity(count)
        table.forEach { members.append(($0.score, $0)) }
        members.sort { a, b in
            a.score != b.score ? a.score < b.score : a.member.bytes.compare(b.member.bytes) < 0
        }
        for entry in members { tree.insert(entry.member) }
    }

    /// Traps when the set contradicts itself. For tests.
    public func checkInvariants() {
        table.checkInvariants()
        tree.checkInvariants()
        precondition(tree.count == table.count)
        let seed = table.seed
        var bytes = 0
        tree.forEach(0..<count, reversed: false) { member in
            precondition(table.find(member.bytes, member.hash(seed))?.bits == member.bits)
            bytes += member.allocationBytes
        }
        precondition(bytes == memberBytes)
    }
}
