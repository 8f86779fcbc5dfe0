import Keyspace
import Primitives
import Structures

extension SnapshotEncoder {
    /// How a value is written in this version.
    func code(of entry: Entry) -> ValueCode {
        switch (entry.type, entry.encoding) {
        case (.list, _): version.hasListpacks ? .quicklist : .list
        case (.set, .intset): .setIntset
        case (.set, .listpack): version.hasSetListpacks ? .setListpack : .set
        case (.set, _): .set
        default: .string
        }
    }

    /// Writes the value behind its code.
    mutating func value(of entry: Entry, as code: ValueCode) {
        switch code {
        case .string: string(of: entry)
        case .setIntset, .setListpack: string(entry.bytes)
        case .set:
            length(entry.memberCount)
            entry.forEachWord { string($0) }
        case .list:
            length(entry.listCount)
            entry.forEachWord { string($0) }
        case .quicklist: list(of: entry)
        default: preconditionFailure("a code that is not written")
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
