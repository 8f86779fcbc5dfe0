// Other sessions, as far as commands may see and touch them.

import Keyspace
import Primitives
import RESP

/// How CLIENT UNBLOCK wakes a blocked client.
public enum Unblocking: Sendable {
    /// As if its time were over.
    case timeout
    case error
}

/// What CLIENT REPLY switches.
public enum ReplyMode: Sendable { case on, off, skipNext }

extension CommandContext {
    /// Visits all sessions by ascending client number, the served one
    /// included, those that are to be closed left out.
    public mutating func forEachSession(_ body: (borrowing Session) -> Void) {
        for number in clients.numbers { _ = withSession(number: number, body) }
    }

    /// Visits the session with a client number; false when there is none.
    public mutating func withSession(number: Int64, _ body: (borrowing Session) -> Void) -> Bool {
        guard let id = clients.find(number: number) else { return false }
        if id == session.id {
            body(served.value)
            return true
        }
        return clients.slab.with(id) { session in
            guard !session.flags.contains(.killed) else { return false }
            body(session)
            return true
        } ?? false
    }

    /// Ends another client's connection at once, or the served one's once the reply is sent.
    public mutating func endConnection(_ id: SessionID) {
        guard id != session.id else {
            session.flags.insert(.closing)
            return
        }
        let isKnown = clients.slab.with(id) { $0.flags.insert(.killed) }
        if isKnown != nil { requests.closing.append(id) }
    }

    /// Asks that a blocked client be woken after the unit; false when it is not blocked.
    public mutating func unblock(_ id: SessionID, _ how: Unblocking) -> Bool {
        guard !blocking.unblocking.contains(where: { $0.session == id }) else { return false }
        let isBlocked = clients.slab.with(id) {
            $0.flags.contains(.blocked) && $0.flags.isDisjoint(with: [.killed, .postponed, .exchanging])
        }
        guard isBlocked == true else { return false }
        blocking.unblocking.append((id, how))
        return true
    }

    /// Whether the served client gets replies from now on.
    public mutating func setReplyMode(_ mode: ReplyMode) {
        switch mode {
        case .on: session.flags.subtract([.replyOff, .replySkip, .replySkipNext])
        case .off: session.flags.insert(.replyOff)
        case .skipNext: if !session.flags.contains(.replyOff) { session.flags.insert(.replySkipNext) }
        }
    }

    /// The served session's state as a new connection has it (RESET).
    public mutating func resetSession() {
        stopMonitoring()
        endSubscriptions()
        stopTracking()
        session.transaction = nil
        unwatchAll()
        session.database = DatabaseIndex(0)
        session.version = .resp2
        reply.version = .resp2
        session.fieldsets.removeAll()
        session.identity.name = []
        session.identity.user = [UInt8]("default")
        session.flags.subtract([.replyOff, .replySkip, .replySkipNext, .noTouch, .noEvict])
        if !configuration.requiredPassword.isEmpty { session.flags.remove(.authenticated) }
    }
}

extension Session {
    /// The number of the client that is told of changed keys instead; 0: the session itself; -1: nobody is told.
    public var trackingRedirection: Int64 { flags.contains(.tracking) ? tracking.redirection : -1 }

    /// Commands waiting for EXEC; nil outside of a transaction.
    public var queuedCommands: Int? {
        switch transaction {
        case .some(let box): box.value.count
        case .none: nil
        }
    }

    /// Bytes held for commands waiting for EXEC.
    public var transactionBytes: Int {
        switch transaction {
        case .some(let box): box.value.bytes
        case .none: 0
        }
    }

    /// Bytes held for the words of a command that waits.
    public var blockedBytes: Int {
        switch blocked {
        case .some(let box): return box.value.arguments.memoryUsage
        case .none: break
        }
        switch postponed {
        case .some(let box): return box.value.memoryUsage
        case .none: return 0
        }
    }

    /// Pieces of output that wait for the host.
    public var outputSegments: Int { output.segmentCount }

    /// Bytes that the session occupies, buffers included.
    public var memoryUsage: Int {
        MemoryLayout<Session>.size + identity.name.count + identity.libraryName.count + identity.libraryVersion.count
            + pendingInputBytes + unusedInputBytes + transactionBytes + blockedBytes + pendingOutputBytes
            + fieldsets.memoryUsage + watchedBytes + subscriptions.sum { $0.memoryUsage } + tracking.memoryUsage
    }
}

/// What the server calls itself to clients.
public enum ServerIdentity {
    public static var name: StaticString { "redis" }
    /// The version of the protocol's server that is spoken.
    public static var version: StaticString { "7.2.4" }
}
