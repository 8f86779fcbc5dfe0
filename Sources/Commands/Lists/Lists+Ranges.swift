// Looking at lists.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var rangeDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "llen", arity: 2, [.readonly, .fast], .list, keys: [.key(1, [.readOnly])], group: .list,
                since: "1.0.0", summary: "Counts the elements of a list.", syntax: "key", llen),
            CommandDeclaration(
                "lindex", arity: 3, [.readonly], .list, keys: [.key(1, [.readOnly, .access])], group: .list,
                since: "1.0.0", complexity: "O(N) where N is the number of nodes up to the element.",
                summary: "Returns the element at an index of a list.", syntax: "key index", lindex),
            CommandDeclaration(
                "lrange", arity: 4, [.readonly], .list, keys: [.key(1, [.readOnly, .access])], group: .list,
                since: "1.0.0", complexity: "O(S+N) for S nodes up to the start and N elements returned.",
                summary: "Returns a range of a list's elements.", syntax: "key start stop", lrange),
            CommandDeclaration(
                "ltrim", arity: 4, [.write], .list, keys: [.key(1, [.readWrite, .delete])], group: .list,
                since: "1.0.0", complexity: "O(N) where N is the number of nodes removed.",
                summary: "Removes all elements of a list but a range.", syntax: "key start stop", ltrim),
        ]
    }

    static func llen(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply.integer(try context.slotForReading(arguments[1], .list).entry?.listCount ?? 0)
        return .done
    }

    static func lindex(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let entry = try context.slotForReading(arguments[1], .list).entry else {
            context.reply.null()
            return .done
        }
        let wanted = try context.integer(arguments[2])
        guard let index = index(wanted.value, count: entry.listCount) else {
            context.reply.null()
            return .done
        }
        entry.forEachListElement(in: index..<index + 1) { context.reply.bulk($0) }
        return .done
    }

    static func lrange(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let start = try context.integer(arguments[2])
        let end = try context.integer(arguments[3])
        guard let entry = try context.slotForReading(arguments[1], .list).entry,
            let range = range(start: start.value, end: end.value, count: entry.listCount)
        else {
            context.reply.array(0)
            return .done
        }
        context.reply.array(range.count)
        entry.forEachListElement(in: range) { context.reply.bulk($0) }
        return .done
    }

    static func ltrim(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let start = try context.integer(arguments[2])
        let end = try context.integer(arguments[3])
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .list)
        if var entry = slot.entry {
            let count = entry.listCount
            if let kept = range(start: start.value, end: end.value, count: count) {
                context[slot].removeListElements(&entry, slot.hash, kept.upperBound..<count)
                context[slot].removeListElements(&entry, slot.hash, 0..<kept.lowerBound)
                context[slot].shrinkList(&entry, slot.hash, context.listLimits)
                context.keyModified(key, KeyEvent("ltrim", .list))
            } else {
                context.keyModified(key, KeyEvent("ltrim", .list))
                removeEmpty(&context, key, slot)
            }
        }
        context.reply.ok()
        return .done
    }
}
