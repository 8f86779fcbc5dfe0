// The commands that wait for a sorted set.

import Engine
import Keyspace
import Primitives
import RESP

extension SortedSets {
    static var blockingDeclarations: [CommandDeclaration] {
        [
            waiter(
                "bzpopmin", "Takes the member with the lowest score from the first set that is not empty, or waits for one.",
                bzpopmin),
            waiter(
                "bzpopmax", "Takes the member with the highest score from the first set that is not empty, or waits for one.",
                bzpopmax),
            CommandDeclaration(
                "bzmpop", arity: -5, [.write, .blocking, .movableKeys], .sortedset,
                keys: [.init(.index(2), .keynum(index: 0, first: 1, step: 1), [.readWrite, .access, .delete])],
                group: .sortedSet, since: "7.0.0",
                complexity: "O(K) + O(M*log(N)) for K keys and M members of a set of N",
                summary: "Takes members from the first set that is not empty, or waits for some.",
                syntax: "timeout=double numkeys key [key ...] <where: MIN | MAX> [COUNT count]", bzmpop),
        ]
    }

    private static func waiter(_ name: StaticString, _ summary: StaticString, _ handler: @escaping Handler) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -3, [.write, .fast, .blocking], .sortedset,
            keys: [.init(.index(1), .range(last: -2, step: 1, limit: 0), [.readWrite, .access, .delete])],
            group: .sortedSet, since: "5.0.0", complexity: "O(log(N)) for a set of N members", summary: summary,
            syntax: "key [key ...] timeout=double", history: ["6.0.0": "`timeout` is a double, no longer an integer."], handler)
    }

    static func bzpopmin(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try popOrWait(.lowest, &context, arguments)
    }

    static func bzpopmax(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try popOrWait(.highest, &context, arguments)
    }

    private static func popOrWait(
        _ end: SortedSetEnd, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let keys = 1..<arguments.count - 1
        let deadline = try context.deadline(arguments[keys.upperBound])
        guard var found = try context.firstForWriting(keys, of: arguments, .sortedSet) else {
            return context.wait(for: keys, of: arguments, .sortedSet, until: deadline)
        }
        let key = arguments[found.index]
        let last = found.entry.scoredCount - 1
        let rank = end == .lowest ? 0 : last
        context.reply.array(3)
        context.reply.bulk(key)
        found.entry.forEachScored(rank..<rank + 1) { member, score in
            context.reply.bulk(member)
            context.reply.double(score)
        }
        context.remove(rank..<rank + 1, of: &found.entry, key, found.slot, event(end.event))
        context.effects.begin(2)
        context.effects.word(end.command)
        context.effects.word(key)
        return .done
    }

    static func bzmpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try MultiplePop(arguments, from: 2, &context)
        let deadline = try context.deadline(arguments[1])
        guard let found = try context.firstForWriting(request.keys, of: arguments, .sortedSet) else {
            return context.wait(for: request.keys, of: arguments, .sortedSet, until: deadline)
        }
        context.takeFirst(request, arguments[found.index], found.slot)
        return .done
    }
}
