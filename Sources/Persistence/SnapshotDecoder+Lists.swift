import Keyspace
import Primitives
import Structures

extension SnapshotDecoder {
    /// A list element by element.
    mutating func plainList() throws(SnapshotError) -> DecodedValue {
        let count = try count()
        var list = QuickList(compressDepth: limits.lists.compressDepth)
        for _ in 0..<count {
            try string()
            list.push(text.bytes, .tail, limits.lists)
        }
        return finished(list)
    }

    /// A list that was a ziplist.
    mutating func singleNodeList() throws(SnapshotError) -> DecodedValue {
        try string()
        try replaceText(by: OldPacks.listpack(ofZiplist: text.bytes), "List ziplist")
        var list = QuickList(compressDepth: limits.lists.compressDepth)
        appendElements(to: &list)
        return finished(list)
    }

    /// A list of nodes; `areOld`: of ziplists.
    mutating func nodesOfList(areOld: Bool) throws(SnapshotError) -> DecodedValue {
        let nodes = try count()
        var list = QuickList(compressDepth: limits.lists.compressDepth)
        for _ in 0..<nodes {
            let code = areOld ? ListNodeCode.packed : ListNodeCode(rawValue: try length())
            try string()
            guard text.count > 0 else {
                throw failure("Quicklist integrity check failed: a node is empty")
            }
            switch code {
            case .plain:
                list.appendNode(plain: text.bytes)
                continue
            case .packed: break
            case nil: throw failure("Quicklist integrity check failed: unknown kind of node")
            }
            if areOld { try replaceText(by: OldPacks.listpack(ofZiplist: text.bytes), "Ziplist") }
            try checkListpack(groups: 0, "Listpack")
            if !Listpack(text.bytes).isEmpty { appendNode(to: &list) }
        }
        return finished(list)
    }

    /// Adds the listpack in `text`: as a node, when it is not larger than nodes are here.
    private func appendNode(to list: inout QuickList) {
        let pack = Listpack(text.bytes)
        guard limits.lists.areExceeded(bytes: pack.bytes.byteCount, count: pack.count) else { return list.appendNode(pack) }
        appendElements(to: &list)
    }

    private func appendElements(to list: inout QuickList) {
        Listpack(text.bytes).forEach { element in
            list.push(element, .tail, limits.lists)
            return true
        }
    }

    /// A list of one small node is a listpack.
    private mutating func finished(_ list: consuming QuickList) -> DecodedValue {
        guard list.count > 0 else { return .nothing }
        guard let pack = list.onlyListpack(limits.lists) else { return .list(list) }
        text.truncate(to: 0)
        text.append(pack.rawSpan)
        return .packed(.list, .listpack)
    }
}
