// Strings as numbers.

import Engine
import Keyspace
import Primitives
import RESP

extension Strings {
    private static func counter(
        _ name: StaticString, arity: Int, since: StaticString, summary: StaticString, syntax: StaticString,
        _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, [.write, .denyOOM, .fast], .string, keys: [.key(1, [.readWrite, .access, .update])],
            group: .string, since: since, summary: summary, syntax: syntax, handler)
    }

    static var counterDeclarations: [CommandDeclaration] {
        [
            counter("incr", arity: 2, since: "1.0.0", summary: "Adds one to an integer.", syntax: "key", incr),
            counter("decr", arity: 2, since: "1.0.0", summary: "Takes one from an integer.", syntax: "key", decr),
            counter(
                "incrby", arity: 3, since: "1.0.0", summary: "Adds a number to an integer.", syntax: "key increment",
                incrby),
            counter(
                "decrby", arity: 3, since: "1.0.0", summary: "Takes a number from an integer.",
                syntax: "key decrement", decrby),
            counter(
                "incrbyfloat", arity: 3, since: "2.6.0", summary: "Adds a fraction to a number.",
                syntax: "key increment=double", incrbyfloat),
            counter(
                "increx", arity: -2, since: "8.8.0",
                summary: "Adds to a number within bounds and may change when its key expires.",
                syntax: """
                    key [increment: BYFLOAT increment=double | BYINT increment] [LBOUND bound] [UBOUND bound] [SATURATE] \
                    [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | \
                    PERSIST] [ENX]
                    """, increx),
        ]
    }

    static func incr(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try increment(arguments[1], by: 1, &context)
    }

    static func decr(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try increment(arguments[1], by: -1, &context)
    }

    static func incrby(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try increment(arguments[1], by: context.integer(arguments[2]).value, &context)
    }

    static func decrby(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let (amount, isTooLarge) = try Int64(0).subtractingReportingOverflow(context.integer(arguments[2]).value)
        guard !isTooLarge else { throw context.failure("ERR decrement would overflow") }
        return try increment(arguments[1], by: amount, &context)
    }

    private static func increment(
        _ key: RawSpan, by amount: Int64, _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let slot = try context.stringForWriting(key)
        let (sum, isTooLarge) = try storedInteger(slot.entry).addingReportingOverflow(amount)
        guard !isTooLarge else { throw .overflow }
        context.setInteger(key, slot, sum, .keep)
        context.keyModified(key, KeyEvent("incrby", .string))
        context.reply.integer(sum)
        return .done
    }

    /// The integer that a string spells; a missing one counts as zero.
    static func storedInteger(_ entry: Entry?) throws(CommandError) -> Int64 {
        guard let entry else { return 0 }
        if let integer = entry.integer { return integer }
        guard let integer = entry.bytes.canonicalInteger else { throw .notInteger }
        return integer
    }

    static func incrbyfloat(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.stringForWriting(key)
        let sum =
            if let entry = slot.entry {
                entry.withString { DecimalSum.adding($0, arguments[2]) }
            } else {
                DecimalSum.adding(RawSpan(literal: "0"), arguments[2])
            }
        switch sum {
        case .firstInvalid, .secondInvalid: throw .notFloat
        case .notFinite: throw context.failure("ERR increment would produce NaN or Infinity")
        case .text(let text):
            context.setText(key, slot, text.rawSpan, .keep)
            context.keyModified(key, KeyEvent("incrbyfloat", .string))
            context.reply.bulk(text)
            context.effects.begin(4)
            context.effects.word("SET")
            context.effects.word(key)
            context.effects.word(text.rawSpan)
            context.effects.word("KEEPTTL")
        }
        return .done
    }
}
