import BasicContainers
import Keyspace
import Primitives
import RESP

/// The room in which handlers work: everything a command may touch, and
/// nothing else. One per engine; the engine changes what it holds from unit to unit.
public struct CommandContext: ~Copyable {
    /// Where the reply goes.
    public var reply = ReplyWriter()
    /// What is propagated, where it differs from the command as it came.
    public var effects = EffectBuffer()
    /// The stream of what was propagated.
    public var journal = Journal()
    /// Randomness, repeatable from the engine's seed.
    public var random: RandomGenerator
    /// The unit's moment.
    public internal(set) var now: Milliseconds = 0
    /// While a history is replayed: the present. Then `now` is the beginning of time, since what is to
    /// go at which moment stands in the history.
    var present: Milliseconds?
    /// The moment from which spans count, and of which access bits tell.
    public var presentTime: Milliseconds { present ?? now }
    public let time: TimeSource
    public var configuration: Configuration { didSet { followConfiguration() } }
    public var statistics: Statistics
    public let commands: CommandTable
    public let directives = DirectiveTable()
    public var clients: ClientRegistry
    /// What the command asks of the host: to be read after the unit.
    public var requests = HostRequests()
    /// Facts about the process that only the host knows.
    public var host = HostFacts()
    /// The served session; a nameless one between units.
    var served: Box<Session>
    var keyspace: Keyspace
    /// Text of a `custom` error.
    var errorText: [UInt8] = []
    /// Large words of the request under way, for adoption.
    var largeWords = UniqueArray<PendingRequest.LargeWord>()
    /// What the command asks about blocked clients: to wait itself, to wake others.
    var blocking = BlockingRequests()
    /// Input of the served session that is at hand, the request under way included.
    public internal(set) var inputAtHand = 0
    var notices = Notices()

    init(
        configuration: Configuration, commands: CommandTable, time: TimeSource, seed: HashSeed, randomSeed: UInt64,
        partitionCount: Int
    ) {
        self.configuration = configuration
        self.commands = commands
        self.time = time
        random = RandomGenerator(seed: randomSeed)
        statistics = Statistics(commandCount: commands.commands.count)
        keyspace = Keyspace(databaseCount: Int(configuration.databases), partitionCount: partitionCount, seed: seed)
        clients = ClientRegistry(seed: seed)
        served = Box(Self.nobody())
        followConfiguration()
    }

    /// Brings up to date what is kept of the configuration where it is needed often.
    private mutating func followConfiguration() {
        statistics.watch = Watch(configuration.monitoring)
        notices.publish(configuration.monitoring.keyEvents)
        noteTrackedKeys()
    }

    static func nobody() -> Session {
        Session(
            id: SessionID(slot: .max, generation: 0), connection: 0,
            identity: SessionIdentity(number: 0, peer: Peer(address: "", localAddress: ""), created: 0))
    }

    /// The session that sent the command.
    public var session: Session {
        @inline(__always) _read { yield served.value }
        @inline(__always) _modify { yield &served.value }
    }

    // MARK: Errors

    /// An error with a text made for this request, code first.
    public mutating func failure(_ text: String) -> CommandError {
        errorText = [UInt8](text)
        return .custom
    }

    public mutating func failure(bytes: [UInt8]) -> CommandError {
        errorText = bytes
        return .custom
    }

    // MARK: Arguments

    /// The integer that `word` spells, or an error.
    @inlinable
    public func integer(_ word: RawSpan, or error: CommandError = .notInteger) throws(CommandError) -> ClientInteger {
        guard let value = word.canonicalInteger else { throw error }
        return ClientInteger(value)
    }

    /// A further owner of the block in which a large argument arrived, to be kept without copying.
    public func largeArgument(_ index: Int) -> Block? {
        for i in 0..<largeWords.count where largeWords[i].index == index { return largeWords[i].block.share() }
        return nil
    }

    // MARK: Blocking

    /// Names what the command waits for; the handler then returns `.block`.
    /// `type`: what a key must hold to be of use; nil: any change of it may be.
    public mutating func wait(
        for keys: [[UInt8]], of type: ValueType? = nil, until deadline: Milliseconds?, _ reply: TimeoutReply
    ) {
        blocking.waiting = WaitRequest(keys: keys, type: type, deadline: deadline, reply: reply)
    }
}

struct BlockingRequests: ~Copyable {
    var waiting: WaitRequest?
    /// What the command wants to say to another server.
    var exchange: Box<Exchange>?
    /// What came of it, while the command runs again.
    var answer: ExchangeAnswer?
    /// Blocked clients to be woken after the unit (CLIENT UNBLOCK).
    var unblocking: [(session: SessionID, how: Unblocking)] = []
    /// Databases whose keys were all exchanged (SWAPDB).
    var changedDatabases: [DatabaseIndex] = []
    /// The time of the waiting command that runs again is over: it answers with what there is.
    var isLastRun = false
    /// More of the journal is on the disk than when this was last looked at.
    var hasSynced = false
    /// Somebody waits for a sync that no policy asks for.
    var wantsSync = false

    /// Where those wait who wait for the disk: no database.
    static var disk: DatabaseIndex { DatabaseIndex(-1) }
}

struct WaitRequest {
    let keys: [[UInt8]]
    /// Where the keys are; nil: in the session's database.
    var database: DatabaseIndex?
    let type: ValueType?
    let deadline: Milliseconds?
    let reply: TimeoutReply
}

/// What commands ask of whoever runs the engine.
public struct HostRequests: Sendable {
    /// Directives that were changed.
    public var changedDirectives: [String] = []
    public var isShuttingDown = false
    /// The process is to end with an error at once, without another reply: the log says why.
    public var isFailing = false
    /// Sessions whose connections are to be closed.
    public var closing: [SessionID] = []
    public var purgeMemory = false
    public var resetStatistics = false
    public var logLines: [String] = []
    /// What signals have asked for is done with: the next is the first again.
    public var forgetsSignals = false

    public init() {}

    @inlinable var isAny: Bool {
        isShuttingDown || isFailing || purgeMemory || resetStatistics || !changedDirectives.isEmpty
            || !closing.isEmpty || !logLines.isEmpty
    }
}

/// What DEBUG switches.
public struct DebugSettings: Sendable {
    /// Whether the expire cycle runs.
    public var isExpiryActive = true
    /// Whether payloads with wrong checksums are taken.
    public var skipsChecksums = false
    /// Whether the periodic work rests.
    public var isCyclePaused = false
    /// Bytes from which a list's element gets a node of its own; 0: what passes the node's limit.
    public var listPackedThreshold = 0
    /// Microseconds to wait in front of each write to the append-only file.
    public var appendOnlyDelay: Int64 = 0
    /// What DEBUG LEAK was given, never to be freed.
    public var leaked: [[UInt8]] = []

    public init() {}
}

/// Facts that the host tells the engine.
public struct HostFacts: Sendable {
    public var processID: Int32 = 0
    public var runID = ""
    public var executable = ""
    public var configurationFile = ""
    public var startMilliseconds: Milliseconds = 0
    public var systemName = ""
    public var allocator = ""
    public var memory: MemoryReader = { MemoryReading(used: 0, resident: 0) }
    /// CPU used so far.
    public var cpuTime: @Sendable () -> CPUReading = { CPUReading() }
    /// Stops the calling thread for so many microseconds.
    public var sleep: @Sendable (Int64) -> Void = { _ in }
    /// What the allocator tells about itself, and its settings.
    public var allocatorAccount = AllocatorAccount()
    /// Forty hexadecimal digits.
    public var replicationID = ""
    public var port: Int64 = 0
    /// What DEBUG has switched.
    public var debug = DebugSettings()
    /// Garbage handed over and not freed: how much, and its bytes as far as they were counted; and how much was freed.
    public var lazyFree: @Sendable () -> (pending: Int64, freed: Int64, bytes: Int64) = { (0, 0, 0) }
    /// What CONFIG needs of the host.
    public var configuration = ConfigurationHost()
    /// Files and children for snapshots; nil where there are none.
    public var snapshots: (any SnapshotHost)?
    /// The disk of the append-only file; nil where there is none.
    public var appendOnly: (any AppendOnlyHost)?
    /// Other servers, for exchanges that everybody waits for; nil where there are none.
    public var links: (any LinkHost)?
    /// Breaks the process, as its bugs would (DEBUG SEGFAULT and the like).
    public var fault: @Sendable (Fault) -> Void = { _ in }

    public init() {}
}

/// Ways in which DEBUG breaks the process.
public enum Fault: Sendable {
    case segmentation, panic, assertion, outOfMemory
    /// The process starts again after so many milliseconds, as if it had crashed before.
    case restart(milliseconds: Int64)
}
