// What only string commands need of the keyspace and of replies.

import Keyspace
import Primitives
import RESP

extension CommandContext {
    /// Sets the key to a text that is kept as it is, even when it spells an integer.
    public mutating func setText(_ key: RawSpan, _ slot: KeySlot, _ text: RawSpan, _ expiry: ExpiryChange) {
        let access = access(after: slot)
        keyspace[slot.database][slot.hash].setText(
            key, slot.hash, existing: slot.entry, text, expiry, access)
    }

    /// Overwrites part of the string at a key, which comes into being when
    /// there is none; returns its new length.
    public mutating func patchString(_ key: RawSpan, _ slot: KeySlot, at offset: Int, _ bytes: RawSpan) -> Int {
        if let entry = slot.entry {
            touch(entry)
            return patchString(entry, slot, at: offset, bytes)
        }
        setString(key, slot, RawSpan(literal: ""), .clear)
        guard let entry = lookup(key, in: slot.database).entry else { return 0 }
        return patchString(entry, slot, at: offset, bytes)
    }

    /// Makes the string at a key raw and at least `count` bytes long, zeros
    /// added; the key comes into being when there is none. Returns its slot,
    /// whose entry stays where it is as long as the string does not grow.
    public mutating func growString(_ key: RawSpan, _ slot: KeySlot, to count: Int) -> KeySlot {
        guard let entry = slot.entry else {
            setString(key, slot, RawSpan(literal: ""), .clear)
            return growString(key, lookup(key, in: slot.database), to: count)
        }
        let last = max(count, entry.stringCount) - 1
        guard last >= 0 else { return slot }
        touch(entry)
        self[slot].patchBits(entry, slot.hash, at: last * 8, width: 8, entry.bitField(last * 8, width: 8))
        return lookup(key, in: slot.database)
    }

    /// Sets a key to a combination of strings, of which the longest has `count` bytes.
    public mutating func setCombination(
        _ key: RawSpan, _ slot: KeySlot, _ operation: BitOperation, _ sources: [Entry?], count: Int
    ) {
        let access = access(after: slot)
        self[slot].setCombination(key, slot.hash, existing: slot.entry, operation, sources, count: count, access)
    }

    /// Removes a key because its new expiry is past already: what remains to
    /// be told and propagated is a deletion.
    public mutating func removeAsPast(_ key: RawSpan, _ slot: KeySlot) {
        remove(key, slot)
        keyModified(key, KeyEvent("del", .generic), in: slot.database)
        effects.begin(2)
        effects.word("DEL")
        effects.word(key)
    }

    /// Replies with a part of the string of an entry; a large one is not copied.
    public mutating func reply(string entry: Entry, _ range: Range<Int>) {
        if let integer = entry.integer {
            let digits = DecimalText(integer)
            reply.bulk(digits.bytes.slice(range.lowerBound, range.count))
        } else if range.count >= RequestLimits.largeBulkBytes, let block = entry.sharedBlock {
            reply.bytes.appendHeader(36, range.count)
            reply.bytes.append(sharing: block, range.lowerBound, range.upperBound)
            reply.bytes.appendNewline()
        } else {
            reply.bulk(entry.bytes.slice(range.lowerBound, range.count))
        }
    }

    /// Replies with a decimal number: a double to RESP3 clients, its text to others.
    public mutating func reply(number text: RawSpan) {
        guard reply.version == .resp3 else { return reply.bulk(text) }
        reply.bytes.append(44)
        reply.bytes.append(text)
        reply.bytes.appendNewline()
    }
}
