// Subscribing, publishing, and how pushes reach their receivers.

import Primitives
import RESP

extension CommandContext {
    // MARK: Subscriptions

    /// Subscribes the served session to `name`; returns its subscriptions as `subscriptionCount` counts them.
    public mutating func subscribe(to name: RawSpan, _ kind: SubscriptionKind) -> Int {
        let id = session.id
        if session.subscriptions[kind].insert(name.array) {
            clients.pubsub.topics[kind].add(id, to: name)
            if !session.flags.contains(.subscribed) {
                session.flags.insert(.subscribed)
                clients.pubsub.clientCount += 1
            }
        }
        return subscriptionCount(kind)
    }

    /// Ends a subscription of the served session, if it is there.
    public mutating func unsubscribe(from name: RawSpan, _ kind: SubscriptionKind) -> Int {
        unsubscribe(name.array, kind)
        return subscriptionCount(kind)
    }

    private mutating func unsubscribe(_ name: [UInt8], _ kind: SubscriptionKind) {
        guard session.subscriptions[kind].remove(name) else { return }
        let id = session.id
        clients.pubsub.topics[kind].remove(id, from: name.rawSpan)
        if session.subscriptions.sum({ $0.count }) == 0 {
            session.flags.remove(.subscribed)
            clients.pubsub.clientCount -= 1
        }
    }

    /// Subscriptions of the served session that are told together: those to channels
    /// and patterns, or those to shard channels.
    public func subscriptionCount(_ kind: SubscriptionKind) -> Int {
        if kind == .shardChannel { return session.subscriptions[.shardChannel].count }
        return session.subscriptions[.channel].count + session.subscriptions[.pattern].count
    }

    /// What the served session is subscribed to, oldest first.
    public func subscriptions(_ kind: SubscriptionKind) -> [[UInt8]] { session.subscriptions[kind].all }

    /// Ends all subscriptions of the served session without telling it (RESET).
    mutating func endSubscriptions() {
        for kind in SubscriptionKind.allCases {
            for name in subscriptions(kind) { unsubscribe(name, kind) }
        }
    }

    /// What the command under way writes is a push: CLIENT REPLY does not keep it back.
    public mutating func replyIsPush() {
        let silent: SessionFlags = [.replyOff, .replySkip]
        if !session.flags.isDisjoint(with: silent) { session.flags.insert(.answersAnyway) }
    }

    // MARK: Messages

    /// Sends a message to all who are subscribed to the channel, or to a pattern that
    /// it matches; returns how many got it.
    @discardableResult
    public mutating func publish(_ channel: RawSpan, _ message: RawSpan) -> Int {
        let receivers = clients.pubsub.subscribers(ofChannel: channel)
        if !receivers.isEmpty { send("message", nil, channel, message, to: receivers) }
        return receivers.count + publish(toPatterns: channel, message)
    }

    /// Sends a message to all who are subscribed to a pattern that its channel matches.
    private mutating func publish(toPatterns channel: RawSpan, _ message: RawSpan) -> Int {
        var count = 0
        for place in 0..<clients.pubsub.patternCount {
            let (pattern, receivers) = clients.pubsub.pattern(at: place)
            guard Glob.matches(pattern.rawSpan, channel) else { continue }
            send("pmessage", pattern, channel, message, to: receivers)
            count += receivers.count
        }
        return count
    }

    /// Sends a message to all who are subscribed to the shard channel; returns how many.
    public mutating func publish(toShard channel: RawSpan, _ message: RawSpan) -> Int {
        let receivers = clients.pubsub.subscribers(ofShardChannel: channel)
        if !receivers.isEmpty { send("smessage", nil, channel, message, to: receivers) }
        return receivers.count
    }

    private mutating func send(
        _ word: StaticString, _ pattern: [UInt8]?, _ channel: RawSpan, _ message: RawSpan, to receivers: [SessionID]
    ) {
        let version = version(of: receivers[0])
        clients.pushes.bytes.appendHeader(version == .resp3 ? 62 : 42, pattern == nil ? 3 : 4)
        clients.pushes.bytes.appendBulk(RawSpan(literal: word))
        if let pattern { clients.pushes.bytes.appendBulk(pattern.rawSpan) }
        clients.pushes.bytes.appendBulk(channel)
        clients.pushes.bytes.appendBulk(message)
        var push = Push(clients.pushes.cut(), version)
        for id in receivers { deliver(&push, to: id) }
    }

    /// The dialect of a session; of one that is set aside, that of the served one.
    mutating func version(of id: SessionID) -> ProtocolVersion { clients.slab.with(id) { $0.version } ?? session.version }

    // MARK: Delivery

    /// Gives a push to a session; one that is served gets it at the end of the unit.
    mutating func deliver(_ push: inout Push, to id: SessionID) {
        guard var box = clients.slab.take(id) else {
            guard clients.slab.contains(id) else { return }
            clients.pushes.held.add(push.shared(), for: id)
            clients.control.attention.insert(.pushed)
            return
        }
        if !box.value.flags.contains(.killed) {
            push.append(to: &box.value.output, box.value.version)
            clients.markTold(&box.value)
            checkOutput(of: &box.value)
            if clients.control.countsMemory { countMemory(of: &box.value) }
        }
        clients.slab.put(box, back: id)
    }

    /// Gives the served session, behind the replies that it has so far, what was held for it.
    @inline(never)
    mutating func deliverHeldPushes() {
        if reply.bytes.count > 0 { reply.bytes.cut(into: &served.value.output) }
        clients.pushes.held.move(to: &served.value)
        if clients.pushes.held.isEmpty { clients.control.attention.remove(.pushed) }
    }
}
