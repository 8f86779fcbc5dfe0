import Keyspace
import Primitives

/// The settings of an engine and its server. One typed struct; what names a
/// setting in `redis.conf` is declared in Configuration+Directives.swift.
public struct Configuration: Sendable {
    public var databases: Int64 = 16
    public var maximumMemory: Int64 = 0
    public var maximumMemoryPolicy = EvictionPolicy.noEviction
    public var lfuLogFactor: Int64 = 10
    public var lfuDecayMinutes: Int64 = 1
    public var maximumBulkBytes: Int64 = 512 * 1024 * 1024
    public var queryBufferLimit: Int64 = 1 << 30
    public var requiredPassword: [UInt8] = []
    public var activeExpireEffort: Int64 = 1
    /// Values out of bounds are moved to the nearest, as Redis does with this one.
    public var hz: Int64 = 10 { didSet { hz = min(max(hz, 1), 500) } }
    public var lazyFree = LazyFreeSettings()
    public var network = NetworkSettings()
    public var process = ProcessSettings()
    /// Directives whose feature does not act yet, by name: kept and told, nothing more.
    public var kept: [String: [UInt8]] = [:]

    public init() {}

    /// How entries record their use under the eviction policy.
    public var accessPolicy: AccessPolicy {
        maximumMemoryPolicy.isFrequency
            ? .frequency(decayMinutes: Int(lfuDecayMinutes), factor: Int(lfuLogFactor)) : .recency
    }
}

/// What is freed on the worker instead of at once.
public struct LazyFreeSettings: Sendable {
    public var expire = true
    public var userFlush = true
}

public struct NetworkSettings: Sendable {
    public var port: Int64 = 6379
    public var bind: [String] = ["*", "-::*"]
    public var backlog: Int64 = 511
    public var unixSocket: [UInt8] = []
    public var unixSocketMode: Int64 = 0
    public var maximumClients: Int64 = 10_000
    /// Seconds of silence after which a client is dropped; 0: never.
    public var timeoutSeconds: Int64 = 0
    public var keepAliveSeconds: Int64 = 300
    public var isProtected = true

    public init() {}
}

public struct ProcessSettings: Sendable {
    public var logLevel = LogLevel.notice
    public var logFile: [UInt8] = []
    public var directory: [UInt8] = [UInt8](".")
    public var pidFile: [UInt8] = []
    public var showsLogo = false
    public var debugCommand = LocalPermission.no
    /// Who may say with CONFIG SET where files are written.
    public var protectedDirectives = LocalPermission.no
}

public enum LogLevel: String, Sendable, CaseIterable { case debug, verbose, notice, warning, nothing }

/// Who may use a risky command.
public enum LocalPermission: String, Sendable, CaseIterable {
    case yes, no, local

    /// Whether a client at `peer` is among them.
    public func allows(_ peer: Peer) -> Bool { self == .yes || self == .local && peer.isLocal }
}

public enum EvictionPolicy: String, Sendable, CaseIterable {
    case volatileLRU = "volatile-lru"
    case volatileLFU = "volatile-lfu"
    case volatileRandom = "volatile-random"
    case volatileTTL = "volatile-ttl"
    case allKeysLRU = "allkeys-lru"
    case allKeysLFU = "allkeys-lfu"
    case allKeysRandom = "allkeys-random"
    case noEviction = "noeviction"

    public var isFrequency: Bool { self == .volatileLFU || self == .allKeysLFU }
}
