import Primitives

/// Bytes that are read once, from a file as it is needed or from memory.
public struct ByteSource: ~Copyable {
    /// Appends about so many bytes to what is there; 0 at the end, a negated errno when it fails.
    public typealias Refill = (inout GrowingBytes, Int) -> Int

    private var buffer: GrowingBytes
    private var position = 0
    /// Bytes that have left the buffer.
    private var dropped = 0
    private let refill: Refill?
    /// Bytes in all, as far as is known.
    private let total: Int?
    private let checksum: CRC64?
    private var sum: UInt64 = 0
    /// From where on the buffer is not summed up yet.
    private var summed = 0

    private static var chunk: Int { 1 << 18 }

    /// A payload in memory.
    public init(copying bytes: RawSpan) {
        buffer = GrowingBytes(capacity: bytes.byteCount)
        buffer.append(bytes)
        refill = nil
        total = bytes.byteCount
        checksum = nil
    }

    /// A file: `total` bytes where that is known; its checksum is worked out on the way.
    public init(total: Int?, checks: Bool, refill: @escaping Refill) {
        buffer = GrowingBytes(capacity: Self.chunk)
        self.refill = refill
        self.total = total
        checksum = checks ? CRC64(isWide: true) : nil
    }

    /// Bytes read so far.
    public var offset: Int { dropped + position }

    /// The most that may still come: an upper bound for announced numbers.
    var remaining: Int {
        guard let total else { return refill == nil ? buffer.count - position : Int.max / 2 }
        return max(buffer.count - position, total - offset)
    }

    /// What is in the buffer and was not read.
    mutating func takeRest() -> GrowingBytes {
        var rest = GrowingBytes(capacity: 0)
        swap(&rest, &buffer)
        rest.removeFirst(position)
        position = 0
        return rest
    }

    func failure(_ text: String) -> SnapshotError { SnapshotError(text, at: offset) }

    /// Makes so many bytes be in the buffer.
    private mutating func need(_ count: Int) throws(SnapshotError) {
        while buffer.count - position < count {
            guard count <= remaining, let refill else { throw truncation }
            if position > 0 {
                foldSum()
                buffer.removeFirst(position)
                dropped += position
                position = 0
                summed = 0
            }
            let wanted = max(Self.chunk, min(count - buffer.count, 1 << 24))
            let got = refill(&buffer, wanted)
            if got < 0 { throw failure("the bytes cannot be read (error \(-got))") }
            if got == 0 { throw truncation }
        }
    }

    private var truncation: SnapshotError { SnapshotError("the bytes end too early", at: offset, isTruncation: true) }

    mutating func byte() throws(SnapshotError) -> UInt8 {
        if position == buffer.count { try need(1) }
        position += 1
        return buffer.bytes.byte(position - 1)
    }

    /// Moves `count` bytes to the end of `target`.
    mutating func move(_ count: Int, to target: inout GrowingBytes) throws(SnapshotError) {
        guard count <= remaining else { throw truncation }
        var left = count
        while left > 0 {
            let here = min(left, Self.chunk)
            try need(here)
            target.append(buffer.bytes.slice(position, here))
            position += here
            left -= here
        }
    }

    /// An integer, lowest byte first.
    mutating func littleEndian<Value: FixedWidthInteger>(_: Value.Type) throws(SnapshotError) -> Value {
        let count = Value.bitWidth / 8
        try need(count)
        var value: Value = 0
        for index in 0..<count { value |= Value(truncatingIfNeeded: buffer.bytes.byte(position + index)) << Value(8 * index) }
        position += count
        return value
    }

    /// An integer, highest byte first.
    mutating func bigEndian<Value: FixedWidthInteger>(_ type: Value.Type) throws(SnapshotError) -> Value {
        try littleEndian(type).byteSwapped
    }

    private mutating func foldSum() {
        guard let checksum else { return }
        sum = checksum.sum(buffer.bytes.slice(summed, position - summed), after: sum)
        summed = position
    }

    /// The checksum of all bytes read so far; nil when none is worked out.
    mutating func currentSum() -> UInt64? {
        guard checksum != nil else { return nil }
        foldSum()
        return sum
    }
}
