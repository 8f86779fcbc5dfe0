// Fields of hashes that expire.

import Keyspace
import Primitives

extension CommandContext {
    /// Up to which size hashes are listpacks.
    public var hashLimits: HashLimits {
        let limits = configuration.values
        return HashLimits(entries: Int(limits.hashEntries), bytes: Int(limits.hashBytes))
    }

    /// Removes a field that a look-up found expired, and the hash with its last field.
    public mutating func expireField(_ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan) {
        guard var entry = slot.entry else { return }
        guard self[slot].removeField(&entry, slot.hash, name) else { return }
        slot = slot.holding(entry)
        noteExpired(name.array, key, slot)
        noteFieldsExpired(key, &slot)
    }

    /// Removes up to `limit` fields that are due; returns how many.
    @discardableResult
    public mutating func expireDueFields(_ key: RawSpan, _ slot: inout KeySlot, limit: Int) -> Int {
        var removed = 0
        while removed < limit, let name = removeDueField(&slot) {
            noteExpired(name, key, slot)
            removed += 1
        }
        if removed > 0 { noteFieldsExpired(key, &slot) }
        return removed
    }

    mutating func removeDueField(_ slot: inout KeySlot) -> [UInt8]? {
        guard var entry = slot.entry else { return nil }
        let name = self[slot].removeDueField(&entry, slot.hash, at: now)
        slot = slot.holding(entry)
        return name
    }

    /// Counts and propagates one field's end.
    mutating func noteExpired(_ name: [UInt8], _ key: RawSpan, _ slot: KeySlot) {
        statistics.expiry.removedFields += 1
        effects.lazyDelete(field: name, of: key, slot.database)
    }

    /// Tells that fields of a hash have expired, and removes it when it is empty.
    mutating func noteFieldsExpired(_ key: RawSpan, _ slot: inout KeySlot) {
        notice(key, KeyEvent("hexpired", .hash), slot.database)
        removeIfEmpty(key, &slot)
    }

    /// Removes a hash without fields.
    public mutating func removeIfEmpty(_ key: RawSpan, _ slot: inout KeySlot) {
        guard let entry = slot.entry, entry.fieldCount == 0 else { return }
        remove(key, slot)
        slot = slot.holding(nil)
        notice(key, KeyEvent("del", .generic), slot.database)
    }
}
