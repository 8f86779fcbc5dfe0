import Keyspace
import Primitives
import Structures

extension SnapshotDecoder {
    /// Reads a value behind its code. Nothing of it is in the keyspace yet, so that a
    /// damaged one leaves no trace.
    public mutating func value(code: UInt8) throws(SnapshotError) -> DecodedValue {
        guard let known = ValueCode(rawValue: code) else { throw failure("Invalid object type: \(code)") }
        switch known {
        case .string:
            try string()
            return .string
        case .set: return try plainSet()
        case .setIntset: return try intset()
        case .setListpack: return try packedSet()
        case .list: return try plainList()
        case .listZiplist: return try singleNodeList()
        case .quicklistOld, .quicklist: return try nodesOfList(areOld: known == .quicklistOld)
        case .hash: return try plainHash()
        case .hashZipmap, .hashZiplist, .hashListpack: return try packedHash(known)
        case .hashWithExpiries: return try hashWithExpiries(relative: false, isBehind: isValkey)
        case .hashWithRelativeExpiries: return try hashWithExpiries(relative: true, isBehind: false)
        case .hashListpackWithExpiriesOld, .hashListpackWithExpiries:
            return try packedHashWithExpiries(hasFirst: known == .hashListpackWithExpiries)
        case .sortedSetText, .sortedSet: return try plainSortedSet(hasTextScores: known == .sortedSetText)
        case .sortedSetZiplist, .sortedSetListpack: return try packedSortedSet(isOld: known == .sortedSetZiplist)
        case .moduleOld, .module: throw failure("values of modules are not supported")
        case .streamOld, .stream2, .stream3, .stream4: throw failure("streams are not supported yet")
        }
    }

    /// Reads a string that must be a listpack of whole groups of so many elements.
    mutating func listpack(groups: Int, _ kind: StaticString) throws(SnapshotError) {
        try string()
        try checkListpack(groups: groups, kind)
    }

    /// Checks that `text` is a listpack of whole groups whose first elements all differ (where `groups` is not 0).
    func checkListpack(groups: Int, _ kind: StaticString) throws(SnapshotError) {
        guard Listpack.isValid(text.bytes), text.count <= Listpack.sizeLimit else {
            throw failure("\(kind) integrity check failed")
        }
        guard groups > 0 else { return }
        let pack = Listpack(text.bytes)
        guard pack.count % groups == 0, !RepeatedElements.exist(in: pack, every: groups, seed: limits.seed) else {
            throw failure("\(kind) integrity check failed: listpack with dup elements or incomplete ones")
        }
    }

    /// Makes the ziplist or zipmap in `text` a listpack.
    mutating func replaceText(by pack: consuming ByteBuffer?, _ kind: StaticString) throws(SnapshotError) {
        guard let pack else { throw failure("\(kind) integrity check failed") }
        text.truncate(to: 0)
        text.append(pack.bytes)
    }

    // MARK: Sets

    private mutating func plainSet() throws(SnapshotError) -> DecodedValue {
        let count = try count()
        guard count > 0 else { return .nothing }
        if count > max(limits.intsetEntries, limits.setEntries) {
            var table = MemberTable(seed: limits.seed)
            table.reserve(count)
            for _ in 0..<count {
                try string()
                guard table.insert(text.bytes) else { throw failure("a set has a member twice") }
            }
            return .members(table)
        }
        var builder = SetBuilder(limits.sets, seed: limits.seed)
        for _ in 0..<count {
            try string()
            guard builder.insert(text.bytes) else { throw failure("a set has a member twice") }
        }
        return .set(builder)
    }

    private mutating func intset() throws(SnapshotError) -> DecodedValue {
        try string()
        guard Intset.isValid(text.bytes) else { throw failure("Intset integrity check failed") }
        if Intset(text.bytes).count <= limits.intsetEntries { return .packed(.set, .intset) }
        var table = MemberTable(seed: limits.seed)
        table.reserve(Intset(text.bytes).count)
        Intset(text.bytes).forEach { table.insert($0) }
        return .members(table)
    }

    private mutating func packedSet() throws(SnapshotError) -> DecodedValue {
        try listpack(groups: 1, "Set listpack")
        let pack = Listpack(text.bytes)
        guard !pack.isEmpty else { return .nothing }
        if pack.count <= limits.setEntries, longestWord <= limits.setBytes { return .packed(.set, .listpack) }
        var table = MemberTable(seed: limits.seed)
        table.reserve(pack.count)
        pack.forEach { table.insert($0) }
        return .members(table)
    }

    /// Bytes of the longest string in the listpack in `text`.
    var longestWord: Int {
        var longest = 0
        let pack = Listpack(text.bytes)
        var place = Listpack.headerBytes
        while place < pack.end {
            let element = pack.element(at: place)
            longest = max(longest, element.isInteger ? 20 : element.count)
            place += element.totalCount
        }
        return longest
    }
}
