import Keyspace
import Primitives
import Structures

extension SnapshotEncoder {
    /// How a value is written in this version.
    func code(of entry: Entry) -> ValueCode {
        switch (entry.type, entry.encoding) {
        case (.list, _): version.hasListpacks ? .quicklist : .list
        case (.hash, .listpack): version.hasListpacks ? .hashListpack : .hash
        case (.hash, let encoding): hashCode(entry, encoding)
        case (.sortedSet, .listpack): version.hasListpacks ? .sortedSetListpack : .sortedSet
        case (.sortedSet, _): .sortedSet
        case (.set, .intset): .setIntset
        case (.set, .listpack): version.hasSetListpacks ? .setListpack : .set
        case (.set, _): .set
        default: .string
        }
    }

    private func hashCode(_ entry: Entry, _ encoding: ValueEncoding) -> ValueCode {
        guard entry.hasFieldExpiries, version.hasFieldExpiries else { return .hash }
        if version == .valkey80 { return .hashWithExpiries }
        return encoding == .listpackex ? .hashListpackWithExpiries : .hashWithRelativeExpiries
    }

    /// Writes the value behind its code.
    mutating func value(of entry: Entry, as code: ValueCode) {
        switch code {
        case .string: string(of: entry)
        case .setIntset, .setListpack, .hashListpack, .sortedSetListpack: string(entry.bytes)
        case .set:
            length(entry.memberCount)
            entry.forEachWord { string($0) }
        case .list:
            length(entry.listCount)
            entry.forEachWord { string($0) }
        case .quicklist: list(of: entry)
        case .hash:
            length(entry.fieldCount)
            entry.forEachField { name, value, _ in
                string(name)
                string(value)
            }
        case .hashWithExpiries: hashWithExpiries(entry)
        case .hashWithRelativeExpiries: hashWithRelativeExpiries(entry)
        case .hashListpackWithExpiries:
            bytes.append(littleEndian: entry.firstFieldExpiry ?? 0)
            string(entry.bytes)
        case .sortedSet:
            // The highest first: whoever inserts them one by one does so at an end.
            length(entry.scoredCount)
            entry.forEachScored(0..<entry.scoredCount, reversed: true) { member, score in
                string(member)
                bytes.append(littleEndian: score.bitPattern)
            }
        default: preconditionFailure("a code that is not written")
        }
    }

    private mutating func hashWithExpiries(_ entry: Entry) {
        length(entry.fieldCount)
        entry.forEachField { name, value, expiry in
            string(name)
            string(value)
            bytes.append(littleEndian: expiry ?? -1)
        }
    }

    /// Expiries count from the first one, plus 1; 0 stands for none.
    private mutating func hashWithRelativeExpiries(_ entry: Entry) {
        let first = entry.firstFieldExpiry ?? 0
        bytes.append(littleEndian: first)
        length(entry.fieldCount)
        entry.forEachField { name, value, expiry in
            length(expiry.map { Int($0 &- first &+ 1) } ?? 0)
            string(name)
            string(value)
        }
    }

    private mutating func list(of entry: Entry) {
        guard entry.holdsContainer else {
            length(1)
            length(ListNodeCode.packed.rawValue)
            return string(entry.bytes)
        }
        length(entry.list.value.nodeCounts.all)
        entry.list.value.forEachNode { bytes, isPlain in
            length(isPlain ? ListNodeCode.plain.rawValue : ListNodeCode.packed.rawValue)
            string(bytes)
        }
    }

    private mutating func string(of entry: Entry) {
        if let integer = entry.integer {
            let digits = DecimalText(integer)
            string(digits.bytes)
        } else {
            string(entry.bytes)
        }
    }
}
