// SAVE, BGSAVE, LASTSAVE, the payloads of DUMP and RESTORE, and MIGRATE.

import Engine
import Keyspace
import Persistence
import Primitives
import RESP

enum Snapshots {
    static var declarations: [CommandDeclaration] { saving + payloads + migration }

    private static var saving: [CommandDeclaration] {
        [
            CommandDeclaration(
                "save", arity: 1, [.admin, .noAsyncLoading, .noMulti, .noScript], group: .server, since: "1.0.0",
                complexity: "O(N) where N is the total number of keys in all databases",
                summary: "Writes all data to the disk while everybody waits.", save),
            CommandDeclaration(
                "bgsave", arity: -1, [.admin, .noAsyncLoading, .noScript], group: .server, since: "1.0.0",
                summary: "Has a copy of the process write all data to the disk.",
                syntax: "[operation: SCHEDULE@3.2.2 | CANCEL@8.1.0]",
                history: ["3.2.2": "SCHEDULE.", "8.1.0": "CANCEL."], saveInBackground),
            CommandDeclaration(
                "lastsave", arity: 1, [.loading, .stale, .fast], [.admin, .dangerous], group: .server, since: "1.0.0",
                summary: "Returns when all data was last saved.", tips: ["nondeterministic_output"], lastSave),
        ]
    }

    private static func save(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard !context.isSavingInBackground else { throw context.failure("ERR Background save already in progress") }
        do throws(SaveFailure) {
            try context.saveSnapshot()
        } catch {
            throw context.failure("ERR")
        }
        context.reply.ok()
        return .done
    }

    private static func saveInBackground(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count < 3 else { throw .syntax }
        if arguments.count == 2 {
            if arguments[1].matches("CANCEL") { return try cancel(&context) }
            guard arguments[1].matches("SCHEDULE") else { throw .syntax }
        }
        guard !context.isSavingInBackground else { throw context.failure("ERR Background save already in progress") }
        if context.statistics.appendOnly.rewriting.child != nil, arguments.count == 1 {
            throw context.failure(
                "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a "
                    + "BGSAVE whenever possible.")
        }
        if context.session.isExecuting || context.hasChild {
            context.scheduleBackgroundSave()
            context.reply.status(RawSpan(literal: "Background saving scheduled"))
            return .done
        }
        do throws(SaveFailure) {
            try context.startBackgroundSave()
        } catch {
            throw context.failure("ERR")
        }
        context.reply.status(RawSpan(literal: "Background saving started"))
        return .done
    }

    private static func cancel(_ context: inout CommandContext) throws(CommandError) -> Outcome {
        guard context.isSavingInBackground || context.statistics.snapshots.isScheduled else {
            throw context.failure("ERR Background saving is currently not in progress or scheduled")
        }
        let isRunning = context.isSavingInBackground
        context.stopBackgroundSave()
        context.reply.status(
            isRunning
                ? RawSpan(literal: "Background saving cancelled") : RawSpan(literal: "Scheduled background saving cancelled"))
        return .done
    }

    private static func lastSave(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.statistics.snapshots.lastSave / 1000)
        return .done
    }
}
