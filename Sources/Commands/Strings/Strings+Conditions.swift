// Writing and deleting on conditions.

import Engine
import Keyspace
import Primitives
import RESP

/// A comparison of a stored string with an operand of the request.
enum ValueComparison {
    case equal
    case notEqual
    case digestEqual
    case digestNotEqual

    init?(option word: RawSpan) {
        if word.matches("IFEQ") {
            self = .equal
        } else if word.matches("IFNE") {
            self = .notEqual
        } else if word.matches("IFDEQ") {
            self = .digestEqual
        } else if word.matches("IFDNE") {
            self = .digestNotEqual
        } else {
            return nil
        }
    }

    /// Whether a missing key meets the condition.
    var allowsMissing: Bool {
        switch self {
        case .equal, .digestEqual: false
        case .notEqual, .digestNotEqual: true
        }
    }

    /// Whether the string of `entry` meets the condition.
    func holds(
        for entry: Entry, _ operand: RawSpan, _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        switch self {
        case .equal: return entry.withString { $0.equals(operand) }
        case .notEqual: return !entry.withString { $0.equals(operand) }
        case .digestEqual, .digestNotEqual:
            guard operand.byteCount == 16 else {
                throw context.failure("ERR must be exactly 16 hexadecimal characters")
            }
            let isEqual = Strings.digestText(of: entry).rawSpan.matches(operand)
            return isEqual == (self == .digestEqual)
        }
    }
}

/// When a SET writes.
enum WriteCondition {
    case always
    case ifMissing
    case ifExisting
    /// The operand is argument `operand` of the request.
    case compared(ValueComparison, operand: Int)

    var isComparison: Bool {
        if case .compared = self { true } else { false }
    }

    /// Whether a key with this entry, a string if values are compared, may be written.
    func allows(
        _ entry: Entry?, _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        switch self {
        case .always: return true
        case .ifMissing: return entry == nil
        case .ifExisting: return entry != nil
        case .compared(let comparison, let operand):
            guard let entry else { return comparison.allowsMissing }
            return try comparison.holds(for: entry, arguments[operand], &context)
        }
    }
}

extension Strings {
    static var conditionDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "digest", arity: 2, [.readonly, .fast], .string, keys: [.key(1, [.readOnly, .access])],
                group: .string, since: "8.4.0", complexity: "O(N) where N is the length of the string.",
                summary: "Returns the XXH3 hash of a string in hexadecimal.", syntax: "key", digest),
            CommandDeclaration(
                "delex", arity: -2, [.write, .fast], .string,
                keys: [.key(1, [.readWrite, .access, .delete, .variableFlags])],
                group: .string, since: "8.4.0",
                complexity: "O(1) for IFEQ and IFNE, O(N) for IFDEQ and IFDNE where N is the length of the string.",
                summary: "Deletes a key if its string meets a condition.",
                syntax: "key [condition: IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]", delex),
            CommandDeclaration(
                "delifeq", arity: 3, [.write, .fast], .string, keys: [.key(1, [.remove, .delete])],
                group: .string, since: "9.0.0", summary: "Deletes a key if its string equals a value.",
                syntax: "key value", delifeq),
        ]
    }

    /// The digest of a string, 16 hexadecimal digits.
    static func digestText(of entry: Entry) -> [UInt8] {
        let hash = entry.withString { $0.xxh3 }
        return (0..<16).map { position in
            let digit = UInt8(truncatingIfNeeded: hash >> (60 - 4 * UInt64(position)) & 15)
            return digit < 10 ? digit + 48 : digit + 87
        }
    }

    static func digest(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        if let entry = try context.stringForReading(arguments[1]) {
            context.reply.bulk(digestText(of: entry))
        } else {
            context.reply.null()
        }
        return .done
    }

    static func delex(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count == 2 || arguments.count == 4 else {
            throw context.failure("ERR wrong number of arguments for 'delex' command")
        }
        let key = arguments[1]
        let slot = context.lookupWrite(key)
        guard let entry = slot.entry else {
            context.reply.flag(false)
            return .done
        }
        if arguments.count == 4 {
            guard entry.isString else {
                throw context.failure("ERR Key should be of string type if conditions are specified")
            }
            guard let comparison = ValueComparison(option: arguments[2]) else {
                throw context.failure("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
            }
            guard try comparison.holds(for: entry, arguments[3], &context) else {
                context.reply.flag(false)
                return .done
            }
        }
        delete(key, slot, &context)
        context.reply.flag(true)
        return .done
    }

    static func delifeq(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.stringForWriting(key)
        guard let entry = slot.entry, try ValueComparison.equal.holds(for: entry, arguments[2], &context) else {
            context.reply.flag(false)
            return .done
        }
        delete(key, slot, &context)
        context.reply.flag(true)
        return .done
    }

    /// Deletes a key, to be replayed as DEL.
    static func delete(_ key: RawSpan, _ slot: KeySlot, _ context: inout CommandContext) {
        context.remove(key, slot)
        context.keyModified(key, KeyEvent("del", .generic))
        context.effects.begin(2)
        context.effects.word("DEL")
        context.effects.word(key)
    }
}
