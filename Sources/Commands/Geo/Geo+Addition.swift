// GEOADD.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension Geo {
    static var additionDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "geoadd", arity: -5, [.write, .denyOOM], .geo, keys: [.key(1, [.readWrite, .update])], group: .geo,
                since: "3.2.0", complexity: "O(log(N)) for each member, N being the size of the set",
                summary: "Adds members with their places, or changes their places.",
                syntax: "key [condition@6.2.0: NX | XX] [change@6.2.0: CH] <data: longitude latitude member> ...",
                history: ["6.2.0": "Added the `CH`, `NX` and `XX` options."], geoadd)
        ]
    }

    private struct Options {
        var rule = ScoreRule()
        var countsChanges = false
        /// The first longitude.
        var start = 2

        init(_ arguments: borrowing Arguments) throws(CommandError) {
            while start < arguments.count {
                let word = arguments[start]
                if word.matches("NX") {
                    rule.onlyNew = true
                } else if word.matches("XX") {
                    rule.onlyExisting = true
                } else if word.matches("CH") {
                    countsChanges = true
                } else {
                    break
                }
                start += 1
            }
            guard start < arguments.count, (arguments.count - start) % 3 == 0 else { throw .syntax }
            guard !rule.onlyNew || !rule.onlyExisting else { throw .syntax }
        }
    }

    static func geoadd(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let options = try Options(arguments)
        let places = stride(from: options.start, to: arguments.count, by: 3)
        // All places are looked at before anything changes.
        var longest = 0
        for index in places {
            _ = try context.coordinates(arguments[index], arguments[index + 1])
            longest = max(longest, arguments[index + 2].byteCount)
        }
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .sortedSet)
        let limits = context.sortedSetLimits
        let count = (arguments.count - options.start) / 3
        let existing: Entry?
        if slot.entry == nil, !options.rule.onlyExisting {
            let access = context.freshAccess
            existing = context[slot].makeSortedSet(key, slot.hash, count: count, longest: longest, limits, access)
        } else {
            existing = slot.entry
        }
        guard var entry = existing else {
            context.reply.integer(0)
            return .done
        }
        context[slot].prepareSortedSet(&entry, slot.hash, for: count, limits)
        var added = 0
        var changed = 0
        for index in places {
            let place = try context.coordinates(arguments[index], arguments[index + 1])
            let score = Double(place.bits)
            switch context[slot].applyScore(&entry, slot.hash, options.rule, arguments[index + 2], score, limits) {
            case .add: added += 1
            case .change: changed += 1
            case .keep, .refuse, .notANumber: break
            }
        }
        if added + changed > 0 {
            context.keyModified(key, SortedSets.event("zadd"))
            try propagate(arguments, options, &context)
        }
        context.reply.integer(options.countsChanges ? added + changed : added)
        return .done
    }

    /// What others are told: a ZADD of the scores.
    private static func propagate(
        _ arguments: borrowing Arguments, _ options: Options, _ context: inout CommandContext
    ) throws(CommandError) {
        let words = options.start - 2
        context.effects.begin(2 + words + (arguments.count - options.start) / 3 * 2)
        context.effects.word("ZADD")
        context.effects.word(arguments[1])
        for index in 0..<words { context.effects.word(arguments[2 + index]) }
        for index in stride(from: options.start, to: arguments.count, by: 3) {
            let place = try context.coordinates(arguments[index], arguments[index + 1])
            context.effects.word(Int64(bitPattern: place.bits))
            context.effects.word(arguments[index + 2])
        }
    }
}
