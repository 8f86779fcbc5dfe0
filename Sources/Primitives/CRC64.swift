// CRC-64 as the RDB format has it: the polynomial of Jones, bits reflected,
// starting at zero, nothing inverted at the end.
//
// Where the processor multiplies polynomials, long texts are folded: a block
// stands for x^n times itself, n bits ahead of the end, so its product with the
// remainder of x^n can be added to what is there instead.

import CSystem

/// Tables for a checksum. One is 2 KiB, which is made in a moment and right for
/// short texts; eight let a file be summed up eight bytes at a time.
public struct CRC64: Sendable {
    private let tables: [UInt64]
    /// What `cs_fold` multiplies by; empty: nothing is folded.
    private let factors: [UInt64]
    /// Bytes that are folded at a time, and the fewest for which that pays.
    private static var block: Int { 64 }
    private static var fewestFolded: Int { 256 }

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
        factors = isWide && cs_can_fold() ? [575, 511, 191, 127].map(Self.power) : []
    }

    /// The remainder of x^n: bits reflected, so that x^0 is the highest.
    private static func power(_ n: Int) -> UInt64 {
        var remainder: UInt64 = 1 << 63
        for _ in 0..<n { remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ reflectedPolynomial }
        return remainder
    }

    /// The sum of what `sum` was of, followed by `bytes`.
    public func sum(_ bytes: RawSpan, after sum: UInt64 = 0) -> UInt64 {
        guard !factors.isEmpty, bytes.byteCount >= Self.fewestFolded else { return remainder(bytes, after: sum) }
        let blocks = bytes.byteCount / Self.block
        return remainder(bytes.suffix(from: blocks * Self.block), after: remainderOfBlocks(bytes, blocks, after: sum))
    }

    private func remainderOfBlocks(_ bytes: RawSpan, _ blocks: Int, after sum: UInt64) -> UInt64 {
        var folded: InlineArray<16, UInt8> = .init(repeating: 0)
        var target = folded.mutableSpan
        // SAFETY: `blocks` blocks are read, four factors, and 16 bytes are written.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe factors.withUnsafeBufferPointer { factors in
                unsafe target.withUnsafeMutableBufferPointer { target in
                    unsafe cs_fold(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), blocks, sum, factors.baseAddress!, target.baseAddress!)
                }
            }
        }
        // SAFETY: bytes have nothing between them.
        return unsafe remainder(folded.span.bytes, after: 0)
    }

    private func remainder(_ bytes: RawSpan, after sum: UInt64) -> UInt64 {
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
