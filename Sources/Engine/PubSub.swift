// Who is subscribed to what. Nothing here shows the order of a hash table, so
// that the same requests always bring the same messages in the same order.

import Primitives

/// What a subscription names. Channels of different kinds have nothing in common.
public enum SubscriptionKind: Int, Sendable, CaseIterable {
    case channel, pattern, shardChannel
}

/// A value for each kind of subscription. Messages go by the properties: what reads through the subscript copies the value.
struct PerKind<Value: Sendable>: Sendable {
    var channels, patterns, shardChannels: Value

    init(each value: Value) { (channels, patterns, shardChannels) = (value, value, value) }

    subscript(kind: SubscriptionKind) -> Value {
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

    /// The sum of what `count` tells of each.
    func sum(_ count: (Value) -> Int) -> Int { count(channels) + count(patterns) + count(shardChannels) }
}

/// The subscriptions of all sessions.
public struct PubSub: Sendable {
    var topics: PerKind<Topics>
    /// Sessions that are subscribed to anything.
    public internal(set) var clientCount = 0

    init(seed: HashSeed) { topics = PerKind(each: Topics(seed: seed)) }

    // The path of a message: asked without a copy of the table.

    /// Who is subscribed to a channel.
    func subscribers(ofChannel name: RawSpan) -> [SessionID] { topics.channels.subscribers(of: name) }

    /// Who is subscribed to a shard channel.
    func subscribers(ofShardChannel name: RawSpan) -> [SessionID] { topics.shardChannels.subscribers(of: name) }

    /// How many patterns somebody is subscribed to.
    var patternCount: Int { topics.patterns.names.count }

    /// A pattern, and who is subscribed to it.
    func pattern(at place: Int) -> (name: [UInt8], subscribers: [SessionID]) {
        (topics.patterns.names.names[place], topics.patterns.subscribers(at: place))
    }

    /// Whether nobody could get a message.
    var isIdle: Bool { topics.channels.names.isEmpty && topics.patterns.names.isEmpty && topics.shardChannels.names.isEmpty }

    /// Names of a kind that somebody is subscribed to.
    public func count(_ kind: SubscriptionKind) -> Int { topics[kind].names.count }

    /// The names of a kind that somebody is subscribed to.
    public func names(_ kind: SubscriptionKind) -> [[UInt8]] { topics[kind].names.names }

    /// How many are subscribed to `name`.
    public func subscriberCount(_ kind: SubscriptionKind, _ name: RawSpan) -> Int {
        topics[kind].subscribers(of: name).count
    }

    /// Forgets a session that is closed.
    mutating func forget(_ session: borrowing Session) {
        guard session.flags.contains(.subscribed) else { return }
        for kind in SubscriptionKind.allCases {
            for name in session.subscriptions[kind].all { topics[kind].remove(session.id, from: name.rawSpan) }
        }
        clientCount -= 1
    }
}

/// Names, each with its subscribers.
struct Topics: Sendable {
    private(set) var names: NameTable
    /// By the places of the names.
    private var subscribers: [Subscribers] = []

    init(seed: HashSeed) { names = NameTable(seed: seed) }

    /// The subscribers of a name, oldest first unless some have left.
    func subscribers(of name: RawSpan) -> [SessionID] {
        guard let place = names.find(name) else { return [] }
        return subscribers[place].sessions
    }

    /// The subscribers of the name at `place`.
    func subscribers(at place: Int) -> [SessionID] { subscribers[place].sessions }

    mutating func add(_ session: SessionID, to name: RawSpan) {
        let place = place(of: name)
        subscribers[place].add(session)
    }

    /// Adds a subscriber unless it is there; false when it was.
    mutating func addIfMissing(_ session: SessionID, to name: RawSpan) -> Bool {
        let place = place(of: name)
        guard !subscribers[place].contains(session) else { return false }
        subscribers[place].add(session)
        return true
    }

    /// Where a name is, or is from now on.
    private mutating func place(of name: RawSpan) -> Int {
        let (place, isNew) = names.insert(name)
        if isNew { subscribers.append(Subscribers()) }
        return place
    }

    /// Removes a subscriber, and the name with its last one.
    mutating func remove(_ session: SessionID, from name: RawSpan) {
        guard let place = names.find(name) else { return }
        subscribers[place].remove(session)
        if subscribers[place].sessions.isEmpty { remove(at: place) }
    }

    /// Removes a name with all its subscribers, which are returned.
    mutating func removeAll(from name: RawSpan) -> [SessionID] {
        guard let place = names.find(name) else { return [] }
        let sessions = subscribers[place].sessions
        remove(at: place)
        return sessions
    }

    private mutating func remove(at place: Int) {
        names.remove(at: place)
        subscribers.swapAt(place, subscribers.count - 1)
        subscribers.removeLast()
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
