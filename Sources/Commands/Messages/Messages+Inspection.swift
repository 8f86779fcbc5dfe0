// PUBSUB: what is listened to.

import Engine
import Primitives
import RESP

extension Messages {
    static var pubsub: CommandDeclaration {
        let flags: CommandFlags = [.pubsub, .loading, .stale]
        return CommandDeclaration(
            container: "pubsub", group: .pubsub, since: "2.8.0", summary: "Groups the commands that show who listens to what.",
            subcommands: [
                CommandDeclaration(
                    "channels", arity: -2, flags, group: .pubsub, since: "2.8.0",
                    complexity: "O(N) where N is the number of channels with subscribers",
                    summary: "Lists the channels that somebody listens to.", syntax: "[pattern]", listChannels),
                CommandDeclaration(
                    "numsub", arity: -2, flags, group: .pubsub, since: "2.8.0",
                    complexity: "O(N) where N is the number of channels asked for",
                    summary: "Counts the subscribers of channels.", syntax: "[channel [channel ...]]", countSubscribers),
                CommandDeclaration(
                    "numpat", arity: 2, flags, group: .pubsub, since: "2.8.0",
                    summary: "Counts the patterns that somebody listens to.", countPatterns),
                CommandDeclaration(
                    "shardchannels", arity: -2, flags, group: .pubsub, since: "7.0.0",
                    complexity: "O(N) where N is the number of shard channels with subscribers",
                    summary: "Lists the shard channels that somebody listens to.", syntax: "[pattern]", listShardChannels),
                CommandDeclaration(
                    "shardnumsub", arity: -2, flags, group: .pubsub, since: "7.0.0",
                    complexity: "O(N) where N is the number of shard channels asked for",
                    summary: "Counts the subscribers of shard channels.", syntax: "[shardchannel [shardchannel ...]]",
                    countShardSubscribers),
                .help(of: "pubsub", group: .pubsub, since: "6.2.0"),
            ])
    }

    static func listChannels(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try list(.channel, &context, arguments)
    }

    static func listShardChannels(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try list(.shardChannel, &context, arguments)
    }

    private static func list(
        _ kind: SubscriptionKind, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else { throw syntaxError(&context, arguments) }
        var names = context.clients.pubsub.names(kind)
        if arguments.count == 3 {
            let pattern = arguments[2].array
            names = names.filter { Glob.matches(pattern.rawSpan, $0.rawSpan) }
        }
        context.reply.array(names.count)
        for name in names { context.reply.bulk(name) }
        return .done
    }

    static func countSubscribers(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        count(.channel, &context, arguments)
    }

    static func countShardSubscribers(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        count(.shardChannel, &context, arguments)
    }

    private static func count(
        _ kind: SubscriptionKind, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) -> Outcome {
        context.reply.array((arguments.count - 2) * 2)
        for i in 2..<arguments.count {
            let count = context.clients.pubsub.subscriberCount(kind, arguments[i])
            context.reply.bulk(arguments[i])
            context.reply.integer(count)
        }
        return .done
    }

    static func countPatterns(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.clients.pubsub.count(.pattern))
        return .done
    }

    private static func syntaxError(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) -> CommandError {
        let word = arguments[1].slice(0, min(128, arguments[1].byteCount))
        return context.failure("ERR unknown subcommand or wrong number of arguments for '", quoting: word, "'. Try PUBSUB HELP.")
    }
}
