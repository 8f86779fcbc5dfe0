import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var flushDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "flushdb", arity: -1, [.write], [.keyspace, .dangerous], group: .server, since: "1.0.0",
                complexity: "O(N) for N keys in the database", summary: "Empties the selected database.",
                syntax: "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]",
                history: ["4.0.0": "ASYNC.", "6.2.0": "SYNC."],
                tips: ["request_policy:all_shards", "response_policy:all_succeeded"], flushDatabase),
            CommandDeclaration(
                "flushall", arity: -1, [.write], [.keyspace, .dangerous], group: .server, since: "1.0.0",
                complexity: "O(N) for N keys in all databases", summary: "Empties every database.",
                syntax: "[flush-type: ASYNC@4.0.0 | SYNC@6.2.0]",
                history: ["4.0.0": "ASYNC.", "6.2.0": "SYNC."],
                tips: ["request_policy:all_shards", "response_policy:all_succeeded"], flushAll),
        ]
    }

    static func flushDatabase(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let freeing = try freeing(context, arguments)
        context.willReplace(context.session.database)
        context.changed(context.flush(context.session.database, freeing))
        finishFlush(&context, arguments)
        return .done
    }

    static func flushAll(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let freeing = try freeing(context, arguments)
        var removed = 0
        for number in 0..<context.databaseCount {
            let index = DatabaseIndex(number)
            context.willReplace(index)
            removed += context.flush(index, freeing)
        }
        if !context.saveFlush() { context.changed(removed) }
        finishFlush(&context, arguments)
        return .done
    }

    private static func freeing(
        _ context: borrowing CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> CommandContext.Freeing {
        guard arguments.count > 1 else { return context.configuration.lazyFree.userFlush ? .background : .now }
        guard arguments.count == 2 else { throw .syntax }
        if arguments[1].matches("ASYNC") { return .background }
        if arguments[1].matches("SYNC") { return .now }
        throw .syntax
    }

    /// A flush is propagated even when nothing was there: a replica may hold keys that are expired here.
    private static func finishFlush(_ context: inout CommandContext, _ arguments: borrowing Arguments) {
        context.invalidateAll()
        context.effects.begin(arguments.count)
        for index in 0..<arguments.count { context.effects.word(arguments[index]) }
        context.reply.ok()
    }
}
