import Engine
import Keyspace
import Primitives
import RESP

/// SORT and SORT_RO, over lists, sets and sorted sets.
enum Sorting {
    static var declarations: [CommandDeclaration] {
        [
            declaration(
                "sort", [.write, .denyOOM, .movableKeys], since: "1.0.0", "Sorts the elements of a value, to return or to store them.",
                syntax: """
                    key [BY by-pattern=pattern] [LIMIT offset count] [GET get-pattern=pattern [GET get-pattern=pattern ...]] \
                    [order: ASC | DESC] [sorting: ALPHA] [STORE destination]
                    """,
                target: [
                    KeySpecification(
                        .unknown, .unknown, [.overwrite, .update],
                        notes: "The destination of STORE, which may stand anywhere among the options",
                        option: .init("STORE", from: 2, others: [("LIMIT", 2), ("BY", 1), ("GET", 1)]))
                ], sort),
            declaration(
                "sort_ro", [.readonly, .movableKeys], since: "7.0.0", "Returns the elements of a value in order.",
                syntax: """
                    key [BY by-pattern=pattern] [LIMIT offset count] [GET get-pattern=pattern [GET get-pattern=pattern ...]] \
                    [order: ASC | DESC] [sorting: ALPHA]
                    """,
                target: [], sortReadOnly),
        ]
    }

    private static func declaration(
        _ name: StaticString, _ flags: CommandFlags, since: StaticString, _ summary: StaticString, syntax: StaticString,
        target: [KeySpecification], _ handler: @escaping Handler
    ) -> CommandDeclaration {
        let patterns = KeySpecification(
            .unknown, .unknown, [.readOnly, .access],
            notes: "The keys of BY and GET, which follow from the elements that are sorted")
        return CommandDeclaration(
            name, arity: -2, flags, [.set, .sortedset, .list, .dangerous],
            keys: [.key(1, [.readOnly, .access]), patterns] + target, group: .generic, since: since,
            complexity: "O(N+M*log(M)) for N elements of which M are returned; O(N) when they are not sorted",
            summary: summary, syntax: syntax, handler)
    }

    static func sort(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try sort(&context, arguments, mayStore: true)
    }

    static func sortReadOnly(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try sort(&context, arguments, mayStore: false)
    }

    private static func sort(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, mayStore: Bool
    ) throws(CommandError) -> Outcome {
        var request = try SortRequest(arguments, mayStore: mayStore, &context)
        let entry = context.lookupRead(arguments[1]).entry
        if let entry, entry.type != .list, entry.type != .set, entry.type != .sortedSet { throw .wrongType }
        // What is stored must not depend on the order of a table.
        if entry?.type == .set, request.target != nil, request.keepsOrder { request.sortByText() }
        var run = SortRun()
        if let entry { run.load(entry, request) }
        let order = request.keepsOrder ? run.indices(request) : try run.sorted(request, &context, arguments)
        if let target = request.target {
            store(run, order, request, &context, arguments, target)
        } else {
            reply(run, order, request, &context, arguments)
        }
        return .done
    }

    private static func reply(
        _ run: borrowing SortRun, _ order: [SortRank], _ request: SortRequest, _ context: inout CommandContext,
        _ arguments: borrowing Arguments
    ) {
        guard !request.gets.isEmpty else {
            context.reply.array(order.count)
            for rank in order { context.reply.bulk(run[rank.index]) }
            return
        }
        context.reply.array(order.count * request.gets.count)
        var lookup = SortLookup()
        for rank in order {
            for (pattern, word) in request.gets {
                let isFound = lookup.find(pattern, arguments[word], for: run[rank.index], &context) {
                    $0.reply.bulk($1)
                }
                if !isFound { context.reply.null() }
            }
        }
    }

    /// Puts a list of the results at the key that STORE names; what GET does not find becomes an empty element.
    private static func store(
        _ run: borrowing SortRun, _ order: [SortRank], _ request: SortRequest, _ context: inout CommandContext,
        _ arguments: borrowing Arguments, _ target: Int
    ) {
        let limits = context.listLimits
        var list = QuickList(compressDepth: limits.compressDepth)
        var lookup = SortLookup()
        for rank in order {
            if request.gets.isEmpty { list.push(run[rank.index], .tail, limits) }
            for (pattern, word) in request.gets {
                let isFound = lookup.find(pattern, arguments[word], for: run[rank.index], &context) { list.push($1, .tail, limits) }
                if !isFound { list.push(RawSpan(literal: ""), .tail, limits) }
            }
        }
        let key = arguments[target]
        let slot = context.lookupWrite(key)
        let count = list.count
        if count > 0 {
            let old = slot.entry?.type
            context[slot].storeList(list, at: key, slot.hash, existing: slot.entry, context.freshAccess)
            context.keyModified(key, KeyEvent("sortstore", .list), replacing: old)
        } else if slot.entry != nil {
            context.remove(key, slot)
            context.keyModified(key, KeyEvent("del", .generic))
        }
        context.reply.integer(count)
    }
}
