// ZREM, and taking members from the ends.

import Engine
import Keyspace
import Primitives
import RESP

extension SortedSets {
    static var removalDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "zrem", arity: -3, [.write, .fast], .sortedset, keys: [.key(1, [.readWrite, .delete])], group: .sortedSet,
                since: "1.2.0", complexity: "O(M*log(N)) for M members of a set of N",
                summary: "Removes members from a sorted set.", syntax: "key member [member ...]",
                history: ["2.4.0": "Several members."], zrem),
            popper("zpopmin", summary: "Takes the members with the lowest scores.", zpopmin),
            popper("zpopmax", summary: "Takes the members with the highest scores.", zpopmax),
            CommandDeclaration(
                "zmpop", arity: -4, [.write], .sortedset,
                keys: [.init(.index(1), .keynum(index: 0, first: 1, step: 1), [.readWrite, .access, .delete])],
                group: .sortedSet, since: "7.0.0",
                complexity: "O(K) + O(M*log(N)) for K keys and M members of a set of N",
                summary: "Takes members from the first set that is not empty.",
                syntax: "numkeys key [key ...] <where: MIN | MAX> [COUNT count]", zmpop),
        ]
    }

    private static func popper(_ name: StaticString, summary: StaticString, _ handler: @escaping Handler) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -2, [.write, .fast], .sortedset, keys: [.key(1, [.readWrite, .access, .delete])], group: .sortedSet,
            since: "5.0.0", complexity: "O(log(N)*M) for M members of a set of N", summary: summary, syntax: "key [count]", handler)
    }

    static func zrem(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .sortedSet)
        guard var entry = slot.entry else {
            context.reply.integer(0)
            return .done
        }
        var removed = 0
        for index in 2..<arguments.count {
            if context[slot].removeScored(&entry, slot.hash, arguments[index]) { removed += 1 }
            if entry.scoredCount == 0 { break }
        }
        if removed > 0 {
            context.keyModified(key, event("zrem"))
            context.removeIfEmpty(sortedSet: entry, key, slot)
        }
        context.reply.integer(removed)
        return .done
    }

    static func zpopmin(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try pop(.lowest, &context, arguments)
    }

    static func zpopmax(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try pop(.highest, &context, arguments)
    }

    private static func pop(
        _ end: SortedSetEnd, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else { throw .syntax }
        var count: Int64 = 1
        if arguments.count == 3 {
            guard let given = arguments[2].canonicalInteger, given >= 0 else {
                throw context.failure("ERR value is out of range, must be positive")
            }
            count = given
        }
        let slot = try context.slotForWriting(arguments[1], .sortedSet)
        guard slot.entry != nil, count > 0 else {
            context.reply.array(0)
            return .done
        }
        // A single pair that was not counted is no list of pairs.
        let form: PairForm = arguments.count == 3 && context.reply.version == .resp3 ? .nested : .flat
        context.take(count, from: end, arguments[1], slot, form)
        return .done
    }

    static func zmpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try MultiplePop(arguments, from: 1, &context)
        if let found = try context.firstForWriting(request.keys, of: arguments, .sortedSet) {
            context.takeFirst(request, arguments[found.index], found.slot)
        } else {
            context.reply.nullArray()
        }
        return .done
    }
}

/// What ZMPOP and its blocking sister ask for.
struct MultiplePop {
    /// The words that are keys.
    let keys: Range<Int>
    let end: SortedSetEnd
    private(set) var count: Int64 = 1

    /// The number of keys stands at word `start`.
    init(_ arguments: borrowing Arguments, from start: Int, _ context: inout CommandContext) throws(CommandError) {
        guard let number = arguments[start].canonicalInteger, number > 0 else {
            throw context.failure("ERR numkeys should be greater than 0")
        }
        guard number < Int64(arguments.count - start - 1) else { throw .syntax }
        keys = start + 1..<start + 1 + Int(number)
        let word = arguments[keys.upperBound]
        guard word.matches("MIN") || word.matches("MAX") else { throw .syntax }
        end = word.matches("MIN") ? .lowest : .highest
        let rest = arguments.count - keys.upperBound - 1
        guard rest > 0 else { return }
        guard rest >= 2, arguments[keys.upperBound + 1].matches("COUNT") else { throw .syntax }
        guard let given = arguments[keys.upperBound + 2].canonicalInteger, given > 0 else {
            throw context.failure("ERR count should be greater than 0")
        }
        guard rest == 2 else { throw .syntax }
        count = given
    }
}

/// From which end members are taken.
enum SortedSetEnd: Sendable {
    case lowest, highest

    var event: StaticString { self == .lowest ? "zpopmin" : "zpopmax" }
    var command: StaticString { self == .lowest ? "ZPOPMIN" : "ZPOPMAX" }
}

/// How pairs of member and score are told: in one list, or each in a list of its own.
enum PairForm: Sendable {
    case flat, nested
}

extension CommandContext {
    /// Takes up to `count` members from an end of a set that is there, and replies with them.
    mutating func take(_ count: Int64, from end: SortedSetEnd, _ key: RawSpan, _ slot: KeySlot, _ form: PairForm) {
        guard var entry = slot.entry else { return }
        let all = entry.scoredCount
        let taken = Int(min(count, Int64(all)))
        let ranks = end == .lowest ? 0..<taken : all - taken..<all
        reply.array(form == .nested ? taken : 2 * taken)
        entry.forEachScored(ranks, reversed: end == .highest) { member, score in
            if form == .nested { reply.array(2) }
            reply.bulk(member)
            reply.double(score)
        }
        remove(ranks, of: &entry, key, slot, SortedSets.event(end.event))
    }

    /// Takes what ZMPOP asks for from a set that is there, replies and propagates it.
    mutating func takeFirst(_ request: MultiplePop, _ key: RawSpan, _ slot: KeySlot) {
        let taken = min(request.count, Int64(slot.entry?.scoredCount ?? 0))
        reply.array(2)
        reply.bulk(key)
        take(request.count, from: request.end, key, slot, .nested)
        effects.begin(3)
        effects.word(request.end.command)
        effects.word(key)
        effects.word(taken)
    }
}
