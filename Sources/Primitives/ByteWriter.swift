import BasicContainers
import CSystem

/// Appends bytes to an arena block and cuts what was written into chains. One
/// writer serves all sessions of a loop, one after another; see ByteChain.swift.
@safe
public struct ByteWriter: ~Copyable {
    // SAFETY: cursor and limit lie in `arena`, of which only this writer appends:
    // bytes below the cursor never change again, so segments cut from it may be
    // read by others while the writer goes on behind them.
    @usableFromInline var arena: Block
    @usableFromInline var cursor: UnsafeMutableRawPointer
    @usableFromInline var limit: UnsafeMutableRawPointer
    /// Offset in the arena where the open segment starts.
    @usableFromInline var openStart = 0
    /// Segments closed since the last cut.
    @usableFromInline var closed = UniqueArray<Segment>()
    @usableFromInline var closedBytes = 0

    /// Bytes of one arena.
    public static var arenaBytes: Int { 64 * 1024 - Block.allocationBytes(capacity: 0) }
    /// Payloads from here on get a block of their own or are shared.
    public static var largeBytes: Int { 16 * 1024 }

    public init() {
        arena = Block(capacity: Self.arenaBytes)
        unsafe cursor = unsafe arena.start
        unsafe limit = unsafe arena.start + arena.capacity
    }

    @inlinable
    var openEnd: Int { unsafe cursor - arena.start }

    /// Bytes written since the last cut.
    @inlinable
    public var count: Int { closedBytes &+ (openEnd &- openStart) }

    @inlinable @inline(__always)
    mutating func reserve(_ bytes: Int) {
        if unsafe limit - cursor < bytes { nextArena() }
    }

    @inline(never)
    @usableFromInline
    mutating func nextArena() {
        closeSegment()
        arena = Block(capacity: Self.arenaBytes)
        unsafe cursor = unsafe arena.start
        unsafe limit = unsafe arena.start + arena.capacity
        openStart = 0
    }

    @usableFromInline
    mutating func closeSegment() {
        let end = openEnd
        if end > openStart {
            arena.setCount(end)
            closedBytes += end - openStart
            closed.append(Segment(arena.share(), openStart, end))
            openStart = end
        }
    }

    @inlinable @inline(__always)
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe cursor.storeBytes(of: byte, as: UInt8.self)
        unsafe cursor += 1
    }

    @inlinable @inline(__always)
    public mutating func append(literal: StaticString) {
        let count = literal.utf8CodeUnitCount
        reserve(count)
        unsafe cursor.copyMemory(from: literal.utf8Start, byteCount: count)
        unsafe cursor += count
    }

    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        let count = bytes.byteCount
        if count >= Self.largeBytes { return appendLarge(bytes) }
        reserve(count)
        unsafe bytes.copy(to: cursor)
        unsafe cursor += count
    }

    @inline(never)
    @usableFromInline
    mutating func appendLarge(_ bytes: RawSpan) {
        append(sharing: Block(copying: bytes), 0, bytes.byteCount)
    }

    /// Appends bytes of `block` by reference.
    public mutating func append(sharing block: consuming Block, _ start: Int, _ end: Int) {
        closeSegment()
        closedBytes += end - start
        closed.append(Segment(block, start, end))
    }

    /// Appends `prefix`, the decimal of `value`, and CR LF: the shape of RESP headers.
    @inlinable @inline(__always)
    public mutating func appendHeader(_ prefix: UInt8, _ value: Int) {
        reserve(32)
        unsafe cursor.storeBytes(of: prefix, as: UInt8.self)
        unsafe cursor += 1
        if value >= 0 && value < 10 {
            unsafe cursor.storeBytes(of: UInt8(truncatingIfNeeded: value) &+ 48, as: UInt8.self)
            unsafe cursor += 1
        } else if value >= 0 && value < 100 {
            let tens = value / 10
            unsafe cursor.storeBytes(of: UInt8(truncatingIfNeeded: tens) &+ 48, as: UInt8.self)
            unsafe cursor.storeBytes(of: UInt8(truncatingIfNeeded: value &- tens &* 10) &+ 48, toByteOffset: 1, as: UInt8.self)
            unsafe cursor += 2
        } else {
            let digits = DecimalText(Int64(value))
            unsafe digits.bytes.copy(to: cursor)
            unsafe cursor += digits.count
        }
        unsafe cursor.storeBytes(of: 13, as: UInt8.self)
        unsafe cursor.storeBytes(of: 10, toByteOffset: 1, as: UInt8.self)
        unsafe cursor += 2
    }

    /// Appends `bytes` between a `$` header and CR LF: a RESP bulk string.
    @inlinable
    public mutating func appendBulk(_ bytes: RawSpan) { appendElement(bytes) }

    /// The same, for loops over many elements: inlined there.
    @inlinable @inline(__always)
    public mutating func appendElement(_ bytes: RawSpan) {
        let count = bytes.byteCount
        guard count < 100 else { return appendLongBulk(bytes) }
        reserve(128)
        var end = unsafe cursor
        let newline: UInt16 = 0x0a0d
        unsafe end.storeBytes(of: 36, as: UInt8.self)
        if count < 10 {
            unsafe end.storeBytes(of: UInt8(truncatingIfNeeded: count) &+ 48, toByteOffset: 1, as: UInt8.self)
            unsafe end.storeBytes(of: newline, toByteOffset: 2, as: UInt16.self)
            unsafe end += 4
        } else {
            let tens = count / 10
            let digits = UInt16(truncatingIfNeeded: tens &+ (count &- tens &* 10) &* 256) &+ 0x3030
            unsafe end.storeBytes(of: digits, toByteOffset: 1, as: UInt16.self)
            unsafe end.storeBytes(of: newline, toByteOffset: 3, as: UInt16.self)
            unsafe end += 5
        }
        unsafe bytes.copyShort(to: end)
        unsafe end += count
        unsafe end.storeBytes(of: newline, as: UInt16.self)
        unsafe cursor = end + 2
    }

    @inline(never)
    @usableFromInline
    mutating func appendLongBulk(_ bytes: RawSpan) {
        if bytes.byteCount < Self.largeBytes { reserve(bytes.byteCount &+ 34) }
        appendHeader(36, bytes.byteCount)
        append(bytes)
        appendNewline()
    }

    @inlinable @inline(__always)
    public mutating func appendNewline() {
        reserve(2)
        unsafe cursor.storeBytes(of: 13, as: UInt8.self)
        unsafe cursor.storeBytes(of: 10, toByteOffset: 1, as: UInt8.self)
        unsafe cursor += 2
    }

    /// A place to which bytes can be inserted later.
    public struct Mark: ~Copyable { let segments: Int }

    /// Marks the end of what is written.
    public mutating func mark() -> Mark {
        closeSegment()
        return Mark(segments: closed.count)
    }

    /// Inserts a header at `mark`.
    public mutating func insertHeader(_ prefix: UInt8, _ value: Int, at mark: consuming Mark) {
        closeSegment()
        let place = mark.segments
        appendHeader(prefix, value)
        closeSegment()
        let header = closed.removeLast()
        closed.insert(header, at: place)
    }

    /// Drops what was written since the last cut.
    public mutating func discard() {
        closed.removeAll(keepingCapacity: true)
        closedBytes = 0
        unsafe cursor = unsafe arena.start + openStart
    }

    /// Drops what was written since the last cut but for the first `kept` bytes.
    public mutating func discard(behind kept: Int) {
        precondition(kept >= 0 && kept <= count)
        if kept >= closedBytes {
            unsafe cursor = unsafe arena.start + openStart + (kept - closedBytes)
            return
        }
        unsafe cursor = unsafe arena.start + openStart
        while closedBytes > kept {
            let last = closed.removeLast()
            closedBytes -= last.count
            guard closedBytes < kept else { continue }
            closed.append(Segment(last.block.share(), last.start, last.start + kept - closedBytes))
            closedBytes = kept
        }
    }

    /// Moves what was written since the last cut to the end of `chain`.
    public mutating func cut(into chain: inout ByteChain) {
        if closed.isEmpty {
            let end = openEnd
            guard end > openStart else { return }
            arena.setCount(end)
            chain.append(Segment(arena.share(), openStart, end))
            openStart = end
            return
        }
        closeSegment()
        for i in 0..<closed.count { chain.append(Segment(closed[i].block.share(), closed[i].start, closed[i].end)) }
        closed.removeAll(keepingCapacity: true)
        closedBytes = 0
    }

    /// Starts from the front of the arena again where nobody else holds it.
    /// Called between loop turns.
    public mutating func recycle() {
        guard closed.isEmpty, openEnd == openStart, openStart > 0 else { return }
        if arena.isUnique {
            arena.setCount(0)
            unsafe cursor = unsafe arena.start
            openStart = 0
        }
    }
}
