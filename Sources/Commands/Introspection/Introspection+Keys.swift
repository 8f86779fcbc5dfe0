// COMMAND GETKEYS and GETKEYSANDFLAGS.

import Engine
import Primitives
import RESP

extension Introspection {
    static func commandGetKeys(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let keys = try keys(&context, arguments)
        context.reply.array(keys.count)
        for key in keys { context.reply.bulk(arguments[key.index]) }
        return .done
    }

    static func commandGetKeysAndFlags(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let keys = try keys(&context, arguments)
        context.reply.array(keys.count)
        for key in keys {
            context.reply.array(2)
            context.reply.bulk(arguments[key.index])
            context.reply.describe(key.flags)
        }
        return .done
    }

    /// The keys of the request that stands behind COMMAND GETKEYS.
    private static func keys(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> [KeyReference] {
        guard let id = context.commands.resolve(arguments, from: 2) else {
            throw context.failure("ERR Invalid command specified")
        }
        let command = context.commands.commands[id]
        guard command.declaration.keys.contains(where: { !$0.flags.contains(.notKey) }) else {
            throw context.failure("ERR The command has no key arguments")
        }
        guard command.accepts(arguments.count - 2) else {
            throw context.failure("ERR Invalid number of arguments specified for command")
        }
        let found = command.keys(of: arguments, from: 2) ?? []
        guard !found.isEmpty || command.flags.contains(.noMandatoryKeys) else {
            throw context.failure("ERR Invalid arguments specified for command")
        }
        return found
    }
}
