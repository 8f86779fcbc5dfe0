import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var setDeclarations: [CommandDeclaration] {
        [
            writer(
                "hset", arity: -4, [.readWrite, .update], since: "2.0.0", complexity: "O(N) for N fields",
                summary: "Sets fields of a hash.", syntax: "key field value [field value ...]",
                history: ["4.0.0": "Several fields."], hset),
            writer(
                "hmset", arity: -4, [.readWrite, .update], since: "2.0.0", complexity: "O(N) for N fields",
                summary: "Sets fields of a hash.", syntax: "key field value [field value ...]",
                deprecated: CommandDeclaration.Deprecation(since: "4.0.0", replacement: "`HSET` with multiple field-value pairs"),
                hmset),
            writer(
                "hsetnx", arity: 4, [.readWrite, .insert], since: "2.0.0",
                summary: "Sets a field of a hash if it does not exist.", syntax: "key field value", hsetnx),
            writer(
                "hdel", arity: -3, flags: [.write, .fast], [.readWrite, .delete], since: "2.0.0",
                complexity: "O(N) for N fields", summary: "Removes fields of a hash, and the hash with the last of them.",
                syntax: "key field [field ...]", history: ["2.4.0": "Several fields."], hdel),
        ]
    }

    static func hset(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let added = try setFields(&context, arguments, "hset")
        context.reply.integer(added)
        return .done
    }

    static func hmset(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        _ = try setFields(&context, arguments, "hmset")
        context.reply.ok()
        return .done
    }

    private static func setFields(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ command: StaticString
    ) throws(CommandError) -> Int {
        guard arguments.count % 2 == 0 else {
            throw context.failure("ERR wrong number of arguments for '\(command)' command")
        }
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .hash)
        let limits = context.hashLimits
        let access = context.freshAccess
        let now = context.now
        let added = context[slot].setFields(
            key, slot.hash, existing: slot.entry, arguments, from: 2, limits, at: now, access)
        context.keyModified(key, KeyEvent("hset", .hash), .pairs(2..<arguments.count), arguments)
        return added
    }

    static func hsetnx(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var slot = try context.slotForWriting(key, .hash)
        if context.lookupField(key, &slot, arguments[2]).isPresent {
            context.reply.flag(false)
            return .done
        }
        _ = context.setField(key, &slot, arguments[2], arguments[3], .clear)
        context.keyModified(key, KeyEvent("hset", .hash), .word(2), arguments)
        context.reply.flag(true)
        return .done
    }

    /// Does not ask whether a field is expired: removing it is what is wanted.
    static func hdel(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var slot = try context.slotForWriting(key, .hash)
        let tellsFields = context.tellsFields
        var removed = 0
        var fields: [Int] = []
        for index in 2..<arguments.count where context.removeField(&slot, arguments[index]) {
            removed += 1
            if tellsFields { fields.append(index) }
        }
        if removed > 0 {
            context.keyModified(key, KeyEvent("hdel", .hash), .words(fields), arguments)
            context.removeIfEmpty(key, &slot)
        }
        context.reply.integer(removed)
        return .done
    }
}
