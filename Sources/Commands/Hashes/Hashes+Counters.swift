import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var counterDeclarations: [CommandDeclaration] {
        [
            writer(
                "hincrby", arity: 4, [.readWrite, .access, .update], since: "2.0.0",
                summary: "Adds a number to the integer in a field.", syntax: "key field increment", hincrby),
            writer(
                "hincrbyfloat", arity: 4, [.readWrite, .access, .update], since: "2.6.0",
                summary: "Adds a fraction to the number in a field.", syntax: "key field increment=double", hincrbyfloat),
        ]
    }

    static func hincrby(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let increment = try context.integer(arguments[3]).value
        var slot = try context.slotForWriting(key, .hash)
        var stored: Int64? = 0
        readNumber(&context, key, &slot, arguments[2]) { stored = $0.canonicalInteger }
        guard let stored else { throw context.failure("ERR hash value is not an integer") }
        let (sum, isTooLarge) = stored.addingReportingOverflow(increment)
        guard !isTooLarge else { throw .overflow }
        let digits = DecimalText(sum)
        _ = context.setField(key, &slot, arguments[2], digits.bytes, .keep)
        context.keyModified(key, KeyEvent("hincrby", .hash), .word(2), arguments)
        context.reply.integer(sum)
        return .done
    }

    /// Calls `body` with the value of a field if there is one; an expired one is removed.
    private static func readNumber(
        _ context: inout CommandContext, _ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan, _ body: (RawSpan) -> Void
    ) {
        if let entry = slot.entry, entry.readField(name, at: context.now, body) == .expired {
            context.expireField(key, &slot, name)
        }
    }

    static func hincrbyfloat(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let name = arguments[2]
        let increment = arguments[3]
        guard let number = LongDecimal(increment) else { throw .notFloat }
        guard number.isFinite else { throw context.failure("ERR value is NaN or Infinity") }
        var slot = try context.slotForWriting(key, .hash)
        var result = DecimalSum.adding(RawSpan(literal: "0"), increment)
        readNumber(&context, key, &slot, name) { result = DecimalSum.adding($0, increment) }
        switch result {
        case .firstInvalid: throw context.failure("ERR hash value is not a float")
        case .secondInvalid: throw .notFloat
        case .notFinite: throw context.failure("ERR increment would produce NaN or Infinity")
        case .text(let text):
            let expires = slot.entry?.fieldExpiry(name, at: context.now).expiry != nil
            _ = context.setField(key, &slot, name, text.rawSpan, .keep)
            context.keyModified(key, KeyEvent("hincrbyfloat", .hash), .word(2), arguments)
            context.reply.bulk(text)
            propagateSum(&context, key, name, text, expires: expires)
        }
        return .done
    }

    /// The sum itself, so that all copies have the same digits.
    private static func propagateSum(
        _ context: inout CommandContext, _ key: RawSpan, _ name: RawSpan, _ text: [UInt8], expires: Bool
    ) {
        context.effects.begin(expires ? 7 : 4)
        context.effects.word(expires ? "HSETEX" : "HSET")
        context.effects.word(key)
        if expires {
            context.effects.word("KEEPTTL")
            context.effects.word("FIELDS")
            context.effects.word("1")
        }
        context.effects.word(name)
        context.effects.word(text.rawSpan)
    }
}
