// Client-side caching: what sessions read is remembered, and who has read it is told when it changes.

import Keyspace
import Primitives
import RESP

extension CommandContext {
    // MARK: Switching

    /// The served session is told of changes from now on; what it is told already stays.
    public mutating func startTracking(_ options: TrackingOptions, redirection: Int64, prefixes: [[UInt8]]) {
        let id = session.id
        if !session.flags.contains(.tracking) {
            session.flags.insert(.tracking)
            clients.tracking.sessions.add(id)
        }
        session.tracking.options = options
        session.tracking.redirection = redirection
        session.tracking.isNextCommandOther = false
        session.tracking.isRedirectionBroken = false
        for prefix in prefixes where !session.tracking.prefixes.contains(prefix) {
            session.tracking.prefixes.append(prefix)
            clients.tracking.add(id, prefix: prefix)
        }
        notices.interest.insert(.tracking)
    }

    /// The served session is told nothing any more.
    public mutating func stopTracking() {
        guard session.flags.contains(.tracking) else { return }
        endTracking(session.id, prefixes: session.tracking.prefixes)
        session.flags.remove(.tracking)
        session.tracking = SessionTracking()
    }

    /// A session tracks no longer, or is closed. With the last one the table of keys goes too.
    mutating func endTracking(_ id: SessionID, prefixes: [[UInt8]]) {
        clients.tracking.forget(id, prefixes: prefixes)
        guard clients.tracking.clientCount == 0 else { return }
        clients.tracking.forgetKeys()
        notices.interest.remove(.tracking)
    }

    /// The next command of the served session differs from what OPTIN or OPTOUT say.
    public mutating func reverseTrackingOfNextCommand() { session.tracking.isNextCommandOther = true }

    // MARK: Reading

    /// Remembers the keys that the served session has read with `command`.
    @inline(never)
    mutating func rememberKeys(of command: CommandID, _ arguments: borrowing Arguments) {
        guard commands.commands[command].flags.contains(.readonly) else { return }
        let tracking = session.tracking
        guard !tracking.options.contains(.broadcast),
            !tracking.options.contains(.optIn) || tracking.isNextCommandOther,
            !tracking.options.contains(.optOut) || !tracking.isNextCommandOther,
            let keys = commands.commands[command].keys(of: arguments)
        else { return }
        for key in keys { clients.tracking.remember(arguments[key.index], session.id) }
        noteTrackedKeys()
    }

    /// The command behind CLIENT CACHING has ended, unless it began a transaction.
    @inline(never)
    mutating func endTrackedCommand(_ command: CommandID) {
        if session.tracking.isNextCommandOther, !session.hasTransaction,
            commands.commands[command].declaration.group != .connection {
            session.tracking.isNextCommandOther = false
        }
    }

    /// Notes when there are more keys than `tracking-table-max-keys` allows: the next command has some forgotten.
    mutating func noteTrackedKeys() {
        let limit = configuration.limits.trackedKeys
        if limit > 0, clients.tracking.keyCount > limit { clients.control.attention.insert(.crowded) }
    }

    /// Forgets keys, and tells so, while there are too many.
    mutating func limitTrackedKeys() {
        guard clients.control.attention.contains(.crowded) else { return }
        clients.control.attention.remove(.crowded)
        let limit = configuration.limits.trackedKeys
        while limit > 0, clients.tracking.keyCount > limit, let key = clients.tracking.keys.names.names.first {
            invalidate(key.rawSpan, by: nil)
        }
    }

    // MARK: Changes

    /// Tells whoever may hold a copy of a key that it has changed.
    mutating func invalidate(_ key: RawSpan) {
        let id = session.id
        for index in clients.tracking.broadcasts.indices { clients.tracking.broadcasts[index].note(key, by: id) }
        invalidate(key, by: id)
    }

    private mutating func invalidate(_ key: RawSpan, by changer: SessionID?) {
        for id in clients.tracking.take(key) {
            guard let tracking = tracking(of: id), !tracking.options.contains(.broadcast) else { continue }
            if tracking.options.contains(.noLoop), id == changer { continue }
            sendInvalidation(of: [key.array], to: id, tracking)
        }
    }

    /// Tells everybody who holds copies that databases were emptied.
    public mutating func invalidateAll() {
        clients.tracking.forgetKeys()
        for id in clients.tracking.sessions.sessions {
            if let tracking = tracking(of: id) { sendInvalidation(of: nil, to: id, tracking) }
        }
    }

    /// Tells what has changed to those who want to know of all keys with a prefix.
    mutating func sendBroadcasts() {
        for index in clients.tracking.broadcasts.indices where clients.tracking.broadcasts[index].hasChanges {
            let (keys, changers) = clients.tracking.broadcasts[index].takeChanges()
            var everything = encodeInvalidation(of: keys, .resp3)
            for id in clients.tracking.broadcasts[index].receivers.sessions {
                guard let tracking = tracking(of: id) else { continue }
                // Most get the same push, directly.
                if !tracking.options.contains(.noLoop), tracking.redirection == 0, version(of: id) == .resp3 {
                    deliver(&everything, to: id)
                    continue
                }
                var told = keys
                if tracking.options.contains(.noLoop) {
                    told = zip(keys, changers).filter { $1 != id }.map(\.0)
                }
                if !told.isEmpty { sendInvalidation(of: told, to: id, tracking) }
            }
        }
    }

    /// How a session is informed; nil when it is not. One that is set aside is told too.
    private mutating func tracking(of id: SessionID) -> SessionTracking? {
        if id == session.id { return session.flags.contains(.tracking) ? session.tracking : nil }
        return clients.slab.with(id) { $0.flags.contains(.tracking) ? $0.tracking : nil } ?? nil
    }

    // MARK: Messages

    /// Tells a session, or whom it has named instead, that `keys` have changed; nil: all of them.
    private mutating func sendInvalidation(of keys: [[UInt8]]?, to id: SessionID, _ tracking: SessionTracking) {
        var target = id
        if tracking.redirection != 0 {
            guard let other = clients.find(number: tracking.redirection), !isEnding(other) else {
                return tellBrokenRedirection(id, tracking)
            }
            target = other
        }
        guard let (version, isSubscribed) = dialect(of: target) else { return }
        // In RESP2 there are no pushes: only a subscriber who was named for it is told.
        guard version == .resp3 || (target != id && isSubscribed) else { return }
        var push = encodeInvalidation(of: keys, version)
        deliver(&push, to: target)
    }

    private mutating func encodeInvalidation(of keys: [[UInt8]]?, _ version: ProtocolVersion) -> Push {
        if version == .resp3 {
            clients.pushes.bytes.appendHeader(62, 2)
            clients.pushes.bytes.appendBulk(RawSpan(literal: "invalidate"))
        } else {
            clients.pushes.bytes.appendHeader(42, 3)
            clients.pushes.bytes.appendBulk(RawSpan(literal: "message"))
            clients.pushes.bytes.appendBulk(RawSpan(literal: "__redis__:invalidate"))
        }
        if let keys {
            clients.pushes.bytes.appendHeader(42, keys.count)
            for key in keys { clients.pushes.bytes.appendBulk(key.rawSpan) }
        } else {
            clients.pushes.bytes.append(literal: version == .resp3 ? "_\r\n" : "*-1\r\n")
        }
        return Push(clients.pushes.cut(), version)
    }

    private mutating func isEnding(_ id: SessionID) -> Bool {
        clients.slab.with(id) { !$0.flags.isDisjoint(with: [.closing, .killed]) } ?? false
    }

    private mutating func dialect(of id: SessionID) -> (ProtocolVersion, isSubscribed: Bool)? {
        if id == session.id { return (session.version, session.flags.contains(.subscribed)) }
        return clients.slab.with(id) { ($0.version, $0.flags.contains(.subscribed)) }
    }

    /// Tells a session that whom it has named instead is gone.
    private mutating func tellBrokenRedirection(_ id: SessionID, _ tracking: SessionTracking) {
        if id == session.id {
            session.tracking.isRedirectionBroken = true
        } else {
            _ = clients.slab.with(id) { $0.tracking.isRedirectionBroken = true }
        }
        guard let (version, _) = dialect(of: id), version == .resp3 else { return }
        clients.pushes.bytes.appendHeader(62, 2)
        clients.pushes.bytes.appendBulk(RawSpan(literal: "tracking-redir-broken"))
        clients.pushes.bytes.appendHeader(58, Int(tracking.redirection))
        var push = Push(clients.pushes.cut(), version)
        deliver(&push, to: id)
    }
}
