// A HyperLogLog as Redis keeps it in a string. Each element raises one of
// 16,384 registers of six bits to the number of zeros at the end of its hash, plus one.
//
//   "HYLL" | encoding u8 | unused (3) | cached estimate (8) | registers
//
// The highest bit of the cached estimate (little-endian) says that it is out of
// date. Dense (0) registers are 12,288 bytes, the lowest bits of the lowest byte
// first. Sparse (1) ones are runs, in the order of the registers:
//
//   00xxxxxx            up to 64 zero registers
//   01xxxxxx xxxxxxxx   up to 16,384 zero registers
//   1vvvvvxx            up to 4 registers of value 1 to 32
//
// Run lengths and values are kept less one. The estimate is Ertl's ("New
// cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6).

import CSystem
import Primitives

/// A view of the bytes of a HyperLogLog. Registers may be damaged, as clients
/// can write into the string; reading them tells.
public struct HyperLogLog: ~Escapable, BitwiseCopyable {
    /// All bytes, the header included.
    public let bytes: RawSpan

    /// A view of bytes that look like a HyperLogLog; nil when they do not.
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= Self.headerBytes, bytes.slice(0, 4).equals(RawSpan(literal: "HYLL")) else { return nil }
        let encoding = bytes.byte(4)
        guard encoding <= 1, encoding == 1 || bytes.byteCount == Self.denseBytes else { return nil }
        self.bytes = bytes
    }

    /// Registers of every HyperLogLog.
    public static var registers: Int { 16_384 }
    static var headerBytes: Int { 16 }
    static var registerBytes: Int { registers * 6 / 8 }
    /// Bytes of a dense one.
    public static var denseBytes: Int { headerBytes + registerBytes }

    /// One without elements: sparse, its estimate cached.
    public static var empty: [UInt8] { [72, 89, 76, 76, 1] + [UInt8](repeating: 0, count: 11) + [0x7f, 0xff] }

    /// Whether all registers are kept, not runs of them.
    public var isDense: Bool { bytes.byte(4) == 0 }

    /// The estimate when it is up to date.
    public var cachedEstimate: Int64? {
        let cached = Int64(bitPattern: UInt64(littleEndian: bytes.word(8)))
        return cached < 0 ? nil : cached
    }

    // MARK: Registers

    /// The dense register at `index`.
    func register(_ index: Int) -> UInt8 {
        let bit = index * 6
        let place = Self.headerBytes + bit >> 3
        let shift = UInt8(bit & 7)
        var value = bytes.byte(place) >> shift
        if shift > 2 { value |= bytes.byte(place + 1) << (8 - shift) }
        return value & 63
    }

    /// Equal registers beside each other, as a sparse HyperLogLog keeps them.
    public struct Run: BitwiseCopyable {
        /// How a run is written.
        public enum Form: Sendable, BitwiseCopyable { case zeros, manyZeros, value }

        /// How it is written.
        public let form: Form
        /// Registers in it.
        public let count: Int
        /// The value of each of them.
        public let value: UInt8
        /// Bytes of the run itself.
        let byteCount: Int
    }

    /// The run at `offset`, which lies within the bytes; what a run cut off lacks counts as zero.
    @inline(__always)
    func run(at offset: Int) -> Run {
        let byte = bytes.byte(offset)
        if byte & 0x80 != 0 { return Run(form: .value, count: Int(byte & 3) &+ 1, value: byte >> 2 & 31 &+ 1, byteCount: 1) }
        if byte & 0x40 == 0 { return Run(form: .zeros, count: Int(byte) &+ 1, value: 0, byteCount: 1) }
        let isCut = offset &+ 1 == bytes.byteCount
        let low = isCut ? 0 : Int(bytes.byte(offset &+ 1))
        return Run(form: .manyZeros, count: (Int(byte & 63) << 8 | low) &+ 1, value: 0, byteCount: isCut ? 1 : 2)
    }

    /// Visits the runs of a sparse HyperLogLog as they stand, damaged or not.
    @inline(__always)
    public func forEachStoredRun(_ body: (Run) -> Void) {
        var offset = Self.headerBytes
        while offset < bytes.byteCount {
            let run = run(at: offset)
            body(run)
            offset &+= run.byteCount
        }
    }

    /// Visits the runs with the index of their first register, which are then
    /// within the registers; false when they are not for all registers exactly.
    @inline(__always)
    func forEachRun(_ body: (Run, Int) -> Void) -> Bool {
        var index = 0
        forEachStoredRun { run in
            if index &+ run.count <= Self.registers { body(run, index) }
            index &+= run.count
        }
        return index == Self.registers
    }

    /// The number of different elements that were added, estimated; nil when the registers are damaged.
    public func estimate() -> Int64? {
        if isDense {
            var all = HyperLogLogRegisters()
            _ = all.merge(self)
            return all.estimate()
        }
        var histogram = HyperLogLogHistogram()
        guard forEachRun({ run, _ in histogram.counts[Int(run.value)] += run.count }) else { return nil }
        return histogram.estimate()
    }
}

/// The register that an element raises, and to what.
struct HyperLogLogElement {
    let index: Int
    let value: UInt8

    init(_ element: RawSpan) {
        let hash = element.murmurHash(seed: 0xadc8_3b19)
        index = Int(hash & UInt64(HyperLogLog.registers - 1))
        value = UInt8((hash >> 14 | 1 << 50).trailingZeroBitCount + 1)
    }
}
