import Engine
import Primitives
import RESP

/// BACKUP: all data as files that can be copied while the server runs, as in Redis 8.10.
enum Backups {
    static var declarations: [CommandDeclaration] {
        let changes: CommandFlags = [.admin, .noScript]
        let looks: CommandFlags = [.admin, .stale]
        return [
            CommandDeclaration(
                container: "backup", arity: 2, group: .server, since: "8.10.0", summary: "Makes backups while the server runs.",
                subcommands: [
                    subcommand("abort", changes, "Gives up a backup that is not sealed.") { (context) throws(BackupRefusal) in
                        try context.abortBackup()
                    },
                    subcommand("cleanup", changes, "Removes the files of a sealed backup.") { (context) throws(BackupRefusal) in
                        try context.cleanUpBackup()
                    },
                    .help(of: "backup", group: .server, since: "8.10.0"),
                    CommandDeclaration(
                        "list", arity: 2, looks, group: .server, since: "8.10.0",
                        summary: "Returns the paths of the files that are complete.", list),
                    subcommand("seal", changes, "Completes the backup with what has changed up to now.") {
                        (context) throws(BackupRefusal) in try context.sealBackup()
                    },
                    subcommand("start", changes, "Begins a backup in the directory 'backupdirname'.") {
                        (context) throws(BackupRefusal) in try context.startBackup()
                    },
                    CommandDeclaration(
                        "status", arity: 2, looks, group: .server, since: "8.10.0", summary: "Tells how the backup stands.", status),
                ])
        ]
    }

    /// A subcommand that says OK or why not.
    private static func subcommand(
        _ name: StaticString, _ flags: CommandFlags, _ summary: StaticString,
        _ step: @escaping @Sendable (inout CommandContext) throws(BackupRefusal) -> Void
    ) -> CommandDeclaration {
        CommandDeclaration(name, arity: 2, flags, group: .server, since: "8.10.0", summary: summary) {
            (context: inout CommandContext, _) throws(CommandError) in
            do throws(BackupRefusal) {
                try step(&context)
            } catch {
                throw context.failure("ERR \(error.text)")
            }
            context.reply.ok()
            return .done
        }
    }

    private static func list(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let paths = context.statistics.appendOnly.backup.paths
        context.reply.array(paths.count)
        for path in paths { context.reply.bulk(path) }
        return .done
    }

    private static func status(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let backup = context.statistics.appendOnly.backup
        let fields = [
            ("state", backup.state.rawValue), ("error", backup.error), ("start_time", String((backup.begin ?? 0) / 1000)),
            ("end_time", String((backup.end ?? 0) / 1000)),
        ]
        context.reply.map(fields.count)
        for (name, value) in fields {
            context.reply.bulk(name)
            context.reply.bulk(value)
        }
        return .done
    }
}
