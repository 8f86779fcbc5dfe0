import Engine
import Primitives
import RESP

extension Administration {
    static var memory: CommandDeclaration {
        CommandDeclaration(
            container: "memory", group: .server, since: "4.0.0", summary: "Tells what occupies memory.",
            subcommands: [
                CommandDeclaration(
                    "usage", arity: -3, .readonly, keys: [.key(2, .readOnly)], group: .server, since: "4.0.0",
                    complexity: "O(N) where N is the number of samples",
                    summary: "Returns the bytes that a key and its value occupy.", syntax: "key [SAMPLES count]",
                    memoryUsage),
                CommandDeclaration(
                    "purge", arity: 2, [], group: .server, since: "4.0.0", complexity: "Depends on the allocator",
                    summary: "Gives unused memory back to the system.",
                    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], memoryPurge),
                CommandDeclaration(
                    "help", arity: 2, [.loading, .stale], group: .server, since: "4.0.0",
                    summary: "Lists the subcommands.", memoryHelp),
            ])
    }

    private static func memoryUsage(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        for i in stride(from: 3, to: arguments.count, by: 2) {
            guard arguments[i].matches("SAMPLES"), i + 1 < arguments.count else { throw .syntax }
            guard try context.integer(arguments[i + 1]).value >= 0 else { throw .syntax }
        }
        if let entry = context.lookupWrite(arguments[2]).entry {
            context.reply.integer(entry.memoryUsage)
        } else {
            context.reply.null()
        }
        return .done
    }

    private static func memoryPurge(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.requests.purgeMemory = true
        context.reply.ok()
        return .done
    }

    private static func memoryHelp(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.replyHelp(
            "MEMORY",
            [
                "PURGE", "    Give unused memory back to the system.",
                "USAGE <key> [SAMPLES <count>]", "    Return the bytes that <key> and its value occupy.",
            ])
        return .done
    }
}
