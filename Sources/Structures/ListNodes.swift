import CSystem
import Primitives

/// The nodes of a list in order, side by side in memory with room at both ends.
@safe
struct ListNodes: ~Copyable {
    // SAFETY: the places `start ..< start + count` of `capacity` are initialised.
    private var base: UnsafeMutablePointer<ListNode>
    private var capacity: Int
    private var start = 0
    private(set) var count = 0

    private static var leastCapacity: Int { 4 }

    init() {
        capacity = Self.leastCapacity
        unsafe base = .allocate(capacity: capacity)
    }

    deinit {
        unsafe (base + start).deinitialize(count: count)
        unsafe base.deallocate()
    }

    /// Bytes of the nodes' own memory, not of what they hold.
    var allocationBytes: Int { capacity * MemoryLayout<ListNode>.stride }

    private func check(_ index: Int) { precondition(index >= 0 && index < count) }

    subscript(_ index: Int) -> ListNode {
        _read {
            check(index)
            yield unsafe base[start + index]
        }
        _modify {
            check(index)
            yield unsafe &base[start + index]
        }
    }

    /// Calls `body` with a node and the one behind it.
    func withPair(_ index: Int, _ body: (borrowing ListNode, borrowing ListNode) -> Bool) -> Bool {
        precondition(index >= 0 && index + 1 < count)
        return unsafe body(base[start + index], base[start + index + 1])
    }

    /// Takes a node out.
    mutating func take(_ index: Int) -> ListNode {
        check(index)
        let place = unsafe base + start + index
        let node = unsafe place.move()
        unsafe place.moveInitialize(from: place + 1, count: count - index - 1)
        count -= 1
        return node
    }

    /// Puts a node in front of the one at `index`, or behind the last.
    mutating func insert(_ node: consuming ListNode, at index: Int) {
        precondition(index >= 0 && index <= count)
        if index < count - index {
            if start == 0 { makeRoom(before: true) }
            unsafe (base + start - 1).moveInitialize(from: base + start, count: index)
            start -= 1
        } else {
            if start + count == capacity { makeRoom(before: false) }
            let place = unsafe base + start + index
            unsafe (place + 1).moveInitialize(from: place, count: count - index)
        }
        unsafe (base + start + index).initialize(to: node)
        count += 1
    }

    /// Makes room at one end: by moving to the middle when enough is free, else by an eighth more.
    private mutating func makeRoom(before: Bool) {
        if capacity - count > capacity / 8 {
            let middle = (capacity - count + (before ? 1 : 0)) / 2
            unsafe (base + middle).moveInitialize(from: base + start, count: count)
            start = middle
        } else {
            reallocate(capacity + max(Self.leastCapacity, capacity / 8), roomBefore: before)
        }
    }

    private mutating func reallocate(_ newCapacity: Int, roomBefore: Bool) {
        let larger = UnsafeMutablePointer<ListNode>.allocate(capacity: newCapacity)
        let newStart = roomBefore ? newCapacity - count : 0
        unsafe (larger + newStart).moveInitialize(from: base + start, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity = newCapacity
        start = newStart
    }

    /// Drops the nodes of `range`.
    mutating func removeSubrange(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard !range.isEmpty else { return }
        let first = unsafe base + start
        unsafe (first + range.lowerBound).deinitialize(count: range.count)
        if range.lowerBound < count - range.upperBound {
            unsafe (first + range.count).moveInitialize(from: first, count: range.lowerBound)
            start += range.count
        } else {
            unsafe (first + range.lowerBound).moveInitialize(from: first + range.upperBound, count: count - range.upperBound)
        }
        count -= range.count
        shrink()
    }

    /// Drops the nodes without elements.
    mutating func removeEmpty() {
        var kept = 0
        for index in 0..<count {
            let node = unsafe base + start + index
            if unsafe node.pointee.count == 0 {
                unsafe node.deinitialize(count: 1)
            } else {
                if kept < index { unsafe (base + start + kept).moveInitialize(from: node, count: 1) }
                kept += 1
            }
        }
        count = kept
        shrink()
    }

    private mutating func shrink() {
        if capacity > 16, count < capacity / 4 { reallocate(max(Self.leastCapacity, count * 2), roomBefore: false) }
    }
}
