// Counting and looking for bits.

import Engine
import Keyspace
import Primitives
import RESP

extension Bitmaps {
    static var searchDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "bitcount", arity: -2, [.readonly], .bitmap, keys: [.key(1, [.readOnly, .access])], group: .bitmap,
                since: "2.6.0", complexity: "O(N) where N is the number of bytes looked at.",
                summary: "Counts the bits of a string that are one.",
                syntax: "key [range: start [end-unit-block: end [unit@7.0.0: BYTE | BIT]]]",
                history: ["7.0.0": "BYTE and BIT.", "8.0.0": "An end may be missing."], bitcount),
            CommandDeclaration(
                "bitpos", arity: -3, [.readonly], .bitmap, keys: [.key(1, [.readOnly, .access])], group: .bitmap,
                since: "2.8.7", complexity: "O(N) where N is the number of bytes looked at.",
                summary: "Finds the first bit of a string that is one, or zero.",
                syntax: "key bit [range: start [end-unit-block: end [unit@7.0.0: BYTE | BIT]]]",
                history: ["7.0.0": "BYTE and BIT."], bitpos),
        ]
    }

    /// The part of a string that is looked at, as the client gave it: from argument `first` on.
    private struct Part {
        private(set) var start: Int64 = 0
        private(set) var end: Int64 = -1
        private(set) var hasEnd = false
        private var isBits = false

        init(_ arguments: borrowing Arguments, from first: Int, _ context: borrowing CommandContext) throws(CommandError) {
            let count = arguments.count - first
            guard count <= 3 else { throw .syntax }
            if count > 0 { start = try context.integer(arguments[first]).value }
            if count > 1 {
                end = try context.integer(arguments[first + 1]).value
                hasEnd = true
            }
            guard count > 2 else { return }
            if arguments[first + 2].matches("BIT") {
                isBits = true
            } else if !arguments[first + 2].matches("BYTE") {
                throw .syntax
            }
        }

        /// The bits meant of a string of `count` bytes, both ends clamped; nil when there are none.
        func bits(ofBytes count: Int) -> Range<Int>? {
            let size = Int64(isBits ? count * 8 : count)
            let from = max(0, start < 0 ? start &+ size : start)
            let to = min(size - 1, max(0, end < 0 ? end &+ size : end))
            guard from <= to else { return nil }
            return isBits ? Int(from)..<Int(to) + 1 : Int(from) * 8..<(Int(to) + 1) * 8
        }

        /// Whether both ends count from the back, the first behind the last.
        var isReversed: Bool { start < 0 && end < 0 && start > end }
    }

    static func bitcount(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count != 3 else { throw .syntax }
        let part = try Part(arguments, from: 2, context)
        let entry = try context.stringForReading(arguments[1])
        if let entry, !part.isReversed, let range = part.bits(ofBytes: entry.stringCount) {
            context.reply.integer(entry.bitCount(in: range))
        } else {
            context.reply.integer(0)
        }
        return .done
    }

    static func bitpos(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let bit = try context.integer(arguments[2]).value
        guard bit == 0 || bit == 1 else { throw context.failure("ERR The bit argument must be 1 or 0.") }
        let part = try Part(arguments, from: 3, context)
        guard let entry = try context.stringForReading(arguments[1]) else {
            context.reply.integer(bit == 1 ? -1 : 0)
            return .done
        }
        guard let range = part.bits(ofBytes: entry.stringCount) else {
            context.reply.integer(-1)
            return .done
        }
        if let place = entry.firstBit(bit == 1, in: range) {
            context.reply.integer(place)
        } else {
            // Without an end, the string counts as followed by zeros.
            context.reply.integer(bit == 0 && !part.hasEnd ? range.upperBound : -1)
        }
        return .done
    }
}
