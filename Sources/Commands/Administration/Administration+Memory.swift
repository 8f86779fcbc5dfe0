import Engine
import Keyspace
import Primitives
import RESP

extension Administration {
    static var memory: CommandDeclaration {
        let nondeterministic: [StaticString] = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]
        return CommandDeclaration(
            container: "memory", group: .server, since: "4.0.0", summary: "Tells what occupies memory.",
            subcommands: [
                CommandDeclaration(
                    "doctor", arity: 2, [], group: .server, since: "4.0.0",
                    summary: "Explains in words what may be wrong with the use of memory.", tips: nondeterministic,
                    memoryDoctor),
                .help(of: "memory", group: .server, since: "4.0.0"),
                CommandDeclaration(
                    "malloc-stats", arity: 2, [], group: .server, since: "4.0.0", complexity: "Depends on the allocator",
                    summary: "Returns the allocator's account of itself.", tips: nondeterministic, memoryAllocator),
                CommandDeclaration(
                    "purge", arity: 2, [], group: .server, since: "4.0.0", complexity: "Depends on the allocator",
                    summary: "Gives unused memory back to the system.",
                    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], memoryPurge),
                CommandDeclaration(
                    "stats", arity: 2, [], group: .server, since: "4.0.0",
                    complexity: "O(N) where N is the number of clients", summary: "Returns where the memory is.",
                    tips: nondeterministic, memoryStatistics),
                CommandDeclaration(
                    "usage", arity: -3, .readonly, keys: [.key(2, .readOnly)], group: .server, since: "4.0.0",
                    complexity: "O(N) where N is the number of samples",
                    summary: "Returns the bytes that a key and its value occupy.", syntax: "key [SAMPLES count]",
                    memoryUsage),
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
            context.reply.integer(entry.memoryUsage + entry.tableShare)
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

    private static func memoryAllocator(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.verbatim(context.host.allocatorAccount.report().rawSpan, format: "txt")
        return .done
    }

    private static func memoryDoctor(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let text = MemoryReport.advice(MemoryOverview(&context), clients: context.clients.count)
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
        return .done
    }

    private static func memoryStatistics(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let memory = MemoryOverview(&context)
        MemoryReport.write(memory, to: &context.reply)
        return .done
    }
}
