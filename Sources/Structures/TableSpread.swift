// How full the buckets of a hash table are, for debugging.

/// How many buckets of a table hold how many elements.
public struct TableSpread: Sendable {
    /// One array of buckets: at index i, how many of them hold i elements.
    public struct Fill: Sendable {
        /// Indices 0 to 7.
        public fileprivate(set) var buckets: [Int]

        /// All buckets.
        public var bucketCount: Int { buckets.reduce(0, +) }
        /// The elements in all buckets.
        public var elementCount: Int { buckets.indices.reduce(0) { $0 + $1 * buckets[$1] } }

        fileprivate mutating func add(_ other: Fill) {
            for index in buckets.indices { buckets[index] += other.buckets[index] }
        }
    }

    /// The array that is used or, during a resize, emptied.
    public private(set) var main: Fill
    /// The array that a resize fills.
    public private(set) var target: Fill?

    init(main: Fill, target: Fill?) {
        self.main = main
        self.target = target
    }

    /// Adds what another part of the same table holds.
    public mutating func add(_ other: TableSpread) {
        main.add(other.main)
        guard let added = other.target else { return }
        if target == nil { target = added } else { target?.add(added) }
    }
}

extension HashTable {
    /// How the elements are spread over the buckets; looks at all of them.
    public var spread: TableSpread {
        isResizing ? TableSpread(main: old.fill, target: current.fill) : TableSpread(main: current.fill, target: nil)
    }
}

extension HashTable.Buckets {
    fileprivate var fill: TableSpread.Fill {
        var fill = TableSpread.Fill(buckets: Array(repeating: 0, count: Self.slots + 1))
        for index in 0..<count {
            let empty = unsafe Self.matches(bucket(index), 0)
            fill.buckets[Self.slots - empty.nonzeroBitCount] += 1
        }
        return fill
    }
}
