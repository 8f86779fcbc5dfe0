import Keyspace
import Primitives
import RESP

extension CommandContext {
    /// Looks a key up to tell something about it: counts hit or miss, but is no use of the key.
    /// `tellsMiss`: a key that is not there is an event.
    public mutating func lookupUntouched(_ key: RawSpan, tellsMiss: Bool = true) -> Entry? {
        let slot = lookupWrite(key)
        if slot.entry != nil {
            statistics.lookups.hits &+= 1
        } else {
            statistics.lookups.misses &+= 1
            if tellsMiss, notices.interest.contains(.misses) { tellMiss(key, slot.database) }
        }
        return slot.entry
    }

    /// Replies with the keys of the selected database that are not expired and that `isWanted`.
    public mutating func replyKeys(where isWanted: (RawSpan) -> Bool) {
        let database = session.database
        let mark = reply.deferredAggregate()
        let count = Self.write(keysOf: keyspace[database], aliveAt: now, to: &reply, where: isWanted)
        reply.closeArray(mark, count: count)
    }

    /// Takes its parts one by one, so that the reply can grow while the database is read.
    private static func write(
        keysOf database: borrowing Database, aliveAt now: Milliseconds, to reply: inout ReplyWriter,
        where isWanted: (RawSpan) -> Bool
    ) -> Int {
        var count = 0
        database.forEach { entry in
            if let expiry = entry.expiry, expiry <= now { return }
            guard isWanted(entry.key) else { return }
            reply.bulk(entry.key)
            count += 1
        }
        return count
    }
}

extension CommandContext {
    /// Traps when the keyspace contradicts itself. For tests.
    public func checkKeyspace() { keyspace.checkInvariants() }
}
