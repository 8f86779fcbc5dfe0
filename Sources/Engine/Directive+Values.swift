// How single words of a value read, and what is said of those that do not.

import Primitives

extension Directive {
    private static func outside(_ range: ClosedRange<Int64>, radix: Int = 10) -> Refusal {
        let low = String(range.lowerBound, radix: radix)
        let high = String(range.upperBound, radix: radix)
        return Refusal(text: "argument must be between \(low) and \(high) inclusive")
    }

    static func integer(_ word: [UInt8], _ range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        guard let value = word.rawSpan.canonicalInteger else {
            throw Refusal(text: "argument couldn't be parsed into an integer")
        }
        guard range.contains(value) else { throw outside(range) }
        return value
    }

    /// Octal digits with an optional sign; nothing at all is 0.
    static func octal(_ word: [UInt8], _ range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        guard let value = word.isEmpty ? 0 : Int64(String(decoding: word, as: UTF8.self), radix: 8) else {
            throw Refusal(text: "argument couldn't be parsed as an octal number")
        }
        guard range.contains(value) else { throw outside(range, radix: 8) }
        return value
    }

    static func memory(_ word: [UInt8], _ range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        let isNegative = range.lowerBound < 0 && word.first == 45
        guard let size = bytes(isNegative ? Array(word.dropFirst()) : word) else {
            throw Refusal(text: "argument must be a memory value")
        }
        guard let value = Int64(exactly: size), range.contains(isNegative ? -value : value) else { throw outside(range) }
        return isNegative ? -value : value
    }

    /// A number of bytes: `100`, `1k` (1000), `1kb` (1024), `2mb`, `1gb`; nil for
    /// anything else. Without digits it is 0.
    public static func bytes(_ word: [UInt8]) -> UInt64? {
        let digits = word.prefix { $0.isDigit }
        guard let number = digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
        guard let factor = units[String(decoding: word.dropFirst(digits.count), as: UTF8.self).lowercased()] else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static var units: [String: UInt64] {
        ["": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000, "gb": 1 << 30]
    }

    static func flag(_ word: [UInt8]) throws(Refusal) -> Bool {
        if word.rawSpan.matches("yes") { return true }
        if word.rawSpan.matches("no") { return false }
        throw Refusal(text: "argument must be 'yes' or 'no'")
    }

    static func option(_ word: [UInt8], of options: [String]) throws(Refusal) -> String {
        let wanted = String(decoding: word, as: UTF8.self).lowercased()
        guard let option = options.first(where: { $0.lowercased() == wanted }) else {
            throw Refusal(text: "argument(s) must be one of the following: " + options.joined(separator: ", "))
        }
        return option
    }

    /// An integer as C's `strtoll` reads it: with leading zeros or a sign; nothing at all is 0.
    static func looseInteger(_ word: [UInt8]) -> Int64? { word.isEmpty ? 0 : Int64(String(decoding: word, as: UTF8.self)) }
}
