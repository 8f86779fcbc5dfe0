// Output. A `ByteWriter` writes replies into a shared arena block; what was
// written for one session is cut off as a `ByteChain`, a list of segments of
// blocks, which the network sends without moving a byte. Large values join the
// chain by reference.
//
//   arena   [ reply to A | reply to B ....... | free ]
//   chain A [ (arena, 0..<7) ]   chain B [ (arena, 7..<90), (value block, all) ]

import BasicContainers
import CSystem

/// Some bytes of a block.
public struct Segment: ~Copyable, Sendable {
    /// The block that holds the bytes.
    public let block: Block
    public internal(set) var start: Int
    public internal(set) var end: Int

    public init(_ block: consuming Block, _ start: Int, _ end: Int) {
        precondition(start >= 0 && start <= end && end <= block.count)
        self.block = block
        self.start = start
        self.end = end
    }

    @inlinable public var count: Int { end &- start }

    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get { block.bytes.slice(start, end - start) }
    }

    /// The same bytes, with one owner more.
    func shared() -> Segment { Segment(block.share(), start, end) }

    mutating func dropFirst(_ count: Int) { start += count }

    /// Takes in a segment that lies right behind this one; false when it lies elsewhere.
    mutating func absorb(_ next: borrowing Segment) -> Bool {
        guard next.start == end, next.block.isSame(as: block) else { return false }
        end = next.end
        return true
    }

    /// The same bytes, in a block of their own where they would hold a larger shared one.
    consuming func moved() -> Segment {
        if block.isUnique || count >= block.capacity / 2 { return self }
        return Segment(Block(copying: bytes), 0, count)
    }
}

/// A queue of segments. Most chains are one segment, held in place.
public struct ByteChain: ~Copyable, Sendable {
    @usableFromInline var first: Segment?
    // Segments behind the first; those before `head` have been taken.
    @usableFromInline var rest = UniqueArray<Segment?>()
    @usableFromInline var head = 0
    /// Bytes in all segments.
    public private(set) var count = 0

    @inlinable public init() {}

    /// Whether no bytes wait.
    @inlinable public var isEmpty: Bool { first == nil }

    public var segmentCount: Int { first == nil ? 0 : 1 + rest.count - head }

    /// Places for segments, taken ones included.
    var slotCount: Int { rest.count }

    public mutating func append(_ segment: consuming Segment) {
        guard segment.count > 0 else { return }
        count += segment.count
        guard var only = first.take() else { return first = consume segment }
        // Messages to one receiver lie in one piece and are sent so.
        let isAbsorbed = head == rest.count && only.absorb(segment)
        first = consume only
        if !isAbsorbed { rest.append(segment) }
    }

    private mutating func refillFirst() {
        guard head < rest.count else { return }
        first = rest[head].take()
        head += 1
        // A queue that never runs empty forgets what it has passed on.
        if head >= 64, head * 2 >= rest.count, head < rest.count {
            rest.removeSubrange(0..<head)
            head = 0
        }
        if head == rest.count {
            rest.removeAll(keepingCapacity: false)
            head = 0
        }
    }

    public mutating func append(_ bytes: RawSpan) {
        guard bytes.byteCount > 0 else { return }
        append(Segment(Block(copying: bytes), 0, bytes.byteCount))
    }

    /// Moves all of `other` to the end of this chain.
    public mutating func append(_ other: consuming ByteChain) {
        while let segment = other.popFirst() { append(segment) }
    }

    public mutating func popFirst() -> Segment? {
        guard let segment = first.take() else { return nil }
        count -= segment.count
        refillFirst()
        return segment
    }

    /// Drops `dropped` bytes from the front, which the chain must have.
    public mutating func removeFirst(_ dropped: Int) {
        precondition(dropped <= count)
        var left = dropped
        while left > 0, var segment = first.take() {
            if segment.count <= left {
                left -= segment.count
                count -= segment.count
                refillFirst()
            } else {
                segment.dropFirst(left)
                count -= left
                left = 0
                first = consume segment
            }
        }
    }

    /// Visits the segments in order.
    public func forEachSegment(_ body: (RawSpan) -> Void) {
        for i in 0..<segmentCount { body(segmentBytes(i)) }
    }

    /// A copy of all bytes.
    public var array: [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        forEachSegment { all.append(contentsOf: $0.array) }
        return all
    }

    /// Appends the same bytes to another chain; nothing is copied.
    public func share(into other: inout ByteChain) {
        for i in 0..<segmentCount { other.append(sharedSegment(i)) }
    }

    /// Another chain of the same bytes.
    public func shared() -> ByteChain {
        var other = ByteChain()
        share(into: &other)
        return other
    }

    /// Another chain of the same bytes but for the first, which becomes `byte`; only the first segment is copied.
    public func replacingFirstByte(with byte: UInt8) -> ByteChain {
        guard !isEmpty else { return ByteChain() }
        let start = segmentBytes(0)
        var block = Block(capacity: start.byteCount)
        block.append([byte].rawSpan)
        block.append(start.suffix(from: 1))
        var other = ByteChain()
        other.append(Segment(block, 0, start.byteCount))
        for i in 1..<max(1, segmentCount) { other.append(sharedSegment(i)) }
        return other
    }

    private func sharedSegment(_ index: Int) -> Segment {
        if index == 0 {
            switch first {
            case .some(let segment): return segment.shared()
            case .none: return Segment(Block(capacity: 0), 0, 0)
            }
        }
        switch rest[head + index - 1] {
        case .some(let segment): return segment.shared()
        case .none: return Segment(Block(capacity: 0), 0, 0)
        }
    }

    /// Frees shared arenas: copies what is left into a block of its own, so that
    /// a slow reader of a few bytes does not hold a whole arena.
    public mutating func compact() {
        guard segmentCount == 1, let only = first.take() else { return }
        first = only.moved()
    }

    /// The bytes of segment `index`, counted from the front.
    @_lifetime(borrow self)
    private func segmentBytes(_ index: Int) -> RawSpan {
        if index == 0 {
            switch first {
            case .some(let segment): return unsafe _overrideLifetime(segment.bytes, borrowing: self)
            case .none: return RawSpan()
            }
        }
        switch rest[head + index - 1] {
        case .some(let segment): return unsafe _overrideLifetime(segment.bytes, borrowing: self)
        case .none: return RawSpan()
        }
    }

    /// Sends as much as the socket `descriptor` takes; returns the bytes sent or a negated errno.
    public func send(to descriptor: Int32) -> Int {
        guard !isEmpty else { return 0 }
        // SAFETY: the vectors point into blocks that this chain owns during the call.
        if segmentCount == 1 {
            return unsafe segmentBytes(0).withUnsafeBytes { unsafe cs_send(descriptor, $0.baseAddress, $0.count) }
        }
        let total = min(segmentCount, 64)
        var vectors = unsafe [iovec](repeating: iovec(), count: total)
        for i in 0..<total {
            unsafe segmentBytes(i).withUnsafeBytes {
                unsafe vectors[i] = iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
            }
        }
        return unsafe cs_send_vectors(descriptor, vectors, Int32(total))
    }
}
