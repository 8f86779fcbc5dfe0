// Several keys in one command.

import Engine
import Keyspace
import Primitives
import RESP

extension Strings {
    static var manyDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "mget", arity: -2, [.readonly, .fast], .string, keys: [.keys(from: 1, [.readOnly, .access])],
                group: .string, since: "1.0.0", complexity: "O(N) where N is the number of keys to retrieve.",
                summary: "Returns the strings of several keys.", syntax: "key [key ...]",
                tips: ["request_policy:multi_shard"], mget),
            CommandDeclaration(
                "mset", arity: -3, [.write, .denyOOM], .string, keys: [.keys(from: 1, step: 2, [.overwrite, .update])],
                group: .string, since: "1.0.1", complexity: "O(N) where N is the number of keys to set.",
                summary: "Stores strings under several keys.", syntax: "key value [key value ...]",
                tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], mset),
            CommandDeclaration(
                "msetnx", arity: -3, [.write, .denyOOM], .string,
                keys: [.keys(from: 1, step: 2, [.overwrite, .insert])],
                group: .string, since: "1.0.1", complexity: "O(N) where N is the number of keys to set.",
                summary: "Stores strings under several keys if none of them exists.",
                syntax: "key value [key value ...]", msetnx),
            CommandDeclaration(
                "msetex", arity: -4, [.write, .denyOOM, .movableKeys], .string,
                keys: [
                    KeySpecification(.index(1), .keynum(index: 0, first: 1, step: 2), [.overwrite, .update])
                ],
                group: .string, since: "8.4.0", complexity: "O(N) where N is the number of keys to set.",
                summary: "Stores strings under several keys with one expiry, on conditions if wanted.",
                syntax: """
                    numkeys key value [key value ...] [NX | XX] \
                    [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]
                    """,
                tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], msetex),
        ]
    }

    static func mget(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply.array(arguments.count - 1)
        for index in 1..<arguments.count {
            if let entry = context.lookupRead(arguments[index]).entry, entry.isString {
                context.reply(string: entry)
            } else {
                context.reply.null()
            }
        }
        return .done
    }

    static func mset(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count % 2 == 1 else {
            throw context.failure("ERR wrong number of arguments for 'mset' command")
        }
        setPairs(arguments, &context)
        context.reply.ok()
        return .done
    }

    static func msetnx(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count % 2 == 1 else {
            throw context.failure("ERR wrong number of arguments for 'msetnx' command")
        }
        for index in stride(from: 1, to: arguments.count, by: 2)
        where context.lookupWrite(arguments[index]).entry != nil {
            context.reply.flag(false)
            return .done
        }
        setPairs(arguments, &context)
        context.reply.flag(true)
        return .done
    }

    private static func setPairs(_ arguments: borrowing Arguments, _ context: inout CommandContext) {
        for index in stride(from: 1, to: arguments.count, by: 2) {
            let key = arguments[index]
            let slot = context.lookupWrite(key)
            store(key, slot, index + 1, of: arguments, .clear, &context)
        }
    }

    // MARK: MSETEX

    static func msetex(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let count = arguments[1].canonicalInteger, count > 0, count <= Int64(Int32.max) else {
            throw context.failure("ERR invalid numkeys value")
        }
        guard (arguments.count - 2) / 2 >= Int(count) else {
            throw context.failure("ERR wrong number of key-value pairs")
        }
        let end = 2 + 2 * Int(count)
        let options = try ManyOptions(arguments, from: end)
        let moment = try options.expiry.moment?.moment(arguments, in: "msetex", &context)
        if let wanted = options.wantsExisting {
            for index in stride(from: 2, to: end, by: 2)
            where (context.lookupWrite(arguments[index]).entry != nil) != wanted {
                context.reply.flag(false)
                return .done
            }
        }
        if let moment, moment <= context.now {
            for index in stride(from: 2, to: end, by: 2) {
                let slot = context.lookupWrite(arguments[index])
                if slot.entry != nil { context.removeAsPast(arguments[index], slot) }
            }
        } else {
            store(options, moment, to: end, arguments, &context)
        }
        context.reply.flag(true)
        return .done
    }

    private static func store(
        _ options: ManyOptions, _ moment: Milliseconds?, to end: Int, _ arguments: borrowing Arguments,
        _ context: inout CommandContext
    ) {
        let change: ExpiryChange = moment.map { .at($0) } ?? (options.expiry.keeps ? .keep : .clear)
        for index in stride(from: 2, to: end, by: 2) {
            let key = arguments[index]
            let slot = context.lookupWrite(key)
            store(key, slot, index + 1, of: arguments, change, &context)
            if moment != nil { context.notice(key, KeyEvent("expire", .generic), slot.database) }
        }
        guard let moment else { return }
        // The condition holds wherever this is replayed.
        context.effects.begin(end + 2)
        for index in 0..<end { context.effects.word(arguments[index]) }
        context.effects.word("PXAT")
        context.effects.word(moment)
    }
}

/// The options of MSETEX, which follow its pairs.
private struct ManyOptions {
    /// True for XX, false for NX.
    private(set) var wantsExisting: Bool?
    private(set) var expiry = ExpiryOptions()

    init(_ arguments: borrowing Arguments, from start: Int) throws(CommandError) {
        var index = start
        while index < arguments.count {
            if try !expiry.read(arguments, &index) { try readCondition(arguments[index]) }
            index += 1
        }
    }

    private mutating func readCondition(_ word: RawSpan) throws(CommandError) {
        let isExisting = word.matches("XX")
        guard isExisting || word.matches("NX"), wantsExisting != !isExisting else { throw .syntax }
        wantsExisting = isExisting
    }
}
