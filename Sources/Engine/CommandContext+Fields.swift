// Fields of hashes that expire.

import Keyspace
import Primitives
import RESP

extension CommandContext {
    /// Up to which size hashes are listpacks.
    public var hashLimits: HashLimits {
        let limits = configuration.values
        return HashLimits(entries: Int(limits.hashEntries), bytes: Int(limits.hashBytes))
    }

    /// Removes a field that a look-up found expired, and the hash with its last field.
    public mutating func expireField(_ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan) {
        guard removeExpiredField(key, &slot, name) else { return }
        noteFieldsExpired(key, &slot, [name.array])
    }

    /// Removes a field that a look-up found expired; false when it is not there. Its end is still to be
    /// told, and the hash may be empty.
    public mutating func removeExpiredField(_ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan) -> Bool {
        guard var entry = slot.entry else { return false }
        guard self[slot].removeField(&entry, slot.hash, name) else { return false }
        slot = slot.holding(entry)
        noteExpired(name.array, key, slot)
        return true
    }

    /// Tells that fields which the request names were found expired, all at once.
    public mutating func noticeExpired(_ fields: [Int], of key: RawSpan, _ arguments: borrowing Arguments) {
        if !fields.isEmpty { notice(key, KeyEvent("hexpired", .hash), .words(fields), arguments) }
    }

    /// Removes up to `limit` fields that are due.
    public mutating func expireDueFields(_ key: RawSpan, _ slot: inout KeySlot, limit: Int) {
        var removed: [[UInt8]] = []
        while removed.count < limit, let name = removeDueField(&slot) {
            noteExpired(name, key, slot)
            removed.append(name)
        }
        if !removed.isEmpty { noteFieldsExpired(key, &slot, removed) }
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
    mutating func noteFieldsExpired(_ key: RawSpan, _ slot: inout KeySlot, _ names: [[UInt8]]) {
        notice(key, KeyEvent("hexpired", .hash), names, slot.database)
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
