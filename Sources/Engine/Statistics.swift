import BasicContainers
import Primitives

/// Counters of one command.
public struct CommandStatistics: Sendable {
    public var calls: Int64 = 0
    public var nanoseconds: Int64 = 0
    public var rejected: Int64 = 0
    public var failed: Int64 = 0
}

/// What the server counts about itself. A registry: handlers read it, the
/// engine writes it.
public struct Statistics: ~Copyable {
    public var commands: UniqueArray<CommandStatistics>
    /// Replies that were errors, by their first word, in order of first appearance.
    public private(set) var errors: [(code: String, count: Int64)] = []
    public var totalErrors: Int64 = 0
    public var totalCommands: Int64 = 0
    public var totalConnections: Int64 = 0
    public var rejectedConnections: Int64 = 0
    public var keyHits: Int64 = 0
    public var keyMisses: Int64 = 0
    public var expiredKeys: Int64 = 0
    /// Fields of hashes that expired.
    public var expiredFields: Int64 = 0
    public var expireCycleTimeouts: Int64 = 0
    public var staleShare = 0.0
    public var inputBytes: Int64 = 0
    public var outputBytes: Int64 = 0
    /// Changes since the last save.
    public var dirty: Int64 = 0
    public var peakMemory: Int64 = 0
    public var blockedClients: Int64 = 0
    public var rates = Rates()

    /// The counters that INFO shows under Stats.
    public struct Summary: Sendable {
        public let connections: Int64
        public let rejectedConnections: Int64
        public let commands: Int64
        public let inputBytes: Int64
        public let outputBytes: Int64
        public let expiredKeys: Int64
        /// Fields of hashes that expired.
        public let expiredFields: Int64
        public let staleShare: Double
        public let expireCycleTimeouts: Int64
        public let keyHits: Int64
        public let keyMisses: Int64
        public let errors: Int64
        public let rates: Rates
    }

    public var summary: Summary {
        Summary(
            connections: totalConnections, rejectedConnections: rejectedConnections, commands: totalCommands,
            inputBytes: inputBytes, outputBytes: outputBytes, expiredKeys: expiredKeys, expiredFields: expiredFields, staleShare: staleShare,
            expireCycleTimeouts: expireCycleTimeouts, keyHits: keyHits, keyMisses: keyMisses, errors: totalErrors,
            rates: rates)
    }

    init(commandCount: Int) {
        commands = UniqueArray(minimumCapacity: commandCount)
        for _ in 0..<commandCount { commands.append(CommandStatistics()) }
    }

    /// Error codes beyond this many are counted together, so that replies made
    /// from input cannot grow the table without limit.
    private static var errorCodeLimit: Int { 128 }

    mutating func countError(code: String) {
        totalErrors += 1
        for i in errors.indices where errors[i].code == code {
            errors[i].count += 1
            return
        }
        if errors.count < Self.errorCodeLimit { errors.append((code, 1)) }
    }

    public mutating func reset() {
        var fresh = Statistics(commandCount: commands.count)
        // These describe the present, not what has happened.
        fresh.dirty = dirty
        fresh.blockedClients = blockedClients
        fresh.peakMemory = peakMemory
        self = fresh
    }
}

/// Operations and bytes per second over the last 16 samples of 100 ms.
public struct Rates: Sendable {
    private var samples: [(commands: Int64, input: Int64, output: Int64, milliseconds: Int64)] = []
    private var last: (commands: Int64, input: Int64, output: Int64, moment: Milliseconds)?

    mutating func sample(commands: Int64, input: Int64, output: Int64, at now: Milliseconds) {
        if let last, now > last.moment {
            samples.append((commands - last.commands, input - last.input, output - last.output, now - last.moment))
            if samples.count > 16 { samples.removeFirst() }
        }
        last = (commands, input, output, now)
    }

    private func perSecond(_ value: (Int) -> Int64) -> Double {
        let time = samples.reduce(0) { $0 + $1.milliseconds }
        guard time > 0 else { return 0 }
        return Double(samples.indices.reduce(0) { $0 + value($1) }) * 1000 / Double(time)
    }

    public var commandsPerSecond: Int64 { Int64(perSecond { samples[$0].commands }) }
    public var inputKilobytesPerSecond: Double { perSecond { samples[$0].input } / 1024 }
    public var outputKilobytesPerSecond: Double { perSecond { samples[$0].output } / 1024 }
}
