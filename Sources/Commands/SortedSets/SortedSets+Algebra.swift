// Union, intersection and difference of sorted sets and sets.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension SortedSets {
    private static var unionCost: StaticString { "O(N)+O(M*log(M)) for N members in all sets and M in the result" }
    private static var intersectionCost: StaticString {
        "O(N*K)+O(M*log(M)) for K sets, N members in the smallest and M in the result"
    }
    private static var differenceCost: StaticString {
        "O(N*K)+O(M*log(M)) for K sets, N members in the first and M in the result"
    }

    private static func reading(
        _ name: StaticString, since: StaticString, cost: StaticString, summary: StaticString, syntax: StaticString,
        _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -3, [.readonly], .sortedset,
            keys: [.init(.index(1), .keynum(index: 0, first: 1, step: 1), [.readOnly, .access])], group: .sortedSet,
            since: since, complexity: cost, summary: summary, syntax: syntax, handler)
    }

    private static func storing(
        _ name: StaticString, since: StaticString, cost: StaticString, summary: StaticString, syntax: StaticString,
        _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -4, [.write, .denyOOM], .sortedset,
            keys: [
                .key(1, [.overwrite, .update]),
                .init(.index(2), .keynum(index: 0, first: 1, step: 1), [.readOnly, .access]),
            ],
            group: .sortedSet, since: since, complexity: cost, summary: summary, syntax: syntax, handler)
    }

    static var algebraDeclarations: [CommandDeclaration] {
        [
            reading(
                "zunion", since: "6.2.0", cost: unionCost, summary: "Returns the members of any of several sets.",
                syntax: """
                    numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>] [WITHSCORES]
                    """
            ) { context, arguments throws(CommandError) in try reply(.union, "zunion", &context, arguments) },
            reading(
                "zinter", since: "6.2.0", cost: intersectionCost, summary: "Returns the members of all of several sets.",
                syntax: """
                    numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>] [WITHSCORES]
                    """
            ) { context, arguments throws(CommandError) in try reply(.intersection, "zinter", &context, arguments) },
            reading(
                "zdiff", since: "6.2.0", cost: differenceCost,
                summary: "Returns the members of the first set that are in no other.", syntax: "numkeys key [key ...] [WITHSCORES]"
            ) { context, arguments throws(CommandError) in try reply(.difference, "zdiff", &context, arguments) },
            storing(
                "zunionstore", since: "2.0.0", cost: unionCost, summary: "Stores the members of any of several sets.",
                syntax: """
                    destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>]
                    """
            ) { context, arguments throws(CommandError) in try store(.union, "zunionstore", &context, arguments) },
            storing(
                "zinterstore", since: "2.0.0", cost: intersectionCost, summary: "Stores the members of all of several sets.",
                syntax: """
                    destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>]
                    """
            ) { context, arguments throws(CommandError) in try store(.intersection, "zinterstore", &context, arguments) },
            storing(
                "zdiffstore", since: "6.2.0", cost: differenceCost,
                summary: "Stores the members of the first set that are in no other.",
                syntax: "destination numkeys key [key ...]"
            ) { context, arguments throws(CommandError) in try store(.difference, "zdiffstore", &context, arguments) },
            reading(
                "zintercard", since: "7.0.0", cost: "O(N*K) for K sets and N members in the smallest",
                summary: "Counts the members of all of several sets.", syntax: "numkeys key [key ...] [LIMIT limit]", zintercard),
        ]
    }

    private static func reply(
        _ operation: SetOperation, _ name: StaticString, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let request = try SetRequest(operation, .reply, name, arguments, from: 1, &context)
        let result = request.result(context.hashSeed)
        let form = ScoredReply(context, withScores: request.withScores)
        form.begin(result.count, &context.reply)
        result.forEach(0..<result.count, reversed: false) { form.write($0, $1, &context.reply) }
        return .done
    }

    private static func store(
        _ operation: SetOperation, _ name: StaticString, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let request = try SetRequest(operation, .store, name, arguments, from: 2, &context)
        let result = request.result(context.hashSeed)
        context.store(sortedSet: result, arguments[1], event(name))
        return .done
    }

    static func zintercard(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try SetRequest(.intersection, .count, "zintercard", arguments, from: 1, &context)
        context.reply.integer(request.commonCount)
        return .done
    }
}
