// When fields expire: setting it, taking it away.

import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    private static func setter(
        _ name: StaticString, summary: StaticString, syntax: StaticString, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        writer(
            name, arity: -6, flags: [.write, .fast], [.readWrite, .update], since: "7.4.0", complexity: "O(N) for N fields",
            summary: summary, syntax: syntax, handler)
    }

    static var expiryDeclarations: [CommandDeclaration] {
        [
            setter(
                "hexpire", summary: "Lets fields expire after a number of seconds.",
                syntax: "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", hexpire),
            setter(
                "hpexpire", summary: "Lets fields expire after a number of milliseconds.",
                syntax: "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", hpexpire),
            setter(
                "hexpireat", summary: "Lets fields expire at a moment given in Unix seconds.",
                syntax: "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", hexpireat),
            setter(
                "hpexpireat", summary: "Lets fields expire at a moment given in Unix milliseconds.",
                syntax: "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", hpexpireat),
            writer(
                "hpersist", arity: -5, flags: [.write, .fast], [.readWrite, .update], since: "7.4.0",
                complexity: "O(N) for N fields", summary: "Takes the expiry of fields away.",
                syntax: "key FIELDS numfields field [field ...]", hpersist),
        ]
    }

    static func hexpire(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try expire(&context, arguments, .secondsFromNow, "hexpire")
    }

    static func hpexpire(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try expire(&context, arguments, .millisecondsFromNow, "hpexpire")
    }

    static func hexpireat(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try expire(&context, arguments, .unixSeconds, "hexpireat")
    }

    static func hpexpireat(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try expire(&context, arguments, .unixMilliseconds, "hpexpireat")
    }

    /// The answers of HEXPIRE for a field.
    private enum Answer {
        static var noField: Int { -2 }
        static var conditionNotMet: Int { 0 }
        static var set: Int { 1 }
        static var removed: Int { 2 }
    }

    private static func expire(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ spelling: ExpirySpelling, _ command: StaticString
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var slot = try context.slotForWriting(key, .hash)
        let moment = try spelling.fieldMoment(arguments[2], in: command, &context)
        var conditions: ExpiryConditions = []
        var index = 3
        while index < arguments.count, let condition = ExpiryConditions(option: arguments[index]) {
            conditions.insert(condition)
            index += 1
        }
        try conditions.check(&context)
        let names = try FieldNames(
            &context, arguments, at: index, notPositive: "ERR Parameter `numFields` should be greater than 0")
        let isPast = moment <= context.now
        var changed: [Int] = []
        var expired: [Int] = []
        context.reply.array(names.count)
        for field in names.range {
            let found = context.lookupField(&slot, field, arguments, &expired)
            if !found.isPresent {
                context.reply.integer(Answer.noField)
            } else if !conditions.allow(moment, after: found.expiry) {
                context.reply.integer(Answer.conditionNotMet)
            } else {
                setExpiry(&context, &slot, arguments[field], isPast ? nil : moment)
                context.reply.integer(isPast ? Answer.removed : Answer.set)
                changed.append(field)
            }
        }
        context.noticeExpired(expired, of: key, arguments)
        noteExpiry(&context, changed, isPast ? nil : moment, conditions: 3..<index, arguments)
        context.removeIfEmpty(key, &slot)
        return .done
    }

    /// Sets the expiry of a field that is there; `moment` nil: it is past, the field goes.
    static func setExpiry(_ context: inout CommandContext, _ slot: inout KeySlot, _ name: RawSpan, _ moment: Milliseconds?) {
        if let moment {
            context.setFieldExpiry(&slot, name, moment)
        } else {
            _ = context.removeField(&slot, name)
        }
    }

    /// Tells and propagates what happened to `fields`; `moment` nil: they were removed.
    static func noteExpiry(
        _ context: inout CommandContext, _ fields: [Int], _ moment: Milliseconds?,
        conditions: Range<Int> = 0..<0, _ arguments: borrowing Arguments
    ) {
        guard !fields.isEmpty else { return }
        if let moment {
            context.keyModified(arguments[1], KeyEvent("hexpire", .hash), .words(fields), arguments)
            context.propagateExpiry(of: fields, moment, conditions: conditions, arguments)
        } else {
            context.keyModified(arguments[1], KeyEvent("hdel", .hash), .words(fields), arguments)
            context.propagateRemoval(of: fields, arguments)
        }
    }

    static func hpersist(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var slot = try context.slotForWriting(key, .hash)
        let names = try FieldNames(&context, arguments, at: 2)
        var changed: [Int] = []
        var expired: [Int] = []
        context.reply.array(names.count)
        for field in names.range {
            let found = context.lookupField(&slot, field, arguments, &expired)
            if !found.isPresent {
                context.reply.integer(-2)
            } else if found.expiry == nil {
                context.reply.integer(-1)
            } else {
                context.setFieldExpiry(&slot, arguments[field], nil)
                context.reply.integer(1)
                changed.append(field)
            }
        }
        context.noticeExpired(expired, of: key, arguments)
        if !changed.isEmpty {
            context.keyModified(key, KeyEvent("hpersist", .hash), .words(changed), arguments)
            context.propagatePersistence(of: changed, arguments)
        }
        context.removeIfEmpty(key, &slot)
        return .done
    }
}
