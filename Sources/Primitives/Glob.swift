/// Glob-style patterns as KEYS, SCAN and PSUBSCRIBE know them: `*`, `?`,
/// `[a-z]`, `[^x]` and `\` escapes, on bytes.
///
/// Cost: O(pattern x text) at worst. On a mismatch only the last `*` is
/// retried, which is enough because an earlier one could only have matched
/// less far; so many stars cannot make it exponential, and nothing recurses.
public enum Glob {
    public enum Letters { case exact, ignoringCase }

    public static func matches(_ pattern: RawSpan, _ text: RawSpan, _ letters: Letters = .exact) -> Bool {
        var p = 0
        var t = 0
        var retryPattern = -1
        var retryText = 0
        while t < text.byteCount {
            if p < pattern.byteCount, pattern.byte(p) == star {
                p += 1
                retryPattern = p
                retryText = t
                continue
            }
            if p < pattern.byteCount, let next = step(pattern, p, text.byte(t), letters) {
                p = next
                t += 1
                continue
            }
            guard retryPattern >= 0 else { return false }
            retryText += 1
            t = retryText
            p = retryPattern
        }
        while p < pattern.byteCount, pattern.byte(p) == star { p += 1 }
        return p == pattern.byteCount
    }

    /// Whether the pattern matches everything.
    public static func matchesAll(_ pattern: RawSpan) -> Bool {
        pattern.byteCount == 1 && pattern.byte(0) == star
    }

    private static let star: UInt8 = 42

    /// The pattern position behind the element at `p` if it matches `byte`.
    private static func step(_ pattern: RawSpan, _ p: Int, _ byte: UInt8, _ letters: Letters) -> Int? {
        func same(_ a: UInt8, _ b: UInt8) -> Bool {
            letters == .exact ? a == b : a.lowercased == b.lowercased
        }
        switch pattern.byte(p) {
        case 63:  // ?
            return p + 1
        case 92 where p + 1 < pattern.byteCount:  // backslash
            return same(pattern.byte(p + 1), byte) ? p + 2 : nil
        case 91:  // [
            return classStep(pattern, p + 1, byte, letters)
        case let literal:
            return same(literal, byte) ? p + 1 : nil
        }
    }

    /// A character class from behind its `[`; an unclosed one ends with the pattern.
    private static func classStep(_ pattern: RawSpan, _ start: Int, _ byte: UInt8, _ letters: Letters) -> Int? {
        func folded(_ b: UInt8) -> UInt8 { letters == .exact ? b : b.lowercased }
        let count = pattern.byteCount
        var p = start
        let negated = p < count && pattern.byte(p) == 94
        if negated { p += 1 }
        var found = false
        while p < count, pattern.byte(p) != 93 {
            if pattern.byte(p) == 92, p + 1 < count {
                if folded(pattern.byte(p + 1)) == folded(byte) { found = true }
                p += 2
            } else if p + 2 < count, pattern.byte(p + 1) == 45 {
                let a = folded(pattern.byte(p))
                let b = folded(pattern.byte(p + 2))
                if (min(a, b)...max(a, b)).contains(folded(byte)) { found = true }
                p += 3
            } else {
                if folded(pattern.byte(p)) == folded(byte) { found = true }
                p += 1
            }
        }
        if p < count { p += 1 }
        return found != negated ? p : nil
    }
}
