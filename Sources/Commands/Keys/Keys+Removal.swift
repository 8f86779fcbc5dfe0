import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var removalDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "del", arity: -2, [.write], .keyspace, keys: [.keys(from: 1, [.remove, .delete])],
                group: .generic, since: "1.0.0",
                complexity: "O(N) for N keys, plus O(M) for each value that is a collection of M elements",
                summary: "Removes keys and tells how many there were.", syntax: "key [key ...]",
                tips: ["request_policy:multi_shard", "response_policy:agg_sum"], delete),
            CommandDeclaration(
                "unlink", arity: -2, [.write, .fast], .keyspace, keys: [.keys(from: 1, [.remove, .delete])],
                group: .generic, since: "4.0.0", complexity: "O(N) where N is the number of keys",
                summary: "Removes keys; like DEL as long as values are strings.", syntax: "key [key ...]",
                tips: ["request_policy:multi_shard", "response_policy:agg_sum"], delete),
        ]
    }

    static func delete(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var removed = 0
        for index in 1..<arguments.count {
            let key = arguments[index]
            let slot = context.lookupWrite(key)
            guard slot.entry != nil else { continue }
            context.remove(key, slot)
            context.keyModified(key, KeyEvent("del", .generic))
            removed += 1
        }
        context.reply.integer(removed)
        return .done
    }
}
