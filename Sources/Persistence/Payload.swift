// What DUMP gives and RESTORE takes:
//
//   value code u8 | value | version u16 | CRC-64 of all that u64

import Keyspace
import Primitives

/// Values by themselves.
public enum Payload {
    private static var footerBytes: Int { 10 }

    /// The value of an entry, in the lowest version that holds it.
    /// `dialect`: whose words are used for what only newer versions hold.
    public static func make(from entry: Entry, dialect: SnapshotVersion, compresses: Bool) -> GrowingBytes {
        var encoder = SnapshotEncoder(version(for: entry, dialect), compresses: compresses)
        let code = encoder.code(of: entry)
        encoder.append(code)
        encoder.value(of: entry, as: code)
        encoder.bytes.append(littleEndian: UInt16(encoder.version.number))
        let sum = CRC64(isWide: encoder.bytes.count > 1 << 16).sum(encoder.bytes.bytes)
        encoder.bytes.append(littleEndian: sum)
        return encoder.takeBytes()
    }

    private static func version(for entry: Entry, _ dialect: SnapshotVersion) -> SnapshotVersion {
        guard entry.type == .hash, entry.hasFieldExpiries else { return .usual }
        return dialect == .valkey80 ? .valkey80 : .fieldExpiries
    }

    /// Whether version and checksum at the end of a payload are right.
    public static func hasValidFooter(_ payload: RawSpan, acceptsAnySum: Bool = false) -> Bool {
        let count = payload.byteCount
        guard count >= footerBytes else { return false }
        let version = Int(payload.byte(count - 10)) | Int(payload.byte(count - 9)) << 8
        guard version <= SnapshotVersion.newestRead || version == SnapshotVersion.valkey80.number else { return false }
        let sum = UInt64(littleEndian: payload.word(count - 8))
        // A sum of zero says that there is none.
        return acceptsAnySum || sum == 0 || CRC64(isWide: count > 1 << 16).sum(payload.slice(0, count - 8)) == sum
    }

    /// A decoder that stands in front of the value; to be used after `hasValidFooter`.
    public static func decoder(for payload: RawSpan, _ limits: LoadLimits) -> SnapshotDecoder {
        let count = payload.byteCount
        var decoder = SnapshotDecoder(ByteSource(copying: payload.slice(0, count - footerBytes)), limits)
        decoder.isValkey = Int(payload.byte(count - 10)) == SnapshotVersion.valkey80.number
        return decoder
    }

    /// Reads the whole value of a payload.
    public static func value(_ decoder: inout SnapshotDecoder) throws(SnapshotError) -> DecodedValue {
        let code = try decoder.source.byte()
        let value = try decoder.value(code: code)
        guard decoder.source.remaining == 0 else { throw decoder.failure("bytes stand behind the value") }
        return value
    }
}
