import BasicContainers
import Primitives
import Structures

/// The number of a database, checked against the configured count where it enters.
public struct DatabaseIndex: Hashable, Sendable, BitwiseCopyable {
    public let value: Int
    public init(_ value: Int) { self.value = value }
}

/// A place in a SCAN: partition and position inside it, as one number. 0 starts and ends.
public struct ScanCursor: Equatable, Sendable, BitwiseCopyable {
    public let value: UInt64
    /// Where a scan starts, and what it returns at its end.
    public static let start = ScanCursor(0)

    public init(_ value: UInt64) { self.value = value }

    init(partition: Int, position: UInt64) { value = UInt64(partition) << 48 | position }

    var partition: Int { Int(value >> 48) }
    var position: UInt64 { value & (1 << 48 - 1) }
}

/// An array of partitions. A key belongs to the partition that its hash chooses.
public struct Database: ~Copyable {
    @usableFromInline var partitions = UniqueArray<Partition>()

    /// `partitionCount` must be a power of two.
    public init(partitionCount: Int, seed: HashSeed, bin: GarbageBin) {
        precondition(partitionCount > 0 && partitionCount & (partitionCount - 1) == 0)
        for _ in 0..<partitionCount { partitions.append(Partition(seed: seed, bin: bin)) }
    }

    /// The partition of a key: bits of its hash that neither bucket nor fingerprint use.
    @inlinable @inline(__always)
    public func partitionIndex(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 8) & (partitions.count &- 1) }

    /// Partitions, a power of two.
    public var partitionCount: Int { partitions.count }

    /// The partition that holds, or would hold, the key with this hash.
    @inlinable
    public subscript(_ hash: UInt64) -> Partition {
        @inline(__always) _read { yield partitions[partitionIndex(hash)] }
        @inline(__always) _modify { yield &partitions[partitionIndex(hash)] }
    }

    /// A partition by its number, from 0 on.
    @inlinable
    public subscript(partition index: Int) -> Partition {
        _read { yield partitions[index] }
        _modify { yield &partitions[index] }
    }

    /// Keys, expired but not yet removed ones included.
    public var count: Int {
        var total = 0
        for i in 0..<partitions.count { total += partitions[i].count }
        return total
    }

    /// Keys with an expiry.
    public var expiringCount: Int {
        var total = 0
        for i in 0..<partitions.count { total += partitions[i].expiringCount }
        return total
    }

    /// Hashes that have fields with an expiry.
    public var fieldExpiringCount: Int {
        var total = 0
        for i in 0..<partitions.count { total += partitions[i].fieldExpiringCount }
        return total
    }

    /// Visits entries from `cursor` on, at least one bucket; returns where to go on.
    public func scan(from cursor: ScanCursor, _ body: (Entry) -> Void) -> ScanCursor {
        let index = cursor.partition
        guard index < partitions.count else { return .start }
        if let next = partitions[index].scan(from: cursor.position, body) {
            return ScanCursor(partition: index, position: next)
        }
        return index + 1 < partitions.count ? ScanCursor(partition: index + 1, position: 0) : .start
    }

    /// Visits all entries, expired ones included, in no order that means anything.
    public func forEach(_ body: (Entry) -> Void) {
        for i in 0..<partitions.count { partitions[i].forEach(body) }
    }

    /// A key chosen with equal chance for each.
    public func randomEntry(using random: inout RandomGenerator) -> Entry? {
        let total = count
        guard total > 0 else { return nil }
        var chosen = random.below(total)
        for i in 0..<partitions.count {
            if chosen < partitions[i].count { return partitions[i].randomEntry(using: &random) }
            chosen -= partitions[i].count
        }
        return nil
    }
}

// SAFETY: a database owns its partitions and their entries alone; moved to
// another thread, it is reachable from there only.
extension Database: @unchecked Sendable {}
