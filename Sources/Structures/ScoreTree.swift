// The order of a large sorted set: a B+ tree over its members by score, then
// bytes, in which every branch knows how many members each child has. So the
// rank of a member, the member of a rank and the number of members in a range
// are descents. Leaves are linked, for walks in both directions.
//
// Memory: 12.4 bytes a member where members come in random order (leaves are
// two thirds full), 8.9 where they come in ascending or descending order.

import Primitives

struct ScoreTree: ~Copyable {
    var root: ScoreNode?
    /// Levels of branches above the leaves.
    var height = 0
    var count = 0
    var leaves = 0
    var branches = 0

    deinit { if let root { Self.free(root, height) } }

    private static func free(_ node: ScoreNode, _ level: Int) {
        if level > 0 {
            let branch = ScoreBranch(node)
            for index in 0..<branch.count { free(branch.child(index), level - 1) }
        }
        // SAFETY: nothing refers to a node of a tree that ends.
        unsafe node.free()
    }

    var memoryUsage: Int { leaves * ScoreLeaf.bytes + branches * ScoreBranch.bytes }

    mutating func makeLeaf() -> ScoreLeaf {
        leaves += 1
        return ScoreLeaf.make()
    }

    mutating func makeBranch() -> ScoreBranch {
        branches += 1
        return ScoreBranch.make()
    }

    /// The lowest member below a node that is not empty.
    static func lowest(_ node: ScoreNode, _ level: Int) -> ScoredMember {
        level == 0 ? ScoreLeaf(node)[0] : ScoreBranch(node).lowest(0)
    }

    // MARK: Descents

    /// Members in front of a boundary.
    func rank<Boundary: SortedSetBoundary & ~Escapable>(_ boundary: borrowing Boundary) -> Int {
        guard var node = root else { return 0 }
        var rank = 0
        for _ in 0..<height {
            let branch = ScoreBranch(node)
            let passed = branch.passed(boundary)
            guard passed > 0 else { return rank }
            rank &+= branch.total(ofFirst: passed &- 1)
            node = branch.child(passed &- 1)
        }
        return rank &+ ScoreLeaf(node).passed(boundary)
    }

    /// Where a member stands: its leaf, the place there, and its rank. It must be in the tree.
    func place(of member: ScoredMember) -> (leaf: ScoreLeaf, index: Int, rank: Int) {
        guard var node = root else { preconditionFailure("the tree is empty") }
        let boundary = MemberBoundary(member.score, member.bytes, isBehind: true)
        var rank = 0
        for _ in 0..<height {
            let branch = ScoreBranch(node)
            let index = branch.passed(boundary) &- 1
            rank &+= branch.total(ofFirst: index)
            node = branch.child(index)
        }
        let leaf = ScoreLeaf(node)
        guard let index = leaf.index(of: member) else { preconditionFailure("the member is not where its score says") }
        return (leaf, index, rank &+ index)
    }

    /// The leaf and the place in it of the member with this rank.
    private func place(ofRank rank: Int) -> (leaf: ScoreLeaf, index: Int) {
        guard var node = root, rank >= 0, rank < count else { preconditionFailure("no member has this rank") }
        var rest = rank
        for _ in 0..<height {
            let branch = ScoreBranch(node)
            var index = 0
            var total = branch.total(0)
            while rest >= total {
                rest &-= total
                index &+= 1
                total = branch.total(index)
            }
            node = branch.child(index)
        }
        return (ScoreLeaf(node), rest)
    }

    /// Visits the members of these ranks, ascending or descending; `body` must not change the tree.
    func forEach(_ ranks: Range<Int>, reversed: Bool, _ body: (ScoredMember) -> Void) {
        guard !ranks.isEmpty else { return }
        var (leaf, index) = place(ofRank: reversed ? ranks.upperBound - 1 : ranks.lowerBound)
        var left = ranks.count
        while true {
            let run = min(left, reversed ? index + 1 : leaf.count - index)
            Self.visit(leaf, from: index, run, reversed, body)
            left -= run
            guard left > 0, let next = reversed ? leaf.previous : leaf.next else { return }
            leaf = ScoreLeaf(next)
            index = reversed ? leaf.count - 1 : 0
        }
    }

    /// Visits members from a boundary on for as long as `body` wants more; it must not change the tree.
    func forEach(from boundary: borrowing SortedSetLimit, while body: (ScoredMember) -> Bool) {
        guard var node = root else { return }
        for _ in 0..<height {
            let branch = ScoreBranch(node)
            node = branch.child(max(0, branch.passed(boundary) &- 1))
        }
        var leaf = ScoreLeaf(node)
        var index = leaf.passed(boundary)
        let ahead = 6
        while true {
            let end = leaf.count
            for next in index..<max(index, min(index + ahead, end)) { leaf[next].prefetch() }
            while index < end {
                if index + ahead < end { leaf[index + ahead].prefetch() }
                guard body(leaf[index]) else { return }
                index += 1
            }
            guard let next = leaf.next else { return }
            leaf = ScoreLeaf(next)
            index = 0
        }
    }

    /// Visits `count` members of a leaf; memory is asked for some members ahead.
    private static func visit(
        _ leaf: ScoreLeaf, from start: Int, _ count: Int, _ reversed: Bool, _ body: (ScoredMember) -> Void
    ) {
        let ahead = min(6, count)
        let step = reversed ? -1 : 1
        // Ranks within a leaf: no sum here passes its hundred slots.
        var asked = start
        for _ in 0..<ahead {
            leaf[asked].prefetch()
            asked &+= step
        }
        var place = start
        for _ in 0..<count &- ahead {
            leaf[asked].prefetch()
            asked &+= step
            body(leaf[place])
            place &+= step
        }
        for _ in 0..<ahead {
            body(leaf[place])
            place &+= step
        }
    }

    // MARK: Tests

    /// Traps when the tree contradicts itself.
    func checkInvariants() {
        guard let root else { return precondition(count == 0 && height == 0 && leaves == 0 && branches == 0) }
        var previous: ScoreLeaf?
        var seen = (leaves: 0, branches: 0)
        let total = check(root, height, &previous, &seen)
        precondition(total == count && count > 0)
        precondition(previous?.next == nil)
        precondition(seen == (leaves, branches))
    }

    private func check(
        _ node: ScoreNode, _ level: Int, _ previous: inout ScoreLeaf?, _ seen: inout (leaves: Int, branches: Int)
    ) -> Int {
        if level > 0 {
            seen.branches += 1
            let branch = ScoreBranch(node)
            precondition(branch.count > 0 && branch.count <= ScoreBranch.capacity)
            var total = 0
            for index in 0..<branch.count {
                let child = branch.child(index)
                precondition(branch.lowest(index).bits == Self.lowest(child, level - 1).bits)
                precondition(branch.score(index) == branch.lowest(index).score)
                let below = check(child, level - 1, &previous, &seen)
                precondition(below == branch.total(index))
                total += below
            }
            return total
        }
        seen.leaves += 1
        let leaf = ScoreLeaf(node)
        precondition(leaf.count > 0 && leaf.count <= ScoreLeaf.capacity)
        precondition(leaf.previous == previous?.node && previous.map { $0.next == node } ?? true)
        var before = previous.map { $0[$0.count - 1] }
        for index in 0..<leaf.count {
            if let before { precondition(MemberBoundary(leaf[index].score, leaf[index].bytes, isBehind: false).follows(before.score, before.bytes)) }
            before = leaf[index]
        }
        previous = leaf
        return leaf.count
    }
}
