import Primitives
import Testing

@Suite struct CRC64Tests {
    @Test func knownSum() {
        let digits = [UInt8]("123456789")
        #expect(CRC64().sum(digits.rawSpan) == 0xe9c6_d914_c4b8_d9ca)
        #expect(CRC64(isWide: true).sum(digits.rawSpan) == 0xe9c6_d914_c4b8_d9ca)
    }

    @Test func sumsGoOn() {
        var random = RandomGenerator(seed: 3)
        let narrow = CRC64()
        let wide = CRC64(isWide: true)
        for count in Array(0..<200) + (0..<60).map({ 200 + $0 * 37 }) {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let cut = random.below(count + 1)
            let head = Array(bytes[..<cut])
            let tail = Array(bytes[cut...])
            let whole = narrow.sum(bytes.rawSpan)
            #expect(wide.sum(bytes.rawSpan) == whole)
            #expect(wide.sum(tail.rawSpan, after: wide.sum(head.rawSpan)) == whole)
        }
    }
}
