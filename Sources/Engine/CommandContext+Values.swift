// What the families of lists, sets, hashes and sorted sets share.

import Keyspace
import Primitives
import RESP

extension CommandContext {
    /// The partition of a slot, for operations on the value there.
    public subscript(slot: KeySlot) -> Partition {
        _read { yield keyspace[slot.database][slot.hash] }
        _modify { yield &keyspace[slot.database][slot.hash] }
    }

    /// Looks up a key that holds `type` or nothing, to read it.
    public mutating func slotForReading(_ key: RawSpan, _ type: ValueType) throws(CommandError) -> KeySlot {
        let slot = lookupRead(key)
        if let entry = slot.entry, entry.type != type { throw .wrongType }
        return slot
    }

    /// Looks up a key that holds `type` or nothing, to change it.
    public mutating func slotForWriting(_ key: RawSpan, _ type: ValueType) throws(CommandError) -> KeySlot {
        let slot = lookupWrite(key)
        if let entry = slot.entry {
            guard entry.type == type else { throw .wrongType }
            touch(entry)
        }
        return slot
    }

    /// Looks up the first of the keys among the words that holds `type`, to change it; nil when all are missing.
    public mutating func firstForWriting(
        _ keys: Range<Int>, of arguments: borrowing Arguments, _ type: ValueType
    ) throws(CommandError) -> (index: Int, slot: KeySlot, entry: Entry)? {
        for index in keys {
            let slot = try slotForWriting(arguments[index], type)
            if let entry = slot.entry { return (index, slot, entry) }
        }
        return nil
    }

    /// A key's hash seed, for containers.
    public var hashSeed: HashSeed { keyspace.seed }
}
