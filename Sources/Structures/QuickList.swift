// A large list: listpacks of a few KiB in order. What is found at the ends is
// there at once; an index is found by adding up the nodes' counts, which stand
// side by side, from the nearer end.
//
// An element of 16 bytes takes 18 bytes of its listpack; a node's 32 bytes and
// the room in the nodes' memory are shared by the 450 elements of 8 KiB.

import Primitives

/// A list of byte strings.
public struct QuickList: ~Copyable {
    var nodes = ListNodes()
    /// Elements.
    public internal(set) var count = 0
    /// Nodes at either end that are never compressed; 0: no node is.
    let compressDepth: Int

    public init(compressDepth: Int) { self.compressDepth = compressDepth }

    /// A list of the elements of a listpack.
    public init(_ pack: Listpack, compressDepth: Int) {
        self.compressDepth = compressDepth
        guard !pack.isEmpty else { return }
        count = pack.count
        let elements = pack.bytes.slice(Listpack.headerBytes, pack.end - Listpack.headerBytes)
        nodes.insert(ListNode(elements: elements, count: count), at: 0)
    }

    /// An equal list that shares nothing.
    public func copy() -> QuickList {
        var copy = QuickList(compressDepth: compressDepth)
        for index in 0..<nodes.count { copy.nodes.insert(nodes[index].copy(), at: index) }
        copy.count = count
        return copy
    }

    /// Bytes of the nodes and all they hold.
    public var memoryUsage: Int {
        var total = nodes.allocationBytes
        for index in 0..<nodes.count { total += nodes[index].allocationBytes }
        return total
    }

    /// Nodes, and how many of them are compressed.
    public var nodeCounts: (all: Int, compressed: Int) {
        var compressed = 0
        for index in 0..<nodes.count where nodes[index].isCompressed { compressed += 1 }
        return (nodes.count, compressed)
    }

    /// A node in words, for debugging.
    public func nodeDescription(_ index: Int) -> String {
        let kind = nodes[index].isPlain ? "plain" : "packed"
        let how = nodes[index].isCompressed ? ", compressed" : ""
        return "\(kind)\(how), \(nodes[index].count) elements, \(nodes[index].byteCount) bytes in \(nodes[index].allocationBytes)"
    }

    // MARK: Places

    /// The node that holds element `index`, and the element's index in it.
    func locate(_ index: Int) -> (node: Int, index: Int) {
        precondition(index >= 0 && index < count)
        if index < count / 2 {
            var left = index
            var node = 0
            while left >= nodes[node].count {
                left -= nodes[node].count
                node += 1
            }
            return (node, left)
        }
        var end = count
        var node = nodes.count - 1
        while end - nodes[node].count > index {
            end -= nodes[node].count
            node -= 1
        }
        return (node, index - (end - nodes[node].count))
    }

    // MARK: Reading

    /// Calls `body` with the elements at the indices of `range`, the one nearest to `end` first.
    public func forEach(in range: Range<Int>, from end: ListEnd, _ body: (RawSpan) -> Void) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard !range.isEmpty else { return }
        var left = range.count
        var (node, index) = locate(end == .head ? range.lowerBound : range.upperBound - 1)
        while left > 0 {
            let here = end == .head ? min(left, nodes[node].count - index) : min(left, index + 1)
            let part = end == .head ? index..<index + here : index + 1 - here..<index + 1
            nodes[node].withRun { $0.forEach(in: part, from: end, body) }
            left -= here
            guard left > 0 else { return }
            node += end == .head ? 1 : -1
            index = end == .head ? 0 : nodes[node].count - 1
        }
    }

    /// Calls `body` with the runs of elements that lie together and the index of
    /// the first of each, from `end` on; it returns false to stop.
    public func forEachRun(from end: ListEnd, _ body: (ListRun, Int) -> Bool) {
        var first = end == .head ? 0 : count
        for step in 0..<nodes.count {
            let node = end == .head ? step : nodes.count - 1 - step
            let here = nodes[node].count
            if end == .tail { first -= here }
            var goesOn = true
            nodes[node].withRun { goesOn = body($0, first) }
            guard goesOn else { return }
            if end == .head { first += here }
        }
    }

    // MARK: Compression

    /// Makes a node ready for changes.
    mutating func open(_ node: Int) { if compressDepth > 0 { nodes[node].decompress() } }

    /// Compresses the nodes around a change as far as they lie inside, and opens
    /// those that have come to an end.
    mutating func settle(_ changed: ClosedRange<Int>) {
        guard compressDepth > 0 else { return }
        for end in 0..<min(compressDepth, nodes.count) {
            nodes[end].decompress()
            nodes[nodes.count - 1 - end].decompress()
        }
        settle(node: compressDepth)
        settle(node: nodes.count - 1 - compressDepth)
        for node in changed { settle(node: node) }
    }

    private mutating func settle(node: Int) {
        if node >= compressDepth, node < nodes.count - compressDepth { nodes[node].compress() }
    }

    /// Traps when the list contradicts itself. For tests.
    public func checkInvariants() {
        var counted = 0
        for index in 0..<nodes.count {
            nodes[index].checkInvariants()
            counted += nodes[index].count
            let isInside = compressDepth > 0 && index >= compressDepth && index < nodes.count - compressDepth
            precondition(isInside || !nodes[index].isCompressed)
        }
        precondition(counted == count)
    }
}
