import Primitives

extension Engine {
    /// Sessions that were silent longer than `timeout` allows.
    public mutating func idleSessions() -> [SessionID] {
        let limit = context.configuration.network.timeoutSeconds
        guard limit > 0 else { return [] }
        let oldest = context.now - limit * 1000
        var idle: [SessionID] = []
        context.clients.slab.forEach { id, session in
            if session.lastInteraction < oldest, session.flags.isDisjoint(with: [.blocked, .monitoring]) { idle.append(id) }
        }
        return idle
    }

    /// The host's address of a session's connection.
    public mutating func connection(of id: SessionID) -> UInt64? {
        context.clients.slab.with(id) { $0.connection }
    }

    public var hasRequests: Bool { context.requests.isAny }
}
