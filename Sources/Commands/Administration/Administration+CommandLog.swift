// SLOWLOG and COMMANDLOG: the commands that took long or were large.

import Engine
import Primitives
import RESP

extension Administration {
    private static var flags: CommandFlags { [.admin, .loading, .stale] }
    private static var perEntry: StaticString { "O(N) where N is the number of entries" }
    private static var perServer: [StaticString] { ["request_policy:all_nodes", "nondeterministic_output"] }

    static var slowLog: CommandDeclaration {
        CommandDeclaration(
            container: "slowlog", group: .server, since: "2.2.12", summary: "Shows commands that took long.",
            subcommands: [
                CommandDeclaration(
                    "get", arity: -2, flags, group: .server, since: "2.2.12", complexity: perEntry,
                    summary: "Returns the latest entries of the slow log: number, Unix time, microseconds, words, client.",
                    syntax: "[count]", tips: perServer, slowLogGet),
                CommandDeclaration(
                    "len", arity: 2, flags, group: .server, since: "2.2.12", summary: "Counts the entries of the slow log.",
                    tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"], slowLogCount),
                CommandDeclaration(
                    "reset", arity: 2, flags, group: .server, since: "2.2.12", complexity: perEntry,
                    summary: "Empties the slow log.",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], slowLogReset),
                .help(of: "slowlog", group: .server, since: "6.2.0"),
            ])
    }

    static var commandLog: CommandDeclaration {
        CommandDeclaration(
            container: "commandlog", group: .server, since: "8.1.0",
            summary: "Shows commands that took long or were large.",
            subcommands: [
                CommandDeclaration(
                    "get", arity: 4, flags, group: .server, since: "8.1.0", complexity: perEntry,
                    summary: "Returns the latest entries of a log: number, Unix time, microseconds or bytes, words, client.",
                    syntax: "count <type: SLOW | LARGE-REQUEST | LARGE-REPLY>", tips: perServer, commandLogGet),
                CommandDeclaration(
                    "len", arity: 3, flags, group: .server, since: "8.1.0", summary: "Counts the entries of a log.",
                    syntax: "<type: SLOW | LARGE-REQUEST | LARGE-REPLY>",
                    tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"], commandLogCount),
                CommandDeclaration(
                    "reset", arity: 3, flags, group: .server, since: "8.1.0", complexity: perEntry,
                    summary: "Empties a log.", syntax: "<type: SLOW | LARGE-REQUEST | LARGE-REPLY>",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], commandLogReset),
                .help(of: "commandlog", group: .server, since: "8.1.0"),
            ])
    }

    // MARK: SLOWLOG

    private static func slowLogGet(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else {
            throw context.failure(
                bytes: [UInt8]("ERR unknown subcommand or wrong number of arguments for '") + arguments[1].array
                    + [UInt8]("'. Try SLOWLOG HELP."))
        }
        replyNotes(&context, .slow, arguments.count == 3 ? try count(&context, arguments[2]) : 10)
        return .done
    }

    private static func slowLogCount(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.statistics.commandLog.count(.slow))
        return .done
    }

    private static func slowLogReset(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.statistics.commandLog.reset(.slow)
        context.reply.ok()
        return .done
    }

    // MARK: COMMANDLOG

    private static func commandLogGet(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let limit = try count(&context, arguments[2])
        replyNotes(&context, try kind(&context, arguments[3]), limit)
        return .done
    }

    private static func commandLogCount(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let kind = try kind(&context, arguments[2])
        context.reply.integer(context.statistics.commandLog.count(kind))
        return .done
    }

    private static func commandLogReset(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.statistics.commandLog.reset(try kind(&context, arguments[2]))
        context.reply.ok()
        return .done
    }

    // MARK: Both

    /// How many entries are asked for; -1 means all.
    private static func count(_ context: inout CommandContext, _ word: RawSpan) throws(CommandError) -> Int {
        guard let value = word.canonicalInteger, value >= -1 else {
            throw context.failure("ERR count should be greater than or equal to -1")
        }
        return value < 0 ? Int.max : Int(value)
    }

    private static func kind(_ context: inout CommandContext, _ word: RawSpan) throws(CommandError) -> CommandLogKind {
        if word.matches("slow") { return .slow }
        if word.matches("large-request") { return .largeRequest }
        if word.matches("large-reply") { return .largeReply }
        throw context.failure("ERR type should be one of the following: slow, large-request, large-reply")
    }

    private static func replyNotes(_ context: inout CommandContext, _ kind: CommandLogKind, _ limit: Int) {
        let notes = context.statistics.commandLog.latest(limit, kind)
        context.reply.array(notes.count)
        for note in notes {
            context.reply.array(6)
            context.reply.integer(note.number)
            context.reply.integer(note.seconds)
            context.reply.integer(note.measure)
            context.reply.array(note.words.count)
            for word in note.words { context.reply.bulk(word) }
            context.reply.bulk(note.address)
            context.reply.bulk(note.name)
        }
    }
}
