import BasicContainers
import Primitives
import Structures

/// All databases of an engine.
public struct Keyspace: ~Copyable {
    @usableFromInline var databases = UniqueArray<Database>()
    /// The seed of all keys' hashes.
    public let seed: HashSeed
    /// What is to be freed at leisure.
    public let bin = GarbageBin()
    private let partitionCount: Int

    public init(databaseCount: Int, partitionCount: Int, seed: HashSeed) {
        self.seed = seed
        self.partitionCount = partitionCount
        for _ in 0..<databaseCount { databases.append(Database(partitionCount: partitionCount, seed: seed, bin: bin)) }
    }

    public var databaseCount: Int { databases.count }

    @inlinable
    public subscript(_ index: DatabaseIndex) -> Database {
        @inline(__always) _read { yield databases[index.value] }
        @inline(__always) _modify { yield &databases[index.value] }
    }

    @inlinable @inline(__always)
    public func hash(_ key: RawSpan) -> UInt64 { key.hash(seed) }

    /// Exchanges the contents of two databases.
    public mutating func swap(_ a: DatabaseIndex, _ b: DatabaseIndex) {
        guard a != b else { return }
        databases.swapAt(a.value, b.value)
    }

    /// Takes all keys out of a database; whoever drops the result frees them.
    public mutating func takeContents(of index: DatabaseIndex) -> Database {
        var contents = Database(partitionCount: partitionCount, seed: seed, bin: bin)
        Swift.swap(&contents, &databases[index.value])
        return contents
    }

    /// Moves a key to another database, where it must not exist.
    public mutating func move(_ key: RawSpan, from source: DatabaseIndex, to target: DatabaseIndex) -> Bool {
        let hash = hash(key)
        guard let entry = databases[source.value][hash].detach(key, hash) else { return false }
        databases[target.value][hash].insert(entry, hash)
        return true
    }

    /// Gives the value of `source` (which exists) to the key `target` of the
    /// same database, replacing what is there; expiry and all. The keys differ.
    public mutating func rename(_ source: RawSpan, to target: RawSpan, in index: DatabaseIndex) {
        let sourceHash = hash(source)
        let targetHash = hash(target)
        databases[index.value][targetHash].remove(target, targetHash)
        guard let entry = databases[index.value][sourceHash].detach(source, sourceHash) else { return }
        let renamed = entry.copied(key: target, expiry: entry.expiry, block: .move)
        // SAFETY: detached above; its block moved to the copy.
        unsafe entry.freeShell()
        databases[index.value][targetHash].insert(renamed, targetHash)
    }

    /// Copies the value and expiry of `source` (which exists) to `target`, where nothing is.
    public mutating func copy(
        _ source: RawSpan, in sourceIndex: DatabaseIndex, to target: RawSpan, in targetIndex: DatabaseIndex
    ) {
        let sourceHash = hash(source)
        let targetHash = hash(target)
        guard let entry = databases[sourceIndex.value][sourceHash].find(source, sourceHash) else { return }
        databases[targetIndex.value][targetHash].insert(
            entry.copied(key: target, expiry: entry.expiry, block: .share), targetHash)
    }

    /// Traps when a partition contradicts itself. For tests.
    public func checkInvariants() {
        for i in 0..<databases.count {
            for p in 0..<databases[i].partitionCount { databases[i][partition: p].checkInvariants() }
        }
    }
}
