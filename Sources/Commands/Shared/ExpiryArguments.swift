import Engine
import Primitives
import RESP

/// How an option spells the moment at which a key expires.
enum ExpirySpelling {
    case secondsFromNow
    case millisecondsFromNow
    case unixSeconds
    case unixMilliseconds

    /// The spelling that the words EX, PX, EXAT and PXAT announce.
    init?(option word: RawSpan) {
        if word.matches("EX") {
            self = .secondsFromNow
        } else if word.matches("PX") {
            self = .millisecondsFromNow
        } else if word.matches("EXAT") {
            self = .unixSeconds
        } else if word.matches("PXAT") {
            self = .unixMilliseconds
        } else {
            return nil
        }
    }

    private var unit: Int64 {
        switch self {
        case .secondsFromNow, .unixSeconds: 1000
        case .millisecondsFromNow, .unixMilliseconds: 1
        }
    }

    private var isRelative: Bool {
        switch self {
        case .secondsFromNow, .millisecondsFromNow: true
        case .unixSeconds, .unixMilliseconds: false
        }
    }

    /// The moment that a client's number means; nil beyond 64 bits.
    func moment(_ number: Int64, now: Milliseconds) -> Milliseconds? {
        let (span, isTooLarge) = number.multipliedReportingOverflow(by: unit)
        guard !isTooLarge else { return nil }
        guard isRelative else { return span }
        let (moment, isTooLate) = span.addingReportingOverflow(now)
        return isTooLate ? nil : moment
    }

    /// The moment that `word` means; `command` is named when it means none.
    func moment(
        _ word: RawSpan, in command: StaticString, _ context: inout CommandContext
    ) throws(CommandError) -> Milliseconds {
        let number = try context.integer(word).value
        guard number > 0, let moment = moment(number, now: context.presentTime) else {
            throw context.failure("ERR invalid expire time in '\(command)' command")
        }
        return moment
    }
}

/// An expiry option of a request: its spelling and where its number stands.
struct ExpiryArgument {
    let spelling: ExpirySpelling
    let index: Int

    /// The option at `index`, when it is one and a number follows.
    init?(_ arguments: borrowing Arguments, at index: Int) {
        guard index + 1 < arguments.count, let spelling = ExpirySpelling(option: arguments[index]) else { return nil }
        self.spelling = spelling
        self.index = index + 1
    }

    /// Whether this option may follow `earlier` in one request: only a repetition of the same word may.
    func mayFollow(_ earlier: ExpiryArgument?) -> Bool {
        guard let earlier else { return true }
        return earlier.spelling == spelling
    }

    func moment(
        _ arguments: borrowing Arguments, in command: StaticString, _ context: inout CommandContext
    ) throws(CommandError) -> Milliseconds {
        try spelling.moment(arguments[index], in: command, &context)
    }
}

/// What SET and MSETEX say of the expiry: KEEPTTL or a moment, repeated or not, but not both.
struct ExpiryOptions {
    /// Whether the old expiry stays.
    private(set) var keeps = false
    private(set) var moment: ExpiryArgument?

    /// Reads the option at `index`, which moves on to its last word; false when it is none of these.
    mutating func read(_ arguments: borrowing Arguments, _ index: inout Int) throws(CommandError) -> Bool {
        if arguments[index].matches("KEEPTTL") {
            guard moment == nil else { throw .syntax }
            keeps = true
            return true
        }
        guard let option = ExpiryArgument(arguments, at: index) else { return false }
        guard !keeps, option.mayFollow(moment) else { throw .syntax }
        moment = option
        index = option.index
        return true
    }
}
