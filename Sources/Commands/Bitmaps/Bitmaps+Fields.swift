// BITFIELD: numbers of any width inside a string.

import Engine
import Keyspace
import Primitives
import RESP

extension Bitmaps {
    static var fieldDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "bitfield", arity: -2, [.write, .denyOOM], .bitmap,
                keys: [
                    .key(
                        1, [.readWrite, .access, .update, .variableFlags],
                        notes: "This command allows both access and modification of the key")
                ],
                group: .bitmap, since: "3.2.0", complexity: "O(1) for each subcommand.",
                summary: "Reads and writes integers of any width in a string.",
                syntax: """
                    key [<operation: GET <get-block: encoding offset> | \
                    <write: [OVERFLOW <overflow-block: WRAP | SAT | FAIL>] \
                    <write-operation: SET <set-block: encoding offset value=integer> | \
                    INCRBY <incrby-block: encoding offset increment>>>> ...]
                    """, bitfield),
            CommandDeclaration(
                "bitfield_ro", arity: -2, [.readonly, .fast], .bitmap, keys: [.key(1, [.readOnly, .access])],
                group: .bitmap, since: "6.0.0", complexity: "O(1) for each subcommand.",
                summary: "Reads integers of any width in a string.",
                syntax: "key [GET <get-block: encoding offset> [GET <get-block: encoding offset> ...]]", bitfieldReadOnly),
        ]
    }

    /// One subcommand.
    private struct FieldOperation {
        enum Action {
            case get
            case set(Int64)
            case increase(Int64)
        }

        let action: Action
        let type: BitFieldType
        let offset: Int
        let overflow: BitFieldType.Overflow

        /// Bytes that the string needs for what is written; 0 when nothing is.
        var neededBytes: Int {
            if case .get = action { return 0 }
            return (offset + type.width + 7) / 8
        }
    }

    static func bitfield(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let operations = try operations(arguments, &context)
        let neededBytes = operations.reduce(0) { max($0, $1.neededBytes) }
        if neededBytes == 0 {
            try read(operations, arguments, &context)
        } else {
            try write(operations, neededBytes, arguments, &context)
        }
        return .done
    }

    static func bitfieldReadOnly(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let operations = try operations(arguments, &context)
        guard operations.allSatisfy({ $0.neededBytes == 0 }) else {
            throw context.failure("ERR BITFIELD_RO only supports the GET subcommand")
        }
        try read(operations, arguments, &context)
        return .done
    }

    // MARK: Arguments

    private static func operations(
        _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) -> [FieldOperation] {
        var operations: [FieldOperation] = []
        var overflow = BitFieldType.Overflow.wrap
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            let rest = arguments.count - index - 1
            if word.matches("GET"), rest >= 2 {
                let (type, offset) = try place(arguments, index + 1, &context)
                operations.append(FieldOperation(action: .get, type: type, offset: offset, overflow: overflow))
                index += 3
            } else if word.matches("SET") || word.matches("INCRBY"), rest >= 3 {
                let (type, offset) = try place(arguments, index + 1, &context)
                let value = try context.integer(arguments[index + 3]).value
                let action = word.matches("SET") ? FieldOperation.Action.set(value) : .increase(value)
                operations.append(FieldOperation(action: action, type: type, offset: offset, overflow: overflow))
                index += 4
            } else if word.matches("OVERFLOW"), rest >= 1 {
                overflow = try self.overflow(arguments[index + 1], &context)
                index += 2
            } else {
                throw .syntax
            }
        }
        return operations
    }

    private static func overflow(
        _ word: RawSpan, _ context: inout CommandContext
    ) throws(CommandError) -> BitFieldType.Overflow {
        if word.matches("WRAP") { return .wrap }
        if word.matches("SAT") { return .saturate }
        if word.matches("FAIL") { return .fail }
        throw context.failure("ERR Invalid OVERFLOW type specified")
    }

    /// The type at argument `index` and the offset behind it.
    private static func place(
        _ arguments: borrowing Arguments, _ index: Int, _ context: inout CommandContext
    ) throws(CommandError) -> (BitFieldType, Int) {
        let word = arguments[index]
        let sign = word.byteCount > 0 ? word.byte(0) : 0
        let isSigned = sign == 105
        guard isSigned || sign == 117, let width = word.suffix(from: 1).canonicalInteger, width >= 1,
            width <= (isSigned ? 64 : 63)
        else {
            throw context.failure("""
                ERR Invalid bitfield type. Use something like i16 u8. \
                Note that u64 is not supported but i64 is.
                """)
        }
        let type = BitFieldType(isSigned: isSigned, width: Int(width))
        return (type, try offset(arguments[index + 1], width: width, &context))
    }

    // MARK: Execution

    private static func read(
        _ operations: [FieldOperation], _ arguments: borrowing Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        let entry = try context.stringForReading(arguments[1])
        context.reply.array(operations.count)
        for operation in operations {
            let field = entry?.bitField(operation.offset, width: operation.type.width) ?? 0
            context.reply.integer(operation.type.number(field))
        }
    }

    private static func write(
        _ operations: [FieldOperation], _ neededBytes: Int, _ arguments: borrowing Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = arguments[1]
        let found = try context.slotForWriting(key, .string)
        let grows = found.entry.map { $0.stringCount < neededBytes } ?? true
        let slot = context.growString(key, found, to: neededBytes)
        guard let entry = slot.entry else { return }
        var hasChanged = false
        context.reply.array(operations.count)
        for operation in operations {
            let type = operation.type
            let oldBits = entry.bitField(operation.offset, width: type.width)
            let old = type.number(oldBits)
            let new: UInt64?
            switch operation.action {
            case .get:
                context.reply.integer(old)
                continue
            case .set(let value): new = type.assigned(value, operation.overflow)
            case .increase(let amount): new = type.increased(old, by: amount, operation.overflow)
            }
            guard let new else {
                context.reply.null()
                continue
            }
            context[slot].patchBits(entry, slot.hash, at: operation.offset, width: type.width, new)
            if grows || oldBits != new { hasChanged = true }
            if case .set = operation.action {
                context.reply.integer(old)
            } else {
                context.reply.integer(type.number(new))
            }
        }
        if hasChanged {
            context.keyModified(key, KeyEvent("setbit", .string))
        } else if grows {
            // No bit was written, which is no event; but the string is longer.
            context.changed(1)
        }
    }
}
