import Primitives

extension ScoreTree {
    /// Removes the members of these ranks, each of which `body` gets, to free it
    /// for instance. Takes time for what is removed and for one descent.
    mutating func remove(_ ranks: Range<Int>, _ body: (ScoredMember) -> Void) {
        guard let root, !ranks.isEmpty else { return }
        precondition(ranks.lowerBound >= 0 && ranks.upperBound <= count)
        if ranks.count == count {
            discard(root, height, body)
            self.root = nil
            height = 0
            count = 0
            return
        }
        remove(ranks, from: root, height, body)
        count -= ranks.count
        var top = root
        while height > 0, top.count == 1 {
            let child = ScoreBranch(top).child(0)
            // SAFETY: the child takes its place as root.
            unsafe top.free()
            branches -= 1
            height -= 1
            top = child
        }
        self.root = top
    }

    /// Removes some, not all, of the members below a node.
    private mutating func remove(_ ranks: Range<Int>, from node: ScoreNode, _ level: Int, _ body: (ScoredMember) -> Void) {
        guard level > 0 else { return Self.remove(ranks, from: ScoreLeaf(node), body) }
        let branch = ScoreBranch(node)
        var first = 0
        var offset = 0
        while offset + branch.total(first) <= ranks.lowerBound {
            offset += branch.total(first)
            first += 1
        }
        var index = first
        var emptied = 0..<0
        while index < branch.count, offset < ranks.upperBound {
            let total = branch.total(index)
            let part = max(ranks.lowerBound - offset, 0)..<min(ranks.upperBound - offset, total)
            let child = branch.child(index)
            if part.count == total {
                discard(child, level - 1, body)
                emptied = (emptied.isEmpty ? index : emptied.lowerBound)..<index + 1
            } else {
                remove(part, from: child, level - 1, body)
                branch.setTotal(index, total - part.count)
                branch.setLowest(index, Self.lowest(child, level - 1))
            }
            offset += total
            index += 1
        }
        if !emptied.isEmpty { branch.remove(emptied) }
        // What was removed in part stands at the seam: at most two children.
        refill(branch, first + 1, level)
        refill(branch, first, level)
    }

    private static func remove(_ range: Range<Int>, from leaf: ScoreLeaf, _ body: (ScoredMember) -> Void) {
        for index in range { body(leaf[index]) }
        leaf.move(range.upperBound, leaf.count - range.upperBound, to: leaf, range.lowerBound)
        leaf.count -= range.count
    }

    /// Frees a node with all below it.
    private mutating func discard(_ node: ScoreNode, _ level: Int, _ body: (ScoredMember) -> Void) {
        if level > 0 {
            let branch = ScoreBranch(node)
            for index in 0..<branch.count { discard(branch.child(index), level - 1, body) }
            branches -= 1
            // SAFETY: whoever discards a node forgets it.
            unsafe node.free()
        } else {
            let leaf = ScoreLeaf(node)
            for index in 0..<leaf.count { body(leaf[index]) }
            discard(leaf)
        }
    }

    private mutating func discard(_ leaf: ScoreLeaf) {
        if let previous = leaf.previous { ScoreLeaf(previous).next = leaf.next }
        if let next = leaf.next { ScoreLeaf(next).previous = leaf.previous }
        leaves -= 1
        // SAFETY: out of the list of leaves; whoever discards a leaf forgets it.
        unsafe leaf.node.free()
    }

    /// Joins a child that has become small with a neighbour, or evens them out.
    private mutating func refill(_ branch: ScoreBranch, _ index: Int, _ level: Int) {
        guard index < branch.count, branch.count > 1 else { return }
        let minimum = level == 1 ? ScoreLeaf.minimum : ScoreBranch.minimum
        guard branch.child(index).count < minimum else { return }
        let left = index + 1 < branch.count ? index : index - 1
        let right = branch.child(left + 1)
        let isJoined =
            level == 1
            ? Self.balance(ScoreLeaf(branch.child(left)), ScoreLeaf(right), branch, left)
            : Self.balance(ScoreBranch(branch.child(left)), ScoreBranch(right), branch, left)
        guard isJoined else { return branch.setLowest(left + 1, Self.lowest(right, level - 1)) }
        branch.remove(left + 1..<left + 2)
        if level == 1 {
            discard(ScoreLeaf(right))
        } else {
            branches -= 1
            // SAFETY: its children belong to its neighbour now.
            unsafe right.free()
        }
    }

    /// Moves items between children `index` and `index` + 1 of a branch; true when the left one got all.
    static func balance<Node: ScoreNodeItems>(_ left: Node, _ right: Node, _ branch: ScoreBranch, _ index: Int) -> Bool {
        let leftCount = left.count
        let rightCount = right.count
        let all = leftCount + rightCount
        let target = all <= Node.capacity ? all : all / 2
        if target >= leftCount {
            let moved = target - leftCount
            right.move(0, moved, to: left, leftCount)
            right.move(moved, rightCount - moved, to: right, 0)
        } else {
            let moved = leftCount - target
            right.move(0, rightCount, to: right, moved)
            left.move(target, moved, to: right, 0)
        }
        left.count = target
        right.count = all - target
        branch.setTotal(index, left.total)
        branch.setTotal(index + 1, right.total)
        return target == all
    }
}
