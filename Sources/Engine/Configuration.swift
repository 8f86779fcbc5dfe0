import Keyspace
import Primitives

/// The settings of an engine and its server. One typed struct; what names a
/// setting in `redis.conf` is declared in Configuration+Directives.swift.
public struct Configuration: Sendable {
    /// How many databases there are.
    public var databases: Int64 = 16
    /// Bytes that the data may take; 0: no limit.
    public var maximumMemory: Int64 = 0
    /// What goes when `maximumMemory` is reached.
    public var maximumMemoryPolicy = EvictionPolicy.noEviction
    /// How hard keys to go are looked for.
    public var eviction = EvictionSettings()
    /// How slowly the count of uses grows.
    public var lfuLogFactor: Int64 = 10
    /// Minutes after which a count of uses loses one.
    public var lfuDecayMinutes: Int64 = 1
    /// Bytes that one argument may have.
    public var maximumBulkBytes: Int64 = 512 * 1024 * 1024 { didSet { maximumBulkBytes = min(maximumBulkBytes, Self.largestSize) } }
    /// Bytes of an incomplete request that a client may make the server hold.
    public var queryBufferLimit: Int64 = 1 << 30 { didSet { queryBufferLimit = min(queryBufferLimit, Self.largestSize) } }
    /// The default user's password; empty: none is asked for.
    public var requiredPassword: [UInt8] = []
    /// From 1 to 10: how much time the removal of expired keys may take.
    public var activeExpireEffort: Int64 = 1
    /// Values out of bounds are moved to the nearest, as Redis does with this one.
    public var hz: Int64 = 10 { didSet { hz = min(max(hz, 1), 500) } }
    /// What is freed on the worker.
    public var lazyFree = LazyFreeSettings()
    /// What clients may hold.
    public var limits = ClientLimits()
    /// What is noted about commands.
    public var monitoring = MonitoringSettings()
    /// Where and how the server listens.
    public var network = NetworkSettings()
    /// How the process behaves.
    public var process = ProcessSettings()
    /// Where and how the server logs.
    public var log = LogSettings()
    public var values = ValueLimits()
    /// How data is saved and loaded.
    public var persistence = PersistenceSettings()
    /// Directives whose feature does not act yet, by name: kept and told, nothing more.
    public var kept: [String: [UInt8]] = [:]

    public init() {}

    /// Sizes of input never get near 2^63, so that no sum of a few overflows.
    private static var largestSize: Int64 { Int64.max / 4 }

    /// How entries record their use under the eviction policy.
    public var accessPolicy: AccessPolicy {
        if maximumMemoryPolicy.isModification { return .modification }
        return maximumMemoryPolicy.isFrequency
            ? .frequency(decayMinutes: Int(lfuDecayMinutes), factor: Int(lfuLogFactor)) : .recency
    }
}

/// How keys are evicted.
public struct EvictionSettings: Sendable {
    /// Entries looked at for each that goes.
    public var samples: Int64 = 5
    /// From 0 to 100: how long one command may be kept waiting by evictions.
    public var tenacity: Int64 = 10
    /// Entries looked at for one key at most, whatever `samples` says: more is an exact order.
    static var largestSample: Int64 { 1 << 16 }

    /// How long evictions may go on at a stretch: 500 microseconds at tenacity 10, from
    /// there 15 % longer with each step; without limit at 100.
    var budgetNanoseconds: Int64 {
        if tenacity >= 100 { return .max }
        var nanoseconds = Double(min(tenacity, 10)) * 50_000
        for _ in 0..<max(0, tenacity - 10) { nanoseconds *= 1.15 }
        return Int64(nanoseconds)
    }
}

/// What is freed on the worker instead of at once.
public struct LazyFreeSettings: Sendable {
    /// Expired keys.
    public var expire = true
    /// Evicted keys.
    public var eviction = false
    /// Databases that FLUSHALL and FLUSHDB empty, where they do not say how.
    public var userFlush = true
}

/// Where and how the server listens.
public struct NetworkSettings: Sendable {
    /// 0: no TCP.
    public var port: Int64 = 6379
    /// Addresses to listen on; one that begins with `-` may be missing.
    public var bind: [String] = ["*", "-::*"]
    /// Connections that may wait to be accepted.
    public var backlog: Int64 = 511
    /// Path of the Unix socket; empty: none.
    public var unixSocket: [UInt8] = []
    /// Permissions of the Unix socket; 0: as the umask leaves them.
    public var unixSocketMode: Int64 = 0
    /// Connections that are served at the same time.
    public var maximumClients: Int64 = 10_000
    /// Seconds of silence after which a client is dropped; 0: never.
    public var timeoutSeconds: Int64 = 0
    /// Seconds between probes of a silent connection; 0: none.
    public var keepAliveSeconds: Int64 = 300
    /// Whether only local clients are served while there is no password.
    public var isProtected = true
    /// The local address of outbound connections.
    public var outboundAddress: [UInt8] = []
    /// Group that owns the Unix socket; empty: the process's.
    public var unixSocketGroup: [UInt8] = []
    /// SO_MARK of the listening sockets; 0: none.
    public var socketMark: Int64 = 0
    /// Connections accepted in one turn of the loop.
    public var acceptsPerTurn: Int64 = 10
    /// Where the server says it stands (INFO server).
    public var availabilityZone: [UInt8] = []

    public init() {}
}

/// What a single client, or all of them together, may hold.
public struct ClientLimits: Sendable {
    /// By class, in the order of `ClientClass`.
    public var outputBuffers: [OutputBufferLimit] = [
        OutputBufferLimit(hard: 0, soft: 0, softSeconds: 0),
        OutputBufferLimit(hard: 256 << 20, soft: 64 << 20, softSeconds: 60),
        OutputBufferLimit(hard: 32 << 20, soft: 8 << 20, softSeconds: 60),
    ]
    /// Bytes that all clients together may hold; negative: percent of `maxmemory`; 0: no limit.
    public var totalClientMemory: Int64 = 0
    /// Keys that are remembered for clients that hold copies; 0: any number.
    public var trackedKeys: Int64 = 1_000_000
}

/// Clients as `client-output-buffer-limit` and CLIENT KILL TYPE tell them apart.
public enum ClientClass: Int, Sendable, CaseIterable { case normal, replica, pubsub }

/// Bytes of unread replies after which a client is dropped: at once above
/// `hard`, after `softSeconds` on end above `soft`; 0: no limit.
public struct OutputBufferLimit: Sendable, Equatable {
    /// Bytes.
    public var hard: Int64
    /// Bytes.
    public var soft: Int64
    /// Seconds.
    public var softSeconds: Int64
}

/// What the server notes about commands.
public struct MonitoringSettings: Sendable {
    /// By kind, in the order of `CommandLogKind`: slow executions (microseconds),
    /// large requests and large replies (bytes). Negative: nothing is noted; 0: everything.
    public var thresholds: [Int64] = [10_000, 1 << 20, 1 << 20]
    /// Notes kept, by kind.
    public var lengths: [Int64] = [128, 128, 128]
    /// Words of a noted command that are kept.
    public var keptWords: Int64 = 32
    /// Bytes of a word of a noted command that are kept.
    public var keptWordBytes: Int64 = 128
    /// Milliseconds from which events are kept by LATENCY; 0: none are.
    public var latencyThreshold: Int64 = 0
    /// Whether the times of every command are kept as a histogram.
    public var tracksLatency = true
    /// Percentiles that INFO latencystats shows.
    public var percentiles: [Double] = [50, 99, 99.9]
    /// Keyspace events that are published.
    public var keyEvents: KeyEventClasses = []
}

/// The three lists of COMMANDLOG; SLOWLOG shows the first.
public enum CommandLogKind: Int, Sendable, CaseIterable { case slow, largeRequest, largeReply }

/// Where and how the server logs.
public struct LogSettings: Sendable {
    /// What is less important is left out.
    public var level = LogLevel.notice
    /// Empty: standard output.
    public var file: [UInt8] = []
    /// Shape of a line.
    public var format = LogFormat.legacy
    /// Shape of the moment in a line.
    public var timestamps = LogTimestamps.legacy
    /// Whether lines go to syslog as well.
    public var usesSyslog = false
    /// Name under which syslog shows the lines.
    public var syslogIdentity: [UInt8] = [UInt8]("redis")
    /// Facility under which syslog sorts the lines.
    public var syslogFacility = SyslogFacility.local0
    /// Whether a crash report is written on fatal signals.
    public var reportsCrashes = true
    /// Whether arguments of commands are kept out of the log.
    public var hidesUserData = true
    /// Milliseconds after which a command that does not end is logged with its stack; 0: never.
    public var watchdogMilliseconds: Int64 = 0
}

/// Shapes of a log line.
public enum LogFormat: String, Sendable, CaseIterable { case legacy, logfmt, json }

/// Shapes of a moment in the log.
public enum LogTimestamps: String, Sendable, CaseIterable { case legacy, iso8601, milliseconds }

/// Syslog's facilities that a server may use.
public enum SyslogFacility: String, Sendable, CaseIterable {
    case user, local0, local1, local2, local3, local4, local5, local6, local7
}

/// Who started the process and waits to hear that it is ready.
public enum Supervision: String, Sendable, CaseIterable { case upstart, systemd, auto, no }

/// Whether the process writes its `oom_score_adj`, and how the values count.
public enum OutOfMemoryScore: String, Sendable, CaseIterable { case no, yes, relative, absolute }

/// How the process behaves.
public struct ProcessSettings: Sendable {
    /// Where files are read and written.
    public var directory: [UInt8] = [UInt8](".")
    /// File that holds the process number; empty: none.
    public var pidFile: [UInt8] = []
    /// Whether the start shows the logo although it logs into a file.
    public var showsLogo = false
    /// Who may use DEBUG.
    public var debugCommand = LocalPermission.no
    /// Who may say with CONFIG SET where files are written.
    public var protectedDirectives = LocalPermission.no
    /// Whether the process leaves its terminal.
    public var runsInBackground = false
    /// Who is told that the server is ready.
    public var supervision = Supervision.no
    /// Whether the process shows its state as its title.
    public var setsTitle = true
    /// The title, with variables in braces.
    public var titleTemplate = [UInt8]("{title} {listen-addr} {server-mode}")
    /// Whether and how the process sets its `oom_score_adj`.
    public var outOfMemoryScore = OutOfMemoryScore.no
    /// For the server, for replicas, for background children.
    public var outOfMemoryValues: [Int64] = [0, 200, 800]
    /// Seconds that a shutdown waits for replicas.
    public var shutdownSeconds: Int64 = 10
    /// What a signal asks for: words of SHUTDOWN.
    public var shutdownOnInterrupt: [UInt8] = [UInt8]("default")
    /// The same for SIGTERM.
    public var shutdownOnTermination: [UInt8] = [UInt8]("default")
    /// Whether transparent huge pages are switched off for the process.
    public var disablesHugePages = true
    /// Locale of string collation; empty: the environment's.
    public var collation: [UInt8] = []
    /// Names that `rename-command` gave: old to new, empty for a command that is taken away.
    public var renamedCommands: [(from: [UInt8], to: [UInt8])] = []
    /// Whether the server starts although the configuration asks for features that are not there yet.
    public var ignoresUnsupported = false
    /// Lines of the file that are no directives and whose feature is not there yet: `user`, `loadmodule`.
    public var ignoredLines: [String] = []
}

/// What is logged: this and what is more important.
public enum LogLevel: String, Sendable, CaseIterable { case debug, verbose, notice, warning, nothing }

/// Who may use a risky command.
public enum LocalPermission: String, Sendable, CaseIterable {
    case no, yes, local

    /// Whether a client at `peer` is among them.
    public func allows(_ peer: Peer) -> Bool { self == .yes || self == .local && peer.isLocal }
}

/// Which keys go when memory is short.
public enum EvictionPolicy: String, Sendable, CaseIterable {
    case volatileLRU = "volatile-lru"
    case volatileLFU = "volatile-lfu"
    case volatileRandom = "volatile-random"
    case volatileTTL = "volatile-ttl"
    case volatileLRM = "volatile-lrm"
    case allKeysLRU = "allkeys-lru"
    case allKeysLFU = "allkeys-lfu"
    case allKeysRandom = "allkeys-random"
    case allKeysLRM = "allkeys-lrm"
    case noEviction = "noeviction"

    /// Whether it counts uses instead of looking at the last one.
    public var isFrequency: Bool { self == .volatileLFU || self == .allKeysLFU }

    /// Whether it looks at the last change, and takes no notice of reads.
    public var isModification: Bool { self == .volatileLRM || self == .allKeysLRM }

    /// Whether it looks at uses or changes, which entries have to record each for itself.
    public var readsAccess: Bool {
        switch self {
        case .volatileLRU, .volatileLFU, .volatileLRM, .allKeysLRU, .allKeysLFU, .allKeysLRM: true
        case .volatileRandom, .volatileTTL, .allKeysRandom, .noEviction: false
        }
    }

    /// Whether only keys with an expiry go.
    public var isVolatile: Bool {
        switch self {
        case .volatileLRU, .volatileLFU, .volatileRandom, .volatileTTL, .volatileLRM: true
        case .allKeysLRU, .allKeysLFU, .allKeysRandom, .allKeysLRM, .noEviction: false
        }
    }
}

extension Configuration {
    /// The append-only file's part of the settings of persistence.
    public var appendOnly: AppendOnlySettings {
        _read { yield persistence.appendOnly }
        _modify { yield &persistence.appendOnly }
    }
}
