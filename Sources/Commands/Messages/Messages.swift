// Publish and subscribe: messages for whoever listens at the moment.

import Engine
import Primitives
import RESP

/// Commands that deliver messages from client to client.
public enum Messages {
    /// All of them.
    public static var declarations: [CommandDeclaration] { subscribing + unsubscribing + publishing + [pubsub] }

    private static var listening: CommandFlags { [.pubsub, .noScript, .loading, .stale, .whileSubscribed] }
    private static var sending: CommandFlags { [.pubsub, .loading, .stale, .fast, .mayReplicate] }

    private static var subscribing: [CommandDeclaration] {
        [
            CommandDeclaration(
                "subscribe", arity: -2, listening, group: .pubsub, since: "2.0.0",
                complexity: "O(N) where N is the number of channels", summary: "Listens to channels.",
                syntax: "channel [channel ...]", subscribe),
            CommandDeclaration(
                "psubscribe", arity: -2, listening, group: .pubsub, since: "2.0.0",
                complexity: "O(N) where N is the number of patterns",
                summary: "Listens to all channels whose names match patterns.", syntax: "pattern [pattern ...]",
                subscribeToPatterns),
            CommandDeclaration(
                "ssubscribe", arity: -2, listening, keys: [.keys(from: 1, .notKey)], group: .pubsub, since: "7.0.0",
                complexity: "O(N) where N is the number of shard channels", summary: "Listens to shard channels.",
                syntax: "shardchannel [shardchannel ...]", subscribeToShards),
        ]
    }

    private static var unsubscribing: [CommandDeclaration] {
        [
            CommandDeclaration(
                "unsubscribe", arity: -1, listening, group: .pubsub, since: "2.0.0",
                complexity: "O(N) where N is the number of channels", summary: "Listens no longer to channels, or to any.",
                syntax: "[channel [channel ...]]", unsubscribe),
            CommandDeclaration(
                "punsubscribe", arity: -1, listening, group: .pubsub, since: "2.0.0",
                complexity: "O(N) where N is the number of patterns",
                summary: "Listens no longer to what matches patterns, or any pattern.", syntax: "[pattern [pattern ...]]",
                unsubscribeFromPatterns),
            CommandDeclaration(
                "sunsubscribe", arity: -1, listening, keys: [.keys(from: 1, .notKey)], group: .pubsub, since: "7.0.0",
                complexity: "O(N) where N is the number of shard channels",
                summary: "Listens no longer to shard channels, or to any.", syntax: "[shardchannel [shardchannel ...]]",
                unsubscribeFromShards),
        ]
    }

    private static var publishing: [CommandDeclaration] {
        [
            CommandDeclaration(
                "publish", arity: 3, sending, group: .pubsub, since: "2.0.0",
                complexity: "O(N+M) where N is the number of subscribers of the channel and M that of all patterns",
                summary: "Sends a message to a channel.", syntax: "channel message", publish),
            CommandDeclaration(
                "spublish", arity: 3, sending, keys: [.key(1, .notKey)], group: .pubsub, since: "7.0.0",
                complexity: "O(N) where N is the number of subscribers of the shard channel",
                summary: "Sends a message to a shard channel.", syntax: "shardchannel message", publishToShard),
        ]
    }

    // MARK: Subscribing

    static func subscribe(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        subscribe("subscribe", .channel, &context, arguments)
    }

    static func subscribeToPatterns(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        subscribe("psubscribe", .pattern, &context, arguments)
    }

    static func subscribeToShards(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        // The reply of a transaction has one element for each command. The older commands may break that.
        guard !context.session.flags.contains(.executing) else {
            throw context.failure("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
        }
        return subscribe("ssubscribe", .shardChannel, &context, arguments)
    }

    private static func subscribe(
        _ word: StaticString, _ kind: SubscriptionKind, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) -> Outcome {
        context.replyIsPush()
        for i in 1..<arguments.count {
            let count = context.subscribe(to: arguments[i], kind)
            reply(word, arguments[i], count, &context)
        }
        return .done
    }

    private static func reply(_ word: StaticString, _ name: RawSpan, _ count: Int, _ context: inout CommandContext) {
        context.reply.push(3)
        context.reply.bulk(word)
        context.reply.bulk(name)
        context.reply.integer(count)
    }

    // MARK: Unsubscribing

    static func unsubscribe(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        unsubscribe("unsubscribe", .channel, &context, arguments)
    }

    static func unsubscribeFromPatterns(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        unsubscribe("punsubscribe", .pattern, &context, arguments)
    }

    static func unsubscribeFromShards(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        unsubscribe("sunsubscribe", .shardChannel, &context, arguments)
    }

    private static func unsubscribe(
        _ word: StaticString, _ kind: SubscriptionKind, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) -> Outcome {
        context.replyIsPush()
        if arguments.count > 1 {
            for i in 1..<arguments.count {
                let count = context.unsubscribe(from: arguments[i], kind)
                reply(word, arguments[i], count, &context)
            }
            return .done
        }
        let all = context.subscriptions(kind)
        for name in all {
            let count = context.unsubscribe(from: name.rawSpan, kind)
            reply(word, name.rawSpan, count, &context)
        }
        if all.isEmpty {
            context.reply.push(3)
            context.reply.bulk(word)
            context.reply.null()
            context.reply.integer(context.subscriptionCount(kind))
        }
        return .done
    }

    // MARK: Publishing

    static func publish(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let receivers = context.publish(arguments[1], arguments[2])
        propagate("PUBLISH", &context, arguments)
        context.reply.integer(receivers)
        return .done
    }

    static func publishToShard(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let receivers = context.publish(toShard: arguments[1], arguments[2])
        propagate("SPUBLISH", &context, arguments)
        context.reply.integer(receivers)
        return .done
    }

    /// Clients of replicas get messages as well, whoever listens here.
    private static func propagate(
        _ word: StaticString, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) {
        context.effects.beginMessage(3)
        context.effects.word(word)
        context.effects.word(arguments[1])
        context.effects.word(arguments[2])
    }
}
