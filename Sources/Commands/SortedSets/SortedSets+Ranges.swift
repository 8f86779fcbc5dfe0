// ZRANGE in all its forms, and its elder sisters, which are forms of it.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension SortedSets {
    private static func range(
        _ name: StaticString, since: StaticString, summary: StaticString, syntax: StaticString,
        history: KeyValuePairs<StaticString, StaticString> = [:], instead: StaticString? = nil, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -4, [.readonly], .sortedset, keys: [.key(1, [.readOnly, .access])], group: .sortedSet, since: since,
            complexity: "O(log(N)+M) for a set of N members of which M are returned", summary: summary, syntax: syntax,
            history: history, deprecated: instead.map { .init(since: "6.2.0", replacement: $0) }, handler)
    }

    static var rangeDeclarations: [CommandDeclaration] {
        [
            range(
                "zrange", since: "1.2.0", summary: "Returns members in a range of ranks, scores or bytes.",
                syntax: """
                    key start=string stop=string [sortby@6.2.0: BYSCORE | BYLEX] [REV@6.2.0] \
                    [LIMIT@6.2.0 offset count] [WITHSCORES]
                    """, history: ["6.2.0": "REV, BYSCORE, BYLEX and LIMIT."], zrange),
            CommandDeclaration(
                "zrangestore", arity: -5, [.write, .denyOOM], .sortedset,
                keys: [.key(1, [.overwrite, .update]), .key(2, [.readOnly, .access])], group: .sortedSet, since: "6.2.0",
                complexity: "O(log(N)+M) for a set of N members of which M are stored",
                summary: "Stores the members in a range of ranks, scores or bytes.",
                syntax: "dst src min max [sortby: BYSCORE | BYLEX] [REV] [LIMIT offset count]", zrangestore),
            range(
                "zrevrange", since: "1.2.0", summary: "Returns members in a range of ranks, the highest first.",
                syntax: "key start stop [WITHSCORES]", instead: "`ZRANGE` with the `REV` argument", zrevrange),
            range(
                "zrangebyscore", since: "1.0.5", summary: "Returns members in a range of scores.",
                syntax: "key min=double max=double [WITHSCORES@2.0.0] [LIMIT offset count]",
                history: ["2.0.0": "WITHSCORES."], instead: "`ZRANGE` with the `BYSCORE` argument", zrangebyscore),
            range(
                "zrevrangebyscore", since: "2.2.0", summary: "Returns members in a range of scores, the highest first.",
                syntax: "key max=double min=double [WITHSCORES] [LIMIT offset count]",
                history: ["2.1.6": "Ends that do not belong to the range."],
                instead: "`ZRANGE` with the `REV` and `BYSCORE` arguments", zrevrangebyscore),
            range(
                "zrangebylex", since: "2.8.9", summary: "Returns members in a range of bytes.",
                syntax: "key min max [LIMIT offset count]", instead: "`ZRANGE` with the `BYLEX` argument", zrangebylex),
            range(
                "zrevrangebylex", since: "2.8.9", summary: "Returns members in a range of bytes, the last first.",
                syntax: "key max min [LIMIT offset count]", instead: "`ZRANGE` with the `REV` and `BYLEX` arguments",
                zrevrangebylex),
        ]
    }

    /// What a request for a range says; nil in what the command's name leaves open.
    private struct Request {
        var kind: RangeKind?
        var isReversed: Bool?
        var withScores = false
        var offset: Int64 = 0
        var limit: Int64 = -1

        /// Reads the options, which begin at word `start`.
        mutating func read(
            _ arguments: borrowing Arguments, from start: Int, isStoring: Bool, _ context: inout CommandContext
        ) throws(CommandError) {
            var index = start
            while index < arguments.count {
                let word = arguments[index]
                if !isStoring, word.matches("WITHSCORES") {
                    withScores = true
                } else if word.matches("LIMIT"), index + 2 < arguments.count {
                    offset = try context.integer(arguments[index + 1]).value
                    limit = try context.integer(arguments[index + 2]).value
                    index += 2
                } else if isReversed == nil, word.matches("REV") {
                    isReversed = true
                } else if kind == nil, word.matches("BYLEX") {
                    kind = .bytes
                } else if kind == nil, word.matches("BYSCORE") {
                    kind = .scores
                } else {
                    throw .syntax
                }
                index += 1
            }
            if limit != -1, kind ?? .ranks == .ranks {
                throw context.failure(
                    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
            }
            if withScores, kind == .bytes {
                throw context.failure("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
            }
        }

        /// The part of the ranks that offset and limit leave.
        func limited(_ ranks: Range<Int>) -> Range<Int> {
            guard offset >= 0, offset < Int64(ranks.count) else { return 0..<0 }
            let left = Int64(ranks.count) - offset
            let count = Int(limit < 0 ? left : min(limit, left))
            let skipped = Int(offset)
            return isReversed == true
                ? ranks.upperBound - skipped - count..<ranks.upperBound - skipped
                : ranks.lowerBound + skipped..<ranks.lowerBound + skipped + count
        }
    }

    static func zrange(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try reply(Request(), &context, arguments)
    }

    static func zrevrange(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try reply(Request(kind: .ranks, isReversed: true), &context, arguments)
    }

    static func zrangebyscore(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try reply(Request(kind: .scores, isReversed: false), &context, arguments)
    }

    static func zrevrangebyscore(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try reply(Request(kind: .scores, isReversed: true), &context, arguments)
    }

    static func zrangebylex(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try reply(Request(kind: .bytes, isReversed: false), &context, arguments)
    }

    static func zrevrangebylex(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try reply(Request(kind: .bytes, isReversed: true), &context, arguments)
    }

    private static func reply(
        _ given: Request, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var request = given
        try request.read(arguments, from: 4, isStoring: false, &context)
        let found = try find(request, arguments, source: 1, &context)
        let form = ScoredReply(context, withScores: request.withScores)
        guard let found else {
            context.reply.array(0)
            return .done
        }
        form.begin(found.ranks.count, &context.reply)
        let isReversed = request.isReversed == true
        if request.withScores {
            found.entry.forEachScored(found.ranks, reversed: isReversed) { form.write($0, $1, &context.reply) }
        } else {
            found.entry.writeRanked(found.ranks, reversed: isReversed, to: &context.reply.bytes)
        }
        return .done
    }

    static func zrangestore(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var request = Request()
        try request.read(arguments, from: 5, isStoring: true, &context)
        let found = try find(request, arguments, source: 2, &context)
        var result = SortedSet(seed: context.hashSeed)
        if let found { found.entry.forEachScored(found.ranks) { result.add($0, $1) } }
        context.store(sortedSet: result, arguments[1], event("zrangestore"))
        return .done
    }

    /// The set at word `source` and the ranks that the request means; nil when there is no set.
    private static func find(
        _ request: Request, _ arguments: borrowing Arguments, source: Int, _ context: inout CommandContext
    ) throws(CommandError) -> (entry: Entry, ranks: Range<Int>)? {
        let kind = request.kind ?? .ranks
        let isReversed = request.isReversed == true
        // By scores or bytes, the higher limit comes first where the order is reversed.
        let isSwapped = isReversed && kind != .ranks
        let range = try SortedSetRange(
            kind, arguments[source + (isSwapped ? 2 : 1)], arguments[source + (isSwapped ? 1 : 2)], &context)
        guard let entry = try context.sortedSetForReading(arguments[source]) else { return nil }
        let ranks = range.ranks(in: entry, reversed: isReversed)
        return (entry, kind == .ranks ? ranks : request.limited(ranks))
    }
}
