/// Something that happened to a key: its name in keyspace notifications and
/// the class under which clients subscribe to it.
public struct KeyEvent: Sendable {
    public enum Class: UInt8, Sendable {
        case generic, string, list, set, hash, sortedSet, expired, evicted, stream, module, array
        /// A key came into being.
        case new
        /// A key was read that is not there.
        case miss
        /// A key got another value in place of the one it had.
        case overwritten
        /// That value is of another type.
        case typeChanged
    }

    public let name: StaticString
    public let kind: Class

    /// Whether the key is gone because its time was over.
    var isExpiry: Bool { kind == .expired }

    @inlinable
    public init(_ name: StaticString, _ kind: Class) {
        self.name = name
        self.kind = kind
    }
}
