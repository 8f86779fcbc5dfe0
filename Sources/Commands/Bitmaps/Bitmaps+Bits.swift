// Single bits, and whole bitmaps combined.

import Engine
import Keyspace
import Primitives
import RESP

extension Bitmaps {
    static var bitDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "setbit", arity: 4, [.write, .denyOOM], .bitmap, keys: [.key(1, [.readWrite, .access, .update])],
                group: .bitmap, since: "2.2.0", summary: "Sets or clears a bit of a string, which grows if it has to.",
                syntax: "key offset value=integer", setbit),
            CommandDeclaration(
                "getbit", arity: 3, [.readonly, .fast], .bitmap, keys: [.key(1, [.readOnly, .access])],
                group: .bitmap, since: "2.2.0", summary: "Returns a bit of a string.", syntax: "key offset", getbit),
            CommandDeclaration(
                "bitop", arity: -4, [.write, .denyOOM], .bitmap,
                keys: [.key(2, [.overwrite, .update]), .keys(from: 3, [.readOnly, .access])],
                group: .bitmap, since: "2.6.0", complexity: "O(N) where N is the length of the longest string.",
                summary: "Combines strings bit by bit and stores the result.",
                syntax: "<operation: AND | OR | XOR | NOT | DIFF@8.2.0 | DIFF1@8.2.0 | ANDOR@8.2.0 | ONE@8.2.0> destkey key [key ...]", bitop),
        ]
    }

    static func setbit(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let index = try offset(arguments[2], width: nil, &context)
        guard let value = arguments[3].canonicalInteger, value == 0 || value == 1 else {
            throw context.failure("ERR bit is not an integer or out of range")
        }
        let slot = try context.slotForWriting(key, .string)
        let old = slot.entry?.bit(index) ?? false
        var grows = true
        if let entry = slot.entry {
            grows = entry.stringCount <= index >> 3
            context[slot].patchBits(entry, slot.hash, at: index, width: 1, UInt64(value))
        } else {
            let grown = context.growString(key, slot, to: index >> 3 + 1)
            if let entry = grown.entry { context[grown].patchBits(entry, grown.hash, at: index, width: 1, UInt64(value)) }
        }
        if grows || old != (value == 1) { context.keyModified(key, KeyEvent("setbit", .string)) }
        context.reply.flag(old)
        return .done
    }

    static func getbit(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let index = try offset(arguments[2], width: nil, &context)
        context.reply.flag(try context.stringForReading(arguments[1])?.bit(index) ?? false)
        return .done
    }

    // MARK: Combinations

    static func bitop(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let operation = try operation(arguments, &context)
        let target = arguments[2]
        // Expired keys go first: entries do not survive a change of the keyspace.
        for index in 2..<arguments.count { _ = context.lookupWrite(arguments[index]) }
        var sources: [Entry?] = []
        sources.reserveCapacity(arguments.count - 3)
        var count = 0
        for index in 3..<arguments.count {
            let entry = try context.stringForReading(arguments[index])
            count = max(count, entry?.stringCount ?? 0)
            sources.append(entry)
        }
        let slot = context.lookupWrite(target)
        if count > 0 {
            let old = slot.entry?.type
            context.setCombination(target, slot, operation, sources, count: count)
            context.keyModified(target, KeyEvent("set", .string), replacing: old)
        } else if slot.entry != nil {
            context.remove(target, slot)
            context.keyModified(target, KeyEvent("del", .generic))
        }
        context.reply.integer(count)
        return .done
    }

    private static func operation(
        _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) -> BitOperation {
        let word = arguments[1]
        if word.matches("AND") { return .and }
        if word.matches("OR") { return .or }
        if word.matches("XOR") { return .xor }
        if word.matches("ONE") { return .one }
        if word.matches("NOT") {
            guard arguments.count == 4 else {
                throw context.failure("ERR BITOP NOT must be called with a single source key.")
            }
            return .not
        }
        let named: (name: String, operation: BitOperation)
        if word.matches("DIFF") {
            named = ("DIFF", .difference)
        } else if word.matches("DIFF1") {
            named = ("DIFF1", .reverseDifference)
        } else if word.matches("ANDOR") {
            named = ("ANDOR", .andOr)
        } else {
            throw .syntax
        }
        guard arguments.count > 4 else {
            throw context.failure("ERR BITOP \(named.name) must be called with at least two source keys.")
        }
        return named.operation
    }
}
