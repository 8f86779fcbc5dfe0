import CSystem

/// Bytes that grow at their end: where files and payloads are put together, and
/// where what is read from them is kept. Emptied, it keeps its room.
@safe
public struct GrowingBytes: ~Copyable {
    // SAFETY: `base` is an allocation of `capacity` bytes, of which the first
    // `count` are initialised; freed by deinit.
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    /// Bytes there are.
    public private(set) var count = 0

    /// Without bytes, with room for `capacity`.
    public init(capacity: Int = 64) {
        self.capacity = max(16, capacity)
        unsafe base = allocate(self.capacity)
    }

    deinit { unsafe free(base) }

    /// The bytes.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Room for `wanted` bytes in all; what has grown once doubles.
    public mutating func reserve(_ wanted: Int) {
        guard wanted > capacity else { return }
        capacity = max(wanted, capacity + min(capacity, 1 << 26))
        unsafe base = reallocate(base, capacity)
    }

    /// Appends a byte.
    public mutating func append(_ byte: UInt8) {
        if count == capacity { reserve(count + 1) }
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends bytes.
    public mutating func append(_ bytes: RawSpan) {
        reserve(count + bytes.byteCount)
        unsafe bytes.copy(to: base + count)
        count += bytes.byteCount
    }

    /// Appends the bytes of another run.
    public mutating func append(_ other: borrowing GrowingBytes) { append(other.bytes) }

    /// Appends `copied` bytes from `offset` on; they may reach into what is being appended.
    public mutating func append(copyOf offset: Int, _ copied: Int) {
        precondition(offset >= 0 && offset < count && copied >= 0)
        reserve(count + copied)
        if copied <= count - offset {
            unsafe _ = memcpy(base + count, base + offset, copied)
        } else {
            let bytes = unsafe base.assumingMemoryBound(to: UInt8.self)
            for index in 0..<copied { unsafe bytes[count + index] = bytes[offset + index] }
        }
        count += copied
    }

    /// Appends an integer, lowest byte first.
    public mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        var rest = value
        for _ in 0..<Value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    /// Appends an integer, highest byte first.
    public mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) { append(littleEndian: value.byteSwapped) }

    /// Forgets all bytes but the first `kept`.
    public mutating func truncate(to kept: Int) {
        precondition(kept >= 0 && kept <= count)
        count = kept
    }

    /// Forgets the first `dropped` bytes.
    public mutating func removeFirst(_ dropped: Int) {
        precondition(dropped >= 0 && dropped <= count)
        unsafe _ = memmove(base, base + dropped, count - dropped)
        count -= dropped
    }

    /// Has up to `room` bytes written behind the present ones; `body` gets the place
    /// and the room, and returns how many it wrote.
    @unsafe public mutating func extend(_ room: Int, _ body: (UnsafeMutableRawPointer, Int) -> Int) {
        reserve(count + room)
        let written = unsafe body(base + count, room)
        precondition(written >= 0 && written <= room)
        count += written
    }
}
