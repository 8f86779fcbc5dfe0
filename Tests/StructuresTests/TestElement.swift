import Primitives
import Structures

/// An element for tests: an allocation that holds its key behind a length.
struct Keyed: TableElement {
    let raw: UnsafeMutableRawPointer

    init(raw: UnsafeMutableRawPointer) { self.raw = raw }

    init(_ key: [UInt8]) {
        raw = allocate(8 + key.count)
        raw.storeBytes(of: key.count, as: Int.self)
        key.withUnsafeBytes { if let base = $0.baseAddress { (raw + 8).copyMemory(from: base, byteCount: $0.count) } }
    }

    var key: [UInt8] { Array(UnsafeRawBufferPointer(start: raw + 8, count: raw.load(as: Int.self))) }

    func hash(_ seed: HashSeed) -> UInt64 { key.rawSpan.hash(seed) }
    func hasKey(_ key: RawSpan) -> Bool { self.key.rawSpan.equals(key) }
}

/// The same with a poor hash: few homes, few fingerprints, so that buckets
/// overflow and elements wander far.
struct Crowded: TableElement {
    let keyed: Keyed

    init(raw: UnsafeMutableRawPointer) { keyed = Keyed(raw: raw) }
    var raw: UnsafeMutableRawPointer { keyed.raw }
    func hash(_ seed: HashSeed) -> UInt64 { keyed.hash(seed) & 0xe000_0000_0003_0003 | 0x1fff_0000_0000_0000 }
    func hasKey(_ key: RawSpan) -> Bool { keyed.hasKey(key) }
}

extension TableElement {
    static func make(_ key: [UInt8]) -> Self { Self(raw: Keyed(key).raw) }
    var keyBytes: [UInt8] { Keyed(raw: raw).key }
    func release() { raw.deallocate() }
}

extension RandomGenerator {
    /// A key from a range of `count`, of various lengths.
    mutating func key(_ count: Int) -> [UInt8] {
        let number = below(count)
        return [UInt8]("\(number)") + [UInt8](repeating: 120, count: number % 23)
    }
}
