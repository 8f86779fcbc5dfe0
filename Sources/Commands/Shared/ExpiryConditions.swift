import Engine
import Primitives

/// Under what circumstances an expiry is set.
struct ExpiryConditions: OptionSet {
    let rawValue: UInt8
    static var absent: Self { Self(rawValue: 1) }
    static var present: Self { Self(rawValue: 2) }
    static var later: Self { Self(rawValue: 4) }
    static var earlier: Self { Self(rawValue: 8) }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The condition that NX, XX, GT or LT stands for.
    init?(option word: RawSpan) {
        if word.matches("NX") {
            self = .absent
        } else if word.matches("XX") {
            self = .present
        } else if word.matches("GT") {
            self = .later
        } else if word.matches("LT") {
            self = .earlier
        } else {
            return nil
        }
    }

    /// Refuses conditions that contradict each other.
    func check(_ context: inout CommandContext) throws(CommandError) {
        if contains(.absent), self != .absent {
            throw context.failure("ERR NX and XX, GT or LT options at the same time are not compatible")
        }
        if isSuperset(of: [.later, .earlier]) {
            throw context.failure("ERR GT and LT options at the same time are not compatible")
        }
    }

    /// Whether an expiry `old` may become `new`. No expiry counts as one at the end of time.
    func allow(_ new: Milliseconds, after old: Milliseconds?) -> Bool {
        if contains(.absent), old != nil { return false }
        if contains(.present), old == nil { return false }
        if contains(.later) {
            guard let old, new > old else { return false }
        }
        if contains(.earlier), let old, new >= old { return false }
        return true
    }
}
