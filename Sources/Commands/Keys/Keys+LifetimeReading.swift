import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var lifetimeReadingDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "ttl", arity: 2, [.readonly, .fast], .keyspace, keys: [.key(1, [.readOnly, .access])],
                group: .generic, since: "1.0.0", summary: "Returns how many seconds a key has left.", syntax: "key",
                history: ["2.8.0": "-2 where there is no key."], tips: ["nondeterministic_output"], ttl),
            CommandDeclaration(
                "pttl", arity: 2, [.readonly, .fast], .keyspace, keys: [.key(1, [.readOnly, .access])],
                group: .generic, since: "2.6.0", summary: "Returns how many milliseconds a key has left.",
                syntax: "key",
                history: ["2.8.0": "-2 where there is no key."], tips: ["nondeterministic_output"], pttl),
            CommandDeclaration(
                "expiretime", arity: 2, [.readonly, .fast], .keyspace, keys: [.key(1, [.readOnly, .access])],
                group: .generic, since: "7.0.0", summary: "Returns when a key expires, in Unix seconds.",
                syntax: "key", expireTime),
            CommandDeclaration(
                "pexpiretime", arity: 2, [.readonly, .fast], .keyspace, keys: [.key(1, [.readOnly, .access])],
                group: .generic, since: "7.0.0", summary: "Returns when a key expires, in Unix milliseconds.",
                syntax: "key", pexpireTime),
        ]
    }

    static func ttl(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        replyLifetime(&context, arguments[1]) { expiry, now in seconds(expiry - now) }
    }

    static func pttl(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        replyLifetime(&context, arguments[1]) { expiry, now in expiry - now }
    }

    static func expireTime(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        replyLifetime(&context, arguments[1]) { expiry, _ in seconds(expiry) }
    }

    static func pexpireTime(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        replyLifetime(&context, arguments[1]) { expiry, _ in expiry }
    }

    /// `view` gets an expiry that lies behind now, both positive: their difference cannot overflow.
    private static func replyLifetime(
        _ context: inout CommandContext, _ key: RawSpan, _ view: (Milliseconds, Milliseconds) -> Int64
    ) -> Outcome {
        if let entry = context.lookupUntouched(key) {
            context.reply.integer(entry.expiry.map { view($0, context.now) } ?? -1)
        } else {
            context.reply.integer(-2)
        }
        return .done
    }

    /// Whole seconds, rounded to the nearest.
    private static func seconds(_ duration: Milliseconds) -> Int64 {
        let (whole, rest) = duration.quotientAndRemainder(dividingBy: 1000)
        return rest >= 500 ? whole + 1 : whole
    }
}
