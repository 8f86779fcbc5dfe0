import Primitives

/// Random commands on bitmaps, bitfields and HyperLogLogs, valid and invalid,
/// over few keys. Offsets that would make large strings are left out.
public struct BitGenerator {
    private static let keys = ["bits:1", "bits:2", "bits:3", "key", "counter"].map { [UInt8]($0) }
    private static let sketches = ["hll:1", "hll:2", "hll:3"].map { [UInt8]($0) }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    /// A command that Redis 7.0 knows and answers as later versions do.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = BitGenerator(random)
        defer { random = generator.random }
        return generator.random.below(5) < 3 ? generator.bitmap() : generator.sketch()
    }

    /// What Redis 7.0 does not know, or answers differently.
    public static func newer(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = BitGenerator(random)
        defer { random = generator.random }
        return generator.recent()
    }

    // MARK: Words

    private mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }

    private mutating func pick<Item>(_ items: [Item]) -> Item { items[random.below(items.count)] }

    private mutating func word(_ words: String...) -> [UInt8] {
        let word = pick(words)
        return [UInt8](chance(30) ? word.lowercased() : word)
    }

    private mutating func key() -> [UInt8] { chance(3) ? pick(Self.sketches) : pick(Self.keys) }

    private mutating func keys(_ count: Int) -> [[UInt8]] { (0..<count).map { _ in key() } }

    /// Numbers that are refused as bit offsets.
    private static let badOffsets = [
        "-1", "4294967296", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616", "",
        "x", "1.0", " 1", "01", "#1x",
    ]

    private mutating func offset() -> [UInt8] { [UInt8](chance(7) ? pick(Self.badOffsets) : String(random.below(400))) }

    private mutating func fieldOffset() -> [UInt8] {
        guard chance(30) else { return offset() }
        return [UInt8]("#" + (chance(10) ? pick(["-1", "4294967296", "9223372036854775807", "", "x"]) : String(random.below(20))))
    }

    /// An end of a range.
    private mutating func end() -> [UInt8] {
        [UInt8](
            chance(10)
                ? pick(["9223372036854775807", "-9223372036854775808", "2147483648", "-4294967297", "-1000", "-2000"])
                : String(random.below(120) - 60))
    }

    private mutating func number() -> [UInt8] {
        switch random.below(10) {
        case 0...3: [UInt8](String(random.below(600) - 300))
        case 4...6: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 7: [UInt8](pick(["9223372036854775807", "-9223372036854775808"]))
        case 8 where chance(30): [UInt8](pick(["9223372036854775808", "", "x", "1.5"]))
        default: [UInt8]("1")
        }
    }

    private mutating func type() -> [UInt8] {
        if chance(3) { return [UInt8](pick(["u64", "i65", "u0", "i0", "u-1", "i08", "x8", "i", "", "I8"])) }
        let isSigned = chance(50)
        return [UInt8]((isSigned ? "i" : "u") + String(1 + random.below(isSigned ? 64 : 63)))
    }

    private mutating func value() -> [UInt8] {
        switch random.below(5) {
        case 0: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 1: [UInt8](repeating: pick([0, 0xff]), count: random.below(50))
        case 2: [UInt8](repeating: pick([0, 0xff, 0x55]), count: pick([16_383, 16_384, 16_385, 40_000]))
        default: (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    private mutating func unit() -> [UInt8] { word("BYTE", "BIT") }

    // MARK: Commands

    private mutating func bitmap() -> [[UInt8]] {
        switch random.below(14) {
        case 0: return [word("SET"), key(), value()]
        case 1, 2: return [word("SETBIT"), key(), offset(), [UInt8](chance(95) ? pick(["0", "1"]) : pick(["2", "-1", "x", ""]))]
        case 3: return [word("GETBIT"), key(), offset()]
        case 4: return [word("BITCOUNT"), key()]
        case 5: return [word("BITCOUNT"), key(), end(), end()] + (chance(60) ? [unit()] : [])
        case 6, 7:
            let ends = [[], [end()], [end(), end()], [end(), end(), unit()]] as [[[UInt8]]]
            return [word("BITPOS"), key(), [UInt8](chance(96) ? pick(["0", "1"]) : pick(["2", "x"]))] + pick(ends)
        case 8: return [word("BITOP"), word("NOT"), key()] + keys(chance(95) ? 1 : 2)
        case 9, 10: return [word("BITOP"), word("AND", "OR", "XOR", chance(5) ? "NOPE" : "AND"), key()] + keys(1 + random.below(4))
        case 11: return [word("GET"), key()]
        case 12: return [word("BITFIELD_RO"), key()] + (chance(90) ? [word("GET"), type(), fieldOffset()] : fields())
        default: return [word("BITFIELD"), key()] + fields()
        }
    }

    private mutating func fields() -> [[UInt8]] {
        var words: [[UInt8]] = []
        repeat {
            switch random.below(6) {
            case 0, 1: words += [word("GET"), type(), fieldOffset()]
            case 2: words += [word("SET"), type(), fieldOffset(), number()]
            case 3, 4: words += [word("INCRBY"), type(), fieldOffset(), number()]
            default: words += [word("OVERFLOW"), chance(95) ? word("WRAP", "SAT", "FAIL") : word("NOPE")]
            }
        } while chance(60)
        if chance(3) { words.removeLast() }
        return words
    }

    private mutating func sketch() -> [[UInt8]] {
        let key = chance(3) ? pick(Self.keys) : pick(Self.sketches)
        switch random.below(10) {
        case 0...3: return [word("PFADD"), key] + elements()
        case 4: return [word("PFCOUNT"), key]
        case 5: return [word("PFCOUNT"), key, pick(Self.sketches), chance(10) ? pick(Self.keys) : [UInt8]("missing")]
        case 6: return [word("PFMERGE"), key] + (0..<random.below(3)).map { _ in pick(Self.sketches) }
        case 7: return [word("GET"), key]
        case 8: return [word("PFDEBUG"), chance(10) ? word("TODENSE", "GETREG", "NOPE") : word("DECODE", "ENCODING"), pick(Self.sketches)]
        default: return chance(20) ? [word("DEL"), key] : [word("STRLEN"), key]
        }
    }

    private mutating func elements() -> [[UInt8]] {
        (0..<pick([0, 1, 3, 10, 60])).map { _ in
            chance(50) ? [UInt8](String(random.below(10_000))) : (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    private mutating func recent() -> [[UInt8]] {
        switch random.below(4) {
        case 0: return [word("BITCOUNT"), key(), offset(), end(), word("BIT", "NOPE")]
        case 1: return [word("BITPOS"), key(), [UInt8]("1"), offset(), fieldOffset(), word("BIT", "NOPE")]
        default: return [word("BITOP"), word("DIFF", "DIFF1", "ANDOR", "ONE"), key()] + keys(1 + random.below(4))
        }
    }
}
