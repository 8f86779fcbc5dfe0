// Changing lists in the middle.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var changeDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "lset", arity: 4, [.write, .denyOOM], .list, keys: [.key(1, [.readWrite, .update])], group: .list,
                since: "1.0.0", complexity: "O(N) where N is the number of nodes up to the element.",
                summary: "Replaces the element at an index of a list.", syntax: "key index element", lset),
            CommandDeclaration(
                "linsert", arity: 5, [.write, .denyOOM], .list, keys: [.key(1, [.readWrite, .insert])], group: .list,
                since: "2.2.0", complexity: "O(N) where N is the number of elements up to the pivot.",
                summary: "Puts an element before or after another one of a list.",
                syntax: "key <where: BEFORE | AFTER> pivot element", linsert),
            CommandDeclaration(
                "lrem", arity: 4, [.write], .list, keys: [.key(1, [.readWrite, .delete])], group: .list,
                since: "1.0.0", complexity: "O(N) where N is the length of the list.",
                summary: "Removes elements of a list that equal a given one.", syntax: "key count element", lrem),
        ]
    }

    static func lset(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .list)
        guard var entry = slot.entry else { throw .noSuchKey }
        let wanted = try context.integer(arguments[2])
        let limits = context.listLimits
        context[slot].growList(&entry, slot.hash, by: 1, bytes: arguments[3].byteCount, limits)
        guard let index = index(wanted.value, count: entry.listCount) else { throw .indexOutOfRange }
        context[slot].replaceListElement(&entry, slot.hash, at: index, with: arguments[3], limits)
        context[slot].shrinkList(&entry, slot.hash, limits)
        context.keyModified(key, KeyEvent("lset", .list))
        context.reply.ok()
        return .done
    }

    static func linsert(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let isAfter = arguments[2].matches("AFTER")
        guard isAfter || arguments[2].matches("BEFORE") else { throw .syntax }
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .list)
        guard var entry = slot.entry else {
            context.reply.integer(0)
            return .done
        }
        let limits = context.listLimits
        context[slot].growList(&entry, slot.hash, by: 1, bytes: arguments[4].byteCount, limits)
        var pivot: Int?
        entry.forEachListMatch(of: arguments[3], from: .head) { index in
            pivot = index
            return false
        }
        guard let pivot else {
            context.reply.integer(-1)
            return .done
        }
        context[slot].insertListElement(&entry, slot.hash, arguments[4], at: isAfter ? pivot + 1 : pivot, limits)
        context.keyModified(key, KeyEvent("linsert", .list))
        context.reply.integer(entry.listCount)
        return .done
    }

    static func lrem(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let wanted = try context.lengthOrNegative(arguments[2])
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .list)
        guard var entry = slot.entry else {
            context.reply.integer(0)
            return .done
        }
        let removed = context[slot].removeListMatches(
            &entry, slot.hash, of: arguments[3], limit: wanted == 0 ? .max : Int(wanted.magnitude),
            from: wanted < 0 ? .tail : .head)
        if removed > 0 {
            context.keyModified(key, KeyEvent("lrem", .list))
            if entry.listCount == 0 {
                removeEmpty(&context, key, slot)
            } else {
                context[slot].shrinkList(&entry, slot.hash, context.listLimits)
            }
        }
        context.reply.integer(removed)
        return .done
    }
}
