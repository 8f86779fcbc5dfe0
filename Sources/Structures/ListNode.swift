// A node of a list: a listpack in memory that may have room at either end, one
// element that is too large for a listpack, or either of them compressed.
//
//   packed       | room | listpack | room |
//   plain        a block with the element
//   compressed   LZF of the listpack, or of the element
//
// A change moves the shorter side of the listpack: at the ends of a list that
// is the header or the end mark, not the elements.

import CSystem
import Primitives

/// A node of a list.
@safe
struct ListNode: ~Copyable, Spliceable {
    // SAFETY: `base` is an allocation of `capacity` bytes that the node owns, with
    // its bytes at `start ..< start + byteCount` when packed and at 0 when
    // compressed (`start` is then their number, `byteCount` what they came from);
    // of a plain node that is not compressed, it is a block's reference.
    private var base: UnsafeMutableRawPointer
    private var capacity: UInt32
    private var start: UInt32
    private var rawByteCount: UInt32
    private var rawCount: UInt32
    private(set) var isPlain: Bool
    private(set) var isCompressed = false
    /// Compressing the bytes as they are has been found not to pay.
    private var isIncompressible = false

    /// Nodes of fewer bytes are not worth compressing, nor is saving less than `leastSaving`.
    private static var leastCompressed: Int { 48 }
    private static var leastSaving: Int { 8 }

    /// A listpack of elements that are encoded already.
    init(elements: RawSpan, count: Int) {
        let bytes = Listpack.headerBytes + elements.byteCount + 1
        let size = SizeClass.rounded(bytes)
        unsafe base = allocate(size)
        capacity = UInt32(size)
        start = 0
        rawByteCount = UInt32(bytes)
        rawCount = UInt32(count)
        isPlain = false
        unsafe base.storeBytes(of: rawByteCount, as: UInt32.self)
        unsafe base.storeBytes(of: UInt16(count), toByteOffset: 4, as: UInt16.self)
        unsafe elements.copy(to: base + Listpack.headerBytes)
        unsafe base.storeBytes(of: 0xff, toByteOffset: bytes - 1, as: UInt8.self)
    }

    /// A listpack of one element.
    init(_ word: ListpackWord) {
        self.init(elements: RawSpan(literal: ""), count: 0)
        insert(word, at: Listpack.headerBytes)
    }

    /// A node of one element that is not packed.
    init(plain element: RawSpan) {
        let block = Block(copying: element)
        unsafe base = block.detach()
        capacity = 0
        start = 0
        rawByteCount = 0
        rawCount = 1
        isPlain = true
    }

    deinit { unsafe Self.release(base, isBlock: isPlain && !isCompressed) }

    private static func release(_ base: UnsafeMutableRawPointer, isBlock: Bool) {
        if isBlock { _ = unsafe Block(adopting: base) } else { unsafe free(base) }
    }

    func copy() -> ListNode {
        if isPlain, !isCompressed { return ListNode(plain: bytes) }
        var copy = ListNode(elements: RawSpan(literal: ""), count: 0)
        unsafe copy.base = reallocate(copy.base, Int(capacity))
        unsafe copy.base.copyMemory(from: base, byteCount: Int(capacity))
        copy.capacity = capacity
        copy.start = start
        copy.rawByteCount = rawByteCount
        copy.rawCount = rawCount
        copy.isPlain = isPlain
        copy.isCompressed = isCompressed
        copy.isIncompressible = isIncompressible
        return copy
    }

    // MARK: Contents

    /// Elements.
    var count: Int { Int(rawCount) }

    /// Bytes of the listpack or the element, not compressed.
    var byteCount: Int { isPlain && !isCompressed ? (unsafe Block.view(base)).byteCount : Int(rawByteCount) }

    /// Bytes of the allocation.
    var allocationBytes: Int {
        isPlain && !isCompressed ? Block.allocationBytes(capacity: byteCount) : Int(capacity)
    }

    /// The listpack, the element, or what they are compressed to.
    var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            if isPlain, !isCompressed { return unsafe _overrideLifetime(Block.view(base), borrowing: self) }
            let span =
                unsafe isCompressed
                ? RawSpan(_unsafeStart: base, byteCount: Int(start))
                : RawSpan(_unsafeStart: base + Int(start), byteCount: Int(rawByteCount))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Calls `body` with the elements; those of a compressed node are decompressed for it.
    func withRun(_ body: (ListRun) -> Void) {
        if isCompressed {
            let raw = decompressed()
            body(isPlain ? ListRun(plain: raw.rawSpan) : ListRun(listpack: raw.rawSpan, count: count))
        } else {
            body(isPlain ? ListRun(plain: bytes) : ListRun(listpack: bytes, count: count))
        }
    }

    /// Whether the node takes a further element.
    func accepts(_ word: ListpackWord, _ limits: ListLimits) -> Bool {
        !isPlain && !limits.areExceeded(bytes: byteCount + word.totalCount, count: count + 1)
    }

    /// Whether the node takes the elements of `other` as well.
    func accepts(_ other: borrowing ListNode, _ limits: ListLimits) -> Bool {
        !isPlain && !other.isPlain
            && !limits.areExceeded(bytes: byteCount + other.byteCount - Listpack.headerBytes - 1, count: count + other.count)
    }

    // MARK: Changes; the node must not be compressed

    /// Puts an element at an offset of the listpack.
    mutating func insert(_ word: ListpackWord, at offset: Int) {
        insertElement(word, at: offset)
        rawCount += 1
    }

    mutating func insert(_ word: ListpackWord, _ end: ListEnd) {
        insert(word, at: end == .head ? Listpack.headerBytes : byteCount - 1)
    }

    /// The offset of element `index`, or of the end mark.
    private func offset(of index: Int) -> Int { Listpack(bytes).seek(index) ?? byteCount - 1 }

    mutating func insert(_ word: ListpackWord, atIndex index: Int) { insert(word, at: offset(of: index)) }

    /// Replaces element `index`; false when the node would become too large.
    mutating func replace(_ index: Int, with word: ListpackWord, _ limits: ListLimits) -> Bool {
        let offset = offset(of: index)
        let old = Listpack(bytes).element(at: offset).totalCount
        guard count == 1 || !limits.areExceeded(bytes: byteCount - old + word.totalCount, count: count) else { return false }
        replaceElement(at: offset, with: word)
        return true
    }

    /// Removes `removed` elements from `index` on. A plain node is left without its element.
    mutating func remove(_ removed: Int, at index: Int) {
        if !isPlain { removeElements(at: offset(of: index), removed) }
        rawCount -= UInt32(removed)
    }

    /// Removes elements that equal `word`, as `removeMatches(of:limit:from:)` does.
    mutating func removeAll(_ word: ListpackWord, limit: Int, from end: ListEnd) -> Int {
        let removed = isPlain ? 1 : removeMatches(of: word, limit: limit, from: end)
        rawCount -= UInt32(removed)
        return removed
    }

    /// Takes the elements from `index` on out into a node of their own.
    mutating func splitOff(from index: Int) -> ListNode {
        let offset = offset(of: index)
        let moved = count - index
        let tail = ListNode(elements: bytes.slice(offset, byteCount - 1 - offset), count: moved)
        remove(moved, at: index)
        return tail
    }

    /// Appends the elements of `other`.
    mutating func append(_ other: borrowing ListNode) {
        let elements = other.bytes.slice(Listpack.headerBytes, other.byteCount - Listpack.headerBytes - 1)
        let end = byteCount - 1
        let place = unsafe splice(at: end, removing: 0, inserting: elements.byteCount)
        unsafe elements.copy(to: place + end)
        unsafe Listpack.correctHeader(place, bytes: elements.byteCount, elements: other.count)
        rawCount += other.rawCount
    }

    // MARK: Memory

    mutating func splice(at offset: Int, removing removed: Int, inserting inserted: Int) -> UnsafeMutableRawPointer {
        let count = byteCount
        precondition(!isPlain && !isCompressed)
        precondition(offset >= 0 && removed >= 0 && inserted >= 0 && offset <= count && removed <= count - offset)
        isIncompressible = false
        let tail = count - offset - removed
        let newCount = count - removed + inserted
        let growth = inserted - removed
        if offset < tail, growth <= Int(start) {
            let newStart = Int(start) - growth
            unsafe _ = memmove(base + newStart, base + Int(start), offset)
            start = UInt32(newStart)
        } else if growth <= Int(capacity) - Int(start) - count {
            let place = unsafe base + Int(start) + offset
            unsafe _ = memmove(place + inserted, place + removed, tail)
        } else {
            rebuild(Self.capacity(for: newCount), keeping: offset, removed, inserted)
        }
        rawByteCount = UInt32(newCount)
        if newCount < Int(capacity) / 2, capacity > 64 { resize(to: SizeClass.rounded(newCount)) }
        return unsafe base + Int(start)
    }

    /// What a growing node allocates: a quarter more than it needs.
    private static func capacity(for count: Int) -> Int { SizeClass.rounded(count < 256 ? count : count + count / 4) }

    /// Moves to a new allocation, with the room beside the shorter part.
    private mutating func rebuild(_ newCapacity: Int, keeping head: Int, _ removed: Int, _ inserted: Int) {
        let tail = byteCount - head - removed
        let newStart = head < tail ? newCapacity - (head + inserted + tail) : 0
        let new = unsafe allocate(newCapacity)
        let old = unsafe base + Int(start)
        unsafe (new + newStart).copyMemory(from: old, byteCount: head)
        unsafe (new + newStart + head + inserted).copyMemory(from: old + head + removed, byteCount: tail)
        unsafe free(base)
        unsafe base = new
        capacity = UInt32(newCapacity)
        start = UInt32(newStart)
    }

    private mutating func resize(to newCapacity: Int) {
        if start > 0 {
            rebuild(newCapacity, keeping: byteCount, 0, 0)
        } else {
            unsafe base = reallocate(base, newCapacity)
            capacity = UInt32(newCapacity)
        }
    }

    /// Gives up room that is not needed: the node is full.
    mutating func trim() {
        guard !isPlain, !isCompressed else { return }
        let needed = SizeClass.rounded(byteCount)
        if needed < Int(capacity) { resize(to: needed) }
    }

    // MARK: Compression

    /// Compresses the bytes if that pays.
    mutating func compress() {
        guard !isCompressed, !isIncompressible, byteCount >= Self.leastCompressed, byteCount < Int(UInt32.max) else { return }
        let original = byteCount
        guard let compressed = LZF.compress(bytes, limit: original - Self.leastSaving) else {
            isIncompressible = true
            return
        }
        let size = SizeClass.rounded(compressed.count)
        let new = unsafe allocate(size)
        unsafe compressed.rawSpan.copy(to: new)
        unsafe Self.release(base, isBlock: isPlain)
        unsafe base = new
        capacity = UInt32(size)
        start = UInt32(compressed.count)
        rawByteCount = UInt32(original)
        isCompressed = true
    }

    mutating func decompress() {
        guard isCompressed else { return }
        let raw = decompressed()
        unsafe free(base)
        isCompressed = false
        start = 0
        if isPlain {
            unsafe base = Block(copying: raw.rawSpan).detach()
        } else {
            let size = SizeClass.rounded(raw.count)
            unsafe base = allocate(size)
            unsafe raw.rawSpan.copy(to: base)
            capacity = UInt32(size)
        }
    }

    private func decompressed() -> [UInt8] {
        guard let raw = LZF.decompress(bytes, count: Int(rawByteCount)) else { preconditionFailure("a compressed node is damaged") }
        return raw
    }

    func checkInvariants() {
        precondition(count > 0)
        precondition(isPlain || isCompressed || Int(start) + byteCount <= Int(capacity))
        precondition(!isPlain || count == 1)
        withRun { run in precondition(run.isPlain || (Listpack.isValid(run.bytes) && Listpack(run.bytes).count == run.count)) }
    }
}
