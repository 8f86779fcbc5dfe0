// The fields of hashes that changed, published on channels of their own (Redis 8.8):
// names are told with their lengths, so that they may hold any bytes.

import Keyspace
import Primitives
import RESP

/// The words of a request that name the fields it changed.
public enum ChangedFields: Sendable {
    /// One word.
    case word(Int)
    /// Every second word of a range: each has a value behind it.
    case pairs(Range<Int>)
    case words([Int])

    /// The names, in the order of the request.
    func names(_ arguments: borrowing Arguments) -> [[UInt8]] {
        var names: [[UInt8]] = []
        switch self {
        case .word(let index): names.append(arguments[index].array)
        case .pairs(let range):
            for index in stride(from: range.lowerBound, to: range.upperBound, by: 2) { names.append(arguments[index].array) }
        case .words(let indices):
            for index in indices { names.append(arguments[index].array) }
        }
        return names
    }
}

extension CommandContext {
    /// Whether the names of fields that change are wanted.
    public var tellsFields: Bool { notices.interest.contains(.fields) }

    /// Publishes an event with the fields that it is about, where there are any.
    @inline(never)
    mutating func publish(_ names: [[UInt8]], of key: RawSpan, _ event: KeyEvent, _ database: DatabaseIndex) {
        guard !names.isEmpty, !clients.pubsub.isIdle else { return }
        let classes = configuration.monitoring.keyEvents
        let name = RawSpan(literal: event.name)
        let bar = UInt8(ascii: "|")
        let fields = Self.list(names)
        func channel(_ prefix: String) -> [UInt8] { [UInt8]("__\(prefix)@\(database.value)__:") }
        if classes.contains(.subkeyspace) {
            send(channel("subkeyspace") + key.array, name.array + [bar] + fields)
        }
        if classes.contains(.subkeyevent) {
            send(channel("subkeyevent") + name.array, Self.list([key.array]) + [bar] + fields)
        }
        // A line break parts key and field.
        if classes.contains(.subkeyspaceItem), !key.array.contains(10) {
            for field in names { send(channel("subkeyspaceitem") + key.array + [10] + field, name.array) }
        }
        if classes.contains(.subkeyspaceEvent) {
            send(channel("subkeyspaceevent") + name.array + [bar] + key.array, fields)
        }
    }

    private mutating func send(_ channel: [UInt8], _ message: [UInt8]) { publish(channel.rawSpan, message.rawSpan) }

    /// `length:name`, with commas between.
    private static func list(_ names: [[UInt8]]) -> [UInt8] {
        var list: [UInt8] = []
        for name in names {
            if !list.isEmpty { list.append(UInt8(ascii: ",")) }
            list += [UInt8]("\(name.count):") + name
        }
        return list
    }
}
