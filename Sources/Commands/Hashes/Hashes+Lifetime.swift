// When fields expire: asking.

import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    private static func asker(
        _ name: StaticString, summary: StaticString, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        reader(
            name, arity: -5, since: "7.4.0", complexity: "O(N) for N fields", summary: summary,
            syntax: "key FIELDS numfields field [field ...]", handler)
    }

    static var lifetimeDeclarations: [CommandDeclaration] {
        [
            asker("httl", summary: "Returns how many seconds fields have left.", httl),
            asker("hpttl", summary: "Returns how many milliseconds fields have left.", hpttl),
            asker("hexpiretime", summary: "Returns when fields expire, in Unix seconds.", hexpiretime),
            asker("hpexpiretime", summary: "Returns when fields expire, in Unix milliseconds.", hpexpiretime),
        ]
    }

    static func httl(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try replyLifetimes(&context, arguments) { expiry, now in seconds(expiry - now) }
    }

    static func hpttl(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try replyLifetimes(&context, arguments) { expiry, now in expiry - now }
    }

    static func hexpiretime(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try replyLifetimes(&context, arguments) { expiry, _ in seconds(expiry) }
    }

    static func hpexpiretime(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try replyLifetimes(&context, arguments) { expiry, _ in expiry }
    }

    /// Whole seconds, rounded up; expiries have 46 bits.
    private static func seconds(_ duration: Milliseconds) -> Int64 { (duration + 999) / 1000 }

    /// `view` gets an expiry that lies behind now.
    private static func replyLifetimes(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ view: (Milliseconds, Milliseconds) -> Int64
    ) throws(CommandError) -> Outcome {
        let slot = try context.slotForReading(arguments[1], .hash)
        let names = try FieldNames(&context, arguments, at: 2)
        context.reply.array(names.count)
        for field in names.range {
            guard let found = slot.entry?.fieldExpiry(arguments[field], at: context.now), found.presence == .present else {
                context.reply.integer(-2)
                continue
            }
            context.reply.integer(found.expiry.map { view($0, context.now) } ?? -1)
        }
        return .done
    }
}
