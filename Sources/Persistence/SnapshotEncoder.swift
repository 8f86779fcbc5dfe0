import Keyspace
import Primitives
import Structures

/// Writes the words of the format: lengths, strings, values.
public struct SnapshotEncoder: ~Copyable {
    /// What was written and not taken.
    public var bytes: GrowingBytes
    let version: SnapshotVersion
    private let compresses: Bool
    /// Gets the bytes when there are many; returns an errno, 0 for success.
    private let drain: ((RawSpan) -> Int32)?
    private let checksum: CRC64?
    private var compressor = LZFCompressor()
    /// What the compressor has made.
    private var packed = GrowingBytes()
    /// The checksum of what was drained.
    private(set) var sum: UInt64 = 0
    /// The first errno.
    public private(set) var failureNumber: Int32 = 0

    /// Strings of fewer bytes are not worth compressing.
    private static var leastCompressed: Int { 20 }
    /// Written at once; a child's buffer is memory that nobody else has.
    private static var chunk: Int { 1 << 14 }

    /// For a payload in memory.
    public init(_ version: SnapshotVersion, compresses: Bool) {
        bytes = GrowingBytes()
        self.version = version
        self.compresses = compresses
        drain = nil
        checksum = nil
    }

    /// For a file.
    public init(
        _ version: SnapshotVersion, compresses: Bool, checks: Bool, drain: @escaping (RawSpan) -> Int32
    ) {
        bytes = GrowingBytes(capacity: 2 * Self.chunk)
        self.version = version
        self.compresses = compresses
        self.drain = drain
        checksum = checks ? CRC64(isWide: true) : nil
    }

    /// Hands the bytes on if there are enough of them, or in any case.
    mutating func flush(always: Bool = false) {
        guard let drain, always || bytes.count >= Self.chunk else { return }
        if let checksum { sum = checksum.sum(bytes.bytes, after: sum) }
        if failureNumber == 0 { failureNumber = drain(bytes.bytes) }
        bytes.truncate(to: 0)
    }

    mutating func append(_ code: ValueCode) { bytes.append(code.rawValue) }
    mutating func append(_ opcode: Opcode) { bytes.append(opcode.rawValue) }

    mutating func length(_ length: Int) {
        if length < 1 << 6 {
            bytes.append(UInt8(length))
        } else if length < 1 << 14 {
            bytes.append(UInt8(0x40 | length >> 8))
            bytes.append(UInt8(length & 255))
        } else if length <= Int(UInt32.max) {
            bytes.append(0x80)
            bytes.append(bigEndian: UInt32(length))
        } else {
            bytes.append(0x81)
            bytes.append(bigEndian: UInt64(length))
        }
    }

    /// A number that may need all 64 bits.
    mutating func number(_ number: UInt64) {
        if let length = Int(exactly: number) { return self.length(length) }
        bytes.append(0x81)
        bytes.append(bigEndian: number)
    }

    /// A string: as an integer or compressed where that is shorter.
    mutating func string(_ string: RawSpan) {
        let count = string.byteCount
        if count <= 11, let integer = string.canonicalInteger, appendInteger(integer) { return }
        if !compresses || count <= Self.leastCompressed || !appendCompressed(string) {
            length(count)
            bytes.append(string)
        }
        flush()
    }

    /// False when compression does not pay.
    private mutating func appendCompressed(_ string: RawSpan) -> Bool {
        packed.truncate(to: 0)
        guard compressor.compress(string, limit: string.byteCount - 4, to: &packed) else { return false }
        bytes.append(0xc3)
        length(packed.count)
        length(string.byteCount)
        bytes.append(packed)
        return true
    }

    /// False when the integer needs more than 32 bits.
    private mutating func appendInteger(_ integer: Int64) -> Bool {
        if let small = Int8(exactly: integer) {
            bytes.append(0xc0)
            bytes.append(littleEndian: small)
        } else if let medium = Int16(exactly: integer) {
            bytes.append(0xc1)
            bytes.append(littleEndian: medium)
        } else if let large = Int32(exactly: integer) {
            bytes.append(0xc2)
            bytes.append(littleEndian: large)
        } else {
            return false
        }
        return true
    }

    mutating func string(_ text: String) { string([UInt8](text).rawSpan) }
}

extension SnapshotEncoder {
    /// What was written.
    consuming func takeBytes() -> GrowingBytes { bytes }
}
