// Taking elements off lists.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var popDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "lpop", arity: -2, [.write, .fast], .list, keys: [.key(1, [.readWrite, .access, .delete])],
                group: .list, since: "1.0.0", complexity: "O(N) where N is the number of elements taken.",
                summary: "Takes the first elements off a list.", syntax: "key [count@6.2.0]", lpop),
            CommandDeclaration(
                "rpop", arity: -2, [.write, .fast], .list, keys: [.key(1, [.readWrite, .access, .delete])],
                group: .list, since: "1.0.0", complexity: "O(N) where N is the number of elements taken.",
                summary: "Takes the last elements off a list.", syntax: "key [count@6.2.0]", rpop),
            CommandDeclaration(
                "lmpop", arity: -4, [.write, .movableKeys], .list,
                keys: [
                    KeySpecification(.index(1), .keynum(index: 0, first: 1, step: 1), [.readWrite, .access, .delete])
                ],
                group: .list, since: "7.0.0", complexity: "O(N+M) for N keys and M elements taken.",
                summary: "Takes elements off the first of several lists that has any.",
                syntax: "numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]", lmpop),
        ]
    }

    static func lpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try pop(&context, arguments, .head)
    }

    static func rpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try pop(&context, arguments, .tail)
    }

    private static func pop(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ end: ListEnd
    ) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else {
            throw context.failure("ERR wrong number of arguments for '\(end == .head ? "lpop" : "rpop")' command")
        }
        var count: Int?
        if arguments.count == 3 {
            guard let wanted = arguments[2].canonicalInteger, wanted >= 0 else {
                throw context.failure("ERR value is out of range, must be positive")
            }
            count = Int(wanted)
        }
        let slot = try context.slotForWriting(arguments[1], .list)
        guard let entry = slot.entry else {
            if count == nil { context.reply.null() } else { context.reply.nullArray() }
            return .done
        }
        if let count { context.reply.array(min(count, entry.listCount)) }
        take(&context, arguments[1], slot, entry, end, count ?? 1)
        return .done
    }

    static func lmpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try PopRequest(arguments, at: 1, &context)
        if let found = try context.firstForWriting(request.keys, of: arguments, .list) {
            take(&context, arguments[found.index], found.slot, found.entry, request)
        } else {
            context.reply.nullArray()
        }
        return .done
    }

    /// Replies with the key and up to the wanted elements of its list, which are
    /// taken, and propagates just that. For LMPOP, and for BLMPOP when it finds something.
    static func take(
        _ context: inout CommandContext, _ key: RawSpan, _ slot: KeySlot, _ entry: Entry, _ request: PopRequest
    ) {
        let count = min(request.count, entry.listCount)
        context.reply.array(2)
        context.reply.bulk(key)
        context.reply.array(count)
        context.effects.begin(3)
        context.effects.word(request.end == .head ? "LPOP" : "RPOP")
        context.effects.word(key)
        context.effects.word(Int64(count))
        take(&context, key, slot, entry, request.end, count)
    }

    /// Takes up to `count` elements off a list and replies with each, as strings
    /// behind one another; the list goes with its last element.
    static func take(
        _ context: inout CommandContext, _ key: RawSpan, _ slot: KeySlot, _ entry: Entry, _ end: ListEnd, _ count: Int
    ) {
        let total = entry.listCount
        let taken = min(count, total)
        guard taken > 0 else { return }
        let range = end == .head ? 0..<taken : total - taken..<total
        entry.forEachListElement(in: range, from: end) { context.reply.bulk($0) }
        remove(range, of: total, &context, key, slot, entry, popped(end))
    }

    /// Removes a range of a list's elements, and the list when none is left.
    static func remove(
        _ range: Range<Int>, of total: Int, _ context: inout CommandContext, _ key: RawSpan, _ slot: KeySlot,
        _ entry: Entry, _ event: KeyEvent
    ) {
        if range.count == total {
            context.keyModified(key, event)
            removeEmpty(&context, key, slot)
        } else {
            var entry = entry
            context[slot].removeListElements(&entry, slot.hash, range)
            context[slot].shrinkList(&entry, slot.hash, context.listLimits)
            context.keyModified(key, event)
        }
    }

    /// Removes the key of a list that has lost its last element.
    static func removeEmpty(_ context: inout CommandContext, _ key: RawSpan, _ slot: KeySlot) {
        context.remove(key, slot)
        context.notice(key, KeyEvent("del", .generic), slot.database)
    }

    static func popped(_ end: ListEnd) -> KeyEvent { KeyEvent(end == .head ? "lpop" : "rpop", .list) }
}

/// What LMPOP and BLMPOP ask for: `numkeys key ... LEFT|RIGHT [COUNT count]`.
struct PopRequest {
    /// Indices of the keys among the arguments.
    let keys: Range<Int>
    let end: ListEnd
    private(set) var count = 1

    /// `start` is where the number of keys stands.
    init(_ arguments: borrowing Arguments, at start: Int, _ context: inout CommandContext) throws(CommandError) {
        guard let number = arguments[start].canonicalInteger, number > 0 else {
            throw context.failure("ERR numkeys should be greater than 0")
        }
        guard number < Int64(arguments.count - start - 1) else { throw .syntax }
        keys = start + 1..<start + 1 + Int(number)
        end = try Lists.end(arguments[keys.upperBound])
        let option = keys.upperBound + 1
        guard option < arguments.count else { return }
        guard arguments[option].matches("COUNT"), option + 1 < arguments.count else { throw .syntax }
        guard let wanted = arguments[option + 1].canonicalInteger, wanted > 0 else {
            throw context.failure("ERR count should be greater than 0")
        }
        guard option + 2 == arguments.count else { throw .syntax }
        count = Int(wanted)
    }
}
