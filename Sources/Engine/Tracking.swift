// Client-side caching: who may hold copies of which keys, and is told when they change.

import Primitives

/// What CLIENT TRACKING asks for.
public struct TrackingOptions: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// All keys with the client's prefixes are told, whether it has read them or not.
    public static var broadcast: Self { Self(rawValue: 1 << 0) }
    /// Only keys read by the command behind CLIENT CACHING YES count.
    public static var optIn: Self { Self(rawValue: 1 << 1) }
    /// Keys read by the command behind CLIENT CACHING NO do not count.
    public static var optOut: Self { Self(rawValue: 1 << 2) }
    /// The client's own changes are not told.
    public static var noLoop: Self { Self(rawValue: 1 << 3) }
}

/// How one session is kept informed of changes.
public struct SessionTracking: Sendable {
    /// What was asked for.
    public internal(set) var options: TrackingOptions = []
    /// The number of the client that is told instead; 0: the session itself.
    public internal(set) var redirection: Int64 = 0
    /// Prefixes of the keys that are told in broadcasting mode.
    public internal(set) var prefixes: [[UInt8]] = []
    /// CLIENT CACHING came: the next command differs from what `optIn` or `optOut` say.
    public internal(set) var isNextCommandOther = false
    /// The client to be told was found gone.
    public internal(set) var isRedirectionBroken = false

    var memoryUsage: Int { prefixes.reduce(0) { $0 + $1.count + 64 } }
}

/// What is tracked for all sessions.
public struct Tracking: Sendable {
    /// Keys, of any database, and who has read them. Sessions that are gone or track no
    /// longer stay until the key changes.
    var keys: Topics
    /// Sessions that track.
    var sessions = Subscribers()
    var broadcasts: [Broadcast] = []
    private(set) var itemCount = 0
    private let seed: HashSeed

    init(seed: HashSeed) {
        self.seed = seed
        keys = Topics(seed: seed)
    }

    /// Sessions that track.
    public var clientCount: Int { sessions.sessions.count }
    /// Keys that were read.
    public var keyCount: Int { keys.names.count }
    /// Readers of all keys together.
    public var readerCount: Int { itemCount }
    /// Prefixes of broadcasting mode.
    public var prefixCount: Int { broadcasts.count }

    mutating func remember(_ key: RawSpan, _ session: SessionID) {
        if keys.addIfMissing(session, to: key) { itemCount += 1 }
    }

    /// Forgets a key; returns who has read it.
    mutating func take(_ key: RawSpan) -> [SessionID] {
        let readers = keys.removeAll(from: key)
        itemCount -= readers.count
        return readers
    }

    mutating func forgetKeys() {
        keys = Topics(seed: seed)
        itemCount = 0
    }

    mutating func add(_ session: SessionID, prefix: [UInt8]) {
        if let index = broadcasts.firstIndex(where: { $0.prefix == prefix }) {
            broadcasts[index].receivers.add(session)
        } else {
            var broadcast = Broadcast(prefix: prefix, seed: seed)
            broadcast.receivers.add(session)
            broadcasts.append(broadcast)
        }
    }

    mutating func remove(_ session: SessionID, prefix: [UInt8]) {
        guard let index = broadcasts.firstIndex(where: { $0.prefix == prefix }) else { return }
        broadcasts[index].receivers.remove(session)
        if broadcasts[index].receivers.sessions.isEmpty { broadcasts.remove(at: index) }
    }

    /// Forgets a session that is closed or tracks no longer.
    mutating func forget(_ session: SessionID, prefixes: [[UInt8]]) {
        sessions.remove(session)
        for prefix in prefixes { remove(session, prefix: prefix) }
    }
}

/// A prefix of broadcasting mode, and what has changed under it since it was told last.
struct Broadcast: Sendable {
    let prefix: [UInt8]
    var receivers = Subscribers()
    /// Changed keys in the order in which they changed first.
    private var keys: NameTable
    /// By the places of the keys: who changed them first.
    private var changers: [SessionID] = []

    init(prefix: [UInt8], seed: HashSeed) {
        self.prefix = prefix
        keys = NameTable(seed: seed)
    }

    var hasChanges: Bool { !keys.isEmpty }

    /// Notes a change, if the key has the prefix.
    mutating func note(_ key: RawSpan, by session: SessionID) {
        guard key.starts(with: prefix.rawSpan) else { return }
        if keys.insert(key).isNew { changers.append(session) }
    }

    /// The changed keys and who changed them, in the order of the keys' bytes; they are forgotten.
    mutating func takeChanges() -> (keys: [[UInt8]], changers: [SessionID]) {
        let known = keys.takeAll()
        let order = known.indices.sorted {
            let (one, other) = (known[$0], known[$1])
            return one.rawSpan.compare(other.rawSpan) < 0
        }
        defer { changers.removeAll(keepingCapacity: true) }
        return (order.map { known[$0] }, order.map { changers[$0] })
    }
}
