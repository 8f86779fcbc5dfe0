import Engine
import Keyspace
import Primitives
import RESP

/// MULTI and EXEC, which run queued commands as one unit, and WATCH, which has
/// EXEC run nothing when a key was changed meanwhile. The queue itself is the
/// engine's (Engine+Transactions.swift).
enum Transactions {
    static var declarations: [CommandDeclaration] {
        let anywhere: CommandFlags = [.noScript, .loading, .stale, .immediate]
        let quick = anywhere.union([.fast, .allowBusy])
        return [
            CommandDeclaration(
                "multi", arity: 1, quick.union(.noMulti), .transaction, group: .transactions, since: "1.2.0",
                summary: "Starts a transaction: what follows is queued.", multi),
            CommandDeclaration(
                "exec", arity: 1, anywhere.union([.skipSlowlog, .runsQueue]), .transaction, group: .transactions,
                since: "1.2.0", complexity: "Depends on the commands in the transaction",
                summary: "Runs the queued commands, with nothing in between.", exec),
            CommandDeclaration(
                "discard", arity: 1, quick, .transaction, group: .transactions, since: "2.0.0",
                complexity: "O(N) where N is the number of queued commands", summary: "Gives a transaction up.", discard),
            CommandDeclaration(
                "watch", arity: -2, quick.union(.noMulti), .transaction, keys: [.keys(from: 1, .readOnly)],
                group: .transactions, since: "2.2.0", complexity: "O(1) for every key",
                summary: "Has the next transaction run only if keys stay as they are.", syntax: "key [key ...]", watch),
            CommandDeclaration(
                "unwatch", arity: 1, [.noScript, .loading, .stale, .fast, .allowBusy], .transaction, group: .transactions,
                since: "2.2.0", summary: "Forgets the watched keys.", unwatch),
        ]
    }

    static func multi(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard !context.session.hasTransaction else { throw context.failure("ERR MULTI calls can not be nested") }
        context.session.transaction = Box(Transaction())
        context.reply.ok()
        return .done
    }

    static func exec(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard context.session.hasTransaction else { throw context.failure("ERR EXEC without MULTI") }
        let isStale = context.hasWatchedChange
        context.unwatchAll()
        guard isStale, !context.session.isTransactionAborted else { return .executeTransaction }
        context.session.transaction = nil
        context.reply.nullArray()
        return .done
    }

    static func discard(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard context.session.hasTransaction else { throw context.failure("ERR DISCARD without MULTI") }
        context.session.transaction = nil
        context.unwatchAll()
        context.reply.ok()
        return .done
    }

    static func watch(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard !context.session.hasTransaction else { throw context.failure("ERR WATCH inside MULTI is not allowed") }
        for index in 1..<arguments.count { context.watch(arguments[index]) }
        context.reply.ok()
        return .done
    }

    static func unwatch(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.unwatchAll()
        context.reply.ok()
        return .done
    }
}
