import Engine
import Keyspace
import Primitives
import RESP

extension Strings {
    static var setDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "set", arity: -3, [.write, .denyOOM], .string,
                keys: [
                    .key(
                        1, [.readWrite, .access, .update, .variableFlags],
                        notes: "RW and ACCESS due to the optional `GET` argument",
                        variation: .init(with: ["GET"], from: 3, otherwise: [.overwrite, .update]))
                ],
                group: .string, since: "1.0.0",
                summary: "Stores a string under a key, on conditions and with an expiry if wanted.",
                syntax: """
                    key value [NX@2.6.12 | XX@2.6.12 | IFEQ@8.1.0 comparison-value | IFNE@8.4.0 comparison-value | \
                    IFDEQ@8.4.0 digest | IFDNE@8.4.0 digest] [GET@6.2.0] [EX@2.6.12 seconds | \
                    PX@2.6.12 milliseconds | EXAT@6.2.0 unix-time-seconds | PXAT@6.2.0 unix-time-milliseconds | \
                    KEEPTTL@6.0.0]
                    """,
                history: [
                    "2.6.12": "EX, PX, NX and XX.", "6.0.0": "KEEPTTL.", "6.2.0": "GET, EXAT and PXAT.",
                    "7.0.0": "NX together with GET.", "8.1.0": "IFEQ.", "8.4.0": "IFNE, IFDEQ and IFDNE.",
                ], set),
            CommandDeclaration(
                "setnx", arity: 3, [.write, .denyOOM, .fast], .string, keys: [.key(1, [.overwrite, .insert])],
                group: .string, since: "1.0.0", summary: "Stores a string only under a key that does not exist.",
                syntax: "key value",
                deprecated: .init(since: "2.6.12", replacement: "`SET` with the `NX` argument"), setnx),
            CommandDeclaration(
                "setex", arity: 4, [.write, .denyOOM], .string, keys: [.key(1, [.overwrite, .update])],
                group: .string, since: "2.0.0", summary: "Stores a string that lives for some seconds.",
                syntax: "key seconds value",
                deprecated: .init(since: "2.6.12", replacement: "`SET` with the `EX` argument"), setex),
            CommandDeclaration(
                "psetex", arity: 4, [.write, .denyOOM], .string, keys: [.key(1, [.overwrite, .update])],
                group: .string, since: "2.6.0", summary: "Stores a string that lives for some milliseconds.",
                syntax: "key milliseconds value",
                deprecated: .init(since: "2.6.12", replacement: "`SET` with the `PX` argument"), psetex),
            CommandDeclaration(
                "getset", arity: 3, [.write, .denyOOM, .fast], .string, keys: [.key(1, [.readWrite, .access, .update])],
                group: .string, since: "1.0.0", summary: "Stores a string and returns the one it replaces.",
                syntax: "key value",
                deprecated: .init(since: "6.2.0", replacement: "`SET` with the `!GET` argument"), getset),
        ]
    }

    static func set(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        guard arguments.count > 3 else {
            let slot = context.lookupWrite(key)
            store(key, slot, 2, of: arguments, .clear, &context)
            context.reply.ok()
            return .done
        }
        let options = try SetOptions(arguments)
        let moment = try options.expiry.moment?.moment(arguments, in: "set", &context)
        let slot = options.returnsOld ? context.lookupRead(key) : context.lookupWrite(key)
        if let entry = slot.entry, !entry.isString, options.needsString { throw .wrongType }
        let allowed = try options.condition.allows(slot.entry, arguments, &context)
        if options.returnsOld {
            if let entry = slot.entry { context.reply(string: entry) } else { context.reply.null() }
        } else if allowed {
            context.reply.ok()
        } else {
            context.reply.null()
        }
        if allowed { apply(options, moment, slot, arguments, &context) }
        return .done
    }

    private static func apply(
        _ options: SetOptions, _ moment: Milliseconds?, _ slot: KeySlot, _ arguments: borrowing Arguments,
        _ context: inout CommandContext
    ) {
        if let moment { return store(arguments[1], slot, 2, of: arguments, until: moment, &context) }
        let key = arguments[1]
        let keeps = options.expiry.keeps
        store(key, slot, 2, of: arguments, keeps ? .keep : .clear, &context)
        // Whoever replays this needs neither the old value nor the comparison.
        if options.condition.isComparison {
            context.effects.begin(keeps ? 4 : 3)
            context.effects.word("SET")
            context.effects.word(key)
            context.effects.word(arguments[2])
            if keeps { context.effects.word("KEEPTTL") }
        } else if options.returnsOld {
            propagateWithoutGet(arguments, &context)
        }
    }

    private static func propagateWithoutGet(_ arguments: borrowing Arguments, _ context: inout CommandContext) {
        var count = arguments.count
        for index in 3..<arguments.count where arguments[index].matches("GET") { count -= 1 }
        context.effects.begin(count)
        for index in 0..<arguments.count where index < 3 || !arguments[index].matches("GET") {
            context.effects.word(arguments[index])
        }
    }

    /// Stores argument `index` under a key, whatever that held.
    @inline(__always)
    static func store(
        _ key: RawSpan, _ slot: KeySlot, _ index: Int, of arguments: borrowing Arguments, _ expiry: ExpiryChange,
        _ context: inout CommandContext
    ) {
        let old = slot.entry?.type
        context.setString(key, slot, argument: index, of: arguments, expiry)
        context.keyModified(key, KeyEvent("set", .string), replacing: old)
    }

    /// Stores argument `index` under a key until a moment, which may be past.
    static func store(
        _ key: RawSpan, _ slot: KeySlot, _ index: Int, of arguments: borrowing Arguments, until moment: Milliseconds,
        _ context: inout CommandContext
    ) {
        guard moment > context.now else {
            if slot.entry != nil { context.removeAsPast(key, slot) }
            return
        }
        store(key, slot, index, of: arguments, .at(moment), &context)
        context.notice(key, KeyEvent("expire", .generic), slot.database)
        context.effects.begin(5)
        context.effects.word("SET")
        context.effects.word(key)
        context.effects.word(arguments[index])
        context.effects.word("PXAT")
        context.effects.word(moment)
    }

    static func setnx(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = context.lookupWrite(key)
        if slot.entry == nil { store(key, slot, 2, of: arguments, .clear, &context) }
        context.reply.flag(slot.entry == nil)
        return .done
    }

    static func setex(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try setUntil(.secondsFromNow, "setex", &context, arguments)
    }

    static func psetex(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try setUntil(.millisecondsFromNow, "psetex", &context, arguments)
    }

    private static func setUntil(
        _ spelling: ExpirySpelling, _ command: StaticString, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let moment = try spelling.moment(arguments[2], in: command, &context)
        store(arguments[1], context.lookupWrite(arguments[1]), 3, of: arguments, until: moment, &context)
        context.reply.ok()
        return .done
    }

    static func getset(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForReading(key, .string)
        if let entry = slot.entry { context.reply(string: entry) } else { context.reply.null() }
        store(key, slot, 2, of: arguments, .clear, &context)
        context.effects.begin(3)
        context.effects.word("SET")
        context.effects.word(key)
        context.effects.word(arguments[2])
        return .done
    }
}

/// The options of SET. A word may be repeated, words of one choice may not be mixed.
struct SetOptions {
    private(set) var condition = WriteCondition.always
    private(set) var returnsOld = false
    private(set) var expiry = ExpiryOptions()

    /// Whether the command looks at the old value, which then has to be a string.
    var needsString: Bool { returnsOld || condition.isComparison }

    init(_ arguments: borrowing Arguments) throws(CommandError) {
        var index = 3
        while index < arguments.count {
            if try !expiry.read(arguments, &index) { try readCondition(arguments, &index) }
            index += 1
        }
    }

    private mutating func readCondition(_ arguments: borrowing Arguments, _ index: inout Int) throws(CommandError) {
        let word = arguments[index]
        if word.matches("NX") {
            try setCondition(.ifMissing)
        } else if word.matches("XX") {
            try setCondition(.ifExisting)
        } else if word.matches("GET") {
            returnsOld = true
        } else if let comparison = ValueComparison(option: word), index + 1 < arguments.count {
            index += 1
            try setCondition(.compared(comparison, operand: index))
        } else {
            throw .syntax
        }
    }

    private mutating func setCondition(_ new: WriteCondition) throws(CommandError) {
        switch (condition, new) {
        case (.always, _), (.ifMissing, .ifMissing), (.ifExisting, .ifExisting): condition = new
        default: throw .syntax
        }
    }
}
