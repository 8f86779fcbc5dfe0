import Primitives
import RESP

/// All sessions. A registry: the session that is being served is taken out of
/// it meanwhile (the context holds it), so nobody can hold it twice.
public struct ClientRegistry: ~Copyable {
    var slab = Slab<Session>()
    private var nextNumber: Int64 = 1
    private var byNumber: [Int64: SessionID] = [:]
    /// Sessions that have output to send.
    var dirty: [SessionID] = []
    /// Sessions that have output which they did not ask for: theirs leaves behind that of the others,
    /// for a publisher can go on while its message is sent to many.
    private(set) var told: [SessionID] = []
    /// Pushes since the start.
    private(set) var pushCount: Int64 = 0
    /// Sessions whose output waits for the disk, and up to where the journal was committed when they began to.
    private(set) var waiting: [SessionID] = []
    private var waitingBehind: JournalPosition = 0
    /// Keys that sessions watch.
    var watched = WatchedKeys()
    /// Who is subscribed to what.
    public internal(set) var pubsub: PubSub
    /// Who may hold copies of which keys.
    public internal(set) var tracking: Tracking
    /// What sessions get without asking.
    var pushes = Pushes()
    /// What concerns all sessions together.
    var control = ClientControl()

    init(seed: HashSeed) {
        pubsub = PubSub(seed: seed)
        tracking = Tracking(seed: seed)
    }

    /// Sessions, the served one included.
    public var count: Int { slab.count }

    mutating func open(connection: UInt64, peer: Peer, now: Milliseconds) -> SessionID {
        var identity = SessionIdentity(number: nextNumber, peer: peer, created: now)
        identity.number = nextNumber
        nextNumber += 1
        let id = slab.insert { id in Session(id: id, connection: connection, identity: identity) }
        byNumber[identity.number] = id
        return id
    }

    mutating func close(_ id: SessionID, number: Int64) {
        slab.remove(id)
        byNumber[number] = nil
    }

    /// Sessions that have output, be it that it has to wait.
    var answeredCount: Int { dirty.count + told.count + waiting.count }

    /// Notes that a session has a push to send, unless its output is asked for anyway.
    mutating func markTold(_ session: inout Session) {
        pushCount &+= 1
        guard !session.flags.contains(.dirty) else { return }
        session.flags.insert(.dirty)
        told.append(session.id)
    }

    /// Exchanges the sessions that have replies for an empty list, whose room is used again.
    mutating func swapDirty(_ sessions: inout [SessionID]) {
        if !dirty.isEmpty { swap(&sessions, &dirty) }
    }

    /// Moves the sessions that have pushes to `sessions`.
    mutating func takeTold(into sessions: inout [SessionID]) {
        guard !told.isEmpty else { return }
        sessions += told
        told.removeAll(keepingCapacity: true)
    }

    /// Asks for a session's output again when more of the journal is committed.
    mutating func wait(_ id: SessionID, committed: JournalPosition) {
        waitingBehind = committed
        waiting.append(id)
    }

    /// Moves the sessions that waited to `sessions`, if anything was committed meanwhile.
    mutating func takeWaiting(into sessions: inout [SessionID], committed: JournalPosition) {
        guard !waiting.isEmpty, committed != waitingBehind else { return }
        sessions += waiting
        waiting.removeAll(keepingCapacity: true)
    }

    /// Keys that some session watches.
    public var watchedKeyCount: Int { watched.count }

    /// How many were dropped for what they held.
    public var limitCounters: ClientLimitCounters { control.counters }

    /// Clients that are fed by MONITOR.
    public var monitorCount: Int { control.monitors.count }

    /// Starts the counters of CONFIG RESETSTAT again.
    public mutating func resetCounters() { control.counters = ClientLimitCounters() }

    /// The session with this client number.
    public func find(number: Int64) -> SessionID? { byNumber[number] }

    /// The numbers of so many sessions, whichever; ascending.
    public func someNumbers(_ limit: Int) -> [Int64] { byNumber.keys.prefix(limit).sorted() }

    /// Sessions by ascending client number.
    public var numbers: [Int64] { byNumber.keys.sorted() }
}
