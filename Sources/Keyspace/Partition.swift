import Primitives
import Structures

/// The keys of a database that share a partition: the unit that a thread will
/// hold. Owns its entries; `entries` finds them by key, `expiring` holds the
/// same entries again where they have an expiry, for the expire cycle and for
/// sampling by the volatile-* policies.
public struct Partition: ~Copyable {
    @usableFromInline var entries: HashTable<Entry>
    @usableFromInline var expiring: HashTable<Entry>
    /// Hashes with expiring fields, by their first expiry; see Partition+FieldDeadlines.swift.
    @usableFromInline var fieldDeadlines = DeadlineList()
    /// Where the expire cycle goes on in `expiring`.
    var expirePosition: HashTable<Entry>.ScanPosition = 0

    let bin: GarbageBin
    /// The seed of key hashes, which containers use as well.
    public var seed: HashSeed { entries.seed }

    /// `bin` gets the values that take long to free.
    public init(seed: HashSeed, bin: GarbageBin) {
        self.bin = bin
        entries = HashTable(seed: seed)
        expiring = HashTable(seed: seed)
    }

    deinit {
        // SAFETY: the entries are reachable from nowhere else any more.
        entries.forEach { entry in unsafe entry.free() }
    }

    /// Keys, expired but not yet removed ones included.
    @inlinable public var count: Int { entries.count }
    /// Keys with an expiry.
    @inlinable public var expiringCount: Int { expiring.count }
    /// Bytes of the tables themselves.
    public var tableBytes: (entries: Int, expiring: Int) { (entries.allocatedBytes, expiring.allocatedBytes) }
    /// Whether one of the tables is being moved to another size.
    public var isResizing: Bool { entries.isResizing || expiring.isResizing }

    /// The entry of `key`, expired or not.
    @inlinable
    public func find(_ key: RawSpan, _ hash: UInt64) -> Entry? { entries.find(key, hash) }

    @inlinable
    public func prefetchBucket(_ hash: UInt64) { entries.prefetchBucket(hash) }

    @inlinable
    public func prefetchEntry(_ hash: UInt64) { entries.prefetchElement(hash) }

    // MARK: Change

    /// Adds a new entry; its key must not be there.
    mutating func insert(_ entry: Entry, _ hash: UInt64) {
        entries.insert(entry, hash)
        if entry.hasExpiry { expiring.insert(entry, hash) }
        moveDeadline(0, nil, to: entry)
    }

    /// Puts `new` in the place of `old`, which has the same key and is not freed.
    mutating func replace(_ old: Entry, hadExpiry: Bool, with new: Entry, _ hash: UInt64) {
        entries.replace(old, with: new, hash)
        moveDeadline(old.address, old.fieldDeadline, to: new)
        switch (hadExpiry, new.hasExpiry) {
        case (true, true): expiring.replace(old, with: new, hash)
        case (true, false): _ = expiring.remove(new.key, hash)
        case (false, true): expiring.insert(new, hash)
        case (false, false): break
        }
    }

    /// Removes a key and frees its entry; false when it is not there.
    @discardableResult
    public mutating func remove(_ key: RawSpan, _ hash: UInt64) -> Bool {
        guard let entry = detach(key, hash) else { return false }
        discard(entry)
        return true
    }

    /// Takes an entry out of the tables; the caller frees it or inserts it elsewhere.
    mutating func detach(_ key: RawSpan, _ hash: UInt64) -> Entry? {
        guard let entry = entries.find(key, hash) else { return nil }
        if entry.hasExpiry { _ = expiring.remove(key, hash) }
        moveDeadline(entry.address, entry.fieldDeadline, to: nil)
        return entries.remove(key, hash)
    }

    /// Makes room for `keys` keys, of which `expiring` with an expiry, ahead of their coming.
    public mutating func reserve(_ keys: Int, expiring expiringKeys: Int) {
        entries.reserve(keys)
        expiring.reserve(expiringKeys)
    }

    /// Moves up to `buckets` buckets of resizes under way; false when none is.
    public mutating func resizeStep(buckets: Int) -> Bool {
        let first = entries.resizeStep(buckets: buckets)
        let second = expiring.resizeStep(buckets: buckets)
        return first || second
    }

    // MARK: Iteration

    /// Visits the entries from `position` to the end of its bucket; see `HashTable.scan`.
    public func scan(from position: UInt64, _ body: (Entry) -> Void) -> UInt64? {
        entries.scan(from: position, body)
    }

    public func forEach(_ body: (Entry) -> Void) { entries.forEach(body) }

    public func randomEntry(using random: inout RandomGenerator) -> Entry? {
        entries.randomElement(using: &random)
    }

    public func randomExpiringEntry(using random: inout RandomGenerator) -> Entry? {
        expiring.randomElement(using: &random)
    }

    /// Traps when the tables contradict each other. For tests.
    public func checkInvariants() {
        entries.checkInvariants()
        expiring.checkInvariants()
        var withExpiry = 0
        entries.forEach { if $0.hasExpiry { withExpiry += 1 } }
        precondition(withExpiry == expiring.count)
        checkDeadlines()
        expiring.forEach { entry in
            precondition(unsafe entries.find(entry.key, entry.hash(entries.seed))?.raw == entry.raw)
        }
    }
}
