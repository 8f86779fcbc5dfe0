// Eviction: memory is kept below `maxmemory` by removing keys, ahead of every command,
// as Redis does, and by the cycle. Each removal is propagated on its own, ahead of
// the command for which it makes room.

import Keyspace
import Primitives
import RESP

/// What eviction remembers between commands.
struct Eviction {
    /// Keys that may go next.
    var pool = EvictionPool()
    /// Evictions ended for lack of time, and go on between the turns.
    var isUnderWay = false
    /// Memory was above its limit and nothing could be done about it, when it was last looked at.
    var isExhausted = false

    /// Evictions between two looks at the clock.
    static var keysPerStep: Int { 16 }
}

extension Engine {
    /// Whether a command with these flags may not run when memory is short: it may enlarge the data, is
    /// about to be queued, or may run a queue that enlarges the data.
    func needsMemory(_ flags: CommandFlags) -> Bool {
        if flags.contains(.denyOOM) { return true }
        guard context.session.hasTransaction else { return false }
        return !flags.contains(.immediate) || context.session.queuedFlags.contains(.denyOOM)
    }

    /// Brings memory below `maxmemory`, or nearer to it as far as time allows. False
    /// when memory is short and nothing can be evicted or is about to be freed.
    @inline(__always)
    mutating func makeRoom() -> Bool {
        if context.host.memory().used <= context.configuration.maximumMemory, context.statistics.eviction.exceededSince == nil { return true }
        evict()
        return !eviction.isExhausted
    }

    /// Evicts until memory is below `maxmemory`, nothing is left or time is up.
    @inline(never)
    mutating func evict() {
        eviction.isUnderWay = false
        eviction.isExhausted = false
        let isExceeded = context.configuration.maximumMemory > 0 && excess > 0
        context.statistics.eviction.note(isExceeded: isExceeded, at: context.time.monotonicNanoseconds)
        // Clients that are paused wait for data that stands still.
        guard isExceeded, context.clientPause == nil else { return }
        let start = context.time.monotonicNanoseconds
        let budget = context.configuration.eviction.budgetNanoseconds
        // What the removals themselves add, the notices about them say, is not made room for here:
        // it goes when they are sent, and to evict more for its sake would make yet more of it.
        var rest = excess
        var evicted = 0
        while rest > 0 {
            guard let freed = evictOne() else {
                eviction.isExhausted = !isGarbageUnderWay
                break
            }
            rest &-= freed
            evicted += 1
            if evicted % Eviction.keysPerStep == 0, context.time.monotonicNanoseconds &- start > budget {
                eviction.isUnderWay = rest > 0
                break
            }
        }
        if context.notices.hasRecorded { deliverNotices() }
        let end = context.time.monotonicNanoseconds
        context.statistics.eviction.note(isExceeded: excess > 0, at: end)
        context.noteLatency(.evictionCycle, nanoseconds: end &- start)
    }

    /// Bytes above the limit; what is about to be freed does not count.
    private var excess: Int64 {
        context.host.memory().used &- context.configuration.maximumMemory
            &- context.keyspace.bin.bytes &- context.host.lazyFree().bytes
    }

    /// Whether values or databases wait to be freed, however large they are.
    private var isGarbageUnderWay: Bool { !context.keyspace.bin.isEmpty || context.host.lazyFree().pending > 0 }

    /// Evicts a key and tells how many bytes that freed; nil when there is none.
    private mutating func evictOne() -> Int64? {
        guard let victim = nextVictim() else { return nil }
        let isLazy = context.configuration.lazyFree.eviction
        context.effects.prepare(in: victim.database)
        context.effects.begin(2)
        context.effects.word(isLazy ? "UNLINK" : "DEL")
        context.effects.word(victim.entry.key)
        context.notice(victim.entry.key, KeyEvent("evicted", .evicted), victim.database)
        let before = excess
        context.keyspace.evict(victim, lazily: isLazy)
        let freed = before &- excess
        context.statistics.eviction.removedKeys &+= 1
        context.effects.drain(into: &context.journal)
        return freed
    }

    private mutating func nextVictim() -> EvictionVictim? {
        let policy = context.configuration.maximumMemoryPolicy
        let order: EvictionOrder
        switch policy {
        case .noEviction: return nil
        case .allKeysRandom, .volatileRandom:
            return context.keyspace.randomVictim(isVolatile: policy.isVolatile, using: &context.random)
        case .volatileTTL: order = .expiry
        case .allKeysLRU, .volatileLRU, .allKeysLRM, .volatileLRM: order = .idleTime
        case .allKeysLFU, .volatileLFU: order = .frequency(decayMinutes: Int(context.configuration.lfuDecayMinutes))
        }
        return context.keyspace.victim(
            by: order, isVolatile: policy.isVolatile,
            samples: Int(min(context.configuration.eviction.samples, EvictionSettings.largestSample)), at: context.now,
            pool: &eviction.pool, using: &context.random)
    }
}
