import Keyspace
import Primitives

/// Who wants to hear of changes.
public struct NoticeInterest: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Clients are blocked on keys.
    static var blockedClients: Self { Self(rawValue: 1 << 0) }
    /// Clients watch keys.
    static var watchers: Self { Self(rawValue: 1 << 2) }
    /// Somebody records every notice (keyspace events, tracking, tests).
    public static var observer: Self { Self(rawValue: 1 << 1) }
}

/// One change of one key.
public struct Notice: Sendable {
    public let database: DatabaseIndex
    public let key: [UInt8]
    public let event: KeyEvent
}

/// The changes of an execution unit, kept until its end for whoever is interested.
struct Notices: ~Copyable {
    var interest: NoticeInterest = []
    /// Changes of the command under way, counted whether anybody listens or not.
    var changes = 0
    private(set) var recorded: [Notice] = []
    /// What `observeNotices` asked for.
    private var observed: [Notice] = []

    @inline(never)
    mutating func record(_ key: RawSpan, _ event: KeyEvent, _ database: DatabaseIndex) {
        recorded.append(Notice(database: database, key: key.array, event: event))
    }

    /// The notices since the last call, for everybody who is interested.
    mutating func take() -> [Notice] {
        guard !recorded.isEmpty else { return [] }
        defer { recorded = [] }
        if interest.contains(.observer) { observed += recorded }
        return recorded
    }

    mutating func takeObserved() -> [Notice] {
        defer { observed = [] }
        return observed
    }
}
