import Primitives
import Structures

extension Partition {
    /// Sets `key` to a string, whatever it held before. `existing` is its
    /// entry, if it has one. An integer in canonical form is kept as such.
    @inlinable
    public mutating func setString(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ value: RawSpan, _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        let count = value.byteCount
        if count <= 20, let integer = value.canonicalInteger {
            return setInteger(key, hash, existing: existing, integer, expiry, access)
        }
        let encoding: ValueEncoding = count <= ValueEncoding.embeddedStringLimit ? .embstr : .raw
        // The common case: same kind of entry, same size class, no expiry before or after.
        if let existing, existing.isString, !existing.hasExpiry, case .clear = expiry,
            existing.overwrite(bytes: value, encoding: encoding) {
            existing.access = access
            return
        }
        setBytes(key, hash, existing: existing, value, encoding, expiry, access)
    }

    @inline(never)
    @usableFromInline
    mutating func setBytes(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ value: RawSpan, _ encoding: ValueEncoding,
        _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        let shape = EntryShape(
            type: .string, encoding: encoding, expiry: expiry.applied(to: existing?.expiry), access: access)
        put(Entry.make(key, shape, bytes: value), existing, hash)
    }

    /// Sets `key` to the integer's text, held as eight bytes.
    public mutating func setInteger(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ integer: Int64, _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        let newExpiry = expiry.applied(to: existing?.expiry)
        if let existing, existing.isString, existing.hasExpiry == (newExpiry != nil), existing.overwrite(integer: integer) {
            if let newExpiry { existing.overwriteExpiry(newExpiry) }
            existing.access = access
            return
        }
        let shape = EntryShape(type: .string, encoding: .int, expiry: newExpiry, access: access)
        put(Entry.make(key, shape, integer: integer), existing, hash)
    }

    /// Sets `key` to the bytes of a block, which the entry shares.
    public mutating func setString(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, sharing block: consuming Block,
        _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        let shape = EntryShape(
            type: .string, encoding: .raw, expiry: expiry.applied(to: existing?.expiry), access: access)
        put(Entry.make(key, shape, block: block), existing, hash)
    }

    /// Replaces and frees `existing`, or inserts.
    mutating func put(_ entry: Entry, _ existing: Entry?, _ hash: UInt64) {
        guard let existing else { return insert(entry, hash) }
        replace(existing, hadExpiry: existing.hasExpiry, with: entry, hash)
        discard(existing)
    }

    /// Writes `bytes` into the string of `entry` at `offset`, zero-filling a
    /// gap; the string becomes raw. Returns its new length.
    public mutating func patchString(_ entry: Entry, _ hash: UInt64, at offset: Int, with bytes: RawSpan) -> Int {
        let newCount = max(entry.stringCount, offset + bytes.byteCount)
        if entry.patch(at: offset, with: bytes) { return newCount }
        if entry.holdsBlock {
            entry.growBlock(capacity: Self.capacity(newCount, after: entry.stringCount))
            _ = entry.patch(at: offset, with: bytes)
            return newCount
        }
        let shape = EntryShape(type: .string, encoding: .raw, expiry: entry.expiry, access: entry.access)
        var block = Block(capacity: newCount > Entry.embeddedLimit ? Self.capacity(newCount, after: entry.stringCount) : newCount)
        entry.withString { block.append($0) }
        block.resize(newCount)
        block.overwrite(at: offset, with: bytes)
        let changed = newCount > Entry.embeddedLimit
            ? Entry.make(entry.key, shape, block: block) : Entry.make(entry.key, shape, bytes: block.bytes)
        put(changed, entry, hash)
        return newCount
    }

    /// Capacity for a string that grows to `count` bytes: doubled up to a megabyte of slack,
    /// but exact when it more than doubles at once, which is no appending.
    private static func capacity(_ count: Int, after oldCount: Int) -> Int {
        count / 2 > oldCount ? count : count + min(count, 1 << 20)
    }
}
