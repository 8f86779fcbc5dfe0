// A list as its nodes, for snapshots, which have the same nodes.

import Primitives

extension QuickList {
    /// Appends the elements of a listpack, which is not empty, as a node of their own.
    public mutating func appendNode(_ pack: Listpack) {
        let elements = pack.bytes.slice(Listpack.headerBytes, pack.end - Listpack.headerBytes)
        appendNode(ListNode(elements: elements, count: pack.count))
    }

    /// Appends one element as a node of its own that is no listpack.
    public mutating func appendNode(plain element: RawSpan) { appendNode(ListNode(plain: element)) }

    private mutating func appendNode(_ node: consuming ListNode) {
        count += node.count
        nodes.insert(node, at: nodes.count)
        // The node that stops being one of the last may be compressed now.
        settle(nodes.count - 1...nodes.count - 1)
    }

    /// Visits all nodes in order: the bytes of each, and whether they are an element instead of a listpack.
    public func forEachNode(_ body: (RawSpan, _ isPlain: Bool) -> Void) {
        for index in 0..<nodes.count { nodes[index].withRun { body($0.bytes, $0.isPlain) } }
    }
}

extension QuickList {
    /// The listpack of a list that has only one and need not be more.
    public func onlyListpack(_ limits: ListLimits) -> [UInt8]? {
        guard nodes.count == 1, !nodes[0].isPlain, !nodes[0].isCompressed,
            !limits.areExceeded(bytes: nodes[0].byteCount, count: count)
        else { return nil }
        return nodes[0].bytes.array
    }
}
