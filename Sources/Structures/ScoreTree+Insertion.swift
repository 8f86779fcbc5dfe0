import Primitives

extension ScoreTree {
    /// The right half of a node that was split.
    private struct Split {
        let node: ScoreNode
        /// Members below it.
        let total: Int
    }

    /// Whether a node lies on the left or the right edge of the tree. Splits there
    /// leave the other half full: members that come in order fill their leaves.
    private struct Edges {
        var isFirst: Bool
        var isLast: Bool
    }

    /// Adds a member that is not in the tree.
    mutating func insert(_ member: ScoredMember) {
        guard let root else {
            let leaf = makeLeaf()
            leaf.insert(member, at: 0)
            self.root = leaf.node
            count = 1
            return
        }
        let split = insert(member, into: root, height, Edges(isFirst: true, isLast: true))
        count += 1
        guard let split else { return }
        let top = makeBranch()
        top.set(0, root, Self.lowest(root, height), count - split.total)
        top.set(1, split.node, Self.lowest(split.node, height), split.total)
        top.count = 2
        self.root = top.node
        height += 1
    }

    private mutating func insert(_ member: ScoredMember, into node: ScoreNode, _ level: Int, _ edges: Edges) -> Split? {
        let boundary = MemberBoundary(member.score, member.bytes, isBehind: false)
        guard level > 0 else {
            let leaf = ScoreLeaf(node)
            return insert(member, into: leaf, at: leaf.passed(boundary), edges)
        }
        let branch = ScoreBranch(node)
        var passed = branch.passed(boundary)
        if level == 1, Self.makeRoom(branch, max(0, passed - 1), edges) { passed = branch.passed(boundary) }
        let index = max(0, passed - 1)
        let below = Edges(isFirst: edges.isFirst && passed == 0, isLast: edges.isLast && index == branch.count - 1)
        let split = insert(member, into: branch.child(index), level - 1, below)
        branch.setTotal(index, branch.total(index) + 1 - (split?.total ?? 0))
        if passed == 0 { branch.setLowest(0, member) }
        guard let split else { return nil }
        return insert(split, into: branch, at: index + 1, level, edges)
    }

    /// Lets a full leaf share with a neighbour that has room: later and fewer
    /// splits, fuller leaves. Edges split at once, where members may come in order.
    private static func makeRoom(_ branch: ScoreBranch, _ index: Int, _ edges: Edges) -> Bool {
        guard branch.child(index).count == ScoreLeaf.capacity else { return false }
        guard !(edges.isFirst && index == 0), !(edges.isLast && index == branch.count - 1) else { return false }
        for left in max(0, index - 1)...index where left + 1 < branch.count {
            let (first, second) = (ScoreLeaf(branch.child(left)), ScoreLeaf(branch.child(left + 1)))
            guard first.count + second.count <= 2 * ScoreLeaf.capacity - sharedRoom else { continue }
            _ = balance(first, second, branch, left)
            branch.setLowest(left + 1, second[0])
            return true
        }
        return false
    }

    /// Free places in two leaves that make sharing worth its moves.
    private static var sharedRoom: Int { 12 }

    private mutating func insert(_ member: ScoredMember, into leaf: ScoreLeaf, at index: Int, _ edges: Edges) -> Split? {
        guard leaf.count == ScoreLeaf.capacity else {
            leaf.insert(member, at: index)
            return nil
        }
        let cut =
            if edges.isLast, index == leaf.count { index } else if edges.isFirst, index == 0 { 0 } else { leaf.count / 2 }
        let right = makeLeaf()
        right.next = leaf.next
        right.previous = leaf.node
        if let next = leaf.next { ScoreLeaf(next).previous = right.node }
        leaf.next = right.node
        Self.divide(leaf, at: cut, right)
        if index > cut || cut == ScoreLeaf.capacity {
            right.insert(member, at: index - cut)
        } else {
            leaf.insert(member, at: index)
        }
        return Split(node: right.node, total: right.total)
    }

    private mutating func insert(_ split: Split, into branch: ScoreBranch, at index: Int, _ level: Int, _ edges: Edges) -> Split? {
        guard branch.count == ScoreBranch.capacity else {
            Self.insert(split, branch, at: index, level)
            return nil
        }
        let cut =
            if edges.isLast, index == branch.count { index } else if edges.isFirst, index == 1 { 1 } else { branch.count / 2 }
        let right = makeBranch()
        Self.divide(branch, at: cut, right)
        if index > cut || cut == ScoreBranch.capacity {
            Self.insert(split, right, at: index - cut, level)
        } else {
            Self.insert(split, branch, at: index, level)
        }
        return Split(node: right.node, total: right.total)
    }

    private static func insert(_ split: Split, _ branch: ScoreBranch, at index: Int, _ level: Int) {
        branch.move(index, branch.count - index, to: branch, index + 1)
        branch.set(index, split.node, lowest(split.node, level - 1), split.total)
        branch.count += 1
    }

    /// Moves the items from `cut` on to an empty node.
    private static func divide<Node: ScoreNodeItems>(_ left: Node, at cut: Int, _ right: Node) {
        right.count = left.count - cut
        left.move(cut, right.count, to: right, 0)
        left.count = cut
    }
}
