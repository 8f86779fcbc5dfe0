// ZADD and ZINCRBY.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension SortedSets {
    static var additionDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "zadd", arity: -4, [.write, .denyOOM, .fast], .sortedset, keys: [.key(1, [.readWrite, .update])],
                group: .sortedSet, since: "1.2.0", complexity: "O(log(N)) for each member, N being the size of the set",
                summary: "Adds members to a sorted set, or changes their scores.",
                syntax: """
                    key [condition@3.0.2: NX | XX] [comparison@6.2.0: GT | LT] [CH@3.0.2] [INCR@3.0.2] \
                    score member [score member ...]
                    """,
                history: ["2.4.0": "Several members.", "3.0.2": "NX, XX, CH and INCR.", "6.2.0": "GT and LT."], zadd),
            CommandDeclaration(
                "zincrby", arity: 4, [.write, .denyOOM, .fast], .sortedset, keys: [.key(1, [.readWrite, .access, .update])],
                group: .sortedSet, since: "1.2.0", complexity: "O(log(N)) for a set of N members",
                summary: "Adds to the score of a member.", syntax: "key increment member", zincrby),
        ]
    }

    private struct Options {
        var rule = ScoreRule()
        var countsChanges = false
        /// The first score.
        var start = 2

        init(_ arguments: borrowing Arguments) {
            while start < arguments.count {
                let word = arguments[start]
                if word.matches("NX") {
                    rule.onlyNew = true
                } else if word.matches("XX") {
                    rule.onlyExisting = true
                } else if word.matches("GT") {
                    rule.onlyGreater = true
                } else if word.matches("LT") {
                    rule.onlyLess = true
                } else if word.matches("CH") {
                    countsChanges = true
                } else if word.matches("INCR") {
                    rule.increments = true
                } else {
                    return
                }
                start += 1
            }
        }

        func check(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
            let words = arguments.count - start
            guard words > 0, words % 2 == 0 else { throw .syntax }
            if rule.onlyNew, rule.onlyExisting {
                throw context.failure("ERR XX and NX options at the same time are not compatible")
            }
            if rule.onlyGreater && rule.onlyLess || rule.onlyNew && (rule.onlyGreater || rule.onlyLess) {
                throw context.failure("ERR GT, LT, and/or NX options at the same time are not compatible")
            }
            if rule.increments, words > 2 {
                throw context.failure("ERR INCR option supports a single increment-element pair")
            }
        }
    }

    static func zadd(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let options = Options(arguments)
        try options.check(arguments, &context)
        return try add(arguments, from: options.start, options.rule, countsChanges: options.countsChanges, &context)
    }

    static func zincrby(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var rule = ScoreRule()
        rule.increments = true
        return try add(arguments, from: 2, rule, countsChanges: false, &context)
    }

    /// Adds the pairs of score and member that begin at word `start`.
    private static func add(
        _ arguments: borrowing Arguments, from start: Int, _ rule: ScoreRule, countsChanges: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        // All scores are looked at before anything changes.
        var longest = 0
        for index in stride(from: start, to: arguments.count, by: 2) {
            _ = try context.score(arguments[index])
            longest = max(longest, arguments[index + 1].byteCount)
        }
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .sortedSet)
        let limits = context.sortedSetLimits
        let pairs = (arguments.count - start) / 2
        guard var entry = slot.entry ?? newSet(key, slot, pairs, longest, rule, &context) else {
            if rule.increments { context.reply.null() } else { context.reply.integer(0) }
            return .done
        }
        context[slot].prepareSortedSet(&entry, slot.hash, for: pairs, limits)
        var tally = Tally()
        for index in stride(from: start, to: arguments.count, by: 2) {
            let score = try context.score(arguments[index])
            let decision = context[slot].applyScore(&entry, slot.hash, rule, arguments[index + 1], score, limits)
            guard tally.count(decision) else { throw context.failure("ERR resulting score is not a number (NaN)") }
        }
        if tally.added + tally.changed > 0 { context.keyModified(key, event(rule.increments ? "zincr" : "zadd")) }
        if !rule.increments {
            context.reply.integer(countsChanges ? tally.added + tally.changed : tally.added)
        } else if let score = tally.score {
            context.reply.double(score)
        } else {
            context.reply.null()
        }
        return .done
    }

    /// An empty set for what is to be added; nil when only members that are there may change.
    private static func newSet(
        _ key: RawSpan, _ slot: KeySlot, _ count: Int, _ longest: Int, _ rule: ScoreRule, _ context: inout CommandContext
    ) -> Entry? {
        guard !rule.onlyExisting else { return nil }
        let limits = context.sortedSetLimits
        let access = context.freshAccess
        return context[slot].makeSortedSet(key, slot.hash, count: count, longest: longest, limits, access)
    }

    /// What became of the members.
    private struct Tally {
        var added = 0
        var changed = 0
        /// Of the last member, where no condition refused it.
        var score: Double?

        /// False when there is no such score.
        mutating func count(_ decision: ScoreDecision) -> Bool {
            switch decision {
            case .add(let score):
                added += 1
                self.score = score
            case .change(let score):
                changed += 1
                self.score = score
            case .keep(let score): self.score = score
            case .refuse: score = nil
            case .notANumber: return false
            }
            return true
        }
    }
}
