import Keyspace
import Primitives
import Structures

extension SnapshotEncoder {
    /// How a value is written in this version.
    func code(of entry: Entry) -> ValueCode {
        switch (entry.type, entry.encoding) {
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
        default: preconditionFailure("a code that is not written")
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
