// How full hash tables are, for DEBUG HTSTATS.

import Structures

/// The tables of a database, those of all its partitions taken together.
public struct TableSpreads {
    /// Of all keys.
    public var keys: TableSpread
    /// Of the keys with an expiry.
    public var expiring: TableSpread
}

extension Database {
    /// How the keys are spread over the tables; looks at every bucket.
    public var tableSpreads: TableSpreads {
        var all = partitions[0].tableSpreads
        for index in 1..<max(1, partitionCount) {
            let part = partitions[index].tableSpreads
            all.keys.add(part.keys)
            all.expiring.add(part.expiring)
        }
        return all
    }
}

extension Partition {
    fileprivate var tableSpreads: TableSpreads { TableSpreads(keys: entries.spread, expiring: expiring.spread) }
}

extension Entry {
    /// How the elements of a large set, hash or sorted set are spread over its table; nil for all else.
    public var tableSpread: TableSpread? {
        guard holdsContainer else { return nil }
        return switch type {
        case .set: reference(MemberTable.self).value.spread
        case .hash: reference(FieldTable.self).value.spread
        case .sortedSet: reference(SortedSet.self).value.spread
        default: nil
        }
    }
}
