// A block is a run of bytes in one allocation that several owners may read:
// replies that wait for several connections, large arguments that an entry
// adopts, large values that a reply sends without copying.
//
//   +----------------+----------------+----------------+------------------
//   | references u32 | (unused)   u32 | count       8  | capacity      8 | bytes ...
//   +----------------+----------------+----------------+------------------

import CSystem

/// A shared, reference-counted run of bytes. Copying is explicit (`share`),
/// and only a unique owner may write.
@frozen @safe
public struct Block: ~Copyable, @unchecked Sendable {
    // SAFETY: `base` points to a live allocation with the header drawn above for
    // as long as this value exists: `share` counts owners, `deinit` discounts
    // them. Bytes below `count` are initialised. Writers check uniqueness.
    @usableFromInline let base: UnsafeMutableRawPointer

    @usableFromInline static var headerBytes: Int { 24 }

    /// The allocation of a block of `capacity` bytes, header included.
    @inlinable public static func allocationBytes(capacity: Int) -> Int {
        SizeClass.rounded(headerBytes + capacity)
    }

    /// An empty block with room for at least `capacity` bytes.
    @inlinable
    public init(capacity: Int) {
        let bytes = Self.allocationBytes(capacity: capacity)
        unsafe base = allocate(bytes)
        unsafe base.storeBytes(of: 1, as: UInt32.self)
        unsafe base.storeBytes(of: 0, toByteOffset: 8, as: Int.self)
        unsafe base.storeBytes(of: bytes - Self.headerBytes, toByteOffset: 16, as: Int.self)
    }

    @inlinable
    public init(copying bytes: RawSpan) {
        self.init(capacity: bytes.byteCount)
        append(bytes)
    }

    /// Takes over the reference that `detach` gave up.
    @inlinable
    @unsafe public init(adopting base: UnsafeMutableRawPointer) { unsafe self.base = base }

    /// Gives up this reference without discounting it; the caller owns it now.
    @inlinable
    @unsafe public consuming func detach() -> UnsafeMutableRawPointer {
        let pointer = unsafe base
        discard self
        return unsafe pointer
    }

    deinit {
        if unsafe cs_reference_release(base.assumingMemoryBound(to: UInt32.self)) { unsafe free(base) }
    }

    /// Whether both own the same bytes in memory.
    func isSame(as other: borrowing Block) -> Bool { unsafe base == other.base }

    /// Another owner of the same bytes.
    @inlinable
    public func share() -> Block {
        unsafe cs_reference_retain(base.assumingMemoryBound(to: UInt32.self))
        return unsafe Block(adopting: base)
    }

    /// Whether nobody shares the block.
    @inlinable
    public var isUnique: Bool { unsafe cs_reference_load(base.assumingMemoryBound(to: UInt32.self)) == 1 }

    @inlinable
    public var count: Int { unsafe base.load(fromByteOffset: 8, as: Int.self) }

    @inlinable
    public var capacity: Int { unsafe base.load(fromByteOffset: 16, as: Int.self) }

    @inlinable
    public var allocationBytes: Int { capacity + Self.headerBytes }

    @inlinable
    var start: UnsafeMutableRawPointer { unsafe base + Self.headerBytes }

    /// The bytes written so far.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: start, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes of a block that was detached and is still owned by somebody.
    @_lifetime(immortal)
    @unsafe public static func view(_ base: UnsafeMutableRawPointer) -> RawSpan {
        unsafe _overrideLifetime(
            RawSpan(_unsafeStart: base + headerBytes, byteCount: base.load(fromByteOffset: 8, as: Int.self)), copying: ())
    }

    @inlinable
    func setCount(_ count: Int) {
        precondition(count >= 0 && count <= capacity)
        unsafe base.storeBytes(of: count, toByteOffset: 8, as: Int.self)
    }

    /// Appends within the capacity; traps when the block is shared or too small.
    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        precondition(isUnique && bytes.byteCount <= capacity - count)
        unsafe bytes.copy(to: start + count)
        setCount(count + bytes.byteCount)
    }

    /// Sets the count; bytes that become visible are zero. Unique and within capacity only.
    public mutating func resize(_ newCount: Int) {
        precondition(isUnique && newCount >= 0 && newCount <= capacity)
        if newCount > count { unsafe _ = memset(start + count, 0, newCount - count) }
        setCount(newCount)
    }

    /// Overwrites bytes below `count`; unique only.
    public mutating func overwrite(at offset: Int, with bytes: RawSpan) {
        precondition(isUnique && offset >= 0 && offset <= count && bytes.byteCount <= count - offset)
        unsafe bytes.copy(to: start + offset)
    }

    /// Room for `capacity` bytes with the same content, in this allocation if it is unique.
    public consuming func reserving(_ capacity: Int) -> Block {
        if isUnique, capacity <= self.capacity { return self }
        if isUnique {
            let bytes = Self.allocationBytes(capacity: capacity)
            let moved = unsafe reallocate(detach(), bytes)
            unsafe moved.storeBytes(of: bytes - Self.headerBytes, toByteOffset: 16, as: Int.self)
            return unsafe Block(adopting: moved)
        }
        var copy = Block(capacity: max(capacity, count))
        copy.append(bytes)
        return copy
    }

    /// Replaces `removed` bytes at `offset` by `inserted` ones, which are to be
    /// written before they are read. Moves to a block of its own when this one is shared.
    @unsafe public mutating func splice(at offset: Int, removing removed: Int, inserting inserted: Int) {
        precondition(offset >= 0 && removed >= 0 && inserted >= 0 && offset <= count && removed <= count - offset)
        let tail = count - offset - removed
        let newCount = count - removed + inserted
        self = reserving(max(newCount, count))
        unsafe _ = memmove(start + offset + inserted, start + offset + removed, tail)
        setCount(newCount)
    }

    /// Where the bytes of a detached block begin.
    @unsafe public static func start(of base: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer { unsafe base + headerBytes }

    /// Drops the first `dropped` bytes; unique only.
    public mutating func removeFirst(_ dropped: Int) {
        precondition(isUnique && dropped >= 0 && dropped <= count)
        unsafe _ = memmove(start, start + dropped, count - dropped)
        setCount(count - dropped)
    }
}

/// Sizes that the allocator hands out without waste: 8, 16, 32, 48 ... 128 and
/// then four steps per doubling (jemalloc's size classes). Asking for a rounded
/// size makes the slack ours.
public enum SizeClass {
    @inlinable
    public static func rounded(_ bytes: Int) -> Int {
        if bytes <= 128 { return bytes <= 8 ? 8 : (bytes &+ 15) & ~15 }
        let shift = 61 &- (bytes &- 1).leadingZeroBitCount
        return ((bytes &- 1) >> shift &+ 1) << shift
    }
}

/// Memory from the allocator; being out of memory ends the process, as nothing sensible can follow.
@inlinable
@unsafe public func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    guard let memory = unsafe malloc(bytes) else { fatalError("out of memory allocating \(bytes) bytes") }
    return unsafe memory
}

@inlinable
@unsafe public func reallocate(_ memory: UnsafeMutableRawPointer, _ bytes: Int) -> UnsafeMutableRawPointer {
    guard let moved = unsafe realloc(memory, bytes) else { fatalError("out of memory allocating \(bytes) bytes") }
    return unsafe moved
}
