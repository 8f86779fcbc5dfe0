import CSystem
import Primitives
import Structures

/// What a new or changed entry shall hold.
struct EntryShape {
    var type: ValueType
    var encoding: ValueEncoding
    var expiry: Milliseconds?
    var access: AccessBits
}

extension Entry {
    /// Values above this are kept in a block of their own.
    public static var embeddedLimit: Int { 16 * 1024 }

    static func layoutBytes(key: Int, hasExpiry: Bool, value: Int) -> Int {
        8 + (hasExpiry ? 8 : 0) + (key > 255 ? 8 : 0) + key + value
    }

    /// Bytes of the value area.
    var valueAreaCount: Int { holdsBlock || holdsContainer || encoding == .int ? 8 : embeddedCount }

    /// Bytes of the entry's allocation.
    var allocationCount: Int { SizeClass.rounded(valueOffset + valueAreaCount) }

    /// Bytes that the entry and its value occupy.
    public var memoryUsage: Int {
        var total = allocationCount
        if let block = sharedBlock { total += block.allocationBytes }
        if holdsContainer { total += containerMemory }
        return total
    }

    /// Bytes of the tables that are the entry's: a seventh of a bucket, in each table where it stands.
    public var tableShare: Int { (64 + 6) / 7 * (hasExpiry ? 2 : 1) }

    /// A new allocation with header, expiry and key; the value area of `valueCount` bytes is to be filled.
    /// `kind`: block or container flag, 0 for an embedded value.
    static func allocateEntry(_ key: RawSpan, _ shape: EntryShape, valueCount: Int, kind: UInt64 = 0) -> Entry {
        let total = layoutBytes(key: key.byteCount, hasExpiry: shape.expiry != nil, value: valueCount)
        let raw = unsafe allocate(SizeClass.rounded(total))
        var header = UInt64(shape.type.rawValue) | UInt64(shape.encoding.rawValue) << 4
        if shape.expiry != nil { header |= expiryFlag }
        header |= kind
        header |= UInt64(shape.access.raw) << 16
        var offset = 8
        if let expiry = shape.expiry {
            unsafe raw.storeBytes(of: expiry, toByteOffset: offset, as: Int64.self)
            offset += 8
        }
        if key.byteCount > 255 {
            header |= wideKeyFlag
            unsafe raw.storeBytes(of: key.byteCount, toByteOffset: offset, as: Int.self)
            offset += 8
        } else {
            header |= UInt64(key.byteCount) << 40
        }
        if kind == 0 { header |= UInt64(valueCount) << 48 }
        unsafe raw.storeBytes(of: header, as: UInt64.self)
        unsafe key.copy(to: raw + offset)
        return unsafe Entry(raw: raw)
    }

    static func make(_ key: RawSpan, _ shape: EntryShape, integer: Int64) -> Entry {
        let entry = allocateEntry(key, shape, valueCount: 8)
        unsafe entry.valueStart.storeBytes(of: integer, as: Int64.self)
        return entry
    }

    static func make(_ key: RawSpan, _ shape: EntryShape, bytes: RawSpan) -> Entry {
        if bytes.byteCount > embeddedLimit { return make(key, shape, block: Block(copying: bytes)) }
        let entry = allocateEntry(key, shape, valueCount: bytes.byteCount)
        unsafe bytes.copy(to: entry.valueStart)
        return entry
    }

    static func make(_ key: RawSpan, _ shape: EntryShape, block: consuming Block) -> Entry {
        let entry = allocateEntry(key, shape, valueCount: 8, kind: blockFlag)
        unsafe entry.valueStart.storeBytes(of: block.detach(), as: UnsafeMutableRawPointer.self)
        return entry
    }

    enum BlockTransfer { case move, share }

    /// A second entry with the same value. When block or container is moved, this
    /// one must be left by `freeShell`; when it is shared, a container is copied.
    func copied(key: RawSpan, expiry: Milliseconds?, block transfer: BlockTransfer = .share) -> Entry {
        let shape = EntryShape(type: type, encoding: encoding, expiry: expiry, access: access)
        let copy = Entry.allocateEntry(key, shape, valueCount: valueAreaCount, kind: header & (Entry.blockFlag | Entry.containerFlag))
        unsafe copy.valueStart.copyMemory(from: valueStart, byteCount: valueAreaCount)
        guard transfer == .share else { return copy }
        if let shared = sharedBlock { unsafe _ = shared.detach() }
        if holdsContainer { copyContainer(into: copy) }
        return copy
    }

    /// Frees the allocation and gives up the block.
    @unsafe public func free() {
        if holdsBlock { _ = unsafe Block(adopting: blockPointer) }
        if holdsContainer { freeContainer() }
        unsafe CSystem.free(raw)
    }

    /// Frees the allocation of an entry whose block or container, if any, has moved.
    @unsafe func freeShell() { unsafe CSystem.free(raw) }

    // MARK: Changes in place

    /// Overwrites the expiry of an entry that has one.
    func overwriteExpiry(_ expiry: Milliseconds) {
        precondition(hasExpiry)
        unsafe raw.storeBytes(of: expiry, toByteOffset: 8, as: Int64.self)
    }

    /// Makes an embedded string an integer where that fits the allocation; false when it does not.
    func overwrite(integer: Int64) -> Bool {
        guard !holdsBlock, !holdsContainer else { return false }
        let offset = valueOffset
        if encoding != .int {
            guard SizeClass.rounded(offset + 8) == SizeClass.rounded(offset + embeddedCount) else { return false }
            setEncoding(.int)
            embeddedCount = 8
        }
        unsafe raw.storeBytes(of: integer, toByteOffset: offset, as: Int64.self)
        return true
    }

    /// Overwrites an embedded string when the new one fits the allocation; false when it does not.
    @inlinable
    func overwrite(bytes: RawSpan, encoding: ValueEncoding) -> Bool {
        let count = bytes.byteCount
        guard count <= Self.embeddedLimit, !holdsBlock, !holdsContainer else { return false }
        let offset = valueOffset
        let area = self.encoding == .int ? 8 : embeddedCount
        guard SizeClass.rounded(offset &+ count) == SizeClass.rounded(offset &+ area) else { return false }
        header = header & ~(0xffff << 48 | 0xf0) | UInt64(encoding.rawValue) << 4 | UInt64(truncatingIfNeeded: count) << 48
        unsafe bytes.copy(to: raw + offset)
        return true
    }

    /// Overwrites or extends an embedded or held string from `offset`, zero-filling
    /// a gap, when the result fits where it is; false when it does not.
    func patch(at offset: Int, with bytes: RawSpan) -> Bool {
        guard encoding != .int else { return false }
        if holdsBlock {
            var block = unsafe Block(adopting: blockPointer)
            let end = max(block.count, offset + bytes.byteCount)
            let fits = block.isUnique && end <= block.capacity
            if fits {
                if end > block.count { block.resize(end) }
                block.overwrite(at: offset, with: bytes)
            }
            unsafe _ = block.detach()
            if fits { setEncoding(.raw) }
            return fits
        }
        let end = max(embeddedCount, offset + bytes.byteCount)
        guard end <= Self.embeddedLimit,
            SizeClass.rounded(valueOffset + end) == SizeClass.rounded(valueOffset + embeddedCount)
        else { return false }
        if offset > embeddedCount { unsafe _ = memset(valueStart + embeddedCount, 0, offset - embeddedCount) }
        unsafe bytes.copy(to: valueStart + offset)
        embeddedCount = end
        setEncoding(.raw)
        return true
    }

    func setEncoding(_ encoding: ValueEncoding) {
        header = header & ~0xf0 | UInt64(encoding.rawValue) << 4
    }

    /// Makes room for `capacity` bytes in the held block; the value must be held by a block.
    func growBlock(capacity: Int) {
        precondition(holdsBlock)
        let grown = unsafe Block(adopting: blockPointer).reserving(capacity)
        unsafe valueStart.storeBytes(of: grown.detach(), as: UnsafeMutableRawPointer.self)
    }
}
