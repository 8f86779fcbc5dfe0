import Primitives
import Structures

public typealias BitOperation = Structures.BitOperation

extension Partition {
    /// Writes the lowest `width` (1...64) bits of `value` into the string of
    /// `entry` from bit `index` on, zero-filling a gap; the string becomes raw.
    public mutating func patchBits(_ entry: Entry, _ hash: UInt64, at index: Int, width: Int, _ value: UInt64) {
        let patch = entry.withString { Bits.patch(index, width: width, of: $0, with: value) }
        // SAFETY: the bytes of an inline array of UInt8 are initialised.
        _ = unsafe patchString(entry, hash, at: index >> 3, with: patch.bytes.span.bytes.slice(0, patch.count))
    }

    /// Sets `key` to a combination of the strings of `sources`, of which the
    /// longest has `count` bytes; a source may be what the key held.
    public mutating func setCombination(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ operation: BitOperation, _ sources: [Entry?], count: Int,
        _ access: AccessBits
    ) {
        if let existing, existing.isString, existing.holdsBlock, !existing.hasExpiry,
            existing.overwriteBlock(operation, sources, count: count) {
            existing.setEncoding(.raw)
            existing.access = access
            return
        }
        let shape = EntryShape(type: .string, encoding: .raw, expiry: nil, access: access)
        var block = Block(capacity: count)
        block.fill(operation, sources, count: count)
        let entry = count > Entry.embeddedLimit
            ? Entry.make(key, shape, block: block) : Entry.make(key, shape, bytes: block.bytes)
        put(entry, existing, hash)
    }
}

extension Entry {
    /// Writes a combination over the held block, if that is unshared and of a fitting size; false when it is not.
    fileprivate func overwriteBlock(_ operation: BitOperation, _ sources: [Entry?], count: Int) -> Bool {
        // SAFETY: the block stays owned by the entry: it is given back below.
        var block = unsafe Block(adopting: blockPointer)
        let fits = block.isUnique && count > Self.embeddedLimit && count <= block.capacity && block.capacity / 2 <= count
        if fits {
            block.resize(count)
            block.fill(operation, sources, count: count)
        }
        unsafe _ = block.detach()
        return fits
    }
}

extension Block {
    /// Writes `count` bytes of a combination, over the ones that are there and behind them.
    fileprivate mutating func fill(_ operation: BitOperation, _ sources: [Entry?], count: Int) {
        var chunk = BitChunk(operation)
        for start in stride(from: 0, to: count, by: BitChunk.capacity) {
            chunk.begin(count: min(BitChunk.capacity, count - start))
            for source in sources {
                guard let source else {
                    chunk.add(RawSpan(literal: ""))
                    continue
                }
                source.withString { chunk.add($0.suffix(from: min(start, $0.byteCount))) }
            }
            chunk.finish()
            if start < self.count { overwrite(at: start, with: chunk.bytes) } else { append(chunk.bytes) }
        }
    }
}
