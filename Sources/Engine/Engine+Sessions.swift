import Primitives

extension Engine {
    /// How long a reserve session may take to show that it administers the server.
    private static var reserveMilliseconds: Milliseconds { 2000 }

    /// Whether a reserve session's request may run: one that administers the server. The
    /// session becomes like any other once `maxclients` has room for it.
    mutating func mayUseReserve(_ id: CommandID) -> Bool {
        if context.clients.count <= context.configuration.network.maximumClients {
            context.session.flags.remove(.reserve)
            return true
        }
        guard id >= 0 else { return false }
        let command = context.commands.commands[id]
        if !command.flags.isDisjoint(with: [.admin, .noAuth]) { return true }
        // CLIENT is how clients introduce themselves, and how others are told to go.
        return command.declaration.group == .server && !command.flags.contains(.write)
            || command.declaration.group == .connection && !command.subcommands.isEmpty
    }

    /// Reserve sessions that asked nothing in time.
    private mutating func idleReserve() -> [SessionID] {
        guard context.clients.count > context.configuration.network.maximumClients else { return [] }
        let oldest = context.now - Self.reserveMilliseconds
        var idle: [SessionID] = []
        context.clients.slab.forEach { id, session in
            if session.flags.contains(.reserve), session.commandCount == 0, session.identity.created < oldest { idle.append(id) }
        }
        return idle
    }

    /// Sessions that were silent longer than `timeout` allows.
    public mutating func idleSessions() -> [SessionID] {
        let limit = context.configuration.network.timeoutSeconds
        guard limit > 0 else { return idleReserve() }
        let oldest = context.now - limit * 1000
        var idle = idleReserve()
        context.clients.slab.forEach { id, session in
            if session.lastInteraction < oldest, session.flags.isDisjoint(with: [.blocked, .monitoring, .subscribed]) { idle.append(id) }
        }
        return idle
    }

    /// The host's address of a session's connection.
    public mutating func connection(of id: SessionID) -> UInt64? {
        context.clients.slab.with(id) { $0.connection }
    }

    /// Whether commands asked something of the host. Inlinable, as asking every
    /// turn through a call would copy the engine to the stack each time.
    @inlinable public var hasRequests: Bool { context.requests.isAny }
}
