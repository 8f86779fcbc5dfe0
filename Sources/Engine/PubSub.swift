// Who is subscribed to what. Nothing here shows the order of a hash table, so
// that the same requests always bring the same messages in the same order.

import Primitives

/// What a subscription names. Channels of different kinds have nothing in common.
public enum SubscriptionKind: Int, Sendable, CaseIterable {
    case channel, pattern, shardChannel
}

/// The subscriptions of all sessions.
public struct PubSub: Sendable {
    private var topics = [Topics](repeating: Topics(), count: SubscriptionKind.allCases.count)
    /// Sessions that are subscribed to anything.
    public internal(set) var clientCount = 0

    subscript(kind: SubscriptionKind) -> Topics {
        _read { yield topics[kind.rawValue] }
        _modify { yield &topics[kind.rawValue] }
    }

    /// Names of a kind that somebody is subscribed to.
    public func count(_ kind: SubscriptionKind) -> Int { self[kind].topics.count }

    /// The names of a kind that somebody is subscribed to.
    public func names(_ kind: SubscriptionKind) -> [[UInt8]] { self[kind].topics.map(\.name) }

    /// How many are subscribed to `name`.
    public func subscriberCount(_ kind: SubscriptionKind, _ name: RawSpan) -> Int {
        self[kind].find(name.array)?.subscribers.sessions.count ?? 0
    }

    /// Whether nobody could get a message.
    var isIdle: Bool { topics.allSatisfy(\.topics.isEmpty) }

    /// Forgets a session that is closed.
    mutating func forget(_ session: borrowing Session) {
        guard session.flags.contains(.subscribed) else { return }
        for kind in SubscriptionKind.allCases {
            for name in session.subscriptions[kind].all { self[kind].remove(session.id, from: name) }
        }
        clientCount -= 1
    }
}

/// Names, each with its subscribers.
struct Topics: Sendable {
    struct Topic: Sendable {
        let name: [UInt8]
        var subscribers = Subscribers()
    }

    private(set) var topics: [Topic] = []
    private var places: [[UInt8]: Int] = [:]

    func find(_ name: [UInt8]) -> Topic? { places[name].map { topics[$0] } }

    mutating func add(_ session: SessionID, to name: [UInt8]) {
        let place = place(of: name)
        topics[place].subscribers.add(session)
    }

    /// Adds a subscriber unless it is there; false when it was.
    mutating func addIfMissing(_ session: SessionID, to name: [UInt8]) -> Bool {
        let place = place(of: name)
        guard !topics[place].subscribers.contains(session) else { return false }
        topics[place].subscribers.add(session)
        return true
    }

    /// Where a name is, or is from now on.
    private mutating func place(of name: [UInt8]) -> Int {
        if let place = places[name] { return place }
        places[name] = topics.count
        topics.append(Topic(name: name))
        return topics.count - 1
    }

    /// Removes a subscriber, and the name with its last one.
    mutating func remove(_ session: SessionID, from name: [UInt8]) {
        guard let index = places.index(forKey: name) else { return }
        let place = places.values[index]
        topics[place].subscribers.remove(session)
        if topics[place].subscribers.sessions.isEmpty { removeTopic(place, index) }
    }

    /// Removes a name with all its subscribers, which are returned.
    mutating func removeAll(from name: [UInt8]) -> [SessionID]? {
        guard let index = places.index(forKey: name) else { return nil }
        let place = places.values[index]
        let sessions = topics[place].subscribers.sessions
        removeTopic(place, index)
        return sessions
    }

    /// The last name takes the place of the one that is removed.
    private mutating func removeTopic(_ place: Int, _ index: [[UInt8]: Int].Index) {
        places.remove(at: index)
        let last = topics.removeLast()
        guard place < topics.count else { return }
        topics[place] = last
        places[last.name] = place
    }
}

/// The subscribers of one name. The last one takes the place of one that leaves.
struct Subscribers: Sendable {
    /// Up to so many are searched one by one.
    private static var searchedCount: Int { 16 }

    private(set) var sessions: [SessionID] = []
    private var places: [SessionID: Int] = [:]

    mutating func add(_ session: SessionID) {
        sessions.append(session)
        if sessions.count == Self.searchedCount + 1 {
            for (place, session) in sessions.enumerated() { places[session] = place }
        } else if sessions.count > Self.searchedCount {
            places[session] = sessions.count - 1
        }
    }

    func contains(_ session: SessionID) -> Bool {
        places.isEmpty ? sessions.contains(session) : places[session] != nil
    }

    mutating func remove(_ session: SessionID) {
        guard let place = places.isEmpty ? sessions.firstIndex(of: session) : places[session] else { return }
        let last = sessions.removeLast()
        if place < sessions.count { sessions[place] = last }
        guard !places.isEmpty else { return }
        places[session] = nil
        if place < sessions.count { places[last] = place }
        if sessions.count <= Self.searchedCount / 2 { places = [:] }
    }
}

/// What one session is subscribed to.
struct Subscriptions: Sendable {
    private var channels = OrderedNames()
    private var patterns = OrderedNames()
    private var shardChannels = OrderedNames()

    subscript(kind: SubscriptionKind) -> OrderedNames {
        _read {
            switch kind {
            case .channel: yield channels
            case .pattern: yield patterns
            case .shardChannel: yield shardChannels
            }
        }
        _modify {
            switch kind {
            case .channel: yield &channels
            case .pattern: yield &patterns
            case .shardChannel: yield &shardChannels
            }
        }
    }

    var count: Int { channels.count + patterns.count + shardChannels.count }

    var memoryUsage: Int { channels.memoryUsage + patterns.memoryUsage + shardChannels.memoryUsage }
}

/// A set of names that knows in which order they came.
struct OrderedNames: Sendable {
    private var ranks: [[UInt8]: Int] = [:]
    private var nextRank = 0
    private var bytes = 0

    var count: Int { ranks.count }

    /// Bytes of the names and of their places.
    var memoryUsage: Int { bytes + ranks.count * 64 }

    /// The names, oldest first.
    var all: [[UInt8]] { ranks.sorted { $0.value < $1.value }.map(\.key) }

    /// Adds a name; false when it is there.
    mutating func insert(_ name: [UInt8]) -> Bool {
        guard ranks[name] == nil else { return false }
        ranks[name] = nextRank
        nextRank += 1
        bytes += name.count
        return true
    }

    /// Removes a name; false when it is not there.
    mutating func remove(_ name: [UInt8]) -> Bool {
        guard ranks.removeValue(forKey: name) != nil else { return false }
        bytes -= name.count
        return true
    }
}
