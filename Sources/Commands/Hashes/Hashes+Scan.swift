import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var scanDeclarations: [CommandDeclaration] {
        [
            reader(
                "hscan", arity: -3, flags: .readonly, since: "2.8.0", complexity: "O(1) a call, O(N) for all N fields",
                summary: "Lists the fields of a hash in small portions.",
                syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]", tips: ["nondeterministic_output"], hscan)
        ]
    }

    static func hscan(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let position = Keys.scanPosition(arguments[2]) else { throw .invalidCursor }
        guard let entry = try context.slotForReading(arguments[1], .hash).entry else {
            context.reply.emptyScan()
            return .done
        }
        let options = try ElementScan(&context, arguments, from: 3, bareWord: "NOVALUES")
        let now = context.now
        func isTold(_ name: RawSpan, _ expiry: Milliseconds?) -> Bool {
            if let expiry, expiry <= now { return false }
            return options.accepts(name)
        }
        // Twice the same walk: the cursor and the number come before the fields.
        var found = 0
        let next = walk(entry, from: position, options.count) { name, _, expiry in
            if isTold(name, expiry) { found += 1 }
        }
        context.reply.array(2)
        context.reply.bulk(String(next))
        context.reply.array(options.isBare ? found : found * 2)
        _ = walk(entry, from: position, options.count) { name, value, expiry in
            guard isTold(name, expiry) else { return }
            context.reply.bulk(name)
            if !options.isBare { context.reply.bulk(value) }
        }
        return .done
    }

    /// Visits at least `count` fields, all of a small hash; where to go on, 0 at the end.
    private static func walk(
        _ entry: Entry, from position: UInt64, _ count: Int, _ body: (RawSpan, RawSpan, Milliseconds?) -> Void
    ) -> UInt64 {
        guard entry.holdsContainer else {
            entry.forEachField(body)
            return 0
        }
        var next: UInt64? = position
        var visited = 0
        var buckets = count.multipliedReportingOverflow(by: 10)
        if buckets.overflow { buckets.partialValue = .max }
        while let here = next, visited < count, buckets.partialValue > 0 {
            next = entry.scanFields(from: here) { name, value, expiry in
                visited += 1
                body(name, value, expiry)
            }
            buckets.partialValue -= 1
        }
        return next ?? 0
    }
}
