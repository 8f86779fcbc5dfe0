import Engine
import Keyspace
import Primitives
import RESP

/// Commands about the connection itself.
public enum Connection {
    public static var declarations: [CommandDeclaration] { basics + handshake + [client, monitor] }

    private static var basics: [CommandDeclaration] {
        let anywhere: CommandFlags = [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy, .immediate]
        return [
            CommandDeclaration(
                "ping", arity: -1, [.fast, .whileSubscribed], .connection, group: .connection, since: "1.0.0",
                summary: "Answers, to show that the server is there.", syntax: "[message]",
                tips: ["request_policy:all_shards", "response_policy:all_succeeded"], ping),
            CommandDeclaration(
                "echo", arity: 2, [.loading, .stale, .fast], .connection, group: .connection, since: "1.0.0",
                summary: "Sends the given string back.", syntax: "message", echo),
            CommandDeclaration(
                "quit", arity: -1, anywhere.union(.whileSubscribed), .connection, group: .connection, since: "1.0.0",
                summary: "Ends the connection.", deprecated: .init(since: "7.2.0", replacement: "just closing the connection"),
                quit),
            CommandDeclaration(
                "reset", arity: 1, anywhere.union(.whileSubscribed), .connection, group: .connection, since: "6.2.0",
                summary: "Brings the connection back to the state of a new one.", reset),
            CommandDeclaration(
                "select", arity: 2, [.loading, .stale, .fast], .connection, group: .connection, since: "1.0.0",
                summary: "Chooses the database for the commands that follow.", syntax: "index", select),
        ]
    }

    static func ping(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count <= 2 else { throw context.failure("ERR wrong number of arguments for 'ping' command") }
        if context.session.flags.contains(.subscribed), context.reply.version == .resp2 {
            context.reply.array(2)
            context.reply.bulk("pong")
            context.reply.bulk(arguments.count == 2 ? arguments[1] : RawSpan(literal: ""))
        } else if arguments.count == 2 {
            context.reply.bulk(arguments[1])
        } else {
            context.reply.simple("PONG")
        }
        return .done
    }

    static func echo(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply.bulk(arguments[1])
        return .done
    }

    static func quit(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply.ok()
        return .close
    }

    static func reset(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.resetSession()
        context.reply.simple("RESET")
        return .done
    }

    static func select(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.session.database = try context.databaseIndex(arguments[1], notInteger: .notInteger)
        context.reply.ok()
        return .done
    }
}

extension CommandContext {
    /// An error whose text quotes a word of the request.
    mutating func failure(_ before: String, quoting word: RawSpan, _ after: String = "'") -> CommandError {
        failure(bytes: [UInt8](before) + word.array + [UInt8](after))
    }
}
