/// The type of a value, as TYPE tells it. The numbers are frozen: they stand in entry headers.
public enum ValueType: UInt8, Sendable, CaseIterable {
    case string = 0
    case list = 1
    case set = 2
    case sortedSet = 3
    case hash = 4
    case stream = 5

    public var name: StaticString {
        switch self {
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        case .hash: "hash"
        case .stream: "stream"
        }
    }
}

/// How a value is represented, as OBJECT ENCODING tells it. A flag of the
/// entry, not its layout: a raw string may be embedded as well.
public enum ValueEncoding: UInt8, Sendable {
    /// A string that was changed in place, or is longer than 44 bytes.
    case raw = 0
    /// A string that is the canonical decimal of a 64-bit integer, held as eight bytes.
    case int = 1
    /// A string of at most 44 bytes.
    case embstr = 2
    /// A small list, set, hash or sorted set in one run of bytes.
    case listpack = 3
    case quicklist = 4
    /// A small set of integers, sorted.
    case intset = 5
    case hashtable = 6
    /// A sorted set in a table and a tree; clients know it by this name.
    case skiplist = 7
    /// A small hash with field expiries.
    case listpackex = 8

    public var name: StaticString {
        switch self {
        case .raw: "raw"
        case .int: "int"
        case .embstr: "embstr"
        case .listpack: "listpack"
        case .quicklist: "quicklist"
        case .intset: "intset"
        case .hashtable: "hashtable"
        case .skiplist: "skiplist"
        case .listpackex: "listpackex"
        }
    }

    /// The longest string that OBJECT ENCODING calls embstr.
    public static let embeddedStringLimit = 44
}
