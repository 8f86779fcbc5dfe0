// Questions about single members, and counts.

import Engine
import Keyspace
import Primitives
import RESP

extension SortedSets {
    private static func reader(
        _ name: StaticString, arity: Int, _ flags: KeyFlags = [.readOnly, .access], since: StaticString,
        complexity: StaticString = "O(1)", summary: StaticString, syntax: StaticString,
        history: KeyValuePairs<StaticString, StaticString> = [:], _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, [.readonly, .fast], .sortedset, keys: [.key(1, flags)], group: .sortedSet, since: since,
            complexity: complexity, summary: summary, syntax: syntax, history: history, handler)
    }

    static var readingDeclarations: [CommandDeclaration] {
        let descent: StaticString = "O(log(N)) for a set of N members"
        return [
            reader(
                "zcard", arity: 2, [.readOnly], since: "1.2.0", summary: "Returns the number of members.", syntax: "key", zcard),
            reader(
                "zscore", arity: 3, since: "1.2.0", summary: "Returns the score of a member.", syntax: "key member", zscore),
            reader(
                "zmscore", arity: -3, since: "6.2.0", complexity: "O(N) for N members asked for",
                summary: "Returns the scores of several members.", syntax: "key member [member ...]", zmscore),
            reader(
                "zrank", arity: -3, since: "2.0.0", complexity: descent,
                summary: "Returns how many members have lower scores than a member.", syntax: "key member [WITHSCORE]",
                history: ["7.2.0": "WITHSCORE."], zrank),
            reader(
                "zrevrank", arity: -3, since: "2.0.0", complexity: descent,
                summary: "Returns how many members have higher scores than a member.", syntax: "key member [WITHSCORE]",
                history: ["7.2.0": "WITHSCORE."], zrevrank),
            reader(
                "zcount", arity: 4, since: "2.0.0", complexity: descent,
                summary: "Counts the members with scores in a range.", syntax: "key min=double max=double", zcount),
            reader(
                "zlexcount", arity: 4, since: "2.8.9", complexity: descent,
                summary: "Counts the members in a range of bytes.", syntax: "key min max", zlexcount),
        ]
    }

    static func zcard(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply.integer(try context.sortedSetForReading(arguments[1])?.scoredCount ?? 0)
        return .done
    }

    static func zscore(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.sortedSetForReading(arguments[1])
        write(entry?.score(of: arguments[2]), &context)
        return .done
    }

    static func zmscore(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.sortedSetForReading(arguments[1])
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count { write(entry?.score(of: arguments[index]), &context) }
        return .done
    }

    private static func write(_ score: Double?, _ context: inout CommandContext) {
        if let score { context.reply.double(score) } else { context.reply.null() }
    }

    static func zrank(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try rank(&context, arguments, reversed: false)
    }

    static func zrevrank(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try rank(&context, arguments, reversed: true)
    }

    private static func rank(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, reversed: Bool
    ) throws(CommandError) -> Outcome {
        let withScore = arguments.count > 3
        guard arguments.count <= 4, !withScore || arguments[3].matches("WITHSCORE") else { throw .syntax }
        let entry = try context.sortedSetForReading(arguments[1])
        guard let entry, let found = entry.rank(of: arguments[2]) else {
            if withScore { context.reply.nullArray() } else { context.reply.null() }
            return .done
        }
        if withScore { context.reply.array(2) }
        context.reply.integer(reversed ? entry.scoredCount - 1 - found.rank : found.rank)
        if withScore { context.reply.double(found.score) }
        return .done
    }

    static func zcount(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try count(&context, arguments, .scores)
    }

    static func zlexcount(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try count(&context, arguments, .bytes)
    }

    private static func count(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ kind: RangeKind
    ) throws(CommandError) -> Outcome {
        let range = try SortedSetRange(kind, arguments[2], arguments[3], &context)
        let entry = try context.sortedSetForReading(arguments[1])
        context.reply.integer(entry.map { range.ranks(in: $0).count } ?? 0)
        return .done
    }
}
