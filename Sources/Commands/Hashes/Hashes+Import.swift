// Many hashes with the same fields: the names are sent once for the connection,
// every hash sends its values only.

import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var importDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                container: "himport", group: .hash, since: "8.10.0", summary: "Imports hashes that share their fields.",
                subcommands: [
                    CommandDeclaration(
                        "prepare", arity: -4, .denyOOM, .hash, group: .hash, since: "8.10.0",
                        complexity: "O(N) for N fields", summary: "Names the fields of hashes to come, for this connection.",
                        syntax: "fieldset-name field [field ...]", prepare),
                    CommandDeclaration(
                        "set", arity: -5, [.write, .denyOOM], .hash, keys: [.key(2, [.overwrite, .update])], group: .hash,
                        since: "8.10.0", complexity: "O(N) for N fields",
                        summary: "Makes a hash of prepared fields and their values.",
                        syntax: "key fieldset-name value [value ...]", importHash),
                    CommandDeclaration(
                        "discard", arity: 3, [], .hash, group: .hash, since: "8.10.0",
                        summary: "Forgets a fieldset of this connection.", syntax: "fieldset-name", discard),
                    CommandDeclaration(
                        "discardall", arity: 2, [], .hash, group: .hash, since: "8.10.0", complexity: "O(N) for N fieldsets",
                        summary: "Forgets all fieldsets of this connection.", discardAll),
                ])
        ]
    }

    private static func prepare(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var fields: [[UInt8]] = []
        var seen = Set<[UInt8]>()
        for index in 3..<arguments.count {
            let field = arguments[index].array
            guard seen.insert(field).inserted else { throw context.failure("ERR duplicate field name in fieldset") }
            fields.append(field)
        }
        context.session.fieldsets.add(Fieldset(name: arguments[2].array, fields: fields))
        context.reply.ok()
        return .done
    }

    /// Propagated as what it amounts to: others do not know the fieldset.
    private static func importHash(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[2]
        guard let fieldset = context.session.fieldsets.find(arguments[3]) else {
            throw context.failure("ERR no such fieldset")
        }
        guard fieldset.fields.count == arguments.count - 4 else {
            throw context.failure("ERR value count does not match the number of fields in the fieldset")
        }
        let slot = try context.slotForWriting(key, .hash)
        if slot.entry != nil {
            context.remove(key, slot)
            context.effects.begin(2)
            context.effects.word("DEL")
            context.effects.word(key)
        }
        var words: [[UInt8]] = []
        for index in fieldset.fields.indices { words += [fieldset.fields[index], arguments[4 + index].array] }
        let pairs = OwnedArguments(words)
        let limits = context.hashLimits
        let access = context.freshAccess
        let now = context.now
        _ = context[slot].setFields(key, slot.hash, existing: nil, pairs.arguments, from: 0, limits, at: now, access)
        if slot.entry != nil { context.noticeReplacement(key, .hash, slot.database) }
        context.keyModified(key, KeyEvent("hset", .hash), .pairs(0..<words.count), pairs.arguments)
        context.effects.begin(2 + words.count)
        context.effects.word("HSET")
        context.effects.word(key)
        for word in words { context.effects.word(word.rawSpan) }
        context.reply.ok()
        return .done
    }

    private static func discard(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let isRemoved = context.session.fieldsets.remove(arguments[2])
        context.reply.flag(isRemoved)
        return .done
    }

    private static func discardAll(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.session.fieldsets.count)
        context.session.fieldsets.removeAll()
        return .done
    }
}
