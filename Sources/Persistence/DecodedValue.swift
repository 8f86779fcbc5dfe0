import Keyspace
import Primitives
import Structures

/// A value that was read and belongs to no key yet.
public enum DecodedValue: ~Copyable {
    /// A string; the decoder has it in `text`.
    case string
    /// A run of bytes with a structure; the decoder has it in `text`.
    case packed(ValueType, ValueEncoding)
    case set(SetBuilder)
    case members(MemberTable)
    case list(QuickList)
    case fields(FieldTable)
    case sortedSet(SortedSet)
    /// A container without elements, as some old servers wrote it: no key is made of it.
    case nothing
}

extension SnapshotDecoder {
    /// Gives a value that `value(_:)` has just returned to a key, in place of
    /// what was there; false when it is nothing that a key can hold.
    public func store(
        _ value: consuming DecodedValue, at key: RawSpan, _ hash: UInt64, existing: Entry?, _ expiry: Milliseconds?,
        _ access: AccessBits, in partition: inout Partition
    ) -> Bool {
        let change: ExpiryChange = expiry.map { .at($0) } ?? .clear
        switch consume value {
        case .string: partition.setString(key, hash, existing: existing, text.bytes, change, access)
        case .packed(let type, let encoding):
            _ = partition.setStructure(key, hash, existing: existing, type, encoding, text.bytes, change, access)
        case .set(let builder): partition.storeSet(builder, at: key, hash, existing: existing, change, access)
        case .members(let table):
            _ = partition.setContainer(key, hash, existing: existing, .set, .hashtable, table, change, access)
        case .list(let list):
            _ = partition.setContainer(key, hash, existing: existing, .list, .quicklist, list, change, access)
        case .fields(let table):
            _ = partition.setContainer(key, hash, existing: existing, .hash, .hashtable, table, change, access)
        case .sortedSet(let set):
            partition.setSortedSet(key, hash, existing: existing, set, limits.sortedSets, change, access)
        case .nothing: return false
        }
        return true
    }
}
