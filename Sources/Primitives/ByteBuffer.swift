// Bytes in an allocation of their own, of exactly the size class that their
// number asks for: the container's node keeps pointer and count, nothing else.

import CSystem

/// A run of bytes with one owner.
@safe
public struct ByteBuffer: ~Copyable {
    // SAFETY: `base` is an allocation of `SizeClass.rounded(max(count, 1))` bytes,
    // of which the first `count` are initialised; freed by deinit.
    private var base: UnsafeMutableRawPointer
    /// Bytes held.
    public private(set) var count: Int

    public init(copying bytes: RawSpan) {
        count = bytes.byteCount
        unsafe base = allocate(SizeClass.rounded(max(count, 1)))
        unsafe bytes.copy(to: base)
    }

    deinit { unsafe free(base) }

    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Bytes of the allocation.
    public var allocationBytes: Int { SizeClass.rounded(max(count, 1)) }

    /// Replaces `removed` bytes at `offset` by `inserted` ones, which are to be
    /// written before they are read; returns where the bytes begin now.
    @unsafe public mutating func splice(
        at offset: Int, removing removed: Int, inserting inserted: Int
    ) -> UnsafeMutableRawPointer {
        precondition(offset >= 0 && removed >= 0 && inserted >= 0 && offset <= count && removed <= count - offset)
        let tail = count - offset - removed
        let newCount = count - removed + inserted
        let newBytes = SizeClass.rounded(max(newCount, 1))
        if newBytes > allocationBytes { unsafe base = reallocate(base, newBytes) }
        unsafe _ = memmove(base + offset + inserted, base + offset + removed, tail)
        if newBytes < allocationBytes { unsafe base = reallocate(base, newBytes) }
        count = newCount
        return unsafe base
    }
}
