// Parts of strings.

import Engine
import Keyspace
import Primitives
import RESP

extension Strings {
    static var rangeDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "append", arity: 3, [.write, .denyOOM, .fast], .string, keys: [.key(1, [.readWrite, .insert])],
                group: .string, since: "2.0.0", complexity: "O(1) amortised, not counting the copying of the value.",
                summary: "Adds bytes to the end of a string.", syntax: "key value", append),
            CommandDeclaration(
                "strlen", arity: 2, [.readonly, .fast], .string, keys: [.key(1, [.readOnly])],
                group: .string, since: "2.2.0", summary: "Returns the length of a string in bytes.", syntax: "key",
                strlen),
            CommandDeclaration(
                "setrange", arity: 4, [.write, .denyOOM], .string, keys: [.key(1, [.readWrite, .update])],
                group: .string, since: "2.2.0", complexity: "O(M) where M is the length of the written bytes.",
                summary: "Overwrites part of a string, which grows if it has to.", syntax: "key offset value",
                setrange),
            CommandDeclaration(
                "getrange", arity: 4, [.readonly], .string, keys: [.key(1, [.readOnly, .access])],
                group: .string, since: "2.4.0", complexity: "O(N) where N is the length of the returned string.",
                summary: "Returns part of a string.", syntax: "key start end", getrange),
            CommandDeclaration(
                "substr", arity: 4, [.readonly], .string, keys: [.key(1, [.readOnly, .access])],
                group: .string, since: "1.0.0", complexity: "O(N) where N is the length of the returned string.",
                summary: "Returns part of a string; the old name of GETRANGE.", syntax: "key start end",
                deprecated: .init(since: "2.0.0", replacement: "`GETRANGE`"), getrange),
        ]
    }

    static func append(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.stringForWriting(key)
        let count: Int
        if let entry = slot.entry {
            let end = entry.stringCount
            try checkCount(end, plus: arguments[2].byteCount, context)
            count = context.patchString(key, slot, at: end, arguments[2])
        } else {
            count = arguments[2].byteCount
            context.setString(key, slot, argument: 2, of: arguments, .clear)
        }
        context.keyModified(key, KeyEvent("append", .string))
        context.reply.integer(count)
        return .done
    }

    /// Checks that a string may have `count` and `more` bytes.
    private static func checkCount(
        _ count: Int, plus more: Int, _ context: borrowing CommandContext
    ) throws(CommandError) {
        let (total, isTooLarge) = count.addingReportingOverflow(more)
        guard !isTooLarge else { throw .stringTooLong }
        try context.checkStringCount(total)
    }

    static func strlen(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(try context.stringForReading(arguments[1])?.stringCount ?? 0)
        return .done
    }

    static func setrange(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let value = arguments[3]
        let offset = try Int(context.integer(arguments[2]).value)
        guard offset >= 0 else { throw context.failure("ERR offset is out of range") }
        let slot = try context.stringForWriting(key)
        guard value.byteCount > 0 else {
            context.reply.integer(slot.entry?.stringCount ?? 0)
            return .done
        }
        try checkCount(offset, plus: value.byteCount, context)
        let count = context.patchString(key, slot, at: offset, value)
        context.keyModified(key, KeyEvent("setrange", .string))
        context.reply.integer(count)
        return .done
    }

    static func getrange(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let start = try context.integer(arguments[2])
        let end = try context.integer(arguments[3])
        guard let entry = try context.stringForReading(arguments[1]),
            let range = ClientInteger.range(start: start.value, end: end.value, count: entry.stringCount)
        else {
            context.reply.bulk("" as StaticString)
            return .done
        }
        context.reply(string: entry, range)
        return .done
    }
}
