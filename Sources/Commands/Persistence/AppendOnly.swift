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
                summary: "Has a copy of the process write the append-only file anew, as short as it can be.", rewrite),
            CommandDeclaration(
                "waitaof", arity: 4, [.blocking], [.connection], group: .generic, since: "7.2.0", complexity: "O(1)",
                summary: "Waits until what the connection has written is on the disk, here or at replicas.",
                syntax: "numlocal=integer numreplicas=integer timeout=integer",
                tips: ["request_policy:all_shards", "response_policy:agg_min"], waitForDisk),
        ]
    }

    /// Answers with how many disks have what the connection has written: its own, and those of replicas.
    private static func waitForDisk(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let local = try context.integer(arguments[1]).value
        guard (0...1).contains(local) else { throw context.failure("ERR value is out of range, value must between 0 and 1") }
        let replicas = try context.integer(arguments[2]).value
        guard replicas >= 0 else { throw context.failure("ERR value is out of range, must be positive") }
        let deadline = try moment(arguments[3], &context)
        guard local == 0 || context.configuration.appendOnly.isEnabled else {
            throw context.failure("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
        }
        let synced: Int64 = context.isSessionSynced ? 1 : 0
        guard context.mustAnswerNow || synced >= local && replicas == 0 else {
            context.waitForDisk(until: deadline)
            return .block
        }
        context.reply.array(2)
        context.reply.integer(synced)
        context.reply.integer(0 as Int64)
        return .done
    }

    /// When a timeout in milliseconds is over; nil: never.
    private static func moment(_ word: RawSpan, _ context: inout CommandContext) throws(CommandError) -> Milliseconds? {
        guard let timeout = word.canonicalInteger else { throw context.failure("ERR timeout is not an integer or out of range") }
        guard timeout >= 0 else { throw .notPositiveTimeout }
        guard timeout > 0 else { return nil }
        let (moment, overflow) = context.now.addingReportingOverflow(timeout)
        guard !overflow else { throw context.failure("ERR timeout is out of range") }
        return moment
    }

    private static func rewrite(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard context.statistics.appendOnly.rewriting.child == nil else {
            throw context.failure("ERR Background append only file rewriting already in progress")
        }
        // What a transaction has changed so far is not in the journal yet: it would be in the base and behind it.
        if context.hasChild || context.session.isExecuting || context.statistics.appendOnly.backup.holdsRewrites {
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
