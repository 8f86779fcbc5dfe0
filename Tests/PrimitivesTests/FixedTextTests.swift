import Foundation
import Primitives
import Testing

@Suite struct FixedTextTests {
    private func text(_ value: Double) -> String {
        let text = FixedText(value)
        return text.bytes.text
    }

    /// What C prints, without trailing zeros.
    private func reference(_ value: Double) -> String {
        var text = String(format: "%.17f", value)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text == "-0" ? "0" : text
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func isWhatCPrints(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<2000 {
            let mantissa = Double(Int64(bitPattern: random.next()) >> Int64(random.below(60)))
            let value = mantissa / Double(UInt64(1) << UInt64(random.below(64))) / (random.below(3) == 0 ? 1e9 : 1)
            guard value.magnitude < 9_007_199_254_740_992 else { continue }
            #expect(text(value) == reference(value))
        }
    }

    @Test(arguments: [
        0, -0.0, 1, -1, 0.5, 180, -85.05112878, 5e-18, 5.0000001e-18, 4.9e-18, 1.5e-17, 2.5e-17, 1e-20, -1e-19, 1e-300, .leastNonzeroMagnitude,
        0.99999999999999989, 9_007_199_254_740_991, 8191.9999999999991, 1e-17, 0.1,
    ])
    func edges(value: Double) { #expect(text(value) == reference(value)) }

    @Test func tenThousandths() {
        for (value, expected) in [(0, "0.0000"), (1, "0.0001"), (12_345, "1.2345"), (-5, "-0.0005"), (20_000, "2.0000")] {
            let text = FixedText(tenThousandths: Int64(value))
            #expect(text.bytes.text == expected)
        }
        let largest = FixedText(tenThousandths: .max)
        #expect(largest.bytes.text == "922337203685477.5807")
        #expect(String(decoding: plainText(of: 1.5), as: UTF8.self) == "1.500000")
        #expect(plainText(of: -Double.greatestFiniteMagnitude).count == 317)
    }
}
