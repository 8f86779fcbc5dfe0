import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var lifetimeDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "expire", arity: -3, [.write, .fast], .keyspace, keys: [.key(1, [.readWrite, .update])],
                group: .generic, since: "1.0.0", summary: "Lets a key expire after a number of seconds.",
                syntax: "key seconds [condition@7.0.0: NX | XX | GT | LT]",
                history: ["7.0.0": "NX, XX, GT and LT."], expire),
            CommandDeclaration(
                "pexpire", arity: -3, [.write, .fast], .keyspace, keys: [.key(1, [.readWrite, .update])],
                group: .generic, since: "2.6.0", summary: "Lets a key expire after a number of milliseconds.",
                syntax: "key milliseconds [condition@7.0.0: NX | XX | GT | LT]",
                history: ["7.0.0": "NX, XX, GT and LT."], pexpire),
            CommandDeclaration(
                "expireat", arity: -3, [.write, .fast], .keyspace, keys: [.key(1, [.readWrite, .update])],
                group: .generic, since: "1.2.0", summary: "Lets a key expire at a moment given in Unix seconds.",
                syntax: "key unix-time-seconds [condition@7.0.0: NX | XX | GT | LT]",
                history: ["7.0.0": "NX, XX, GT and LT."], expireAt),
            CommandDeclaration(
                "pexpireat", arity: -3, [.write, .fast], .keyspace, keys: [.key(1, [.readWrite, .update])],
                group: .generic, since: "2.6.0", summary: "Lets a key expire at a moment given in Unix milliseconds.",
                syntax: "key unix-time-milliseconds [condition@7.0.0: NX | XX | GT | LT]",
                history: ["7.0.0": "NX, XX, GT and LT."], pexpireAt),
            CommandDeclaration(
                "persist", arity: 2, [.write, .fast], .keyspace, keys: [.key(1, [.readWrite, .update])],
                group: .generic, since: "2.2.0", summary: "Takes the expiry of a key away.", syntax: "key", persist),
        ]
    }

    /// How a command gives the moment of expiry.
    private struct Notation {
        let command: StaticString
        let isRelative: Bool
        let unit: Milliseconds

        /// The moment that `number` stands for; nil beyond 64 bits.
        func moment(_ number: ClientInteger, now: Milliseconds) -> Milliseconds? {
            try? number.multiplied(by: unit).adding(isRelative ? now : 0).value
        }
    }

    static func expire(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try setExpiry(&context, arguments, Notation(command: "expire", isRelative: true, unit: 1000))
    }

    static func pexpire(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try setExpiry(&context, arguments, Notation(command: "pexpire", isRelative: true, unit: 1))
    }

    static func expireAt(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try setExpiry(&context, arguments, Notation(command: "expireat", isRelative: false, unit: 1000))
    }

    static func pexpireAt(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try setExpiry(&context, arguments, Notation(command: "pexpireat", isRelative: false, unit: 1))
    }

    private static func setExpiry(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ notation: Notation
    ) throws(CommandError) -> Outcome {
        let conditions = try conditions(&context, arguments)
        let number = try context.integer(arguments[2])
        guard let moment = notation.moment(number, now: context.presentTime) else {
            throw context.failure("ERR invalid expire time in '\(notation.command)' command")
        }
        let key = arguments[1]
        let slot = context.lookupWrite(key)
        guard let entry = slot.entry, conditions.allow(moment, after: entry.expiry) else {
            context.reply.flag(false)
            return .done
        }
        if moment <= context.now {
            context.remove(key, slot)
            context.keyModified(key, KeyEvent("del", .generic))
            context.effects.begin(2)
            context.effects.word("DEL")
            context.effects.word(key)
        } else {
            context.setExpiry(entry, slot, moment)
            context.keyModified(key, KeyEvent("expire", .generic))
            // Replicas and files need the moment itself.
            context.effects.begin(arguments.count)
            context.effects.word("PEXPIREAT")
            context.effects.word(key)
            context.effects.word(moment)
            for index in 3..<arguments.count { context.effects.word(arguments[index]) }
        }
        context.reply.flag(true)
        return .done
    }

    private static func conditions(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> ExpiryConditions {
        var conditions: ExpiryConditions = []
        for index in 3..<arguments.count {
            let word = arguments[index]
            guard let condition = ExpiryConditions(option: word) else {
                throw context.failure(bytes: [UInt8]("ERR Unsupported option ") + word.array.prefix { $0 != 0 })
            }
            conditions.insert(condition)
        }
        try conditions.check(&context)
        return conditions
    }

    static func persist(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = context.lookupWrite(key)
        guard let entry = slot.entry, entry.hasExpiry else {
            context.reply.flag(false)
            return .done
        }
        context.setExpiry(entry, slot, nil)
        context.keyModified(key, KeyEvent("persist", .generic))
        context.reply.flag(true)
        return .done
    }
}
