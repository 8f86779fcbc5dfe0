// LZF, the format in which Redis keeps compressed list nodes and strings of RDB
// files (public: liblzf). A control byte begins every piece:
//
//   000lllll                        l + 1 literal bytes follow
//   lllooooo oooooooo               l + 2 bytes again, from o + 1 bytes back; l is 1..6
//   111ooooo llllllll oooooooo      the same with l + 9 bytes
//
// Copies may overlap what they write: a run of one byte is a copy from 1 back.

import Primitives

/// Compression that is quick and finds what repeats within 8 KiB.
public enum LZF {
    /// `input` compressed, or nil when that would take more than `limit` bytes.
    public static func compress(_ input: RawSpan, limit: Int) -> [UInt8]? {
        var compressor = LZFCompressor()
        var output = GrowingBytes(capacity: min(limit, input.byteCount) + 40)
        return compressor.compress(input, limit: limit, to: &output) ? output.bytes.array : nil
    }

    /// What was compressed to `input`; nil when that is not LZF of exactly `count` bytes.
    public static func decompress(_ input: RawSpan, count: Int) -> [UInt8]? {
        var output = GrowingBytes(capacity: min(count, input.byteCount.multipliedReportingOverflow(by: mostExpansion).partialValue))
        return decompress(input, count: count, to: &output) ? output.bytes.array : nil
    }

    /// A byte of input gives at most so many: a damaged count reserves no more.
    private static var mostExpansion: Int { 88 }

    /// Appends what was compressed to `input`; false when that is not LZF of exactly `count` bytes.
    public static func decompress(_ input: RawSpan, count: Int, to output: inout GrowingBytes) -> Bool {
        let start = output.count
        var place = 0
        while place < input.byteCount {
            let control = Int(input.byte(place))
            place += 1
            let room = count - (output.count - start)
            if control < LZFCompressor.longestLiteral {
                guard control + 1 <= input.byteCount - place, control + 1 <= room else { return false }
                output.append(input.slice(place, control + 1))
                place += control + 1
                continue
            }
            var length = control >> 5
            guard place < input.byteCount - (length == 7 ? 1 : 0) else { return false }
            if length == 7 {
                length += Int(input.byte(place))
                place += 1
            }
            let from = output.count - ((control & 31) << 8 | Int(input.byte(place))) - 1
            place += 1
            guard from >= start, length + 2 <= room else { return false }
            output.append(copyOf: from, length + 2)
        }
        return output.count - start == count
    }
}

/// Compresses one run of bytes after another with the same memory.
public struct LZFCompressor: ~Copyable {
    private static var window: Int { 1 << 13 }
    private static var longestCopy: Int { 264 }
    static var longestLiteral: Int { 32 }
    private static var tableBits: UInt32 { 12 }

    /// Where three bytes with this hash were last seen, counted on from input to input: what
    /// is left from earlier ones lies in front of the present one.
    private var seen = [UInt32](repeating: 0, count: 1 << Int(tableBits))
    /// The count at which the present input begins; no place is 0.
    private var base = 1

    public init() {}

    /// Appends `input` compressed; false when that would take more than `limit` bytes, and what was appended is worthless.
    public mutating func compress(_ input: RawSpan, limit: Int, to output: inout GrowingBytes) -> Bool {
        guard input.byteCount < Int(UInt32.max) - 1 else { return false }
        if base > Int(UInt32.max) - input.byteCount { forget() }
        let base = base
        self.base += input.byteCount
        var seen = seen.mutableSpan
        let most = output.count + limit
        var literals = 0
        var place = 0
        // Four bytes are read for three.
        while place < input.byteCount - 3 {
            let three = Self.three(input, place)
            let slot = Int((three &* 2_654_435_769) >> (32 - Self.tableBits))
            let candidate = Int(seen[slot]) - base
            seen[slot] = UInt32(truncatingIfNeeded: base + place)
            guard candidate >= 0, place - candidate <= Self.window, Self.three(input, candidate) == three else {
                place += 1
                continue
            }
            let count = Self.copyCount(input, candidate, place)
            Self.appendLiterals(input, literals..<place, to: &output)
            Self.appendCopy(back: place - candidate - 1, count, to: &output)
            guard output.count <= most else { return false }
            place += count
            literals = place
        }
        // Literals take their bytes, and one more for each piece.
        guard output.count + input.byteCount - literals < most else { return false }
        Self.appendLiterals(input, literals..<input.byteCount, to: &output)
        return output.count <= most
    }

    private mutating func forget() {
        for slot in seen.indices { seen[slot] = 0 }
        base = 1
    }

    /// The three bytes at a place, of which one more must follow.
    @inline(__always)
    private static func three(_ input: RawSpan, _ place: Int) -> UInt32 { UInt32(littleEndian: input.half(place)) << 8 }

    private static func copyCount(_ input: RawSpan, _ from: Int, _ place: Int) -> Int {
        let most = min(longestCopy, input.byteCount - place)
        var count = 3
        while count < most, input.byte(from + count) == input.byte(place + count) { count += 1 }
        return count
    }

    private static func appendLiterals(_ input: RawSpan, _ range: Range<Int>, to output: inout GrowingBytes) {
        var place = range.lowerBound
        while place < range.upperBound {
            let count = min(longestLiteral, range.upperBound - place)
            output.append(UInt8(count - 1))
            output.append(input.slice(place, count))
            place += count
        }
    }

    private static func appendCopy(back: Int, _ count: Int, to output: inout GrowingBytes) {
        let length = count - 2
        output.append(UInt8(min(length, 7) << 5 | back >> 8))
        if length >= 7 { output.append(UInt8(length - 7)) }
        output.append(UInt8(back & 255))
    }
}
