import Primitives
import Structures

/// Changing sets. An entry may move with every change.
extension Partition {
    /// Makes `key`, which holds nothing, a set of one member.
    public mutating func makeSet(
        _ key: RawSpan, _ hash: UInt64, first member: RawSpan, expected: Int, _ limits: SetLimits, _ access: AccessBits
    ) -> Entry {
        var builder = SetBuilder(limits, seed: seed, first: member, expected: expected)
        builder.insert(member)
        return builder.store(at: key, hash, existing: nil, .clear, access, in: &self)
    }

    /// Gives the set to a key, in place of what was there.
    public mutating func storeSet(
        _ builder: consuming SetBuilder, at key: RawSpan, _ hash: UInt64, existing: Entry?,
        _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        _ = builder.store(at: key, hash, existing: existing, expiry, access, in: &self)
    }

    /// Makes a small set a table at once when `expected` members are about to come.
    public mutating func prepareSet(_ entry: inout Entry, _ hash: UInt64, expecting expected: Int, _ limits: SetLimits) {
        guard !entry.holdsContainer, limits.isTooMany(expected, for: entry.encoding) else { return }
        convertToTable(&entry, hash, expecting: entry.memberCount)
    }

    /// Adds a member; false when it is there.
    public mutating func insertMember(
        _ member: RawSpan, into entry: inout Entry, _ hash: UInt64, _ limits: SetLimits
    ) -> Bool {
        if entry.holdsContainer { return entry.members.value.insert(member) }
        guard !entry.containsMember(member) else { return false }
        let encoding = limits.encoding(adding: member, to: entry.bytes, entry.encoding)
        if encoding == .hashtable {
            convertToTable(&entry, hash, expecting: entry.memberCount + 1)
            return entry.members.value.insert(member)
        }
        if encoding != entry.encoding { convertToListpack(&entry, hash) }
        edit(&entry, hash) { $0.appendMember(member, encoding) }
        return true
    }

    /// Removes a member; false when it is not there. A set that becomes empty is left to be removed.
    public mutating func removeMember(_ member: RawSpan, from entry: inout Entry, _ hash: UInt64) -> Bool {
        if entry.holdsContainer { return entry.members.value.remove(member) }
        let encoding = entry.encoding
        return edit(&entry, hash) { $0.removeMember(member, encoding) }
    }

    private mutating func convertToTable(_ entry: inout Entry, _ hash: UInt64, expecting count: Int) {
        var table = MemberTable(seed: seed)
        table.reserve(count)
        entry.forEachWord { table.insert($0) }
        entry = setContainer(entry.key, hash, existing: entry, .set, .hashtable, table, .keep, entry.access)
    }

    private mutating func convertToListpack(_ entry: inout Entry, _ hash: UInt64) {
        var pack = ByteBuffer(copying: Listpack.empty.rawSpan)
        entry.forEachWord { pack.insertElement(ListpackWord($0), at: Listpack(pack.bytes).end) }
        entry = setStructure(entry.key, hash, existing: entry, .set, .listpack, pack.bytes, .keep, entry.access)
    }
}
