// The keys of the selected database, as handlers see them.

import Keyspace
import Primitives
import RESP

/// Where a key stands in its database: what one look-up found, for use by the
/// operations that follow it.
public struct KeySlot: BitwiseCopyable {
    /// The key's hash.
    public let hash: UInt64
    /// Where the key was looked up.
    public let database: DatabaseIndex
    /// Valid until the next change of the keyspace.
    public let entry: Entry?

    /// The same place with what stands there now.
    public func holding(_ entry: Entry?) -> KeySlot { KeySlot(hash: hash, database: database, entry: entry) }
}

extension CommandContext {
    /// Looks a key up to read it: counts hit or miss, renews its access bits.
    public mutating func lookupRead(_ key: RawSpan) -> KeySlot {
        let slot = lookupWrite(key)
        countRead(key, slot)
        return slot
    }

    /// Makes a look-up one that reads, for commands that know it only afterwards.
    @inline(__always)
    public mutating func countRead(_ key: RawSpan, _ slot: KeySlot) {
        if let entry = slot.entry {
            statistics.lookups.hits &+= 1
            touch(entry)
        } else {
            statistics.lookups.misses &+= 1
            if notices.interest.contains(.misses) { tellMiss(key, slot.database) }
        }
    }

    /// Looks a key up without counting or touching.
    public mutating func lookupWrite(_ key: RawSpan) -> KeySlot { lookup(key, in: session.database) }

    /// Looks a key up in any database; an expired one is removed.
    public mutating func lookup(_ key: RawSpan, in database: DatabaseIndex) -> KeySlot {
        let hash = keyspace.hash(key)
        guard let entry = keyspace[database][hash].find(key, hash) else {
            if notices.interest.contains(.arrivals) { noteMissing(key, database) }
            return KeySlot(hash: hash, database: database, entry: nil)
        }
        if let expiry = entry.expiry, expiry <= now {
            if mayRemoveExpired { expire(key, hash, database) }
            if notices.interest.contains(.arrivals) { noteMissing(key, database) }
            return KeySlot(hash: hash, database: database, entry: nil)
        }
        return KeySlot(hash: hash, database: database, entry: entry)
    }

    /// Whether expired keys are removed: clients that are paused wait for data
    /// that stands still. Commands that write on nevertheless (behind CLIENT PAUSE
    /// in a transaction) need the place.
    private var mayRemoveExpired: Bool {
        guard clientPause != nil, let command = session.lastCommand else { return true }
        return commands.commands[command].flags.contains(.write)
    }

    /// The string entry of a key, for reading; nil when there is none.
    public mutating func stringForReading(_ key: RawSpan) throws(CommandError) -> Entry? {
        guard let entry = lookupRead(key).entry else { return nil }
        guard entry.isString else { throw .wrongType }
        return entry
    }

    /// The slot of a key that holds a string or nothing, for writing.
    public mutating func stringForWriting(_ key: RawSpan) throws(CommandError) -> KeySlot {
        let slot = lookupWrite(key)
        if let entry = slot.entry, !entry.isString { throw .wrongType }
        return slot
    }

    /// Renews the access bits of an entry; not while a child saves, for the kernel would have to
    /// copy every page that is read.
    public mutating func touch(_ entry: Entry) {
        guard !session.flags.contains(.noTouch), statistics.snapshots.child == nil else { return }
        switch accessPolicy {
        case .recency:
            entry.access = AccessBits(seconds: presentTime)
        case .modification: break
        case .frequency(let decayMinutes, let factor):
            entry.access = entry.access.touchedFrequency(
                at: presentTime, decayMinutes: decayMinutes, factor: factor, using: &random)
        }
    }

    /// As `Configuration.accessPolicy`, but read field by field: the call would copy the whole configuration.
    @inline(__always)
    private var accessPolicy: AccessPolicy {
        if configuration.maximumMemoryPolicy.isModification { return .modification }
        guard configuration.maximumMemoryPolicy.isFrequency else { return .recency }
        return .frequency(decayMinutes: Int(configuration.lfuDecayMinutes), factor: Int(configuration.lfuLogFactor))
    }

    /// The access bits of a value that is new.
    public var freshAccess: AccessBits { accessPolicy.initial(at: presentTime) }

    /// The access bits that a written string gets: a frequency survives overwriting, and counts it.
    mutating func access(after slot: KeySlot) -> AccessBits {
        if case .frequency(let decayMinutes, let factor) = accessPolicy, let entry = slot.entry {
            return entry.access.touchedFrequency(
                at: presentTime, decayMinutes: decayMinutes, factor: factor, using: &random)
        }
        return freshAccess
    }

    @inline(never)
    mutating func expire(_ key: RawSpan, _ hash: UInt64, _ database: DatabaseIndex) {
        keyspace[database][hash].remove(key, hash)
        statistics.expiry.removedKeys += 1
        effects.lazyDelete(key, database, configuration.lazyFree.expire ? "UNLINK" : "DEL")
        notice(key, KeyEvent("expired", .expired), database)
    }

    // MARK: Strings

    /// Sets the key to a string, whatever it held.
    public mutating func setString(_ key: RawSpan, _ slot: KeySlot, _ value: RawSpan, _ expiry: ExpiryChange) {
        let access = access(after: slot)
        keyspace[slot.database][slot.hash].setString(
            key, slot.hash, existing: slot.entry, value, expiry, access)
    }

    /// Sets the key to argument `index` of the request, adopting it when it arrived in a block of its own.
    public mutating func setString(
        _ key: RawSpan, _ slot: KeySlot, argument index: Int, of arguments: borrowing Arguments, _ expiry: ExpiryChange
    ) {
        if !largeWords.isEmpty, let block = largeArgument(index) {
            let access = access(after: slot)
            keyspace[slot.database][slot.hash].setString(
                key, slot.hash, existing: slot.entry, sharing: block, expiry, access)
        } else {
            setString(key, slot, arguments[index], expiry)
        }
    }

    /// Sets the key to an integer's text.
    public mutating func setInteger(_ key: RawSpan, _ slot: KeySlot, _ value: Int64, _ expiry: ExpiryChange) {
        let access = access(after: slot)
        keyspace[slot.database][slot.hash].setInteger(
            key, slot.hash, existing: slot.entry, value, expiry, access)
    }

    /// Overwrites part of a string that exists; returns its new length.
    public mutating func patchString(_ entry: Entry, _ slot: KeySlot, at offset: Int, _ bytes: RawSpan) -> Int {
        keyspace[slot.database][slot.hash].patchString(entry, slot.hash, at: offset, with: bytes)
    }

    /// Replies with the string of an entry; a large one is not copied.
    public mutating func reply(string entry: Entry) {
        if let integer = entry.integer {
            reply.bulk(decimal: integer)
        } else if entry.stringCount >= RequestLimits.largeBulkBytes, let block = entry.sharedBlock {
            reply.bulk(sharing: block)
        } else {
            reply.bulk(entry.bytes)
        }
    }

    /// Checks that a string of `count` bytes is allowed.
    public func checkStringCount(_ count: Int) throws(CommandError) {
        guard count <= Int(configuration.maximumBulkBytes) else { throw .stringTooLong }
    }

    // MARK: Keys

    /// Removes a key that exists and frees its value.
    public mutating func remove(_ key: RawSpan, _ slot: KeySlot) {
        keyspace[slot.database][slot.hash].remove(key, slot.hash)
    }

    public mutating func setExpiry(_ entry: Entry, _ slot: KeySlot, _ expiry: Milliseconds?) {
        keyspace[slot.database][slot.hash].setExpiry(entry, slot.hash, expiry)
    }

    /// Gives the value of `source` to `target` in the selected database; both differ.
    public mutating func rename(_ source: RawSpan, to target: RawSpan) {
        comesAnew(target, session.database)
        keyspace.rename(source, to: target, in: session.database)
    }

    public mutating func move(_ key: RawSpan, to target: DatabaseIndex) -> Bool {
        keyspace.move(key, from: session.database, to: target)
    }

    public mutating func copy(_ source: RawSpan, to target: RawSpan, in database: DatabaseIndex) {
        comesAnew(target, database)
        keyspace.copy(source, in: session.database, to: target, in: database)
    }

    // MARK: Databases

    /// Databases.
    public var databaseCount: Int { keyspace.databaseCount }

    /// The database that a client's number names.
    public func databaseIndex(_ word: RawSpan, notInteger: CommandError) throws(CommandError) -> DatabaseIndex {
        guard let number = word.canonicalInteger else { throw notInteger }
        guard number >= 0, number < Int64(keyspace.databaseCount) else { throw .databaseOutOfRange }
        return DatabaseIndex(Int(number))
    }

    /// Keys of a database, expired ones that were not found yet included.
    public func keyCount(_ database: DatabaseIndex) -> Int { keyspace[database].count }

    /// Keys of a database that have an expiry.
    public func expiringKeyCount(_ database: DatabaseIndex) -> Int { keyspace[database].expiringCount }

    /// Hashes of a database that have fields with an expiry.
    public func fieldExpiringCount(_ database: DatabaseIndex) -> Int { keyspace[database].fieldExpiringCount }

    public mutating func averageTimeToLive(_ database: DatabaseIndex) -> Milliseconds {
        // A fixed seed: INFO must not disturb the engine's own sequence.
        var sampling = RandomGenerator(seed: UInt64(truncatingIfNeeded: now))
        return keyspace[database][partition: 0].averageTimeToLive(at: now, samples: 16, using: &sampling)
    }

    /// How keys are spread over a database's tables, for DEBUG HTSTATS.
    public func tableSpreads(_ database: DatabaseIndex) -> TableSpreads { keyspace[database].tableSpreads }

    /// Bytes of a database's tables.
    public func tableBytes(_ database: DatabaseIndex) -> (keys: Int, expiring: Int) {
        var result = (keys: 0, expiring: 0)
        for i in 0..<keyspace[database].partitionCount {
            let bytes = keyspace[database][partition: i].tableBytes
            result.keys += bytes.entries
            result.expiring += bytes.expiring
        }
        return result
    }

    public mutating func swapDatabases(_ a: DatabaseIndex, _ b: DatabaseIndex) {
        keyspace.swap(a, b)
        if notices.interest.contains(.blockedClients) { blocking.changedDatabases += [a, b] }
    }

    public enum Freeing: Sendable { case now, background }

    /// Empties a database; returns the keys that were in it.
    @discardableResult
    public mutating func flush(_ database: DatabaseIndex, _ freeing: Freeing) -> Int {
        let count = keyspace[database].count
        guard count > 0 else { return 0 }
        let contents = keyspace.takeContents(of: database)
        if freeing == .background { keyspace.bin.add(.database(contents)) }
        return count
    }

    /// Visits entries of the selected database from `cursor` on, at least one bucket.
    public func scan(from cursor: ScanCursor, _ body: (Entry) -> Void) -> ScanCursor {
        keyspace[session.database].scan(from: cursor, body)
    }

    /// Visits all entries of a database, expired ones included.
    public func forEachEntry(in database: DatabaseIndex, _ body: (Entry) -> Void) { keyspace[database].forEach(body) }

    /// A random entry of the selected database, perhaps expired.
    public mutating func randomEntry() -> Entry? { keyspace[session.database].randomEntry(using: &random) }
}
