// All fields of a hash at once. Expired fields are passed over, not removed.

import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var wholeDeclarations: [CommandDeclaration] {
        [
            reader(
                "hgetall", arity: 2, flags: .readonly, since: "2.0.0", complexity: "O(N) for N fields",
                summary: "Returns all fields with their values.", syntax: "key", tips: ["nondeterministic_output_order"],
                hgetall),
            reader(
                "hkeys", arity: 2, flags: .readonly, since: "2.0.0", complexity: "O(N) for N fields",
                summary: "Returns the names of all fields.", syntax: "key", tips: ["nondeterministic_output_order"], hkeys),
            reader(
                "hvals", arity: 2, flags: .readonly, since: "2.0.0", complexity: "O(N) for N fields",
                summary: "Returns the values of all fields.", syntax: "key", tips: ["nondeterministic_output_order"], hvals),
        ]
    }

    static func hgetall(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let entry = try context.slotForReading(arguments[1], .hash).entry else {
            context.reply.map(0)
            return .done
        }
        let now = context.now
        context.reply.map(entry.fieldCount - entry.expiredFieldCount(at: now))
        entry.forEachField { name, value, expiry in
            if let expiry, expiry <= now { return }
            context.reply.bulk(name)
            context.reply.bulk(value)
        }
        return .done
    }

    static func hkeys(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let entry = try context.slotForReading(arguments[1], .hash).entry else {
            context.reply.array(0)
            return .done
        }
        let now = context.now
        context.reply.array(entry.fieldCount - entry.expiredFieldCount(at: now))
        entry.forEachField { name, _, expiry in
            if let expiry, expiry <= now { return }
            context.reply.bulk(name)
        }
        return .done
    }

    static func hvals(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let entry = try context.slotForReading(arguments[1], .hash).entry else {
            context.reply.array(0)
            return .done
        }
        let now = context.now
        context.reply.array(entry.fieldCount - entry.expiredFieldCount(at: now))
        entry.forEachField { _, value, expiry in
            if let expiry, expiry <= now { return }
            context.reply.bulk(value)
        }
        return .done
    }
}
