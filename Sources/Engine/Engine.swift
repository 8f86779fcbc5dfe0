// The deterministic core: bytes, time, entropy and facts about the host come
// in; replies, effects and requests to the host go out. It touches no socket,
// file, clock or thread, and knows no single command.

import BasicContainers
import Keyspace
import Primitives
import RESP

public struct Engine: ~Copyable {
    /// The room in which handlers work, and the registries.
    public var context: CommandContext
    /// Words of the requests parsed ahead.
    var words = WordBuffer(capacity: 1024)
    var batch = UniqueArray<ParsedRequest>()
    var blocked = BlockedClients()
    var links = Links()
    var expireCycle = ExpireCycle()
    var eviction = Eviction()
    /// Sessions that go on in the next turn, and when the present session's turn began.
    @usableFromInline var yielded: [SessionID] = []
    var turnStart: Int64 = 0
    /// Bytes of replies that the served session may get before it is dropped.
    var outputAllowance = Int.max
    /// Monotonic nanoseconds at the end of the last command.
    var lastTick: Int64 = 0
    /// Wall time at `lastTick` zero, milliseconds x 10^6; renewed every turn.
    var wallOrigin: Int64 = 0
    /// Size of the request under way as it was sent.
    var requestBytes = 0

    /// What an engine is made of.
    public struct Ingredients {
        public var configuration: Configuration
        public var commands: CommandTable
        public var time: TimeSource
        public var hashSeed: HashSeed
        public var randomSeed: UInt64
        public var partitionCount: Int

        public init(
            configuration: Configuration = Configuration(), commands: CommandTable, time: TimeSource,
            hashSeed: HashSeed, randomSeed: UInt64, partitionCount: Int = 1
        ) {
            self.configuration = configuration
            self.commands = commands
            self.time = time
            self.hashSeed = hashSeed
            self.randomSeed = randomSeed
            self.partitionCount = partitionCount
        }
    }

    public init(_ ingredients: Ingredients) {
        context = CommandContext(
            configuration: ingredients.configuration, commands: ingredients.commands, time: ingredients.time,
            seed: ingredients.hashSeed, randomSeed: ingredients.randomSeed,
            partitionCount: ingredients.partitionCount)
        batch.reserveCapacity(Self.batchLimit)
        refreshTime()
    }

    /// How long one session may keep the others waiting, unless a single command takes longer.
    static var turnNanoseconds: Int64 { 5_000_000 }

    /// Requests parsed ahead of their execution.
    static var batchLimit: Int { 64 }

    // MARK: Time

    /// Reads the clocks; called at the start of every turn.
    public mutating func refreshTime() {
        lastTick = context.time.monotonicNanoseconds
        wallOrigin = context.time.wallMicroseconds &* 1000 &- lastTick
        advanceNow()
    }

    /// Makes the unit's moment follow the last tick.
    @inline(__always)
    mutating func advanceNow() { context.now = (wallOrigin &+ lastTick) / 1_000_000 }

    // MARK: Sessions

    /// `isReserve`: beyond `maxclients`, for those who look after the server.
    public mutating func open(connection: UInt64, peer: Peer, isReserve: Bool = false) -> SessionID {
        refreshTime()
        context.statistics.totalConnections += 1
        let id = context.clients.open(connection: connection, peer: peer, now: context.now)
        if context.configuration.requiredPassword.isEmpty {
            _ = context.clients.slab.with(id) { $0.flags.insert(.authenticated) }
        }
        if isReserve { _ = context.clients.slab.with(id) { $0.flags.insert(.reserve) } }
        return id
    }

    /// The connection is gone; what the session held is freed.
    public mutating func close(_ id: SessionID) {
        guard let box = context.clients.slab.take(id) else { return }
        let number = box.value.identity.number
        if !box.value.flags.isDisjoint(with: [.postponed, .exchanging]) { context.statistics.blocking.clients -= 1 }
        context.clients.control.forget(box.value)
        context.endWatch(of: box.value.watched, by: id)
        context.clients.pubsub.forget(box.value)
        if box.value.flags.contains(.tracking) {
            context.endTracking(id, prefixes: box.value.tracking.prefixes)
        }
        context.clients.slab.put(box, back: id)
        forgetBlocked(id)
        context.clients.close(id, number: number)
    }

    /// Exchanges the sessions that have output for an empty list, whose room is used again. `withPushes`: those too that
    /// have nothing but pushes; their other output waits with these.
    public mutating func swapDirtySessions(_ sessions: inout [SessionID], withPushes: Bool = true) {
        context.clients.swapDirty(&sessions)
        context.clients.takeWaiting(into: &sessions, committed: context.journal.committed)
        if withPushes { context.clients.takeTold(into: &sessions) }
    }

    /// Sessions that wait for pushes to leave, and how many pushes there were since the start.
    public var pushes: (receivers: Int, count: Int64) { (context.clients.told.count, context.clients.pushCount) }

    /// Moves a session's output to the host. `closing`: close once it is sent.
    public mutating func takeOutput(_ id: SessionID, into chain: inout ByteChain) -> (connection: UInt64, closing: Bool)? {
        guard var box = context.clients.slab.take(id) else { return nil }
        box.value.flags.remove(.dirty)
        let waits = box.value.takeCommitted(into: &chain, context.journal.committed, context.journal.position)
        if waits {
            box.value.flags.insert(.dirty)
            context.clients.wait(id, committed: context.journal.committed)
            guard !chain.isEmpty else {
                context.clients.slab.put(box, back: id)
                return nil
            }
        }
        box.value.delivery.unsentBytes += chain.count
        box.value.outputBytes += Int64(chain.count)
        context.statistics.outputBytes += Int64(chain.count)
        if chain.count > 0 { context.statistics.turns.writes &+= 1 }
        let result = (box.value.connection, box.value.flags.contains(.closing) && !waits)
        context.clients.slab.put(box, back: id)
        return result
    }

    /// The network has sent `count` bytes of what it took over.
    public mutating func sent(_ count: Int, on id: SessionID) {
        let isAboveSoftLimit = context.clients.slab.with(id) {
            $0.delivery.unsentBytes = max(0, $0.delivery.unsentBytes - count)
            return $0.delivery.softLimitSince != nil
        }
        if isAboveSoftLimit == true || context.clients.control.countsMemory { reviewOutput(id) }
    }

    /// To be called when all output of a turn is on its way.
    public mutating func endTurn() {
        context.reply.bytes.recycle()
        context.clients.pushes.bytes.recycle()
        context.effects.bytes.recycle()
        context.statistics.turns.end(
            at: context.time.monotonicNanoseconds, commands: context.statistics.totalCommands)
    }

    /// Databases and large values to be freed at leisure.
    public mutating func takeGarbage() -> Garbage? { context.keyspace.bin.take() }

    /// What commands asked of the host since the last call.
    public mutating func takeRequests() -> HostRequests {
        let taken = context.requests
        context.requests = HostRequests()
        return taken
    }

    /// Every notice from now on is kept for `takeNotices`.
    public mutating func observeNotices() { context.notices.interest.insert(.observer) }

    /// The notices since the last call.
    public mutating func takeNotices() -> [Notice] { context.notices.takeObserved() }
}

/// A request parsed ahead.
struct ParsedRequest: BitwiseCopyable {
    var firstWord: Int
    var endWord: Int
    /// Offset behind the request in the input.
    var endOffset: Int
    var command: Int32
    var hash: UInt64
}
