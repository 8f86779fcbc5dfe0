// What the commands on fields with expiries have in common.

import Engine
import Primitives
import RESP

/// The fields that a request names behind FIELDS and their number.
struct FieldNames {
    /// Where they stand.
    let range: Range<Int>
    var count: Int { range.count }

    /// Reads from argument `index` to the end; `notPositive` answers a wrong number.
    init(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, at index: Int,
        notPositive: String = "ERR Number of fields must be a positive integer"
    ) throws(CommandError) {
        guard index + 1 < arguments.count, arguments[index].matches("FIELDS") else {
            throw context.failure("ERR Mandatory argument FIELDS is missing or not at the right position")
        }
        guard let number = arguments[index + 1].canonicalInteger, number > 0 else { throw context.failure(notPositive) }
        guard number == Int64(arguments.count - index - 2) else {
            throw context.failure("ERR The `numfields` parameter must match the number of arguments")
        }
        range = index + 2..<arguments.count
    }
}

extension ExpirySpelling {
    /// No field expires later: files keep 46 bits.
    static var latestFieldExpiry: Milliseconds { 1 << 46 - 1 }

    /// The moment that `word` means for a field; `command` is named when it means none.
    func fieldMoment(
        _ word: RawSpan, in command: StaticString, _ context: inout CommandContext
    ) throws(CommandError) -> Milliseconds {
        let number = try context.integer(word).value
        guard number >= 0 else { throw context.failure("ERR invalid expire time, must be >= 0") }
        guard let moment = moment(number, now: context.presentTime), moment <= Self.latestFieldExpiry else {
            throw context.failure("ERR invalid expire time in '\(command)' command")
        }
        return moment
    }
}

extension CommandContext {
    /// Propagates the removal of fields, each by itself.
    mutating func propagateRemoval(of fields: [Int], _ arguments: borrowing Arguments) {
        for index in fields {
            effects.begin(3)
            effects.word("HDEL")
            effects.word(arguments[1])
            effects.word(arguments[index])
        }
    }

    /// Propagates the moment at which fields expire; `conditions` are words of the request.
    mutating func propagateExpiry(
        of fields: [Int], _ moment: Milliseconds, conditions: Range<Int> = 0..<0, _ arguments: borrowing Arguments
    ) {
        effects.begin(5 + conditions.count + fields.count)
        effects.word("HPEXPIREAT")
        effects.word(arguments[1])
        effects.word(moment)
        for index in conditions { effects.word(arguments[index]) }
        propagateNames(fields, arguments)
    }

    /// Propagates that fields do not expire any more.
    mutating func propagatePersistence(of fields: [Int], _ arguments: borrowing Arguments) {
        effects.begin(4 + fields.count)
        effects.word("HPERSIST")
        effects.word(arguments[1])
        propagateNames(fields, arguments)
    }

    private mutating func propagateNames(_ fields: [Int], _ arguments: borrowing Arguments) {
        effects.word("FIELDS")
        effects.word(Int64(fields.count))
        for index in fields { effects.word(arguments[index]) }
    }
}
