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
    /// Keyspace events are published.
    static var events: Self { Self(rawValue: 1 << 3) }
    /// So are those of new keys, and those of keys that are not there.
    static var arrivals: Self { Self(rawValue: 1 << 4) }
    static var misses: Self { Self(rawValue: 1 << 5) }
    /// Clients hold copies of keys.
    static var tracking: Self { Self(rawValue: 1 << 6) }
    /// Who gets the notices at the end of the unit, of some keys.
    static var someKeys: Self { [.blockedClients, .watchers] }
    /// The fields of hashes that change are published.
    static var fields: Self { Self(rawValue: 1 << 7) }
    /// Somebody records every notice (tests).
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
    /// The keys that `blockedClients` and `watchers` wait for.
    var awaited = KeyFilter()
    /// What `observeNotices` asked for.
    private var observed: [Notice] = []
    /// Keys that the command under way looked up and did not find; kept only for `arrivals`.
    var missing: [(key: [UInt8], database: DatabaseIndex)] = []

    /// A command begins.
    @inline(__always)
    mutating func begin() {
        changes = 0
        if !missing.isEmpty { missing.removeAll() }
    }

    /// Publishes the events of these classes from now on.
    mutating func publish(_ classes: KeyEventClasses) {
        interest.subtract([.events, .arrivals, .misses, .fields])
        if classes.publishesFields { interest.insert(.fields) }
        guard classes.publishesKeys else { return }
        interest.insert(.events)
        if classes.publishes(.new) { interest.insert(.arrivals) }
        if classes.publishes(.miss) { interest.insert(.misses) }
    }

    /// Whether there is something to `take`, perhaps for nobody any more.
    var hasRecorded: Bool { !recorded.isEmpty }

    /// Whether somebody wants to have the changes of a key at the end of the unit.
    func records(_ hash: @autoclosure () -> UInt64) -> Bool {
        interest.contains(.observer) || (!interest.isDisjoint(with: .someKeys) && awaited.mayContain(hash()))
    }

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
