import Engine
import Keyspace
import Primitives
import RESP

/// Commands about the append-only file.
enum AppendOnly {
    static var declarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "bgrewriteaof", arity: 1, [.admin, .noAsyncLoading, .noScript], group: .server, since: "1.0.0",
                summary: "Has a copy of the process write the append-only file anew, as short as it can be.", rewrite)
        ]
    }

    private static func rewrite(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard context.statistics.appendOnly.child == nil else {
            throw context.failure("ERR Background append only file rewriting already in progress")
        }
        // What a transaction has changed so far is not in the journal yet: it would be in the base and behind it.
        if context.hasChild || context.session.isExecuting {
            context.scheduleRewrite()
            context.reply.status(RawSpan(literal: "Background append only file rewriting scheduled"))
            return .done
        }
        do throws(RewriteFailure) {
            try context.startRewrite()
        } catch {
            throw context.failure("ERR Can't execute an AOF background rewriting. Please check the server logs for more information.")
        }
        context.reply.status(RawSpan(literal: "Background append only file rewriting started"))
        return .done
    }
}

extension Administration {
    /// DEBUG LOADAOF: the data becomes what the append-only file says.
    static func debugLoadAppendOnlyFile(_ context: inout CommandContext) throws(CommandError) {
        guard context.completeAppendOnlyFile() else {
            throw context.failure("ERR Error trying to load the AOF files, check server logs.")
        }
        for number in 0..<context.databaseCount {
            context.willReplace(DatabaseIndex(number))
            context.flush(DatabaseIndex(number), .now)
        }
        do throws(LoadFailure) {
            try context.reloadAppendOnlyFile()
        } catch {
            if case .failed(let text) = error { context.requests.logLines.append(text) }
            throw context.failure("ERR Error trying to load the AOF files, check server logs.")
        }
        context.effects.suppress()
        context.requests.logLines.append("Append Only File loaded by DEBUG LOADAOF")
        context.reply.ok()
    }
}
