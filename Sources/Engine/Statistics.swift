import BasicContainers
import Persistence
import Primitives

/// Counters of one command.
public struct CommandStatistics: ~Copyable {
    /// Calls that were answered, failed ones included.
    public var calls: Int64 = 0
    /// What these calls took together.
    public var nanoseconds: Int64 = 0
    /// Requests refused before the command ran.
    public var rejected: Int64 = 0
    /// Calls answered with an error.
    public var failed: Int64 = 0
    /// Times of the calls made while `latency-tracking` was on.
    public private(set) var histogram = LatencyHistogram()

    init() {}

    @inline(__always)
    mutating func add(nanoseconds: Int64, toHistogram: Bool) {
        calls &+= 1
        self.nanoseconds &+= nanoseconds
        if toHistogram { histogram.record(nanoseconds) }
    }
}

/// Replies that were errors, by their first word.
public struct ErrorStatistics: Sendable {
    /// In order of first appearance.
    public private(set) var codes: [(code: String, count: Int64)] = []
    /// All of them, whatever their code.
    public private(set) var total: Int64 = 0

    /// Codes beyond this many are counted together, so that replies made from
    /// input cannot grow the table without limit.
    private static var codeLimit: Int { 128 }
    private static var overflowCode: String { "ERRORSTATS_OVERFLOW" }

    mutating func count(_ code: String) {
        total += 1
        if increment(code) { return }
        if codes.count < Self.codeLimit {
            codes.append((code, 1))
        } else if !increment(Self.overflowCode) {
            codes.append((Self.overflowCode, 1))
        }
    }

    private mutating func increment(_ code: String) -> Bool {
        guard let index = codes.firstIndex(where: { $0.code == code }) else { return false }
        codes[index].count += 1
        return true
    }
}

/// What became of keys with an expiry.
public struct ExpiryStatistics: Sendable {
    /// Keys removed because they were due.
    public var removedKeys: Int64 = 0
    /// Fields of hashes removed because they were due.
    public var removedFields: Int64 = 0
    /// Cycles that ended for lack of time.
    public var timeouts: Int64 = 0
    /// Part of the keys met by the cycle that were due, averaged over the last cycles.
    public var staleShare = 0.0
    /// Time that the cycle took.
    public var nanoseconds: Int64 = 0
}

/// What became of keys for lack of memory.
public struct EvictionStatistics: Sendable {
    /// Keys evicted.
    public var removedKeys: Int64 = 0
    /// Since when memory is above its limit, monotonic nanoseconds; nil: it is not.
    var exceededSince: Int64?
    /// How long memory was above its limit in the times that have ended.
    var exceededNanoseconds: Int64 = 0

    /// How long memory has been above its limit by now, in milliseconds; 0: it is not.
    public func currentExceededMilliseconds(at moment: Int64) -> Int64 { exceededSince.map { max(0, moment &- $0) / 1_000_000 } ?? 0 }

    /// All times above the limit together, in milliseconds.
    public func totalExceededMilliseconds(at moment: Int64) -> Int64 {
        exceededNanoseconds / 1_000_000 + currentExceededMilliseconds(at: moment)
    }

    /// Memory is, or is no more, above its limit.
    mutating func note(isExceeded: Bool, at moment: @autoclosure () -> Int64) {
        if isExceeded {
            if exceededSince == nil { exceededSince = moment() }
        } else if let since = exceededSince {
            exceededNanoseconds &+= max(0, moment() &- since)
            exceededSince = nil
        }
    }
}

/// Turns of the loop and what they moved.
public struct TurnStatistics: Sendable {
    /// Turns since the start.
    public var turns: Int64 = 0
    /// Time between the first input of a turn and its end, summed up.
    public var nanoseconds: Int64 = 0
    /// Times that input arrived for a client.
    public var reads: Int64 = 0
    /// Times that output was handed on for a client.
    public var writes: Int64 = 0
    /// The longest turn.
    public var longestNanoseconds: Int64 = 0
    /// Commands of the turn that had most of them.
    public var mostCommands: Int64 = 0
    /// Commands that had run when the turn under way began.
    var commandsBefore: Int64 = 0
    /// When the turn under way had its first input; 0: not yet.
    private var begin: Int64 = 0

    /// Notes the first input of a turn.
    @inline(__always)
    mutating func begin(at moment: Int64) {
        if begin == 0 { begin = moment }
    }

    /// Ends the turn under way at `moment`, when `commands` commands have run.
    mutating func end(at moment: Int64, commands: Int64) {
        turns &+= 1
        mostCommands = max(mostCommands, commands &- commandsBefore)
        commandsBefore = commands
        guard begin > 0 else { return }
        nanoseconds &+= moment &- begin
        longestNanoseconds = max(longestNanoseconds, moment &- begin)
        begin = 0
    }
}

/// What the server counts about itself. A registry: handlers read it, the
/// engine writes it.
public struct Statistics: ~Copyable {
    /// By `CommandID`.
    public var commands: UniqueArray<CommandStatistics>
    /// Replies that were errors.
    public var errors = ErrorStatistics()
    /// Slow and large commands.
    public var commandLog = CommandLog()
    /// What kept clients waiting.
    public var latency = LatencyMonitor()
    /// The loop's work.
    public var turns = TurnStatistics()
    /// From where on commands are noted.
    var watch = Watch(MonitoringSettings())
    /// Commands answered by a handler.
    public var totalCommands: Int64 = 0
    /// Connections that became sessions.
    public var totalConnections: Int64 = 0
    /// Connections refused because of `maxclients`.
    public var rejectedConnections: Int64 = 0
    /// Keys looked up for reading.
    public var lookups = LookupStatistics()
    /// The append-only file.
    public var appendOnly = AppendOnlyState()
    /// Removal of expired keys.
    public var expiry = ExpiryStatistics()
    /// Removal of keys for lack of memory.
    public var eviction = EvictionStatistics()
    /// Received from clients.
    public var inputBytes: Int64 = 0
    /// Handed on for clients.
    public var outputBytes: Int64 = 0
    /// Changes since the last save.
    public var dirty: Int64 = 0
    /// Saving and loading.
    public var snapshots = SnapshotState()
    /// Figures to compare the present with.
    public var memory = MemoryMarks()
    /// Who waits.
    public var blocking = BlockingStatistics()
    /// Work per second.
    public var rates = Rates()

    init(commandCount: Int) {
        commands = UniqueArray(minimumCapacity: commandCount)
        for _ in 0..<commandCount { commands.append(CommandStatistics()) }
    }

    /// Nanoseconds that all commands together ran.
    public var commandNanoseconds: Int64 {
        var sum: Int64 = 0
        for i in 0..<commands.count { sum &+= commands[i].nanoseconds }
        return sum
    }

    /// Starts counting anew (CONFIG RESETSTAT).
    public mutating func reset() {
        var fresh = Statistics(commandCount: commands.count)
        // These describe the present, not what has happened.
        fresh.dirty = dirty
        fresh.snapshots = snapshots
        fresh.appendOnly = appendOnly
        fresh.snapshots.saves = 0
        fresh.snapshots.peakCopiedBytes = 0
        fresh.blocking = blocking
        fresh.memory = memory
        fresh.eviction.exceededSince = eviction.exceededSince
        fresh.commandLog = commandLog
        fresh.latency = latency
        fresh.watch = watch
        self = fresh
    }
}

/// Keys looked up for reading.
public struct LookupStatistics: Sendable {
    /// That were there.
    public var hits: Int64 = 0
    /// That were not.
    public var misses: Int64 = 0
}

/// Who waits at the moment.
public struct BlockingStatistics: Sendable {
    /// Clients that wait.
    public var clients: Int64 = 0
    /// Keys for which clients wait.
    public var keys: Int64 = 0
    /// Links to other servers for which nobody waits just now.
    public var restingLinks = 0
}

/// Memory at moments that INFO compares with, in bytes.
public struct MemoryMarks: Sendable {
    /// The most that was allocated at once, as far as the cycle saw it.
    public var peak: Int64 = 0
    /// Before the first client came; 0: not measured yet.
    public var startup: Int64 = 0
}

/// What was done per second over the last 16 samples of 100 ms.
public struct Rates: Sendable {
    /// Totals at a moment, or their growth between two.
    struct Totals: Sendable {
        var commands: Int64 = 0
        var input: Int64 = 0
        var output: Int64 = 0
        var turns: Int64 = 0
        var turnNanoseconds: Int64 = 0
        var milliseconds: Milliseconds = 0

        func since(_ before: Totals) -> Totals {
            Totals(
                commands: commands - before.commands, input: input - before.input, output: output - before.output,
                turns: turns - before.turns, turnNanoseconds: turnNanoseconds - before.turnNanoseconds,
                milliseconds: milliseconds - before.milliseconds)
        }
    }

    private var samples: [Totals] = []
    private var last: Totals?

    mutating func sample(_ totals: Totals) {
        if let last, totals.milliseconds > last.milliseconds {
            samples.append(totals.since(last))
            if samples.count > 16 { samples.removeFirst() }
        }
        last = totals
    }

    private func sum(_ value: KeyPath<Totals, Int64>) -> Int64 { samples.reduce(0) { $0 + $1[keyPath: value] } }

    private func perSecond(_ value: KeyPath<Totals, Int64>) -> Double {
        let time = sum(\.milliseconds)
        return time > 0 ? Double(sum(value)) * 1000 / Double(time) : 0
    }

    /// Commands answered.
    public var commandsPerSecond: Int64 { Int64(perSecond(\.commands)) }
    /// Input, in units of 1024 bytes.
    public var inputKilobytesPerSecond: Double { perSecond(\.input) / 1024 }
    /// Output, in units of 1024 bytes.
    public var outputKilobytesPerSecond: Double { perSecond(\.output) / 1024 }
    /// Turns of the loop.
    public var turnsPerSecond: Int64 { Int64(perSecond(\.turns)) }
    /// How long a turn took on average.
    public var microsecondsPerTurn: Int64 {
        let turns = sum(\.turns)
        return turns > 0 ? sum(\.turnNanoseconds) / turns / 1000 : 0
    }
}
