// LPOS: where elements stand.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var searchDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "lpos", arity: -3, [.readonly], .list, keys: [.key(1, [.readOnly, .access])], group: .list,
                since: "6.0.6", complexity: "O(N) where N is the number of elements compared.",
                summary: "Returns the indices of elements that equal a given one.",
                syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]", lpos)
        ]
    }

    static func lpos(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let options = try SearchOptions(arguments, &context)
        let entry = try context.slotForReading(arguments[1], .list).entry
        guard let wanted = options.count else {
            var found: Int?
            entry.map { search($0, arguments[2], options) { index in
                found = index
                return false
            } }
            if let found { context.reply.integer(found) } else { context.reply.null() }
            return .done
        }
        let mark = context.reply.deferredAggregate()
        var count = 0
        entry.map { search($0, arguments[2], options) { index in
            context.reply.integer(index)
            count += 1
            return count != wanted
        } }
        context.reply.closeArray(mark, count: count)
        return .done
    }

    /// Calls `body` with the matches from the wanted rank on, until it returns false.
    private static func search(_ entry: Entry, _ element: RawSpan, _ options: SearchOptions, _ body: (Int) -> Bool) {
        var skipped = options.skipped
        entry.forEachListMatch(of: element, from: options.end, limit: options.limit) { index in
            if skipped > 0 {
                skipped -= 1
                return true
            }
            return body(index)
        }
    }
}

/// The options of LPOS.
private struct SearchOptions {
    private(set) var end = ListEnd.head
    /// Matches to pass over.
    private(set) var skipped = 0
    /// Matches to return, 0 for all; nil: the first alone, and not in an array.
    private(set) var count: Int?
    /// Elements to compare.
    private(set) var limit = Int.max

    init(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
        for index in stride(from: 3, to: arguments.count, by: 2) {
            let word = arguments[index]
            guard index + 1 < arguments.count else { throw .syntax }
            let value = arguments[index + 1]
            if word.matches("RANK") {
                try setRank(context.lengthOrNegative(value), &context)
            } else if word.matches("COUNT") {
                guard let number = value.canonicalInteger, number >= 0 else {
                    throw context.failure("ERR COUNT can't be negative")
                }
                count = Int(number)
            } else if word.matches("MAXLEN") {
                guard let number = value.canonicalInteger, number >= 0 else {
                    throw context.failure("ERR MAXLEN can't be negative")
                }
                limit = number == 0 ? .max : Int(number)
            } else {
                throw .syntax
            }
        }
    }

    private mutating func setRank(_ rank: Int, _ context: inout CommandContext) throws(CommandError) {
        guard rank != 0 else {
            throw context.failure(
                "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
                    + "or use negative to start from the end of the list")
        }
        end = rank < 0 ? .tail : .head
        skipped = Int(rank.magnitude) - 1
    }
}

extension CommandContext {
    /// An integer whose sign tells a direction: the least one, which has no opposite, is refused.
    mutating func lengthOrNegative(_ word: RawSpan) throws(CommandError) -> Int {
        let value = try integer(word).value
        guard value > Int64.min else {
            throw failure("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        }
        return Int(value)
    }
}
