import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var lookDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "exists", arity: -2, [.readonly, .fast], .keyspace, keys: [.keys(from: 1, .readOnly)],
                group: .generic, since: "1.0.0", complexity: "O(N) for N keys",
                summary: "Counts the named keys that are there.", syntax: "key [key ...]",
                history: ["3.0.3": "More than one key."],
                tips: ["request_policy:multi_shard", "response_policy:agg_sum"], exists),
            CommandDeclaration(
                "touch", arity: -2, [.readonly, .fast], .keyspace, keys: [.keys(from: 1, .readOnly)],
                group: .generic, since: "3.2.1", complexity: "O(N) for N keys",
                summary: "Marks keys as just used and counts those that are there.", syntax: "key [key ...]",
                tips: ["request_policy:multi_shard", "response_policy:agg_sum"], touch),
            CommandDeclaration(
                "type", arity: 2, [.readonly, .fast], .keyspace, keys: [.key(1, .readOnly)],
                group: .generic, since: "1.0.0", summary: "Names the type of a key's value.", syntax: "key", type),
        ]
    }

    static func exists(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var found = 0
        for index in 1..<arguments.count where context.lookupUntouched(arguments[index]) != nil { found += 1 }
        context.reply.integer(found)
        return .done
    }

    /// Touches even for a session that otherwise leaves no trace (CLIENT NO-TOUCH).
    static func touch(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let noTouch = context.session.flags.remove(.noTouch)
        var found = 0
        for index in 1..<arguments.count where context.lookupRead(arguments[index]).entry != nil { found += 1 }
        if noTouch != nil { context.session.flags.insert(.noTouch) }
        context.reply.integer(found)
        return .done
    }

    static func type(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply.simple(context.lookupUntouched(arguments[1])?.type.name ?? "none")
        return .done
    }
}
