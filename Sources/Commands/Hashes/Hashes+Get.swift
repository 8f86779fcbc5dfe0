import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var getDeclarations: [CommandDeclaration] {
        [
            reader(
                "hget", arity: 3, since: "2.0.0", summary: "Returns the value of a field.", syntax: "key field", hget),
            reader(
                "hmget", arity: -3, since: "2.0.0", complexity: "O(N) for N fields",
                summary: "Returns the values of several fields.", syntax: "key field [field ...]", hmget),
            reader(
                "hlen", arity: 2, .readOnly, since: "2.0.0", summary: "Returns the number of fields.", syntax: "key", hlen),
            reader(
                "hstrlen", arity: 3, .readOnly, since: "3.2.0", summary: "Returns the length of a field's value.",
                syntax: "key field", hstrlen),
            reader(
                "hexists", arity: 3, .readOnly, since: "2.0.0", summary: "Tells whether a field exists.",
                syntax: "key field", hexists),
            writer(
                "hgetdel", arity: -5, flags: [.write, .fast], [.readWrite, .access, .delete], since: "8.0.0",
                complexity: "O(N) for N fields", summary: "Returns the values of fields and removes them.",
                syntax: "key FIELDS numfields field [field ...]", hgetdel),
        ]
    }

    static func hget(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var slot = try context.slotForReading(arguments[1], .hash)
        context.replyField(arguments[1], &slot, arguments[2])
        return .done
    }

    static func hmget(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var slot = try context.slotForReading(arguments[1], .hash)
        context.reply.array(arguments.count - 2)
        var expired: [Int] = []
        for index in 2..<arguments.count { context.replyField(&slot, index, arguments, &expired) }
        if !expired.isEmpty {
            context.noticeExpired(expired, of: arguments[1], arguments)
            context.removeIfEmpty(arguments[1], &slot)
        }
        return .done
    }

    /// Counts expired fields that are still there: counting the others would take a walk.
    static func hlen(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let slot = try context.slotForReading(arguments[1], .hash)
        context.reply.integer(slot.entry?.fieldCount ?? 0)
        return .done
    }

    static func hstrlen(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var slot = try context.slotForReading(arguments[1], .hash)
        var count = 0
        if let entry = slot.entry, entry.readField(arguments[2], at: context.now, { count = $0.byteCount }) == .expired {
            context.expireField(arguments[1], &slot, arguments[2])
        }
        context.reply.integer(count)
        return .done
    }

    static func hexists(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var slot = try context.slotForReading(arguments[1], .hash)
        let isPresent = context.lookupField(arguments[1], &slot, arguments[2]).isPresent
        context.reply.flag(isPresent)
        return .done
    }

    static func hgetdel(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let names = try FieldNames(&context, arguments, at: 2)
        var slot = try context.slotForWriting(key, .hash)
        context.reply.array(names.count)
        var removed: [Int] = []
        var expired: [Int] = []
        for index in names.range where context.replyField(&slot, index, arguments, &expired) {
            _ = context.removeField(&slot, arguments[index])
            removed.append(index)
        }
        context.noticeExpired(expired, of: key, arguments)
        if !removed.isEmpty {
            context.effects.begin(2 + removed.count)
            context.effects.word("HDEL")
            context.effects.word(key)
            for index in removed { context.effects.word(arguments[index]) }
            context.keyModified(key, KeyEvent("hdel", .hash), .words(removed), arguments)
        }
        context.removeIfEmpty(key, &slot)
        return .done
    }
}
