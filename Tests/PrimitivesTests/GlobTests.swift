import Primitives
import Testing

/// A matcher that tries everything, one element at a time.
private func naive(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, folding: Bool) -> Bool {
    func fold(_ byte: UInt8) -> UInt8 { folding && byte >= 65 && byte <= 90 ? byte + 32 : byte }
    guard let element = pattern.first else { return text.isEmpty }
    if element == 42 {
        return naive(pattern.dropFirst(), text, folding: folding)
            || (!text.isEmpty && naive(pattern, text.dropFirst(), folding: folding))
    }
    guard let byte = text.first else { return false }
    var rest = pattern.dropFirst()
    var matched = false
    switch element {
    case 63: matched = true
    case 92 where !rest.isEmpty: matched = fold(rest.removeFirst()) == fold(byte)
    case 91:
        let negated = rest.first == 94
        if negated { rest = rest.dropFirst() }
        var found = false
        while let member = rest.first, member != 93 {
            if member == 92, rest.count > 1 {
                rest = rest.dropFirst()
                if let escaped = rest.first, fold(escaped) == fold(byte) { found = true }
                rest = rest.dropFirst()
            } else if rest.count > 2, rest[rest.startIndex + 1] == 45 {
                let ends = [fold(member), fold(rest[rest.startIndex + 2])].sorted()
                if fold(byte) >= ends[0], fold(byte) <= ends[1] { found = true }
                rest = rest.dropFirst(3)
            } else {
                if fold(member) == fold(byte) { found = true }
                rest = rest.dropFirst()
            }
        }
        rest = rest.dropFirst()
        matched = found != negated
    default: matched = fold(element) == fold(byte)
    }
    return matched && naive(rest, text.dropFirst(), folding: folding)
}

private func matches(_ pattern: String, _ text: String, _ letters: Glob.Letters = .exact) -> Bool {
    let pattern = [UInt8](pattern)
    let text = [UInt8](text)
    return Glob.matches(pattern.rawSpan, text.rawSpan, letters)
}

@Suite struct GlobTests {
    @Test func examples() {
        #expect(matches("h?llo", "hallo"))
        #expect(!matches("h?llo", "hllo"))
        #expect(matches("h*llo", "heeeello"))
        #expect(matches("h[^e]llo", "hbllo"))
        #expect(!matches("h[^e]llo", "hello"))
        #expect(matches("h[a-c]llo", "hbllo"))
        #expect(matches("h[c-a]llo", "hbllo"))
        #expect(matches("\\*", "*"))
        #expect(!matches("\\*", "a"))
        #expect(matches("*", ""))
        #expect(matches("", ""))
        #expect(!matches("", "a"))
        #expect(matches("HeLLo", "hEllO", .ignoringCase))
        #expect(matches("[A-C]", "b", .ignoringCase))
        #expect(matches("\\", "\\"))
        #expect(matches("[ab", "a"))
        #expect(!matches("[]", "a"))
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func agreesWithTryingEverything(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let patternBytes = [UInt8]("**??aabbABc[]^-\\")
        let textBytes = [UInt8]("aabbcABC-]^[\\")
        for _ in 0..<4000 {
            let pattern = (0..<random.below(9)).map { _ in patternBytes[random.below(patternBytes.count)] }
            let text = (0..<random.below(7)).map { _ in textBytes[random.below(textBytes.count)] }
            for folding in [false, true] {
                let got = Glob.matches(pattern.rawSpan, text.rawSpan, folding ? .ignoringCase : .exact)
                let expected = naive(pattern[...], text[...], folding: folding)
                if got != expected {
                    Issue.record("seed \(seed): '\(pattern.rawSpan.text)' on '\(text.rawSpan.text)', folding \(folding): \(got)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func manyStarsStayFast() {
        let pattern = String(repeating: "*?", count: 50_000)
        let text = String(repeating: "a", count: 60_000)
        #expect(matches(pattern, text))
        #expect(!matches(pattern, String(repeating: "a", count: 49_999)))
        #expect(!matches(String(repeating: "a*", count: 40) + "b", String(repeating: "a", count: 3000)))
        _ = matches(String(repeating: "*[a-b", count: 2000), String(repeating: "a", count: 2000))
    }
}
