// Which keys go when memory is short.
//
// Exact orders of use would cost every entry two pointers. Instead a few entries
// are sampled for each key that goes, and the worst that were ever met wait in a
// small pool; what goes is the worst of the pool. The pool refers to entries by
// address and hash, and believes neither: before one goes it is looked up in the
// table again, and it stays when it was used since.

import Primitives
import Structures

/// What makes a key go before others.
public enum EvictionOrder: Equatable, Sendable {
    /// Longest not used, or not changed: whichever the access bits tell.
    case idleTime
    /// Least often used, by a counter that loses one every `decayMinutes`.
    case frequency(decayMinutes: Int)
    /// First to expire.
    case expiry

    /// How much the entry deserves to go at `now`: more goes first. Ranks of the first
    /// order do not change while an entry is not used, so that they compare at any time.
    func rank(_ entry: Entry, at now: Milliseconds) -> Int64 {
        switch self {
        case .idleTime: entry.access.idleSeconds(at: now) - now / 1000
        case .frequency(let decayMinutes): 255 - Int64(entry.access.frequency(at: now, decayMinutes: decayMinutes))
        case .expiry: Int64.max - (entry.expiry ?? Int64.max)
        }
    }
}

/// A key that is to go.
public struct EvictionVictim: BitwiseCopyable {
    /// Where it is.
    public let database: DatabaseIndex
    let hash: UInt64
    /// Valid until the next change of the keyspace.
    public let entry: Entry
}

/// The worst entries that samples have met.
public struct EvictionPool {
    private struct Candidate {
        let rank: Int64
        let database: DatabaseIndex
        let hash: UInt64
        /// Perhaps freed since; only compared until the table has confirmed it.
        let entry: Entry
    }

    /// Ascending by rank.
    private var candidates: [Candidate] = []
    /// What the candidates were chosen by.
    private var order = EvictionOrder.idleTime
    private var isVolatile = false

    private static var capacity: Int { 16 }

    public init() {}

    /// Takes over an entry met by a sample if it is among the worst.
    fileprivate mutating func offer(_ entry: Entry, rank: Int64, _ database: DatabaseIndex, _ seed: HashSeed) {
        let isFull = candidates.count == Self.capacity
        if isFull, rank <= candidates[0].rank { return }
        if candidates.contains(where: { $0.entry.address == entry.address }) { return }
        if isFull { candidates.removeFirst() }
        let place = candidates.firstIndex { $0.rank >= rank } ?? candidates.count
        candidates.insert(Candidate(rank: rank, database: database, hash: entry.hash(seed), entry: entry), at: place)
    }

    /// Forgets what was chosen by another order.
    fileprivate mutating func adopt(_ order: EvictionOrder, isVolatile: Bool) {
        guard order != self.order || isVolatile != self.isVolatile else { return }
        candidates.removeAll(keepingCapacity: true)
        self.order = order
        self.isVolatile = isVolatile
    }

    fileprivate mutating func takeWorst() -> (victim: EvictionVictim, rank: Int64)? {
        guard let worst = candidates.popLast() else { return nil }
        return (EvictionVictim(database: worst.database, hash: worst.hash, entry: worst.entry), worst.rank)
    }
}

extension Keyspace {
    /// The key to go next by `order`, from all keys or (`isVolatile`) those with an
    /// expiry, after a sample of about `samples` entries of each database; nil when there is none.
    public func victim(
        by order: EvictionOrder, isVolatile: Bool, samples: Int, at now: Milliseconds, pool: inout EvictionPool,
        using random: inout RandomGenerator
    ) -> EvictionVictim? {
        pool.adopt(order, isVolatile: isVolatile)
        // A pool whose candidates have all been used meanwhile is filled once more.
        for _ in 0..<2 {
            for index in 0..<databaseCount {
                for partition in 0..<databases[index].partitionCount {
                    databases[index].partitions[partition].sample(samples, isVolatile: isVolatile, using: &random) { entry in
                        pool.offer(entry, rank: order.rank(entry, at: now), DatabaseIndex(index), seed)
                    }
                }
            }
            while let worst = pool.takeWorst() {
                let victim = worst.victim
                guard databases[victim.database.value][victim.hash].holds(victim, isVolatile: isVolatile) else { continue }
                if order.rank(victim.entry, at: now) >= worst.rank { return victim }
            }
        }
        return randomVictim(isVolatile: isVolatile, using: &random)
    }

    /// Any key, or any with an expiry, each with the same chance.
    public func randomVictim(isVolatile: Bool, using random: inout RandomGenerator) -> EvictionVictim? {
        var total = 0
        for index in 0..<databaseCount { total += isVolatile ? databases[index].expiringCount : databases[index].count }
        guard total > 0 else { return nil }
        var chosen = random.below(total)
        for index in 0..<databaseCount {
            for partition in 0..<databases[index].partitionCount {
                let count = databases[index].partitions[partition].count(isVolatile: isVolatile)
                if chosen < count {
                    let entry = databases[index].partitions[partition].randomEntry(isVolatile: isVolatile, using: &random)
                    return entry.map { EvictionVictim(database: DatabaseIndex(index), hash: $0.hash(seed), entry: $0) }
                }
                chosen -= count
            }
        }
        return nil
    }

    /// Removes a victim. `lazily`: a value that takes long to free goes to the bin.
    public mutating func evict(_ victim: EvictionVictim, lazily: Bool) {
        databases[victim.database.value][victim.hash].evict(victim, lazily: lazily)
    }
}

extension Partition {
    fileprivate func count(isVolatile: Bool) -> Int { isVolatile ? expiring.count : entries.count }

    fileprivate func randomEntry(isVolatile: Bool, using random: inout RandomGenerator) -> Entry? {
        isVolatile ? expiring.randomElement(using: &random) : entries.randomElement(using: &random)
    }

    fileprivate func sample(
        _ wanted: Int, isVolatile: Bool, using random: inout RandomGenerator, _ body: (Entry) -> Void
    ) {
        if isVolatile {
            expiring.sample(wanted, using: &random, body)
        } else {
            entries.sample(wanted, using: &random, body)
        }
    }

    /// Whether the victim, which may have been freed, is an entry of this partition.
    fileprivate func holds(_ victim: EvictionVictim, isVolatile: Bool) -> Bool {
        isVolatile ? expiring.holds(victim.entry, victim.hash) : entries.holds(victim.entry, victim.hash)
    }

    fileprivate mutating func evict(_ victim: EvictionVictim, lazily: Bool) {
        guard let entry = detach(victim.entry.key, victim.hash) else { return }
        if lazily, entry.freeingEffort > Self.promptEffort {
            bin.add(.value(DetachedEntry(entry, bytes: Int64(entry.memoryUsage))))
        } else {
            // SAFETY: out of the tables, so nothing refers to it.
            unsafe entry.free()
        }
    }
}
