// What concerns all clients together: who watches (MONITOR), who has to wait
// (CLIENT PAUSE), and what all of them hold (maxmemory-clients).

import Keyspace
import Primitives

/// Why requests need a look that most of the time none needs. The request path
/// tests this set alone.
struct Attention: OptionSet, Sendable {
    let rawValue: UInt8

    static var monitored: Self { Self(rawValue: 1 << 0) }
    static var paused: Self { Self(rawValue: 1 << 1) }
    /// Pushes wait for the end of the unit.
    static var pushed: Self { Self(rawValue: 1 << 3) }
    /// More keys are tracked than `tracking-table-max-keys` allows.
    static var crowded: Self { Self(rawValue: 1 << 4) }
    /// Exchanges with other servers hold keys.
    static var held: Self { Self(rawValue: 1 << 5) }
    /// The command under way named arguments that nobody may see.
    static var redacted: Self { Self(rawValue: 1 << 2) }
}

/// What CLIENT PAUSE holds back.
public enum PauseScope: Int, Sendable {
    /// Commands that may change data or propagate.
    case write
    case all
}

/// A pause of the clients under way.
public struct ClientPause: Sendable {
    /// Which commands wait.
    public internal(set) var scope: PauseScope
    /// Milliseconds of wall time at which it ends by itself.
    public internal(set) var end: Milliseconds
}

/// Clients that were dropped for what they held, since the start or CONFIG RESETSTAT.
public struct ClientLimitCounters: Sendable {
    /// By `maxmemory-clients`.
    public internal(set) var evictedClients: Int64 = 0
    /// By `client-query-buffer-limit`.
    public internal(set) var queryBufferDisconnections: Int64 = 0
    /// By `client-output-buffer-limit`.
    public internal(set) var outputBufferDisconnections: Int64 = 0
}

/// A registry of the clients' common state; handlers read it, the engine writes it.
public struct ClientControl: Sendable {
    var attention: Attention = []
    /// The pause under way, perhaps over but not noticed yet.
    var pause: ClientPause?
    /// Clients whose commands wait for the end of the pause, in order.
    var postponed: [SessionID] = []
    var monitors: [SessionID] = []
    /// Lines that the monitors have not got yet.
    var feed: [UInt8] = []
    /// Numbers of the words of the command under way that are not shown.
    var redacted: [Int] = []
    /// Clients above their soft output limit.
    var aboveSoftLimit: [SessionID] = []
    /// Bytes of all clients; counted only while `maxmemory-clients` asks for it.
    var memory = 0
    var countsMemory = false
    /// Clients dropped for what they held.
    public internal(set) var counters = ClientLimitCounters()

    /// Forgets a session that is closed.
    mutating func forget(_ session: borrowing Session) {
        let id = session.id
        if session.flags.contains(.monitoring) { removeMonitor(id) }
        if session.flags.contains(.postponed) { postponed.removeAll { $0 == id } }
        if session.delivery.softLimitSince != nil { aboveSoftLimit.removeAll { $0 == id } }
        memory -= session.delivery.countedMemory
    }

    mutating func removeMonitor(_ id: SessionID) {
        monitors.removeAll { $0 == id }
        if monitors.isEmpty {
            attention.remove(.monitored)
            feed = []
        }
    }
}

extension CommandContext {
    /// The pause of the clients under way, if any.
    public var clientPause: ClientPause? {
        guard let pause = clients.control.pause, pause.end > now else { return nil }
        return pause
    }

    /// Holds clients back until `end`. A pause under way is never weakened: the
    /// later end and the wider scope hold.
    public mutating func pauseClients(until end: Milliseconds, _ scope: PauseScope) {
        var pause = ClientPause(scope: scope, end: end)
        if let present = clientPause {
            pause.end = max(end, present.end)
            if present.scope == .all { pause.scope = .all }
        }
        clients.control.pause = pause
        clients.control.attention.insert(.paused)
    }

    /// Ends the pause; who waits goes on in the next turn.
    public mutating func unpauseClients() {
        clients.control.pause = nil
        clients.control.attention.remove(.paused)
    }

    /// Feeds the served session every command from now on; false when it is fed already.
    public mutating func startMonitoring() -> Bool {
        guard !session.flags.contains(.monitoring) else { return false }
        session.flags.insert(.monitoring)
        let id = session.id
        clients.control.monitors.append(id)
        clients.control.attention.insert(.monitored)
        return true
    }

    mutating func stopMonitoring() {
        guard session.flags.contains(.monitoring) else { return }
        session.flags.remove(.monitoring)
        let id = session.id
        clients.control.removeMonitor(id)
    }

    /// Keeps word `index` of the command under way from everybody who looks on.
    public mutating func redact(_ index: Int) {
        statistics.commandLog.hide(index, of: statistics.totalCommands)
        clients.control.redacted.append(index)
        clients.control.attention.insert(.redacted)
    }
}
