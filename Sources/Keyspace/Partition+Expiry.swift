import Primitives
import Structures

extension Partition {
    /// Gives `entry` an expiry or takes it away.
    public mutating func setExpiry(_ entry: Entry, _ hash: UInt64, _ expiry: Milliseconds?) {
        if let expiry, entry.hasExpiry { return entry.overwriteExpiry(expiry) }
        if expiry == nil, !entry.hasExpiry { return }
        let hadExpiry = entry.hasExpiry
        let changed = entry.copied(key: entry.key, expiry: expiry, block: .move)
        replace(entry, hadExpiry: hadExpiry, with: changed, hash)
        // SAFETY: replaced in both tables; its block moved to the copy.
        unsafe entry.freeShell()
    }

    /// Looks at the expiring keys of a few buckets, where the last call stopped,
    /// and adds the keys that are due at `now` to `due`.
    /// Returns the keys looked at, and whether the table's end was reached.
    public mutating func collectDue(
        at now: Milliseconds, buckets: Int, into due: inout [[UInt8]]
    ) -> (visited: Int, wrapped: Bool) {
        guard expiring.count > 0 else { return (0, true) }
        var visited = 0
        for _ in 0..<buckets {
            let next = expiring.scan(from: expirePosition) { entry in
                visited += 1
                if let expiry = entry.expiry, expiry <= now { due.append(entry.key.array) }
            }
            expirePosition = next ?? 0
            if next == nil { return (visited, true) }
        }
        return (visited, false)
    }

    /// Mean time to live of up to `samples` keys with an expiry, in milliseconds.
    public func averageTimeToLive(
        at now: Milliseconds, samples: Int, using random: inout RandomGenerator
    ) -> Milliseconds {
        var total: Milliseconds = 0
        var counted: Int64 = 0
        for _ in 0..<min(samples, expiring.count) {
            guard let expiry = expiring.randomElement(using: &random)?.expiry, expiry > now else { continue }
            total &+= min(expiry - now, 1 << 50)
            counted += 1
        }
        return counted > 0 ? total / counted : 0
    }
}
