import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var iterationDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "keys", arity: 2, [.readonly], [.keyspace, .dangerous], group: .generic, since: "1.0.0",
                complexity: "O(N) for N keys in the database", summary: "Lists all keys that match a pattern.",
                syntax: "pattern",
                tips: ["request_policy:all_shards", "nondeterministic_output_order"], keys),
            CommandDeclaration(
                "scan", arity: -2, [.readonly], .keyspace, group: .generic, since: "2.8.0",
                complexity: "O(1) a call, O(N) for all N keys", summary: "Lists the keys of a database in small portions.",
                syntax: "cursor [MATCH pattern] [COUNT count] [TYPE@6.0.0 type]",
                history: ["6.0.0": "TYPE."],
                tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"], scan),
            CommandDeclaration(
                "randomkey", arity: 1, [.readonly], .keyspace, group: .generic, since: "1.0.0",
                summary: "Returns a key chosen by chance.",
                tips: ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"], randomKey),
            CommandDeclaration(
                "dbsize", arity: 1, [.readonly, .fast], .keyspace, group: .server, since: "1.0.0",
                summary: "Returns the number of keys in the database.",
                tips: ["request_policy:all_shards", "response_policy:agg_sum"], databaseSize),
        ]
    }

    static func keys(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        if Glob.matchesAll(arguments[1]) {
            context.replyKeys { _ in true }
        } else {
            let pattern = arguments[1].array
            context.replyKeys { Glob.matches(pattern.rawSpan, $0) }
        }
        return .done
    }

    /// What a scan asks for.
    private struct ScanOptions {
        var count: Int64 = 10
        var pattern: [UInt8]?
        var type: [UInt8]?

        func accept(_ entry: Entry) -> Bool {
            if let type, !type.rawSpan.matches(entry.type.name) { return false }
            if let pattern { return Glob.matches(pattern.rawSpan, entry.key) }
            return true
        }
    }

    static func scan(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let position = scanPosition(arguments[1]) else { throw .invalidCursor }
        let options = try scanOptions(&context, arguments)
        var cursor = ScanCursor(position)
        var found: [[UInt8]] = []
        var expired: [[UInt8]] = []
        let now = context.now
        // Like the portion, the work of one call is bounded by the count.
        var visited: Int64 = 0
        var budget = options.count.multipliedReportingOverflow(by: 10)
        if budget.overflow { budget.partialValue = .max }
        repeat {
            cursor = context.scan(from: cursor) { entry in
                visited += 1
                if let expiry = entry.expiry, expiry <= now {
                    expired.append(entry.key.array)
                } else if options.accept(entry) {
                    found.append(entry.key.array)
                }
            }
            budget.partialValue -= 1
        } while cursor != .start && visited < options.count && budget.partialValue > 0
        for key in expired { _ = context.lookupWrite(key.rawSpan) }
        context.reply.array(2)
        context.reply.bulk(String(cursor.value))
        context.reply.array(found.count)
        for key in found { context.reply.bulk(key) }
        return .done
    }

    private static func scanOptions(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> ScanOptions {
        var options = ScanOptions()
        var index = 2
        while index < arguments.count {
            guard index + 1 < arguments.count else { throw .syntax }
            let value = arguments[index + 1]
            if arguments[index].matches("COUNT") {
                options.count = try context.integer(value).value
                guard options.count >= 1 else { throw .syntax }
            } else if arguments[index].matches("MATCH") {
                options.pattern = Glob.matchesAll(value) ? nil : value.array
            } else if arguments[index].matches("TYPE") {
                options.type = value.array
            } else {
                throw .syntax
            }
            index += 2
        }
        return options
    }

    /// A cursor as C's `strtoul` reads it, which is what clients are used to:
    /// a sign is allowed, a negative number counts from the end, nothing is zero.
    static func scanPosition(_ word: RawSpan) -> UInt64? {
        guard word.byteCount > 0 else { return 0 }
        let sign = word.byte(0)
        guard sign == 43 || sign == 45 else { return word.unsignedDecimal }
        guard let magnitude = word.suffix(from: 1).unsignedDecimal else { return nil }
        return sign == 45 ? 0 &- magnitude : magnitude
    }

    /// Expired keys that are met on the way are removed, so that every miss makes the next less likely.
    static func randomKey(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        for _ in 0..<randomKeyTries {
            guard let entry = context.randomEntry() else { break }
            guard let expiry = entry.expiry, expiry <= context.now else {
                context.reply.bulk(entry.key)
                return .done
            }
            let key = entry.key.array
            _ = context.lookupWrite(key.rawSpan)
        }
        context.reply.null()
        return .done
    }

    private static var randomKeyTries: Int { 1000 }

    static func databaseSize(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.keyCount(context.session.database))
        return .done
    }
}
