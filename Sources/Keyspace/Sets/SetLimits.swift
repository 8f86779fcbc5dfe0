import Primitives
import Structures

/// Up to which size a set keeps its small encodings.
public struct SetLimits: Sendable {
    let intsetEntries: Int
    let listpackEntries: Int
    let listpackBytes: Int

    /// Members of an intset; members of a listpack, and bytes of each.
    public init(intsetEntries: Int64, listpackEntries: Int64, listpackBytes: Int64) {
        self.intsetEntries = Int(min(intsetEntries, 1 << 27))
        self.listpackEntries = Int(min(listpackEntries, 1 << 27))
        self.listpackBytes = Int(min(listpackBytes, 1 << 27))
    }

    /// The encoding of a new set whose first member is `member` and which is expected to get `expected` members.
    func encoding(of member: RawSpan, expected: Int) -> ValueEncoding {
        if expected <= intsetEntries, member.canonicalInteger != nil { return .intset }
        return expected <= listpackEntries && member.byteCount <= listpackBytes ? .listpack : .hashtable
    }

    /// The encoding that a set of `bytes` needs in order to take in `member` as well.
    func encoding(adding member: RawSpan, to bytes: RawSpan, _ encoding: ValueEncoding) -> ValueEncoding {
        switch encoding {
        case .intset:
            let set = Intset(bytes)
            if member.canonicalInteger != nil { return set.count < intsetEntries ? .intset : .hashtable }
            let fits = set.count < listpackEntries && max(member.byteCount, set.longestText) <= listpackBytes
            return fits ? .listpack : .hashtable
        case .listpack:
            let pack = Listpack(bytes)
            let fits = pack.count < listpackEntries && member.byteCount <= listpackBytes
            return fits && bytes.byteCount < Listpack.sizeLimit - member.byteCount - 16 ? .listpack : .hashtable
        default: return .hashtable
        }
    }

    /// Whether a small set is to be a table because `expected` members are about to come.
    func isTooMany(_ expected: Int, for encoding: ValueEncoding) -> Bool {
        switch encoding {
        case .intset: expected > intsetEntries
        case .listpack: expected > listpackEntries
        default: false
        }
    }
}
