// The active removal of expired fields: every partition knows its hashes by their
// first expiry, every hash its fields, so that only what is due is looked at.

import Keyspace
import Primitives

extension Engine {
    /// Fields of one hash that are removed before another hash has its turn.
    private static var fieldsPerHash: Int { 64 }

    /// Removes fields that are due until the clock stands at `deadline`
    /// nanoseconds; true when some were left.
    mutating func removeExpiredFields(until deadline: Int64) -> Bool {
        for d in 0..<context.keyspace.databaseCount {
            let index = DatabaseIndex(d)
            for partition in 0..<context.keyspace[index].partitionCount {
                while let key = context.keyspace[index][partition: partition].keyOfDueField(at: context.now) {
                    removeExpiredFields(key.rawSpan, index)
                    if context.time.monotonicNanoseconds > deadline { return true }
                }
            }
        }
        return false
    }

    /// Each removal is a unit of its own: they need not stay together.
    private mutating func removeExpiredFields(_ key: RawSpan, _ database: DatabaseIndex) {
        var slot = context.lookup(key, in: database)
        var removed: [[UInt8]] = []
        while removed.count < Self.fieldsPerHash, let name = context.removeDueField(&slot) {
            context.noteExpired(name, key, slot)
            context.effects.drain(into: &context.journal)
            removed.append(name)
        }
        if !removed.isEmpty { context.noteFieldsExpired(key, &slot, removed) }
        context.effects.drain(into: &context.journal)
        if context.notices.hasRecorded { deliverNotices() }
    }
}
