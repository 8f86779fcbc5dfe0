import Keyspace
import Primitives
import Structures

/// A length, or how a string is written instead.
enum LengthOrEncoding {
    case length(Int)
    case encoded(UInt8)
}

/// Reads the words of the format: lengths, strings, numbers. What is read last as
/// a string is in `text`.
public struct SnapshotDecoder: ~Copyable {
    var source: ByteSource
    /// The string that was read last.
    var text = GrowingBytes(capacity: 1024)
    /// A second string, where two are needed at a time.
    var second = GrowingBytes(capacity: 256)
    private var compressed = GrowingBytes(capacity: 256)
    let limits: LoadLimits
    /// Whether the code 22 is Valkey's.
    var isValkey = false

    /// A decoder that stands where the source stands.
    public init(_ source: consuming ByteSource, _ limits: LoadLimits) {
        self.source = source
        self.limits = limits
    }

    func failure(_ text: String) -> SnapshotError { source.failure(text) }

    mutating func lengthOrEncoding() throws(SnapshotError) -> LengthOrEncoding {
        let lead = try source.byte()
        switch lead >> 6 {
        case 0: return .length(Int(lead & 63))
        case 1: return .length(Int(lead & 63) << 8 | Int(try source.byte()))
        case 3: return .encoded(lead & 63)
        default:
            if lead == 0x80 { return .length(Int(try source.bigEndian(UInt32.self))) }
            guard lead == 0x81 else { throw failure("unknown length encoding \(lead)") }
            guard let length = Int(exactly: try source.bigEndian(UInt64.self)) else { throw failure("a length of more than 63 bits") }
            return .length(length)
        }
    }

    mutating func length() throws(SnapshotError) -> Int {
        guard case .length(let length) = try lengthOrEncoding() else { throw failure("a string where a length should be") }
        return length
    }

    /// A number that may need all 64 bits.
    mutating func number() throws(SnapshotError) -> UInt64 {
        let lead = try source.byte()
        switch lead >> 6 {
        case 0: return UInt64(lead & 63)
        case 1: return UInt64(lead & 63) << 8 | UInt64(try source.byte())
        default:
            if lead == 0x80 { return UInt64(try source.bigEndian(UInt32.self)) }
            guard lead == 0x81 else { throw failure("a string where a length should be") }
            return try source.bigEndian(UInt64.self)
        }
    }

    /// How many elements follow, each of at least `bytes` bytes.
    mutating func count(bytes: Int = 1) throws(SnapshotError) -> Int {
        let count = try length()
        guard count <= source.remaining / bytes else {
            throw SnapshotError("more elements are announced than there are bytes", at: source.offset, isTruncation: true)
        }
        return count
    }

    // MARK: Strings

    /// Reads a string into `text`.
    mutating func string() throws(SnapshotError) {
        text.truncate(to: 0)
        switch try lengthOrEncoding() {
        case .length(let count): try source.move(count, to: &text)
        case .encoded(0): appendText(Int64(Int8(bitPattern: try source.byte())))
        case .encoded(1): appendText(Int64(try source.littleEndian(Int16.self)))
        case .encoded(2): appendText(Int64(try source.littleEndian(Int32.self)))
        case .encoded(3): try compressedString()
        case .encoded(let encoding): throw failure("unknown string encoding \(encoding)")
        }
    }

    private mutating func appendText(_ value: Int64) {
        let digits = DecimalText(value)
        text.append(digits.bytes)
    }

    private mutating func compressedString() throws(SnapshotError) {
        let packed = try length()
        let count = try length()
        compressed.truncate(to: 0)
        try source.move(packed, to: &compressed)
        guard count <= Self.largestString, Self.decompress(compressed, count, &text) else {
            throw failure("a compressed string is damaged")
        }
    }

    private static func decompress(_ packed: borrowing GrowingBytes, _ count: Int, _ text: inout GrowingBytes) -> Bool {
        LZF.decompress(packed.bytes, count: count, to: &text)
    }

    /// No string is longer, whatever a file says.
    private static var largestString: Int { 1 << 32 }

    /// Reads a string into `second`; `text` stays.
    mutating func secondString() throws(SnapshotError) {
        swap(&text, &second)
        defer { swap(&text, &second) }
        try string()
    }

    // MARK: Scores

    /// A score as text behind its length, as old files have it.
    mutating func textScore() throws(SnapshotError) -> Double {
        let count = try source.byte()
        switch count {
        case 253: throw failure("a score is no number")
        case 254: return .infinity
        case 255: return -.infinity
        default:
            text.truncate(to: 0)
            try source.move(Int(count), to: &text)
            guard let score = text.bytes.double else { throw failure("a score is no number") }
            return score
        }
    }

    mutating func score() throws(SnapshotError) -> Double {
        let score = Double(bitPattern: try source.littleEndian(UInt64.self))
        guard !score.isNaN else { throw failure("a score is no number") }
        return score
    }
}
