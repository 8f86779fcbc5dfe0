import Primitives
import Testing

private func integer(_ text: String) -> Int64? { [UInt8](text).rawSpan.canonicalInteger }
private func unsigned(_ text: String) -> UInt64? { [UInt8](text).rawSpan.unsignedDecimal }
private func double(_ text: String) -> Double? { [UInt8](text).rawSpan.double }
private func decimal(_ value: Int64) -> String {
    let text = DecimalText(value)
    return text.bytes.text
}

@Suite struct NumberTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("-1", -1), ("10", 10), ("9223372036854775807", Int64.max),
        ("-9223372036854775808", Int64.min), ("-9223372036854775807", Int64.min + 1),
    ])
    func canonicalTextsAreRead(_ text: String, _ value: Int64) {
        #expect(integer(text) == value)
        #expect(decimal(value) == text)
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-0", "-01", "00", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "1-", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "99999999999999999999", "100000000000000000000", "1\0", "\u{660}",
    ])
    func otherTextsAreNot(_ text: String) { #expect(integer(text) == nil) }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func everyIntegerSurvivesItsText(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<5000 {
            let value = Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))
            #expect(decimal(value) == String(value), "seed \(seed)")
            #expect(integer(String(value)) == value, "seed \(seed)")
        }
    }

    @Test func unsignedDecimals() {
        #expect(unsigned("0") == 0)
        #expect(unsigned("007") == 7)
        #expect(unsigned("18446744073709551615") == .max)
        for text in ["", "18446744073709551616", "-1", "+1", "1 ", "99999999999999999999999"] { #expect(unsigned(text) == nil) }
    }

    @Test func doubles() {
        #expect(double("1.5") == 1.5)
        #expect(double("-1e3") == -1000)
        #expect(double("inf") == .infinity)
        #expect(double("-inf") == -.infinity)
        for text in ["", "nan", "abc", "1x", " 1", "1 ", "1\0"] { #expect(double(text) == nil, "\(text.debugDescription)") }
        #expect(double(String(repeating: "1", count: 5000)) == nil || double(String(repeating: "1", count: 5000)) == .infinity)
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func shortestTextsReadBack(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<3000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let text = shortestText(of: value)
            let back = text.rawSpan.double
            #expect(back == value, "seed \(seed): \(value)")
        }
        #expect(shortestText(of: .nan) == [UInt8]("nan"))
        #expect(shortestText(of: -.infinity) == [UInt8]("-inf"))
    }

    /// Short decimals are read without C's help, to the same bits as Swift's reader has them.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func decimalsAreReadToTheNearest(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<4000 {
            var text = random.below(3) == 0 ? "-" : ""
            let digits = 1 + random.below(21)
            let point = random.below(digits + 2)
            for index in 0..<digits {
                if index == point { text += "." }
                text += String(random.below(random.below(4) == 0 ? 1 : 10))
            }
            let bytes = [UInt8](text)
            let read = bytes.rawSpan.double
            #expect(read?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func textsHaveTheFewestDigits(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<4000 {
            let decimals = [1, 10, 100, 1000, 10_000, 1e5, 1e6, 1e7][random.below(8)]
            let value = Double(random.below(1 << (1 + random.below(45)))) / decimals * (random.below(2) == 0 ? 1 : -1)
            let digits = { (text: String) in
                String(text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }.reversed().drop { $0 == "0" }.reversed())
            }
            let written = String(decoding: shortestText(of: value), as: UTF8.self)
            #expect(Double(written) == value && digits(written) == digits(value.description), "\(value) \(written)")
        }
    }

    /// What Valkey 9.1 prints.
    @Test func doublesInTheWayOfRedis() {
        let texts: [(Double, String)] = [
            (0, "0"), (-0.0, "-0"), (3.1, "3.1"), (100_000_000, "100000000"), (1e17, "100000000000000000"),
            (123_456_789_012_345_680, "123456789012345680"), (1e20, "1e+20"), (1e-5, "0.00001"), (0.0001, "0.0001"),
            (1.5e300, "1.5e+300"), (.leastNonzeroMagnitude, "5e-324"), (1e-7, "1e-7"), (12_345_678.9, "12345678.9"), (-2.25, "-2.25"),
            (0.1 + 0.2, "0.30000000000000004"), (-1.7976931348623157e308, "-1.7976931348623157e+308"), (.infinity, "inf"),
        ]
        for (value, text) in texts {
            let written = String(decoding: shortestText(of: value), as: UTF8.self)
            #expect(written == text)
        }
    }

    @Test func sumsOfDecimals() {
        func sum(_ a: String, _ b: String) -> String {
            let first = [UInt8](a)
            let second = [UInt8](b)
            switch DecimalSum.adding(first.rawSpan, second.rawSpan) {
            case .text(let bytes): return String(decoding: bytes, as: UTF8.self)
            case .firstInvalid: return "first"
            case .secondInvalid: return "second"
            case .notFinite: return "infinite"
            }
        }
        #expect(sum("10.5", "0.1") == "10.6")
        #expect(sum("3.0e3", "200") == "3200")
        #expect(sum("1", "-1") == "0")
        #expect(sum("x", "1") == "first")
        #expect(sum("1", "") == "second")
        #expect(sum("inf", "1") == "infinite")
        #expect(sum("inf", "-inf") == "infinite")
        #expect(sum("1e4932", "1e4932") == "infinite" || sum("1e4932", "1e4932").count > 4000)
    }
}

@Suite struct ClientIntegerTests {
    @Test func arithmeticThrowsAtTheEdges() throws {
        let most = ClientInteger(.max)
        let least = ClientInteger(.min)
        #expect(throws: ClientInteger.Overflow.self) { try most.adding(1) }
        #expect(throws: ClientInteger.Overflow.self) { try least.subtracting(1) }
        #expect(throws: ClientInteger.Overflow.self) { try least.negated() }
        #expect(throws: ClientInteger.Overflow.self) { try most.multiplied(by: 2) }
        #expect(throws: ClientInteger.Overflow.self) { try least.multiplied(by: -1) }
        #expect(try most.negated() == ClientInteger(-.max))
        #expect(try least.adding(.max) == ClientInteger(-1))
    }

    /// What GETRANGE does, with integers too wide to overflow.
    private func model(_ start: Int64, _ end: Int64, _ count: Int) -> Range<Int>? {
        if start < 0, end < 0, start > end { return nil }
        let size = Int64(count)
        func resolved(_ index: Int64) -> Int64 {
            guard index < 0 else { return index }
            let (sum, overflow) = index.addingReportingOverflow(size)
            return overflow ? 0 : max(0, sum)
        }
        let from = resolved(start)
        let to = min(resolved(end), size - 1)
        guard size > 0, from <= to else { return nil }
        return Int(from)..<Int(to) + 1
    }

    @Test func rangesAtTheEdges() {
        let edges: [Int64] = [.min, .min + 1, -4_294_967_296, -6, -5, -4, -1, 0, 1, 4, 5, 6, 4_294_967_296, .max - 1, .max]
        for count in [0, 1, 5, Int.max] {
            for start in edges {
                for end in edges where count < Int.max || (end < .max - 1 && end >= 0) {
                    #expect(
                        ClientInteger.range(start: start, end: end, count: count) == model(start, end, count),
                        "\(start) \(end) of \(count)")
                }
            }
        }
    }
}
