import Primitives
import Structures

/// A view of the string of an entry.
public typealias HyperLogLog = Structures.HyperLogLog
/// Where several are united.
public typealias HyperLogLogRegisters = Structures.HyperLogLogRegisters
/// What became of an addition.
public typealias HyperLogLogChange = Structures.HyperLogLogChange

extension Entry {
    /// The string as a HyperLogLog; nil when it is none.
    public var hyperLogLog: HyperLogLog? {
        @_lifetime(borrow self)
        get { isString ? HyperLogLog(bytes) : nil }
    }
}

// Changes of strings that are HyperLogLogs; they become raw. `entry` is where
// the entry is afterwards.
extension Partition {
    /// Makes `key`, which holds nothing, an empty HyperLogLog.
    public mutating func makeHyperLogLog(_ key: RawSpan, _ hash: UInt64, _ access: AccessBits) -> Entry {
        setStructure(key, hash, existing: nil, .string, .raw, HyperLogLog.empty.rawSpan, .clear, access)
    }

    /// Adds an element; a sparse HyperLogLog of more than `limit` bytes becomes dense.
    public mutating func addToHyperLogLog(
        _ entry: inout Entry, _ hash: UInt64, _ element: RawSpan, limit: Int
    ) -> HyperLogLogChange {
        entry.setEncoding(.raw)
        return edit(&entry, hash) { $0.addToHyperLogLog(element, limit: limit) }
    }

    /// Raises the registers to those of `registers`, which hold the entry's own
    /// already; `isDense`: a sparse HyperLogLog becomes dense whatever its size.
    public mutating func unite(
        _ entry: inout Entry, _ hash: UInt64, with registers: borrowing HyperLogLogRegisters, isDense: Bool, limit: Int
    ) {
        entry.setEncoding(.raw)
        if isDense { _ = makeHyperLogLogDense(&entry, hash) }
        edit(&entry, hash) {
            $0.unite(with: registers, limit: limit)
            $0.invalidateEstimate()
        }
    }

    /// Marks the cached estimate as out of date.
    public mutating func invalidateEstimate(_ entry: inout Entry, _ hash: UInt64) {
        edit(&entry, hash) { $0.invalidateEstimate() }
    }

    /// Notes an estimate that is up to date.
    public mutating func cacheEstimate(_ entry: inout Entry, _ hash: UInt64, _ estimate: Int64) {
        edit(&entry, hash) { $0.cacheEstimate(estimate) }
    }

    /// Makes a sparse HyperLogLog dense; false when it is damaged.
    public mutating func makeHyperLogLogDense(_ entry: inout Entry, _ hash: UInt64) -> Bool {
        entry.setEncoding(.raw)
        return edit(&entry, hash) { $0.makeHyperLogLogDense() }
    }
}
