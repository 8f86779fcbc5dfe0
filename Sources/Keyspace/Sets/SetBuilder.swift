import Primitives
import Structures

/// A set that belongs to no key yet: the result of SUNIONSTORE and the like, and a new set.
public struct SetBuilder: ~Copyable {
    private var encoding: ValueEncoding
    /// The members as long as they are few.
    private var small: ByteBuffer
    /// The members since they are many.
    private var table: MemberTable
    private let limits: SetLimits
    /// Members.
    public private(set) var count = 0

    private init(_ encoding: ValueEncoding, _ limits: SetLimits, seed: HashSeed) {
        self.encoding = encoding
        self.limits = limits
        table = MemberTable(seed: seed)
        let empty = encoding == .listpack ? Listpack.empty : Intset.empty
        small = ByteBuffer(copying: empty.rawSpan)
    }

    /// An empty set.
    public init(_ limits: SetLimits, seed: HashSeed) { self.init(.intset, limits, seed: seed) }

    /// An empty set that will begin with `member` and get about `expected` members.
    init(_ limits: SetLimits, seed: HashSeed, first member: RawSpan, expected: Int) {
        self.init(limits.encoding(of: member, expected: expected), limits, seed: seed)
        if encoding == .hashtable { table.reserve(min(expected, 1 << 20)) }
    }

    /// Adds a member; false when it is there.
    @discardableResult
    public mutating func insert(_ member: RawSpan) -> Bool {
        guard !contains(member) else { return false }
        count += 1
        if encoding != .hashtable {
            let wanted = limits.encoding(adding: member, to: small.bytes, encoding)
            if wanted != encoding { convert(to: wanted) }
        }
        if encoding == .hashtable { table.insert(member) } else { small.appendMember(member, encoding) }
        return true
    }

    /// Removes a member; false when it is not there.
    @discardableResult
    public mutating func remove(_ member: RawSpan) -> Bool {
        let wasThere = encoding == .hashtable ? table.remove(member) : small.removeMember(member, encoding)
        if wasThere { count -= 1 }
        return wasThere
    }

    /// Whether `member` is in the set.
    public func contains(_ member: RawSpan) -> Bool {
        encoding == .hashtable ? table.contains(member) : SmallSet(small.bytes, encoding).contains(member)
    }

    private mutating func convert(to wanted: ValueEncoding) {
        var pack = ByteBuffer(copying: Listpack.empty.rawSpan)
        var members = MemberTable(seed: table.seed)
        SmallSet(small.bytes, encoding).forEach { member in
            if wanted == .hashtable {
                members.insert(member)
            } else {
                pack.insertElement(ListpackWord(member), at: Listpack(pack.bytes).end)
            }
            return true
        }
        encoding = wanted
        small = pack
        table = members
    }

    /// Visits all members.
    public func forEach(_ body: (RawSpan) -> Void) {
        guard encoding != .hashtable else { return table.forEach(body) }
        SmallSet(small.bytes, encoding).forEach { member in
            body(member)
            return true
        }
    }

    /// Gives the set to a key, in place of what was there.
    consuming func store(
        at key: RawSpan, _ hash: UInt64, existing: Entry?, _ expiry: ExpiryChange, _ access: AccessBits,
        in partition: inout Partition
    ) -> Entry {
        guard encoding == .hashtable else {
            return partition.setStructure(key, hash, existing: existing, .set, encoding, small.bytes, expiry, access)
        }
        let empty = MemberTable(seed: table.seed)
        return partition.setContainer(
            key, hash, existing: existing, .set, .hashtable, exchange(&table, for: empty), expiry, access)
    }
}

private func exchange(_ place: inout MemberTable, for new: consuming MemberTable) -> MemberTable {
    swap(&place, &new)
    return new
}
