import Engine
import Primitives
import RESP

extension Administration {
    static var debug: CommandDeclaration {
        CommandDeclaration(
            "debug", arity: -2, [.admin, .noScript, .loading, .stale], group: .server, since: "1.0.0",
            complexity: "Depends on subcommand.", summary: "Tools for those who test and debug the server.",
            syntax: "subcommand [argument [argument ...]]",
            isInternal: true, debugCommand)
    }

    private static func debugCommand(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard context.configuration.process.debugCommand.allows(context.session.identity.peer) else {
            throw context.failure(
                "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it "
                    + "from a local connection, otherwise you need to set this option in the configuration file, "
                    + "and then restart the server.")
        }
        let subcommand = arguments[1].text.lowercased()
        if try debugValue(subcommand, &context, arguments) { return .done }
        if try debugProcess(subcommand, &context, arguments) { return .done }
        switch (subcommand, arguments.count) {
        case ("help", 2): debugHelp(&context)
        case ("set-active-expire", 3):
            context.host.debug.isExpiryActive = try context.integer(arguments[2]).value != 0
            context.reply.ok()
        case ("sleep", 3):
            guard let seconds = arguments[2].double, seconds >= 0, seconds < 1e6 else { throw .notFloat }
            context.host.sleep(Int64(seconds * 1_000_000))
            context.reply.ok()
        case ("object", 3), ("object", 4): try debugObject(&context, arguments)
        case ("digest", 2): DatasetDigest.reply(&context)
        case ("digest-value", 3...): DatasetDigest.reply(&context, ofValues: arguments)
        case ("pause-cron", 3):
            context.host.debug.isCyclePaused = try context.integer(arguments[2]).value != 0
            context.reply.ok()
        case ("structsize", 2): debugSizes(&context)
        case ("htstats-key", 3), ("htstats-key", 4): try debugTableOfKey(&context, arguments[2])
        case ("sdslen", 3): try debugStringLength(&context, arguments[2])
        case ("protocol", 3): try debugProtocol(&context, arguments[2].text.lowercased())
        case ("populate", 3...5): try debugPopulate(&context, arguments)
        case ("config-rewrite-force-all", 2): return try rewriteConfiguration(&context, everything: true)
        case ("reload", 2...5): try debugReload(&context, arguments)
        case ("set-skip-checksum-validation", 3):
            context.host.debug.skipsChecksums = try context.integer(arguments[2]).value != 0
            context.reply.ok()
        case ("error", 3): throw context.failure(bytes: arguments[2].array)
        case ("log", 3):
            context.requests.logLines.append("DEBUG LOG: " + arguments[2].text)
            context.reply.ok()
        case ("htstats", 3), ("htstats", 4): try debugTables(&context, arguments[2])
        case ("stringmatch-len", 4):
            let text = [UInt8](repeating: 97, count: Int(max(0, min(1 << 20, try context.integer(arguments[2]).value))))
            context.reply.flag(Glob.matches(arguments[3], text.rawSpan))
        default:
            throw context.failure(
                bytes: [UInt8]("ERR unknown subcommand or wrong number of arguments for '")
                    + arguments[1].slice(0, min(128, arguments[1].byteCount)).array + [UInt8]("'. Try DEBUG HELP."))
        }
        return .done
    }

    private static func debugHelp(_ context: inout CommandContext) {
        context.replyHelp(
            "DEBUG",
            [
                "CONFIG-REWRITE-FORCE-ALL", "    Like CONFIG REWRITE, and writes defaults as well.",
                "DIGEST", "    Answer with a digest of all data, the same for the same data.",
                "DIGEST-VALUE <key> [<key> ...]", "    Answer with digests of values.",
                "ERROR <string>", "    Answer with <string> as an error.",
                "HTSTATS <dbid>", "    Show how full the tables of a database are.",
                "HTSTATS-KEY <key>", "    Show how full the table of a value is.",
                "LOG <message>", "    Write <message> to the server's log.",
                "OBJECT <key> [fast]", "    Show how the value of <key> is held; fast: without its serialized length.",
                "PAUSE-CRON <0|1>", "    Stop the periodic work, or let it go on.",
                "POPULATE <count> [<prefix>] [<size>]", "    Create <count> string keys named <prefix>:<number>.",
                "PROTOCOL <type>", "    Answer with a value of the given reply type.",
                "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
                "    Save all data and load it again. NOSAVE: load the file that is there; NOFLUSH: keep the present keys;",
                "    MERGE: let those of the file replace them.",
                "SDSLEN <key>", "    Show the lengths and capacities of key and value.",
                "SET-ACTIVE-EXPIRE <0|1>", "    Switch the active removal of expired keys.",
                "SET-SKIP-CHECKSUM-VALIDATION <0|1>", "    Take payloads for RESTORE whose checksum is wrong.",
                "SLEEP <seconds>", "    Stop the whole server for <seconds>, fractions allowed.",
                "STRUCTSIZE", "    Show the sizes of some structures.",
                "STRINGMATCH-LEN <length> <pattern>", "    Match a string of <length> letters with <pattern>.",
            ] + debugValueHelp + debugProcessHelp)
    }
}
