// The numbers of the RDB format (public: the documentation of the format, and
// files of all makes).

/// How a value is written: the byte in front of its key.
enum ValueCode: UInt8 {
    case string = 0
    case list = 1
    case set = 2
    /// Scores as text.
    case sortedSetText = 3
    case hash = 4
    /// Scores as eight bytes.
    case sortedSet = 5
    case moduleOld = 6
    case module = 7
    case hashZipmap = 9
    case listZiplist = 10
    case setIntset = 11
    case sortedSetZiplist = 12
    case hashZiplist = 13
    /// A list of ziplists.
    case quicklistOld = 14
    case streamOld = 15
    case hashListpack = 16
    case sortedSetListpack = 17
    /// A list of listpacks, and of elements that are too large for one.
    case quicklist = 18
    case stream2 = 19
    case setListpack = 20
    case stream3 = 21
    /// Redis 7.4 before its release: expiry, field, value. Valkey 9: field, value, expiry.
    case hashWithExpiries = 22
    /// Redis 7.4 before its release.
    case hashListpackWithExpiriesOld = 23
    /// Field expiries relative to the first.
    case hashWithRelativeExpiries = 24
    case hashListpackWithExpiries = 25
    case stream4 = 26
}

/// What a node of a list is.
enum ListNodeCode: Int {
    /// One element.
    case plain = 1
    /// A listpack.
    case packed = 2
}

/// What stands in a file where no value begins.
enum Opcode: UInt8 {
    case slotInfo = 244
    case function = 245
    case functionOld = 246
    case moduleAux = 247
    case idle = 248
    case frequency = 249
    case aux = 250
    case resize = 251
    case expiryMilliseconds = 252
    case expirySeconds = 253
    case select = 254
    case end = 255
}

/// The version of a file or payload, and whose words it uses.
public enum SnapshotVersion: Equatable, Sendable {
    /// Magic `REDIS` and this number.
    case redis(Int)
    /// Magic `VALKEY`, number 80.
    case valkey80

    /// The oldest that is written.
    public static var oldest: Self { .redis(9) }
    /// What is written when nothing asks for another.
    public static var usual: Self { .redis(10) }
    /// The lowest that has field expiries.
    public static var fieldExpiries: Self { .redis(12) }
    /// The newest that is read.
    static var newestRead: Int { 13 }

    /// The number in the footer of a payload.
    var number: Int {
        switch self {
        case .redis(let number): number
        case .valkey80: 80
        }
    }

    var magic: [UInt8] {
        switch self {
        case .redis(let number): Array((number < 10 ? "REDIS000" : "REDIS00").utf8) + Array(String(number).utf8)
        case .valkey80: Array("VALKEY080".utf8)
        }
    }

    /// The version itself, or the nearest that is written.
    public var writable: Self {
        guard case .redis(let number) = self else { return self }
        return .redis(min(max(number, 9), 12))
    }

    /// Whether the version has a code for fields that expire.
    public var hasFieldExpiries: Bool { number >= Self.fieldExpiries.number }
    var hasListpacks: Bool { number >= 10 }
    var hasSetListpacks: Bool { number >= 11 }
    /// Versions before 5 end without a checksum.
    var hasChecksum: Bool { number >= 5 }
}

/// Why bytes cannot be read: what is wrong, and where.
public struct SnapshotError: Error, Sendable {
    /// A clause for log and reply.
    public let text: String
    /// Bytes from the beginning.
    public let offset: Int
    /// The key whose value it was.
    public var key: [UInt8]?
    /// Whether the bytes end too early.
    public var isTruncation = false

    init(_ text: String, at offset: Int, isTruncation: Bool = false) {
        self.text = text
        self.offset = offset
        self.isTruncation = isTruncation
    }

    /// With key and offset.
    public var description: String {
        let place = key.map { " in the value of key '\(String(decoding: $0.prefix(64), as: UTF8.self))'" } ?? ""
        return "\(text)\(place) at offset \(offset)"
    }
}
