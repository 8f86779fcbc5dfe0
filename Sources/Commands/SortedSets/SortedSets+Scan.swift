// ZSCAN.

import Engine
import Keyspace
import Primitives
import RESP

extension SortedSets {
    static var scanDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "zscan", arity: -3, [.readonly], .sortedset, keys: [.key(1, [.readOnly, .access])], group: .sortedSet,
                since: "2.8.0", complexity: "O(1) a call, O(N) for all N members",
                summary: "Lists the members of a sorted set in small portions.",
                syntax: "key cursor [MATCH pattern] [COUNT count] [NOSCORES]", tips: ["nondeterministic_output"], zscan)
        ]
    }

    static func zscan(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let position = Keys.scanPosition(arguments[2]) else { throw .invalidCursor }
        guard let entry = try context.sortedSetForReading(arguments[1]) else {
            context.reply.emptyScan()
            return .done
        }
        let options = try ElementScan(&context, arguments, from: 3, bareWord: "NOSCORES")
        var next: UInt64? = position
        var found: [(member: [UInt8], score: Double)] = []
        if entry.holdsContainer {
            var visited = 0
            var calls = 0
            // Empty buckets are work as well.
            while let here = next, visited < options.count, calls / 10 < options.count {
                next = entry.sortedSet.value.scan(from: here) { member, score in
                    visited += 1
                    if options.accepts(member) { found.append((member.array, score)) }
                }
                calls += 1
            }
        } else {
            entry.forEachScored(0..<entry.scoredCount) { member, score in
                if options.accepts(member) { found.append((member.array, score)) }
            }
            next = nil
        }
        context.reply.array(2)
        context.reply.bulk(String(next ?? 0))
        context.reply.array(options.isBare ? found.count : 2 * found.count)
        for item in found {
            context.reply.bulk(item.member)
            if !options.isBare { write(item.score, of: entry, &context) }
        }
        return .done
    }

    /// Scores in a scan are texts: what a listpack holds, but all digits of what a large set holds.
    private static func write(_ score: Double, of entry: Entry, _ context: inout CommandContext) {
        if entry.holdsContainer {
            context.reply.bulk(preciseText(of: score))
        } else {
            let text = DoubleText(score)
            context.reply.bulk(text.bytes)
        }
    }
}
