// Changing sorted sets, small ones (listpack) and large ones (table and tree).

import Primitives
import Structures

/// Up to which size a value stays in a listpack.
public struct PackedLimits: Sendable {
    /// Members.
    public let count: Int
    /// Bytes of a member.
    public let bytes: Int

    /// Limits as the configuration has them.
    public init(count: Int64, bytes: Int64) {
        self.count = Int(clamping: count)
        self.bytes = Int(clamping: bytes)
    }
}

extension Partition {
    /// Puts an empty sorted set under a key that is not there; a member must be
    /// added next. `count` and `longest` tell what will be added.
    public mutating func makeSortedSet(
        _ key: RawSpan, _ hash: UInt64, count: Int, longest: Int, _ limits: PackedLimits, _ access: AccessBits
    ) -> Entry {
        if count <= limits.count, longest <= limits.bytes {
            return setStructure(
                key, hash, existing: nil, .sortedSet, .listpack, Listpack.empty.rawSpan, .clear, access)
        }
        let empty = SortedSet(seed: entries.seed)
        return setContainer(key, hash, existing: nil, .sortedSet, .skiplist, empty, .clear, access)
    }

    /// Does with a member what the rule says; `entry` is where the entry is afterwards.
    public mutating func applyScore(
        _ entry: inout Entry, _ hash: UInt64, _ rule: ScoreRule, _ member: RawSpan, _ given: Double, _ limits: PackedLimits
    ) -> ScoreDecision {
        if entry.holdsContainer { return entry.sortedSet.value.apply(rule, member, given) }
        let place = entry.packedSortedSet.find(member)
        let decision = rule.decide(current: place?.score, given: given)
        switch decision {
        case .add(let score):
            let bytes = entry.bytes.byteCount + ListpackWord(member).totalCount + score.packedCount
            if member.byteCount > limits.bytes || entry.scoredCount >= limits.count || bytes > Listpack.sizeLimit {
                entry = expandSortedSet(entry, hash)
                entry.sortedSet.value.add(member, score)
            } else {
                edit(&entry, hash) { $0.insertScored(member, score) }
            }
        case .change(let score):
            if let place {
                edit(&entry, hash) { value in
                    value.removeScored(at: place.offset, 1)
                    value.insertScored(member, score)
                }
            }
        case .keep, .refuse, .notANumber: break
        }
        return decision
    }

    /// Makes a small sorted set large when `count` members more than the limit are to come.
    public mutating func prepareSortedSet(_ entry: inout Entry, _ hash: UInt64, for count: Int, _ limits: PackedLimits) {
        if !entry.holdsContainer, count > limits.count { entry = expandSortedSet(entry, hash) }
    }

    private mutating func expandSortedSet(_ entry: Entry, _ hash: UInt64) -> Entry {
        var expanded = SortedSet(seed: entries.seed)
        entry.forEachScored(0..<entry.scoredCount) { expanded.add($0, $1) }
        return setContainer(entry.key, hash, existing: entry, .sortedSet, .skiplist, expanded, .keep, entry.access)
    }

    /// Puts a sorted set that is not empty under a key; a small one becomes a listpack.
    public mutating func setSortedSet(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ set: consuming SortedSet, _ limits: PackedLimits,
        _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        guard Self.fitsListpack(set, limits) else {
            _ = setContainer(key, hash, existing: existing, .sortedSet, .skiplist, set, expiry, access)
            return
        }
        var packed = ByteBuffer(copying: Listpack.empty.rawSpan)
        set.forEach(0..<set.count, reversed: false) { packed.appendScored($0, $1) }
        _ = setStructure(key, hash, existing: existing, .sortedSet, .listpack, packed.bytes, expiry, access)
    }

    private static func fitsListpack(_ set: borrowing SortedSet, _ limits: PackedLimits) -> Bool {
        guard set.count <= limits.count else { return false }
        var longest = 0
        var bytes = 0
        set.forEachUnordered { member, score in
            longest = max(longest, member.byteCount)
            bytes += ListpackWord(member).totalCount + score.packedCount
        }
        return longest <= limits.bytes && bytes < Listpack.sizeLimit
    }

    /// Removes a member; false when it is not there. The last one leaves an empty set, which is to be removed.
    public mutating func removeScored(_ entry: inout Entry, _ hash: UInt64, _ member: RawSpan) -> Bool {
        if entry.holdsContainer { return entry.sortedSet.value.remove(member) }
        guard let place = entry.packedSortedSet.find(member) else { return false }
        edit(&entry, hash) { $0.removeScored(at: place.offset, 1) }
        return true
    }

    /// Removes the members of these ranks, as above.
    public mutating func removeScored(_ entry: inout Entry, _ hash: UInt64, ranks: Range<Int>) {
        if entry.holdsContainer { return entry.sortedSet.value.remove(ranks) }
        let offset = entry.packedSortedSet.offset(ofRank: ranks.lowerBound)
        edit(&entry, hash) { $0.removeScored(at: offset, ranks.count) }
    }
}
