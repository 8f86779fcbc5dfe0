// The nodes of a score tree, both of fixed size:
//
//   leaf, 512 bytes:    count 8 | previous leaf 8 | next leaf 8 | 61 members
//   branch, 1,024:      count 8 | unused 8 | 31 lowest scores | 31 lowest members
//                       | 31 children | 31 numbers of members below
//
// Every branch keeps of every child the lowest member with its score, so that
// a descent compares scores without touching members unless scores are equal.

import CSystem
import Primitives

/// A node: a leaf at level 0, else a branch.
@safe
struct ScoreNode: Equatable {
    // SAFETY: `base` is an allocation of the node's size that the tree owns;
    // every access checks its index against the capacity.
    @unsafe let base: UnsafeMutableRawPointer

    @unsafe init(_ base: UnsafeMutableRawPointer) { unsafe self.base = unsafe base }

    init(bytes: Int) {
        unsafe base = allocate(bytes)
        unsafe _ = memset(base, 0, bytes)
    }

    @unsafe func free() { unsafe CSystem.free(base) }

    static func == (a: ScoreNode, b: ScoreNode) -> Bool { unsafe a.base == b.base }

    @inline(__always)
    var count: Int {
        get { unsafe base.load(as: Int.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, as: Int.self) }
    }

    /// One eight-byte field.
    @inline(__always)
    func load<Value: BitwiseCopyable>(_ field: Int, as _: Value.Type) -> Value {
        unsafe base.load(fromByteOffset: field &* 8, as: Value.self)
    }

    @inline(__always)
    func store<Value: BitwiseCopyable>(_ value: Value, _ field: Int) {
        unsafe base.storeBytes(of: value, toByteOffset: field &* 8, as: Value.self)
    }

    /// Copies `count` fields, which may overlap.
    func moveFields(_ from: Int, _ count: Int, to target: ScoreNode, _ place: Int) {
        guard count > 0 else { return }
        unsafe _ = memmove(target.base + place * 8, base + from * 8, count * 8)
    }
}

/// What leaves and branches have in common: a run of items of which some move to a neighbour.
protocol ScoreNodeItems {
    static var capacity: Int { get }
    init(_ node: ScoreNode)
    var count: Int { get nonmutating set }
    /// Members at and below the node.
    var total: Int { get }
    /// Moves `count` items from `start` to `place` in `target`; counts are the caller's.
    func move(_ start: Int, _ count: Int, to target: Self, _ place: Int)
}

/// A leaf: members in order.
struct ScoreLeaf: ScoreNodeItems {
    static var capacity: Int { 61 }
    static var bytes: Int { 512 }
    /// Below this a leaf asks its neighbour.
    static var minimum: Int { 24 }

    let node: ScoreNode
    init(_ node: ScoreNode) { self.node = node }
    static func make() -> ScoreLeaf { ScoreLeaf(ScoreNode(bytes: bytes)) }

    @inline(__always) var count: Int {
        get { node.count }
        nonmutating set { node.count = newValue }
    }

    var previous: ScoreNode? {
        get { link(1) }
        nonmutating set { setLink(1, newValue) }
    }
    var next: ScoreNode? {
        get { link(2) }
        nonmutating set { setLink(2, newValue) }
    }

    private func link(_ field: Int) -> ScoreNode? {
        unsafe UnsafeMutableRawPointer(bitPattern: node.load(field, as: UInt.self)).map { unsafe ScoreNode($0) }
    }

    private func setLink(_ field: Int, _ other: ScoreNode?) {
        node.store(other.map { unsafe UInt(bitPattern: $0.base) } ?? 0, field)
    }

    @inline(__always)
    subscript(_ index: Int) -> ScoredMember {
        get {
            precondition(index >= 0 && index < Self.capacity)
            return unsafe ScoredMember(raw: node.load(3 &+ index, as: UnsafeMutableRawPointer.self))
        }
        nonmutating set {
            precondition(index >= 0 && index < Self.capacity)
            unsafe node.store(newValue.raw, 3 &+ index)
        }
    }

    var total: Int { count }

    /// Members in front of `boundary`.
    @inline(__always)
    func passed<Boundary: SortedSetBoundary & ~Escapable>(_ boundary: borrowing Boundary) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            let member = self[middle]
            if boundary.follows(member.score, member.bytes) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// The place of exactly this member, told by its word alone: members are not touched.
    func index(of member: ScoredMember) -> Int? {
        for index in 0..<count where node.load(3 &+ index, as: UInt.self) == member.bits { return index }
        return nil
    }

    func move(_ start: Int, _ count: Int, to target: ScoreLeaf, _ place: Int) {
        precondition(start >= 0 && start + count <= Self.capacity && place >= 0 && place + count <= Self.capacity)
        node.moveFields(3 + start, count, to: target.node, 3 + place)
    }

    func insert(_ member: ScoredMember, at index: Int) {
        let count = count
        move(index, count - index, to: self, index + 1)
        self[index] = member
        self.count = count + 1
    }
}

/// A branch: children, each with its lowest member and the number of its members.
struct ScoreBranch: ScoreNodeItems {
    static var capacity: Int { 31 }
    static var bytes: Int { 1024 }
    static var minimum: Int { 12 }
    private static var scores: Int { 2 }
    private static var members: Int { 33 }
    private static var children: Int { 64 }
    private static var counts: Int { 95 }

    let node: ScoreNode
    init(_ node: ScoreNode) { self.node = node }
    static func make() -> ScoreBranch { ScoreBranch(ScoreNode(bytes: bytes)) }

    @inline(__always) var count: Int {
        get { node.count }
        nonmutating set { node.count = newValue }
    }

    @inline(__always) private func check(_ index: Int) { precondition(index >= 0 && index < Self.capacity) }

    @inline(__always)
    func score(_ index: Int) -> Double {
        check(index)
        return node.load(Self.scores &+ index, as: Double.self)
    }

    @inline(__always)
    func lowest(_ index: Int) -> ScoredMember {
        check(index)
        return unsafe ScoredMember(raw: node.load(Self.members &+ index, as: UnsafeMutableRawPointer.self))
    }

    @inline(__always)
    func child(_ index: Int) -> ScoreNode {
        check(index)
        return unsafe ScoreNode(node.load(Self.children &+ index, as: UnsafeMutableRawPointer.self))
    }

    /// Members below child `index`.
    @inline(__always)
    func total(_ index: Int) -> Int {
        check(index)
        return node.load(Self.counts &+ index, as: Int.self)
    }

    func setTotal(_ index: Int, _ total: Int) {
        check(index)
        node.store(total, Self.counts + index)
    }

    var total: Int { total(ofFirst: count) }

    /// Children whose lowest member lies in front of `boundary`.
    @inline(__always)
    func passed<Boundary: SortedSetBoundary & ~Escapable>(_ boundary: borrowing Boundary) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            if boundary.follows(score(middle), lowest(middle).bytes) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// Members below the first `count` children.
    @inline(__always)
    func total(ofFirst count: Int) -> Int {
        precondition(count >= 0 && count <= Self.capacity)
        var sum = 0
        for index in 0..<count { sum &+= node.load(Self.counts &+ index, as: Int.self) }
        return sum
    }

    /// Notes the lowest member of child `index` with its score.
    func setLowest(_ index: Int, _ member: ScoredMember) {
        check(index)
        node.store(member.score, Self.scores + index)
        unsafe node.store(member.raw, Self.members + index)
    }

    func set(_ index: Int, _ child: ScoreNode, _ lowest: ScoredMember, _ total: Int) {
        setLowest(index, lowest)
        unsafe node.store(child.base, Self.children + index)
        setTotal(index, total)
    }

    func move(_ start: Int, _ count: Int, to target: ScoreBranch, _ place: Int) {
        precondition(start >= 0 && start + count <= Self.capacity && place >= 0 && place + count <= Self.capacity)
        for base in stride(from: Self.scores, to: Self.counts + 1, by: Self.capacity) {
            node.moveFields(base + start, count, to: target.node, base + place)
        }
    }

    func remove(_ range: Range<Int>) {
        move(range.upperBound, count - range.upperBound, to: self, range.lowerBound)
        count -= range.count
    }
}
