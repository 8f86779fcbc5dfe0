import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var setWithExpiryDeclarations: [CommandDeclaration] {
        [
            writer(
                "hsetex", arity: -6, [.readWrite, .update], since: "8.0.0", complexity: "O(N) for N fields",
                summary: "Sets fields and when they expire, on conditions if wanted.",
                syntax: """
                    key [key-condition: NX | XX] [fields-condition: FNX | FXX] [EX seconds | PX milliseconds | \
                    EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] \
                    FIELDS <fields: numfields field value [field value ...]>
                    """, hsetex)
        ]
    }

    static func hsetex(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var slot = try context.slotForWriting(key, .hash)
        let options = try FieldSetOptions(&context, arguments)
        var expired: [Int] = []
        let allowed = isAllowed(&context, &slot, options, arguments, &expired)
        context.noticeExpired(expired, of: key, arguments)
        if allowed {
            if let moment = options.moment, moment <= context.now {
                setAsPast(&context, &slot, options.pairs, arguments)
            } else {
                setFields(&context, &slot, options, arguments)
            }
        }
        context.removeIfEmpty(key, &slot)
        context.reply.flag(allowed)
        return .done
    }

    private static func setFields(
        _ context: inout CommandContext, _ slot: inout KeySlot, _ options: FieldSetOptions, _ arguments: borrowing Arguments
    ) {
        let key = arguments[1]
        for index in stride(from: options.pairs.lowerBound, to: options.pairs.upperBound, by: 2) {
            _ = context.setField(key, &slot, arguments[index], arguments[index + 1], options.expiry)
        }
        context.keyModified(key, KeyEvent("hset", .hash), .pairs(options.pairs), arguments)
        if let moment = options.moment {
            context.notice(key, KeyEvent("hexpire", .hash), .pairs(options.pairs), arguments)
            propagate(&context, options, moment, arguments)
        }
    }

    /// Whether key and fields are there, or not, as the options want. Expired fields are removed on the way.
    private static func isAllowed(
        _ context: inout CommandContext, _ slot: inout KeySlot, _ options: FieldSetOptions,
        _ arguments: borrowing Arguments, _ expired: inout [Int]
    ) -> Bool {
        if let wanted = options.wantsKey, (slot.entry != nil) != wanted { return false }
        var isAllowed = true
        for index in stride(from: options.pairs.lowerBound, to: options.pairs.upperBound, by: 2) {
            let isPresent = context.lookupField(&slot, index, arguments, &expired).isPresent
            if let wanted = options.wantsFields, isPresent != wanted { isAllowed = false }
        }
        return isAllowed
    }

    /// Fields that are set with an expiry in the past are there for their event only.
    private static func setAsPast(
        _ context: inout CommandContext, _ slot: inout KeySlot, _ pairs: Range<Int>, _ arguments: borrowing Arguments
    ) {
        let key = arguments[1]
        let fields = Array(stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2))
        for index in fields { _ = context.setField(key, &slot, arguments[index], arguments[index + 1], .clear) }
        context.keyModified(key, KeyEvent("hset", .hash), .words(fields), arguments)
        for index in fields { _ = context.removeField(&slot, arguments[index]) }
        context.notice(key, KeyEvent("hdel", .hash), .words(fields), arguments)
        context.propagateRemoval(of: fields, arguments)
    }

    /// The command with the moment in place of its expiry option.
    private static func propagate(
        _ context: inout CommandContext, _ options: FieldSetOptions, _ moment: Milliseconds, _ arguments: borrowing Arguments
    ) {
        context.effects.begin(arguments.count)
        context.effects.word("HSETEX")
        for index in 1..<arguments.count {
            if index == options.momentIndex - 1 {
                context.effects.word("PXAT")
            } else if index == options.momentIndex {
                context.effects.word(moment)
            } else {
                context.effects.word(arguments[index])
            }
        }
    }
}

/// The options of HSETEX and where its pairs stand.
private struct FieldSetOptions {
    /// True for XX, false for NX.
    private(set) var wantsKey: Bool?
    /// True for FXX, false for FNX.
    private(set) var wantsFields: Bool?
    private(set) var expiry = ExpiryChange.clear
    /// The moment of the expiry option, and where its number stands.
    private(set) var moment: Milliseconds?
    private(set) var momentIndex = 0
    private(set) var pairs = 0..<0
    private var hasExpiryOption = false

    init(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            if word.matches("FIELDS") {
                pairs = try Self.pairs(&context, arguments, after: index)
                return
            } else if word.matches("KEEPTTL") {
                try noteExpiryOption(&context)
                expiry = .keep
            } else if let spelling = ExpirySpelling(option: word), index + 1 < arguments.count {
                try noteExpiryOption(&context)
                index += 1
                let moment = try spelling.fieldMoment(arguments[index], in: "hsetex", &context)
                (self.moment, momentIndex, expiry) = (moment, index, .at(moment))
            } else {
                try readCondition(&context, word)
            }
            index += 1
        }
        throw context.failure("ERR missing FIELDS argument")
    }

    private mutating func noteExpiryOption(_ context: inout CommandContext) throws(CommandError) {
        guard !hasExpiryOption else {
            throw context.failure("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
        }
        hasExpiryOption = true
    }

    private mutating func readCondition(_ context: inout CommandContext, _ word: RawSpan) throws(CommandError) {
        let isExisting = word.matches("FXX") || word.matches("XX")
        if word.matches("FXX") || word.matches("FNX") {
            guard wantsFields == nil else {
                throw context.failure("ERR Only one of FXX or FNX arguments can be specified")
            }
            wantsFields = isExisting
        } else if word.matches("XX") || word.matches("NX") {
            guard wantsKey == nil else { throw context.failure("ERR Only one of NX or XX arguments can be specified") }
            wantsKey = isExisting
        } else {
            throw context.failure(bytes: [UInt8]("ERR unknown argument: ") + word.array)
        }
    }

    /// The pairs behind FIELDS, which go to the end of the request.
    private static func pairs(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, after index: Int
    ) throws(CommandError) -> Range<Int> {
        guard index + 1 < arguments.count, let number = arguments[index + 1].canonicalInteger, number > 0 else {
            throw context.failure("ERR invalid number of fields")
        }
        let words = arguments.count - index - 2
        guard words % 2 == 0, number == Int64(words / 2) else {
            throw context.failure("ERR wrong number of arguments for 'hsetex' command")
        }
        return index + 2..<arguments.count
    }
}
