// Changing the fields of a hash.

import CSystem
import Primitives
import Structures

/// Up to which size a hash is a listpack.
public struct HashLimits: Sendable {
    /// Fields.
    public let entries: Int
    /// Bytes of a field or value.
    public let bytes: Int

    /// At most `entries` fields of at most `bytes` bytes a word.
    public init(entries: Int, bytes: Int) {
        self.entries = entries
        self.bytes = bytes
    }

    /// Whether words of these sizes, beside `occupied` bytes, may stand in a listpack.
    func allow(_ words: borrowing Words, from first: Int, beside occupied: Int) -> Bool {
        guard (words.count - first) / 2 <= entries else { return false }
        var total = occupied
        for index in first..<words.count {
            let count = words[index].byteCount
            guard count <= bytes else { return false }
            total += count + Self.overhead
        }
        return total <= Listpack.sizeLimit
    }

    func allow(_ name: RawSpan, _ value: RawSpan, beside occupied: Int) -> Bool {
        name.byteCount <= bytes && value.byteCount <= bytes
            && occupied + name.byteCount + value.byteCount + 3 * Self.overhead <= Listpack.sizeLimit
    }

    /// More than encoding and length backwards of an element need.
    private static var overhead: Int { 16 }
}

extension Partition {
    /// Sets fields of the hash at `key` from words that name field and value in
    /// turn; returns how many are new or were expired at `now`.
    public mutating func setFields(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ words: borrowing Words, from first: Int,
        _ limits: HashLimits, at now: Milliseconds, _ access: AccessBits
    ) -> Int {
        let isSmall = limits.allow(words, from: first, beside: existing?.listpackBytes ?? 0)
        if existing == nil, isSmall, insertSmallHash(key, hash, words, from: first, access) {
            return (words.count - first) / 2
        }
        var entry = existing ?? setStructure(
            key, hash, existing: nil, .hash, .listpack, Listpack.empty.rawSpan, .clear, access)
        if !isSmall { entry = makeTable(entry, hash, room: (words.count - first) / 2) }
        return storeFields(&entry, hash, words, from: first, limits, at: now)
    }

    private mutating func storeFields(
        _ entry: inout Entry, _ hash: UInt64, _ words: borrowing Words, from first: Int, _ limits: HashLimits,
        at now: Milliseconds
    ) -> Int {
        var added = 0
        let hasExpired = entry.fieldDeadline.map { $0 <= now } ?? false
        if entry.encoding == .hashtable {
            let before = entry.fieldDeadline
            for index in stride(from: first, to: words.count, by: 2) {
                if hasExpired, entry.isExpired(words[index], at: now) { added += 1 }
                if entry.fields.value.set(words[index], words[index + 1], .clear) { added += 1 }
            }
            moveDeadline(entry.address, before, to: entry)
            return added
        }
        let isTimed = entry.encoding == .listpackex
        for index in stride(from: first, to: words.count, by: 2) {
            let name = words[index]
            let value = words[index + 1]
            if hasExpired, entry.isExpired(name, at: now) { added += 1 }
            let isNew = edit(&entry, hash) { bytes in
                isTimed ? bytes.setTimed(name, value, .clear) : bytes.setPair(name, value)
            }
            if isNew { added += 1 }
        }
        if entry.fieldCount > limits.entries { entry = makeTable(entry, hash, room: 0) }
        return added
    }

    /// Makes a hash that is not there from pairs of different names, in one
    /// allocation; false when a name comes twice or it would not fit into an entry.
    private mutating func insertSmallHash(
        _ key: RawSpan, _ hash: UInt64, _ words: borrowing Words, from first: Int, _ access: AccessBits
    ) -> Bool {
        var total = Listpack.headerBytes + 1
        for index in first..<words.count { total += ListpackWord(words[index]).totalCount }
        guard total <= Entry.embeddedLimit else { return false }
        let shape = EntryShape(type: .hash, encoding: .listpack, expiry: nil, access: access)
        let entry = Entry.allocateEntry(key, shape, valueCount: total)
        guard entry.fillListpack(words, from: first) else {
            // SAFETY: never was in the tables.
            unsafe entry.free()
            return false
        }
        insert(entry, hash)
        return true
    }

    /// Sets one field; true when it is new. `entry` nil: there is no hash yet.
    public mutating func setField(
        _ key: RawSpan, _ hash: UInt64, _ entry: inout Entry?, _ name: RawSpan, _ value: RawSpan, _ expiry: ExpiryChange,
        _ limits: HashLimits, _ access: AccessBits
    ) -> Bool {
        var hashEntry = entry ?? setStructure(
            key, hash, existing: nil, .hash, .listpack, Listpack.empty.rawSpan, .clear, access)
        defer { entry = hashEntry }
        if !hashEntry.holdsContainer, !limits.allow(name, value, beside: hashEntry.listpackBytes) {
            hashEntry = makeTable(hashEntry, hash, room: 1)
        }
        if hashEntry.encoding == .hashtable {
            return editTable(hashEntry) { table in table.set(name, value, expiry) }
        }
        if case .at = expiry { makeTimed(&hashEntry, hash) }
        let isTimed = hashEntry.encoding == .listpackex
        let isNew = edit(&hashEntry, hash) { bytes in
            isTimed ? bytes.setTimed(name, value, expiry) : bytes.setPair(name, value)
        }
        if hashEntry.fieldCount > limits.entries { hashEntry = makeTable(hashEntry, hash, room: 0) }
        return isNew
    }

    /// Removes a field; false when it is not there. An empty hash is to be removed by the caller.
    public mutating func removeField(_ entry: inout Entry, _ hash: UInt64, _ name: RawSpan) -> Bool {
        if entry.encoding == .hashtable { return editTable(entry) { table in table.remove(name) } }
        let shape: Listpack.FieldShape = entry.encoding == .listpackex ? .timed : .pair
        guard let place = Listpack(entry.bytes).field(ListpackWord(name), shape) else { return false }
        edit(&entry, hash) { bytes in bytes.removeElements(at: place, shape.rawValue) }
        return true
    }

    /// Gives a field that is there an expiry, or takes it away.
    public mutating func setFieldExpiry(_ entry: inout Entry, _ hash: UInt64, _ name: RawSpan, _ expiry: Milliseconds?) {
        if entry.encoding == .hashtable {
            editTable(entry) { table in
                if let field = table.find(name) { table.setExpiry(field, expiry) }
            }
        } else {
            makeTimed(&entry, hash)
            guard let place = Listpack(entry.bytes).field(ListpackWord(name), .timed) else { return }
            edit(&entry, hash) { bytes in bytes.setExpiry(ofFieldAt: place, expiry) }
        }
    }

    /// Removes the field that expires first, when it is due at `now`; its name.
    public mutating func removeDueField(_ entry: inout Entry, _ hash: UInt64, at now: Milliseconds) -> [UInt8]? {
        guard let deadline = entry.fieldDeadline, deadline <= now else { return nil }
        if entry.encoding == .hashtable { return editTable(entry) { table in table.removeFirstDue(at: now) } }
        let name = Listpack(entry.bytes).withText(at: Listpack.headerBytes) { $0.array }
        edit(&entry, hash) { bytes in bytes.removeElements(at: Listpack.headerBytes, 3) }
        return name
    }

    // MARK: Encodings

    @discardableResult
    private mutating func editTable<Result>(_ entry: Entry, _ body: (inout FieldTable) -> Result) -> Result {
        let before = entry.fieldDeadline
        defer { moveDeadline(entry.address, before, to: entry) }
        return body(&entry.fields.value)
    }

    /// Makes a listpack one with expiries.
    private mutating func makeTimed(_ entry: inout Entry, _ hash: UInt64) {
        guard entry.encoding == .listpack else { return }
        edit(&entry, hash) { bytes in
            bytes.addExpiries()
            bytes.entry.setEncoding(.listpackex)
        }
    }

    /// Makes a hash a table, with room for `room` more fields.
    private mutating func makeTable(_ entry: Entry, _ hash: UInt64, room: Int) -> Entry {
        guard !entry.holdsContainer else { return entry }
        var table = FieldTable(seed: entries.seed)
        table.reserve(entry.fieldCount + room)
        entry.forEachField { name, value, expiry in table.set(name, value, expiry.map { .at($0) } ?? .clear) }
        return setContainer(entry.key, hash, existing: entry, .hash, .hashtable, table, .keep, entry.access)
    }
}

extension Entry {
    /// Whether a field is there but expired.
    func isExpired(_ name: RawSpan, at now: Milliseconds) -> Bool { fieldExpiry(name, at: now).presence == .expired }

    /// Bytes of a small hash; 0 for a table.
    var listpackBytes: Int { holdsContainer ? 0 : bytes.byteCount }

    /// Fills the value area with a listpack of `words` from `first` on, which need
    /// exactly its size; false when a name comes twice.
    func fillListpack(_ words: borrowing Words, from first: Int) -> Bool {
        let start = unsafe valueStart
        let total = embeddedCount
        unsafe start.storeBytes(of: UInt32(total), as: UInt32.self)
        unsafe start.storeBytes(of: UInt16(words.count - first), toByteOffset: 4, as: UInt16.self)
        var offset = Listpack.headerBytes
        for index in stride(from: first, to: words.count, by: 2) {
            let name = ListpackWord(words[index])
            let value = ListpackWord(words[index + 1])
            // SAFETY: the bytes before `offset` are written; the search ends there.
            let written = unsafe RawSpan(_unsafeStart: start, byteCount: offset + 1)
            if Listpack(written).field(name, .pair) != nil { return false }
            unsafe name.write(to: start + offset)
            offset += name.totalCount
            unsafe value.write(to: start + offset)
            offset += value.totalCount
        }
        precondition(offset == total - 1)
        unsafe start.storeBytes(of: 0xff, toByteOffset: offset, as: UInt8.self)
        return true
    }
}
