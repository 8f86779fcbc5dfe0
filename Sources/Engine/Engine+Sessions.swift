import Primitives

extension Engine {
    /// Sessions that were silent longer than `timeout` allows.
    public mutating func idleSessions() -> [SessionID] {
        let limit = context.configuration.network.timeoutSeconds
        guard limit > 0 else { return [] }
        let oldest = context.now - limit * 1000
        var idle: [SessionID] = []
        context.clients.slab.forEach { id, session in
            if session.lastInteraction < oldest, !session.flags.contains(.blocked) { idle.append(id) }
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
