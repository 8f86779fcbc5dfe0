// WATCH: which sessions look at which keys. A change of such a key marks the
// session; its EXEC then runs nothing.

import Keyspace
import Primitives

/// A key that a session watches.
struct WatchedKey: Sendable {
    let database: DatabaseIndex
    let bytes: [UInt8]
    /// Whether it was expired, though not removed, when the watch began: removing it then is no change.
    var wasExpired: Bool
}

/// Watched keys of all sessions. Part of the registry of clients.
struct WatchedKeys: Sendable {
    private struct Place: Hashable {
        let database: Int
        let bytes: [UInt8]
    }

    private var watchers: [Place: [SessionID]] = [:]

    /// Keys that somebody watches.
    var count: Int { watchers.count }

    mutating func add(_ key: WatchedKey, _ id: SessionID) {
        watchers[Place(database: key.database.value, bytes: key.bytes), default: []].append(id)
    }

    mutating func remove(_ key: WatchedKey, _ id: SessionID) {
        let place = Place(database: key.database.value, bytes: key.bytes)
        watchers[place]?.removeAll { $0 == id }
        if watchers[place]?.isEmpty == true { watchers[place] = nil }
    }

    func watchers(of key: [UInt8], in database: DatabaseIndex) -> [SessionID] {
        watchers[Place(database: database.value, bytes: key)] ?? []
    }

    /// The watched keys of a database.
    func keys(in database: DatabaseIndex) -> [[UInt8]] {
        watchers.keys.filter { $0.database == database.value }.map(\.bytes)
    }
}

extension CommandContext {
    // MARK: The served session's watch

    /// Watches a key for the served session; a key it watches already stays as it is.
    public mutating func watch(_ key: RawSpan) {
        let bytes = key.array
        let database = session.database
        guard !session.watched.contains(where: { $0.database == database && $0.bytes == bytes }) else { return }
        let watched = WatchedKey(database: database, bytes: bytes, wasExpired: isExpired(bytes, database))
        session.watched.append(watched)
        clients.watched.add(watched, session.id)
        notices.interest.insert(.watchers)
        notices.awaited.insert(keyspace.hash(key))
    }

    /// Ends the served session's watch, and forgets whether its keys were touched.
    public mutating func unwatchAll() {
        session.flags.remove(.touched)
        guard !session.watched.isEmpty else { return }
        endWatch(of: session.watched, by: session.id)
        session.watched = []
    }

    /// Nobody needs to hear of these keys for a session's sake any more.
    mutating func endWatch(of keys: [WatchedKey], by id: SessionID) {
        for key in keys {
            clients.watched.remove(key, id)
            notices.awaited.remove(keyspace.hash(key.bytes.rawSpan))
        }
        if clients.watched.count == 0 { notices.interest.remove(.watchers) }
    }

    /// Whether a key that the served session watches was changed, or has expired since.
    public var hasWatchedChange: Bool {
        session.flags.contains(.touched) || session.watched.contains { !$0.wasExpired && isExpired($0.bytes, $0.database) }
    }

    private func isExpired(_ key: [UInt8], _ database: DatabaseIndex) -> Bool {
        let hash = keyspace.hash(key.rawSpan)
        guard let expiry = keyspace[database][hash].find(key.rawSpan, hash)?.expiry else { return false }
        return expiry <= now
    }

    private func exists(_ key: [UInt8], _ database: DatabaseIndex) -> Bool {
        let hash = keyspace.hash(key.rawSpan)
        return keyspace[database][hash].find(key.rawSpan, hash) != nil
    }

    // MARK: Changes

    /// Marks the sessions that watch a key which a unit has changed.
    mutating func touchWatchers(of notice: borrowing Notice) {
        let isRemoval = notice.event.isExpiry
        for id in clients.watched.watchers(of: notice.key, in: notice.database) {
            let key = notice.key
            let database = notice.database
            if id == session.id {
                Self.touch(&session, key, database, isRemoval)
            } else {
                _ = clients.slab.with(id) { Self.touch(&$0, key, database, isRemoval) }
            }
        }
    }

    private static func touch(_ session: inout Session, _ key: [UInt8], _ database: DatabaseIndex, _ isRemoval: Bool) {
        if isRemoval, let index = session.watched.firstIndex(where: { $0.database == database && $0.bytes == key }),
            session.watched[index].wasExpired {
            session.watched[index].wasExpired = false
            return
        }
        session.flags.insert(.touched)
    }

    /// The whole database is about to be emptied, or to change places with
    /// `other`: who watches a key that is in one of them is marked.
    public mutating func willReplace(_ database: DatabaseIndex, with other: DatabaseIndex? = nil) {
        guard notices.interest.contains(.watchers) else { return }
        for key in clients.watched.keys(in: database) {
            let isThere = exists(key, database)
            let comes = other.map { exists(key, $0) } ?? false
            let comesStale = comes && other.map { isExpired(key, $0) } ?? false
            for id in clients.watched.watchers(of: key, in: database) {
                if id == session.id {
                    Self.replace(&session, key, database, isThere, comes && !comesStale, comesStale)
                } else {
                    _ = clients.slab.with(id) { Self.replace(&$0, key, database, isThere, comes && !comesStale, comesStale) }
                }
            }
        }
    }

    /// A key that was not there, or expired, and is so after the replacement, was not changed.
    private static func replace(
        _ session: inout Session, _ key: [UInt8], _ database: DatabaseIndex, _ isThere: Bool, _ comesAlive: Bool,
        _ comesStale: Bool
    ) {
        guard let index = session.watched.firstIndex(where: { $0.database == database && $0.bytes == key }) else { return }
        if (isThere && !session.watched[index].wasExpired) || comesAlive {
            session.flags.insert(.touched)
        } else {
            session.watched[index].wasExpired = comesStale
        }
    }
}
