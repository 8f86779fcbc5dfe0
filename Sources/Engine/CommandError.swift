import Primitives

/// Why a command failed. Carries no payload, so that throwing costs nothing;
/// texts that depend on the request wait in the context (`custom`).
public enum CommandError: Error, Sendable {
    case syntax
    case notInteger
    case notFloat
    case outOfRange
    case indexOutOfRange
    case wrongType
    case noSuchKey
    case noAuth
    case overflow
    case stringTooLong
    case invalidCursor
    case invalidDatabase
    case databaseOutOfRange
    case notPositiveTimeout
    case outOfMemory
    /// The text was put into the context.
    case custom

    /// The reply, code first.
    public var text: StaticString {
        switch self {
        case .syntax: "ERR syntax error"
        case .notInteger: "ERR value is not an integer or out of range"
        case .notFloat: "ERR value is not a valid float"
        case .outOfRange: "ERR value is out of range"
        case .indexOutOfRange: "ERR index out of range"
        case .wrongType: "WRONGTYPE Operation against a key holding the wrong kind of value"
        case .noSuchKey: "ERR no such key"
        case .noAuth: "NOAUTH Authentication required."
        case .overflow: "ERR increment or decrement would overflow"
        case .stringTooLong: "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        case .invalidCursor: "ERR invalid cursor"
        case .invalidDatabase: "ERR invalid DB index"
        case .databaseOutOfRange: "ERR DB index is out of range"
        case .notPositiveTimeout: "ERR timeout is negative"
        case .outOfMemory: "OOM command not allowed when used memory > 'maxmemory'."
        case .custom: "ERR"
        }
    }
}
