import Keyspace
import Primitives
import RESP

/// The active removal of expired keys.
///
/// Look-ups remove what they find expired; keys that nobody asks for would stay.
/// The cycle walks the expiring tables in hash order, a few buckets a step,
/// and goes on while more than `staleShare` of the keys it meets are due, at
/// most `budgetShare` of the time between two calls. So a full sweep is made
/// of small steps, and memory that waits to be freed stays below about
/// `staleShare` of the expiring keys at the price of a bounded share of CPU.
struct ExpireCycle {
    /// Database to go on with.
    var database = 0

    /// Expiring keys that may be due before the cycle hurries: 10 % at
    /// `active-expire-effort` 1, 1 % at 10.
    static func staleShare(effort: Int64) -> Double { 0.10 - 0.01 * Double(effort - 1) }
    /// Part of the time between two calls: a quarter at effort 1, 43 % at 10.
    static func budgetShare(effort: Int64) -> Double { 0.25 + 0.02 * Double(effort - 1) }
    static var bucketsPerStep: Int { 16 }
}

extension Engine {
    /// Work that is due whether or not requests come; to be called `hz` times a
    /// second. Returns true when something was left for lack of time.
    @discardableResult
    public mutating func cycle(elapsedMilliseconds: Int64) -> Bool {
        refreshTime()
        guard !context.host.debug.isCyclePaused else { return false }
        context.statistics.rates.sample(
            Rates.Totals(
                commands: context.statistics.totalCommands, input: context.statistics.inputBytes,
                output: context.statistics.outputBytes, turns: context.statistics.turns.turns,
                turnNanoseconds: context.statistics.turns.nanoseconds, milliseconds: context.now))
        context.statistics.memory.peak = max(context.statistics.memory.peak, context.host.memory().used)
        timeOutBlockedClients()
        timeOutLinks()
        context.followSnapshots()
        context.followAppendOnlyFile()
        context.giveUpIdleRoom()
        context.followBackup()
        endPauseIfDue()
        releasePostponed()
        checkSoftLimits()
        evictClients()
        evict()
        let share = ExpireCycle.budgetShare(effort: context.configuration.activeExpireEffort)
        let budget = Int64(Double(elapsedMilliseconds) * 1_000_000 * share)
        let timedOut = context.host.debug.isExpiryActive && context.clientPause == nil
            && runExpireCycle(budgetNanoseconds: budget)
        // A child shares the tables: whatever moves in them is copied.
        if !context.hasChild { resizeTables(budgetNanoseconds: 1_000_000) }
        serveBlockedClients()
        context.limitTrackedKeys()
        context.sendBroadcasts()
        return timedOut
    }

    private mutating func runExpireCycle(budgetNanoseconds: Int64) -> Bool {
        let start = context.time.monotonicNanoseconds
        let timedOut = removeExpired(budgetNanoseconds: budgetNanoseconds)
        let nanoseconds = context.time.monotonicNanoseconds - start
        context.statistics.expiry.nanoseconds += nanoseconds
        context.noteLatency(.expireCycle, nanoseconds: nanoseconds)
        return timedOut
    }

    private mutating func removeExpired(budgetNanoseconds: Int64) -> Bool {
        let start = context.time.monotonicNanoseconds
        // Fields get half of the time, and what the keys leave.
        var fieldsAreLeft = removeExpiredFields(until: start + budgetNanoseconds / 2)
        var steps = 0
        for _ in 0..<context.keyspace.databaseCount {
            let index = DatabaseIndex(expireCycle.database % context.keyspace.databaseCount)
            for partition in 0..<context.keyspace[index].partitionCount {
                while sweep(index, partition) {
                    steps += 1
                    if steps & 7 == 0, context.time.monotonicNanoseconds - start > budgetNanoseconds {
                        context.statistics.expiry.timeouts += 1
                        return true
                    }
                }
            }
            expireCycle.database = (expireCycle.database + 1) % context.keyspace.databaseCount
        }
        if fieldsAreLeft { fieldsAreLeft = removeExpiredFields(until: start + budgetNanoseconds) }
        if fieldsAreLeft { context.statistics.expiry.timeouts += 1 }
        return fieldsAreLeft
    }

    /// One step; true when so much was stale that another is worth it.
    private mutating func sweep(_ index: DatabaseIndex, _ partition: Int) -> Bool {
        guard context.keyspace[index][partition: partition].expiringCount > 0 else { return false }
        var due: [[UInt8]] = []
        let result = context.keyspace[index][partition: partition].collectDue(
            at: context.now, buckets: ExpireCycle.bucketsPerStep, into: &due)
        for key in due {
            let hash = context.keyspace.hash(key.rawSpan)
            context.expire(key.rawSpan, hash, index)
            context.effects.drain(into: &context.journal)
        }
        if context.notices.hasRecorded { deliverNotices() }
        let share = Double(due.count) / Double(max(1, result.visited))
        context.statistics.expiry.staleShare = context.statistics.expiry.staleShare * 0.95 + share * 0.05
        return share > ExpireCycle.staleShare(effort: context.configuration.activeExpireEffort) || (result.visited == 0 && !result.wrapped)
    }

    private mutating func resizeTables(budgetNanoseconds: Int64) {
        let start = context.time.monotonicNanoseconds
        for d in 0..<context.keyspace.databaseCount {
            let index = DatabaseIndex(d)
            for p in 0..<context.keyspace[index].partitionCount {
                while context.keyspace[index][partition: p].isResizing {
                    _ = context.keyspace[index][partition: p].resizeStep(buckets: 100)
                    if context.time.monotonicNanoseconds - start > budgetNanoseconds { return }
                }
            }
        }
    }
}
