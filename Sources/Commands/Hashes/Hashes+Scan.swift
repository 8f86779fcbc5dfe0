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

    /// What a scan asks for.
    private struct ScanOptions {
        var count: Int64 = 10
        var pattern: [UInt8]?
        var withValues = true

        init(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) {
            var index = 3
            while index < arguments.count {
                if arguments[index].matches("NOVALUES") {
                    withValues = false
                    index += 1
                    continue
                }
                guard index + 1 < arguments.count else { throw .syntax }
                let value = arguments[index + 1]
                if arguments[index].matches("COUNT") {
                    count = try context.integer(value).value
                    guard count >= 1 else { throw .syntax }
                } else if arguments[index].matches("MATCH") {
                    pattern = Glob.matchesAll(value) ? nil : value.array
                } else {
                    throw .syntax
                }
                index += 2
            }
        }

        func accepts(_ name: RawSpan, _ expiry: Milliseconds?, at now: Milliseconds) -> Bool {
            if let expiry, expiry <= now { return false }
            if let pattern { return Glob.matches(pattern.rawSpan, name) }
            return true
        }
    }

    static func hscan(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let position = Keys.scanPosition(arguments[2]) else { throw .invalidCursor }
        guard let entry = try context.slotForReading(arguments[1], .hash).entry else {
            context.reply.array(2)
            context.reply.bulk("0")
            context.reply.array(0)
            return .done
        }
        let options = try ScanOptions(&context, arguments)
        let now = context.now
        // Twice the same walk: the cursor and the number come before the fields.
        var found = 0
        let next = walk(entry, from: position, options.count) { name, _, expiry in
            if options.accepts(name, expiry, at: now) { found += 1 }
        }
        context.reply.array(2)
        context.reply.bulk(String(next))
        context.reply.array(options.withValues ? found * 2 : found)
        _ = walk(entry, from: position, options.count) { name, value, expiry in
            guard options.accepts(name, expiry, at: now) else { return }
            context.reply.bulk(name)
            if options.withValues { context.reply.bulk(value) }
        }
        return .done
    }

    /// Visits at least `count` fields, all of a small hash; where to go on, 0 at the end.
    private static func walk(
        _ entry: Entry, from position: UInt64, _ count: Int64, _ body: (RawSpan, RawSpan, Milliseconds?) -> Void
    ) -> UInt64 {
        guard entry.holdsContainer else {
            entry.forEachField(body)
            return 0
        }
        var next: UInt64? = position
        var visited: Int64 = 0
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
