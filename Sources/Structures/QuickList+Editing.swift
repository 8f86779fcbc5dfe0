import Primitives

extension QuickList {
    /// Adds an element at an end.
    public mutating func push(_ element: RawSpan, _ end: ListEnd, _ limits: ListLimits) {
        count += 1
        let edge = end == .head ? 0 : nodes.count - 1
        if limits.needsOwnNode(element.byteCount) {
            nodes.insert(ListNode(plain: element), at: end == .head ? 0 : nodes.count)
        } else {
            let word = ListpackWord(element)
            if nodes.count > 0, nodes[edge].accepts(word, limits) {
                nodes[edge].insert(word, end)
                return
            }
            if nodes.count > 0 { nodes[edge].trim() }
            nodes.insert(ListNode(word), at: end == .head ? 0 : nodes.count)
        }
        settle(edge...edge)
    }

    /// Adds an element that will have this index.
    public mutating func insert(_ element: RawSpan, at index: Int, _ limits: ListLimits) {
        if index == 0 { return push(element, .head, limits) }
        if index == count { return push(element, .tail, limits) }
        let place = locate(index)
        count += 1
        if limits.needsOwnNode(element.byteCount) {
            let node = split(place)
            nodes.insert(ListNode(plain: element), at: node)
            settle(max(0, node - 1)...node + 1)
        } else {
            insert(ListpackWord(element), at: place, limits)
        }
    }

    /// Puts an element where it fits: into its node, the one before, or between two halves.
    private mutating func insert(_ word: ListpackWord, at place: (node: Int, index: Int), _ limits: ListLimits) {
        var node = place.node
        if nodes[node].accepts(word, limits) {
            open(node)
            nodes[node].insert(word, atIndex: place.index)
            return settle(node...node)
        }
        node = split(place)
        if node > 0, nodes[node - 1].accepts(word, limits) {
            open(node - 1)
            nodes[node - 1].insert(word, .tail)
        } else if nodes[node].accepts(word, limits) {
            open(node)
            nodes[node].insert(word, .head)
        } else {
            nodes.insert(ListNode(word), at: node)
        }
        join(around: node, limits)
        settle(max(0, node - 2)...node + 2)
    }

    /// Makes a node begin at a place; returns which.
    private mutating func split(_ place: (node: Int, index: Int)) -> Int {
        guard place.index > 0 else { return place.node }
        open(place.node)
        let tail = nodes[place.node].splitOff(from: place.index)
        nodes.insert(tail, at: place.node + 1)
        return place.node + 1
    }

    /// Joins neighbours around a split that fit into one node, lest splitting leaves many small ones.
    private mutating func join(around node: Int, _ limits: ListLimits) {
        for left in stride(from: min(node + 1, nodes.count - 2), through: max(0, node - 2), by: -1) {
            guard joins(left, limits) else { continue }
            open(left)
            open(left + 1)
            let right = nodes.take(left + 1)
            nodes[left].append(right)
        }
    }

    private func joins(_ left: Int, _ limits: ListLimits) -> Bool {
        nodes.withPair(left) { $0.accepts($1, limits) }
    }

    /// Replaces the element at an index.
    public mutating func replace(at index: Int, with element: RawSpan, _ limits: ListLimits) {
        let place = locate(index)
        if !limits.needsOwnNode(element.byteCount), !nodes[place.node].isPlain {
            open(place.node)
            let isDone = nodes[place.node].replace(place.index, with: ListpackWord(element), limits)
            settle(place.node...place.node)
            if isDone { return }
        }
        insert(element, at: index, limits)
        removeSubrange(index + 1..<index + 2)
    }

    /// Removes the elements at the indices of `range`.
    public mutating func removeSubrange(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var (node, index) = locate(range.lowerBound)
        precondition(range.upperBound <= count)
        count -= range.count
        var left = range.count
        if index > 0 {
            let here = min(left, nodes[node].count - index)
            open(node)
            nodes[node].remove(here, at: index)
            left -= here
            node += 1
            index = 0
        }
        var end = node
        while left > 0, nodes[end].count <= left {
            left -= nodes[end].count
            end += 1
        }
        nodes.removeSubrange(node..<end)
        if left > 0 {
            open(node)
            nodes[node].remove(left, at: 0)
        }
        settle(max(0, node - 1)...node)
    }

    /// Removes up to `limit` elements that equal `element`, those nearest to `end`; returns how many.
    public mutating func removeAll(_ element: RawSpan, limit: Int, from end: ListEnd) -> Int {
        let word = ListpackWord(element)
        var removed = 0
        var hasEmpty = false
        for step in 0..<nodes.count where removed < limit {
            let node = end == .head ? step : nodes.count - 1 - step
            var isHere = false
            nodes[node].withRun { isHere = $0.contains(word) }
            guard isHere else { continue }
            open(node)
            removed += nodes[node].removeAll(word, limit: limit - removed, from: end)
            if nodes[node].count == 0 { hasEmpty = true } else { settle(node...node) }
        }
        count -= removed
        if hasEmpty { nodes.removeEmpty() }
        settle(0...0)
        return removed
    }

    // MARK: Small lists

    /// Whether the list has shrunk so far that it is better kept as a listpack.
    public func isSmall(_ limits: ListLimits) -> Bool {
        isOneListpack && limits.allowSmall(bytes: nodes[0].byteCount, count: count)
    }

    /// Whether all elements stand in one listpack.
    public var isOneListpack: Bool { nodes.count == 1 && !nodes[0].isPlain }

    /// The listpack of a list that has only one.
    public var soleListpack: [UInt8] {
        precondition(isOneListpack && !nodes[0].isCompressed)
        return nodes[0].bytes.array
    }
}
