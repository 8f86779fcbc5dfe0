// INCREX: counting within bounds.

import Engine
import Keyspace
import Primitives
import RESP

/// The options of INCREX, none of which may be repeated. Indices are those of arguments.
private struct BoundedOptions {
    private(set) var integerIncrement: Int?
    private(set) var floatIncrement: Int?
    private(set) var lowerBound: Int?
    private(set) var upperBound: Int?
    private(set) var saturates = false
    private(set) var expiry: ExpiryArgument?
    private(set) var persists = false
    private(set) var onlyWithoutExpiry = false

    init(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            if word.matches("SATURATE") {
                try Self.switchOn(&saturates)
            } else if word.matches("PERSIST") {
                try Self.switchOn(&persists)
            } else if word.matches("ENX") {
                try Self.switchOn(&onlyWithoutExpiry)
            } else if index + 1 == arguments.count {
                throw .syntax
            } else if let option = ExpiryArgument(arguments, at: index) {
                guard expiry == nil else { throw .syntax }
                expiry = option
                index += 1
            } else {
                index += 1
                try setOperand(word, index)
            }
            index += 1
        }
        guard integerIncrement == nil || floatIncrement == nil else { throw .syntax }
        guard !persists || (expiry == nil && !onlyWithoutExpiry) else { throw .syntax }
        guard !onlyWithoutExpiry || expiry != nil else {
            throw context.failure("ERR ENX flag requires an expiration")
        }
    }

    private mutating func setOperand(_ word: RawSpan, _ index: Int) throws(CommandError) {
        if word.matches("BYINT") {
            try Self.set(&integerIncrement, index)
        } else if word.matches("BYFLOAT") {
            try Self.set(&floatIncrement, index)
        } else if word.matches("LBOUND") {
            try Self.set(&lowerBound, index)
        } else if word.matches("UBOUND") {
            try Self.set(&upperBound, index)
        } else {
            throw .syntax
        }
    }

    private static func set(_ operand: inout Int?, _ index: Int) throws(CommandError) {
        guard operand == nil else { throw .syntax }
        operand = index
    }

    private static func switchOn(_ flag: inout Bool) throws(CommandError) {
        guard !flag else { throw .syntax }
        flag = true
    }
}

extension Strings {
    static func increx(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let options = try BoundedOptions(arguments, &context)
        if options.floatIncrement != nil {
            try incrementFloat(options, arguments, &context)
        } else {
            try incrementInteger(options, arguments, &context)
        }
        return .done
    }

    private static func boundsFailure(_ context: inout CommandContext) -> CommandError {
        context.failure("ERR LBOUND can't be greater than UBOUND")
    }

    // MARK: Integers

    private static func integerOperand(
        _ index: Int?, or missing: Int64, named name: StaticString, _ arguments: borrowing Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Int64 {
        guard let index else { return missing }
        guard let value = arguments[index].canonicalInteger else {
            throw context.failure("ERR \(name) is not an integer or out of range")
        }
        return value
    }

    private static func incrementInteger(
        _ options: BoundedOptions, _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        let amount = try integerOperand(options.integerIncrement, or: 1, named: "Increment", arguments, &context)
        let lower = try integerOperand(options.lowerBound, or: .min, named: "LBOUND", arguments, &context)
        let upper = try integerOperand(options.upperBound, or: .max, named: "UBOUND", arguments, &context)
        let moment = try options.expiry?.moment(arguments, in: "increx", &context)
        guard lower <= upper else { throw boundsFailure(&context) }
        let key = arguments[1]
        let slot = try context.stringForWriting(key)
        let old = try storedInteger(slot.entry)
        let (sum, overflow) = old.addingReportingOverflow(amount)
        var new = sum
        var applied = amount
        if overflow || sum < lower || sum > upper {
            guard options.saturates else {
                context.reply.array(2)
                context.reply.integer(old)
                context.reply.integer(0)
                return
            }
            new = (overflow ? amount > 0 : sum > upper) ? upper : lower
            let (difference, isTooLarge) = new.subtractingReportingOverflow(old)
            guard !isTooLarge else { throw context.failure("ERR applied increment would overflow") }
            applied = difference
        }
        context.reply.array(2)
        context.reply.integer(new)
        context.reply.integer(applied)
        let write = BoundedWrite(options, moment, slot.entry, now: context.now)
        guard !write.isPast else { return removePast(key, slot, &context) }
        context.setInteger(key, slot, new, write.change)
        let digits = DecimalText(new)
        finish(write, key, slot, digits.bytes, KeyEvent("incrby", .string), &context)
    }

    // MARK: Fractions

    private static func floatOperand(
        _ index: Int, named name: StaticString, _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) -> LongDecimal {
        guard let value = LongDecimal(arguments[index]) else {
            throw context.failure("ERR \(name) is not a valid float")
        }
        return value
    }

    private static func incrementFloat(
        _ options: BoundedOptions, _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        guard let incrementIndex = options.floatIncrement else { return }
        let amount = try floatOperand(incrementIndex, named: "Increment", arguments, &context)
        guard amount.isFinite else { throw context.failure("ERR BYFLOAT increment cannot be Infinity") }
        var lower = LongDecimal.zero - .largest
        if let index = options.lowerBound { lower = try floatOperand(index, named: "LBOUND", arguments, &context) }
        var upper = LongDecimal.largest
        if let index = options.upperBound { upper = try floatOperand(index, named: "UBOUND", arguments, &context) }
        let moment = try options.expiry?.moment(arguments, in: "increx", &context)
        guard !(upper < lower) else { throw boundsFailure(&context) }
        let key = arguments[1]
        let slot = try context.stringForWriting(key)
        let old = try storedFloat(slot.entry, &context)
        var new = old + amount
        var applied = amount
        if !new.isFinite || new < lower || upper < new {
            guard options.saturates else {
                reply(old, .zero, &context)
                return
            }
            new = upper < new ? upper : lower
            applied = new - old
            guard new.isFinite, applied.isFinite else {
                throw context.failure("ERR applied increment would be Infinity")
            }
        }
        reply(new, applied, &context)
        let write = BoundedWrite(options, moment, slot.entry, now: context.now)
        guard !write.isPast else { return removePast(key, slot, &context) }
        let text = new.text
        context.setText(key, slot, text.rawSpan, write.change)
        finish(write, key, slot, text.rawSpan, KeyEvent("incrbyfloat", .string), &context)
    }

    private static func storedFloat(
        _ entry: Entry?, _ context: inout CommandContext
    ) throws(CommandError) -> LongDecimal {
        guard let entry else { return .zero }
        guard let value = entry.withString({ LongDecimal($0) }) else { throw .notFloat }
        guard value.isFinite else { throw context.failure("ERR value cannot be Infinity") }
        return value
    }

    private static func reply(_ value: LongDecimal, _ applied: LongDecimal, _ context: inout CommandContext) {
        context.reply.array(2)
        context.reply(number: value.text.rawSpan)
        context.reply(number: applied.text.rawSpan)
    }

    // MARK: Expiry and effects

    /// What an accepted INCREX does to its key's expiry.
    private struct BoundedWrite {
        let change: ExpiryChange
        let removesExpiry: Bool
        let isPast: Bool

        init(_ options: BoundedOptions, _ moment: Milliseconds?, _ entry: Entry?, now: Milliseconds) {
            let hadExpiry = entry?.hasExpiry ?? false
            if let moment, !(options.onlyWithoutExpiry && hadExpiry) {
                change = .at(moment)
                isPast = moment <= now
                removesExpiry = false
            } else {
                change = options.persists ? .clear : .keep
                isPast = false
                removesExpiry = options.persists && hadExpiry
            }
        }
    }

    private static func removePast(_ key: RawSpan, _ slot: KeySlot, _ context: inout CommandContext) {
        if slot.entry != nil { context.removeAsPast(key, slot) }
    }

    private static func finish(
        _ write: BoundedWrite, _ key: RawSpan, _ slot: KeySlot, _ value: RawSpan, _ event: KeyEvent,
        _ context: inout CommandContext
    ) {
        context.keyModified(key, event)
        var words = 4
        if case .at = write.change { words = 5 }
        if case .clear = write.change { words = 3 }
        context.effects.begin(words)
        context.effects.word("SET")
        context.effects.word(key)
        context.effects.word(value)
        switch write.change {
        case .keep:
            context.effects.word("KEEPTTL")
        case .clear:
            if write.removesExpiry { context.notice(key, KeyEvent("persist", .generic), slot.database) }
        case .at(let moment):
            context.notice(key, KeyEvent("expire", .generic), slot.database)
            context.effects.word("PXAT")
            context.effects.word(moment)
        }
    }
}
