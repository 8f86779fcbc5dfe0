import Primitives
import Structures

/// How BITOP combines strings.
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
        // SAFETY: the bytes that become visible are written before anybody sees the block.
        unsafe block.splice(at: 0, removing: 0, inserting: count)
        let base = unsafe block.detach()
        unsafe Entry.write(operation, sources, count: count, to: Block.start(of: base))
        block = unsafe Block(adopting: base)
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
        // Zero-filled where it grows, as the block may be a source.
        if fits { block.resize(count) }
        unsafe _ = block.detach()
        if fits { unsafe Self.write(operation, sources, count: count, to: Block.start(of: blockPointer)) }
        return fits
    }

    /// Writes `count` bytes of a combination to `target`, which may be where a source is.
    fileprivate static func write(
        _ operation: BitOperation, _ sources: [Entry?], count: Int, to target: UnsafeMutableRawPointer
    ) {
        var start = 0
        if count >= BitOperation.streamedBytes, sources.count <= 2, let first = sources[0], let second = sources[sources.count - 1],
            sources.count == 2 || operation == .not {
            start = first.withString { x in
                second.withString { y in unsafe operation.stream(x, y, into: target) }
            }
        }
        guard start < count else { return }
        var chunk = BitChunk(operation, count: count - start)
        while start < count {
            chunk.begin(count: min(chunk.capacity, count - start))
            for source in sources {
                guard let source else {
                    chunk.add(RawSpan(literal: ""))
                    continue
                }
                source.withString { chunk.add($0.suffix(from: min(start, $0.byteCount))) }
            }
            chunk.finish()
            unsafe chunk.bytes.copy(to: target + start)
            start += chunk.capacity
        }
    }
}
