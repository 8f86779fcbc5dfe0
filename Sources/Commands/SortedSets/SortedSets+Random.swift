// ZRANDMEMBER.

import Engine
import Keyspace
import Primitives
import RESP

extension SortedSets {
    static var randomDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "zrandmember", arity: -2, [.readonly], .sortedset, keys: [.key(1, [.readOnly, .access])], group: .sortedSet,
                since: "6.2.0", complexity: "O(N*log(M)) for N members of a set of M",
                summary: "Returns members chosen by chance.", syntax: "key [options: count [WITHSCORES]]",
                tips: ["nondeterministic_output"], zrandmember)
        ]
    }

    static func zrandmember(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count > 2 else { return try one(&context, arguments[1]) }
        _ = try context.randomCount(arguments[2])
        guard arguments.count == 3 || arguments.count == 4 && arguments[3].matches("WITHSCORES") else { throw .syntax }
        let withScores = arguments.count == 4
        let count = try context.randomCount(arguments[2], isPaired: withScores)
        guard let entry = try context.sortedSetForReading(arguments[1]), count != 0 else {
            context.reply.array(0)
            return .done
        }
        let form = ScoredReply(context, withScores: withScores)
        if count > 0 {
            several(min(count, Int64(entry.scoredCount)), of: entry, form, &context)
        } else {
            let allowance = try context.allowance(forRepetitions: count)
            repeated(-count, allowed: allowance, of: entry, form, &context)
            context.endReply(allowed: allowance)
        }
        return .done
    }

    private static func one(_ context: inout CommandContext, _ key: RawSpan) throws(CommandError) -> Outcome {
        guard let entry = try context.sortedSetForReading(key) else {
            context.reply.null()
            return .done
        }
        var random = context.random
        entry.withRandomScored(using: &random) { member, _ in context.reply.bulk(member) }
        context.random = random
        return .done
    }

    /// Members that may repeat, until the reply is beyond `allowance`.
    private static func repeated(
        _ count: Int64, allowed allowance: Int, of entry: Entry, _ form: ScoredReply, _ context: inout CommandContext
    ) {
        form.begin(Int(count), &context.reply)
        var random = context.random
        for _ in 0..<count {
            guard context.reply.bytes.count <= allowance else { break }
            entry.withRandomScored(using: &random) { form.write($0, $1, &context.reply) }
        }
        context.random = random
    }

    /// Different members, by Floyd's choice of ranks.
    private static func several(_ wanted: Int64, of entry: Entry, _ form: ScoredReply, _ context: inout CommandContext) {
        let all = entry.scoredCount
        let count = Int(wanted)
        form.begin(count, &context.reply)
        guard count < all else {
            entry.forEachScored(0..<all) { form.write($0, $1, &context.reply) }
            return
        }
        var chosen: Set<Int> = []
        chosen.reserveCapacity(count)
        for bound in all - count..<all {
            let rank = context.random.below(bound + 1)
            let choice = chosen.contains(rank) ? bound : rank
            chosen.insert(choice)
            entry.forEachScored(choice..<choice + 1) { form.write($0, $1, &context.reply) }
        }
    }
}
