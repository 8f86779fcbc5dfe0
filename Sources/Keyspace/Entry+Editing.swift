// Values that are runs of bytes with a structure (listpacks, intsets) change by
// exchanging runs of their bytes, in the entry's own allocation as long as they
// are small, else in a block.

import CSystem
import Primitives
import Structures

/// The bytes of an entry's value, to be changed; lives inside `Partition.edit`.
public struct EntryValue: ~Copyable, Spliceable {
    /// Where the entry is by now.
    var entry: Entry

    init(_ entry: Entry) { self.entry = entry }

    /// The value's bytes, until the next change.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get { entry.bytes }
    }

    public mutating func splice(at offset: Int, removing removed: Int, inserting inserted: Int) -> UnsafeMutableRawPointer {
        let count = entry.bytes.byteCount
        precondition(offset >= 0 && removed >= 0 && inserted >= 0 && offset <= count && removed <= count - offset)
        let newCount = count - removed + inserted
        if entry.holdsBlock {
            if newCount > Entry.embeddedLimit / 2 { return unsafe entry.spliceBlock(offset, removed, inserted) }
            entry = entry.embeddingBlock()
        } else if newCount > Entry.embeddedLimit {
            entry = entry.movingToBlock(capacity: newCount)
            return unsafe entry.spliceBlock(offset, removed, inserted)
        }
        entry = entry.splicingEmbedded(offset, removed, inserted)
        return unsafe entry.valueStart
    }
}

extension Entry {
    // SAFETY: these move the entry's allocation; `Partition.edit`, their only
    // user, puts the new place into the tables before anybody looks.

    fileprivate func splicingEmbedded(_ offset: Int, _ removed: Int, _ inserted: Int) -> Entry {
        let start = valueOffset
        let count = embeddedCount
        let newCount = count - removed + inserted
        let old = SizeClass.rounded(start + count)
        let new = SizeClass.rounded(start + newCount)
        var entry = self
        if new > old { entry = unsafe Entry(raw: reallocate(raw, new)) }
        unsafe _ = memmove(
            entry.raw + start + offset + inserted, entry.raw + start + offset + removed, count - offset - removed)
        if new < old { entry = unsafe Entry(raw: reallocate(entry.raw, new)) }
        entry.embeddedCount = newCount
        return entry
    }

    fileprivate func spliceBlock(_ offset: Int, _ removed: Int, _ inserted: Int) -> UnsafeMutableRawPointer {
        var block = unsafe Block(adopting: blockPointer)
        unsafe block.splice(at: offset, removing: removed, inserting: inserted)
        let base = unsafe block.detach()
        unsafe valueStart.storeBytes(of: base, as: UnsafeMutableRawPointer.self)
        return unsafe Block.start(of: base)
    }

    /// The same entry with its embedded value in a block.
    fileprivate func movingToBlock(capacity: Int) -> Entry {
        var block = Block(capacity: capacity)
        block.append(bytes)
        let start = valueOffset
        embeddedCount = 0
        header |= Self.blockFlag
        let entry = unsafe Entry(raw: reallocate(raw, SizeClass.rounded(start + 8)))
        unsafe entry.valueStart.storeBytes(of: block.detach(), as: UnsafeMutableRawPointer.self)
        return entry
    }

    /// The same entry with the bytes of its block embedded; they must be few enough.
    fileprivate func embeddingBlock() -> Entry {
        let block = unsafe Block(adopting: blockPointer)
        let count = block.count
        precondition(count <= Self.embeddedLimit)
        let start = valueOffset
        header &= ~Self.blockFlag
        let entry = unsafe Entry(raw: reallocate(raw, SizeClass.rounded(start + count)))
        unsafe block.bytes.copy(to: entry.raw + start)
        entry.embeddedCount = count
        return entry
    }
}

extension Partition {
    /// Changes the bytes of a value; `entry` is where the entry is afterwards.
    @discardableResult
    public mutating func edit<Result, Failure: Error>(
        _ entry: inout Entry, _ hash: UInt64, _ body: (inout EntryValue) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let old = entry
        let deadline = entry.fieldDeadline
        var value = EntryValue(entry)
        defer {
            entry = value.entry
            if unsafe entry.raw != old.raw { relocate(old, to: entry, hash) }
            moveDeadline(old.address, deadline, to: entry)
        }
        return try body(&value)
    }

    /// Notes that an entry has moved; `old` may be freed already: only its address is compared.
    private mutating func relocate(_ old: Entry, to new: Entry, _ hash: UInt64) {
        entries.replace(old, with: new, hash)
        if new.hasExpiry { expiring.replace(old, with: new, hash) }
    }

    /// Makes `key` hold bytes with a structure: a listpack, an intset.
    /// `existing` is replaced, its expiry kept or not.
    public mutating func setStructure(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ type: ValueType, _ encoding: ValueEncoding, _ bytes: RawSpan,
        _ expiry: ExpiryChange, _ access: AccessBits
    ) -> Entry {
        let shape = EntryShape(type: type, encoding: encoding, expiry: expiry.applied(to: existing?.expiry), access: access)
        let entry = Entry.make(key, shape, bytes: bytes)
        put(entry, existing, hash)
        return entry
    }

    /// Makes `key` hold a container.
    public mutating func setContainer<Value: Container & ~Copyable>(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ type: ValueType, _ encoding: ValueEncoding,
        _ container: consuming Value, _ expiry: ExpiryChange, _ access: AccessBits
    ) -> Entry {
        let shape = EntryShape(type: type, encoding: encoding, expiry: expiry.applied(to: existing?.expiry), access: access)
        let entry = Entry.make(key, shape, container: container)
        put(entry, existing, hash)
        return entry
    }
}
