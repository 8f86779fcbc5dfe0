// CRC-64 as the RDB format has it: the polynomial of Jones, bits reflected,
// starting at zero, nothing inverted at the end.

/// Tables for a checksum. One is 2 KiB, which is made in a moment and right for
/// short texts; eight let a file be summed up eight bytes at a time.
public struct CRC64: Sendable {
    private let tables: [UInt64]

    private static var reflectedPolynomial: UInt64 { 0x95ac_9329_ac4b_c9b5 }
    private static var wideTables: Int { 8 }

    /// `isWide`: for many bytes.
    public init(isWide: Bool = false) {
        var tables = [UInt64](repeating: 0, count: 256 * (isWide ? Self.wideTables : 1))
        // One bit's entry follows from the next; the others are sums of these.
        var entry: UInt64 = 1
        var bit = 128
        while bit > 0 {
            entry = entry & 1 == 0 ? entry >> 1 : entry >> 1 ^ Self.reflectedPolynomial
            tables[bit] = entry
            bit >>= 1
        }
        for index in 1..<256 { tables[index] = tables[index & (index - 1)] ^ tables[index & -index] }
        if isWide {
            for index in 256..<tables.count {
                let previous = tables[index - 256]
                tables[index] = tables[Int(previous & 255)] ^ previous >> 8
            }
        }
        self.tables = tables
    }

    /// The sum of what `sum` was of, followed by `bytes`.
    public func sum(_ bytes: RawSpan, after sum: UInt64 = 0) -> UInt64 {
        let tables = tables.span
        var sum = sum
        var offset = 0
        if tables.count > 256 {
            while bytes.byteCount - offset >= 8 {
                let word = sum ^ UInt64(littleEndian: bytes.word(offset))
                sum = tables[1792 + Int(word & 255)] ^ tables[1536 + Int(word >> 8 & 255)]
                    ^ tables[1280 + Int(word >> 16 & 255)] ^ tables[1024 + Int(word >> 24 & 255)]
                sum ^= tables[768 + Int(word >> 32 & 255)] ^ tables[512 + Int(word >> 40 & 255)]
                    ^ tables[256 + Int(word >> 48 & 255)] ^ tables[Int(word >> 56)]
                offset += 8
            }
        }
        while offset < bytes.byteCount {
            sum = tables[Int((sum ^ UInt64(bytes.byte(offset))) & 255)] ^ sum >> 8
            offset += 1
        }
        return sum
    }
}
