// Removing members in a range.

import Engine
import Keyspace
import Primitives
import RESP

extension SortedSets {
    private static func remover(
        _ name: StaticString, since: StaticString, summary: StaticString, syntax: StaticString, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: 4, [.write], .sortedset, keys: [.key(1, [.readWrite, .delete])], group: .sortedSet, since: since,
            complexity: "O(log(N)+M) for a set of N members of which M are removed", summary: summary, syntax: syntax, handler)
    }

    static var rangeRemovalDeclarations: [CommandDeclaration] {
        [
            remover(
                "zremrangebyrank", since: "2.0.0", summary: "Removes members in a range of ranks.", syntax: "key start stop"
            ) { context, arguments throws(CommandError) in
                try removeRange(.ranks, event("zremrangebyrank"), &context, arguments)
            },
            remover(
                "zremrangebyscore", since: "1.2.0", summary: "Removes members in a range of scores.", syntax: "key min=double max=double"
            ) { context, arguments throws(CommandError) in
                try removeRange(.scores, event("zremrangebyscore"), &context, arguments)
            },
            remover(
                "zremrangebylex", since: "2.8.9", summary: "Removes members in a range of bytes.", syntax: "key min max"
            ) { context, arguments throws(CommandError) in
                try removeRange(.bytes, event("zremrangebylex"), &context, arguments)
            },
        ]
    }

    private static func removeRange(
        _ kind: RangeKind, _ event: KeyEvent, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let range = try SortedSetRange(kind, arguments[2], arguments[3], &context)
        let slot = try context.slotForWriting(key, .sortedSet)
        guard var entry = slot.entry else {
            context.reply.integer(0)
            return .done
        }
        let ranks = range.ranks(in: entry)
        context.remove(ranks, of: &entry, key, slot, event)
        context.reply.integer(ranks.count)
        return .done
    }
}

extension CommandContext {
    /// Removes the members of these ranks, with the key where none remains, and tells so.
    mutating func remove(_ ranks: Range<Int>, of entry: inout Entry, _ key: RawSpan, _ slot: KeySlot, _ event: KeyEvent) {
        guard !ranks.isEmpty else { return }
        keyModified(key, event)
        if ranks.count == entry.scoredCount {
            remove(key, slot)
            notice(key, KeyEvent("del", .generic), slot.database)
        } else {
            self[slot].removeScored(&entry, slot.hash, ranks: ranks)
        }
    }
}
