import Primitives

/// Random commands on sets, valid and invalid. Replies that list members come
/// in the table's order, so they are asked only of sets of integers, which every
/// server keeps sorted.
public struct SetGenerator {
    /// A command that Redis 7.0 answers in the same way.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = SetGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.known())
    }

    /// A command whose reply depends on chance or on the order of a table.
    public static func chancy(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = SetGenerator(random)
        defer { random = generator.random }
        return generator.byChance()
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    private mutating func pick<Item>(_ items: [Item]) -> Item { items[random.below(items.count)] }

    private mutating func words(_ name: String, _ rest: [[UInt8]]) -> [[UInt8]] { [[UInt8](name)] + rest }

    /// Keys of sets of anything; now and then one of another type.
    private mutating func key() -> [UInt8] {
        random.below(30) == 0 ? [UInt8]("a") : [UInt8]("set\(random.below(4))")
    }

    private mutating func integerKey() -> [UInt8] { [UInt8]("ints\(random.below(2))") }

    private mutating func member() -> [UInt8] {
        switch random.below(8) {
        case 0: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 1: [0, 255, 13, 10, UInt8(random.below(4))]
        case 2: [UInt8](pick(["", "01", "+1", "-0", "9223372036854775808", "-9223372036854775808", " 1"]))
        case 3: [UInt8](repeating: 109, count: 60 + random.below(10))
        case 4: [UInt8](String(random.below(40)))
        default: [UInt8]("m\(random.below(160))")
        }
    }

    private mutating func integer() -> [UInt8] {
        [UInt8](random.below(20) == 0 ? String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(60))) : "\(random.below(90))")
    }

    private mutating func members(_ most: Int) -> [[UInt8]] {
        var members: [[UInt8]] = []
        for _ in 0..<1 + random.below(most) { members.append(member()) }
        return members
    }

    private mutating func keys() -> [[UInt8]] {
        var keys: [[UInt8]] = []
        for _ in 0..<1 + random.below(3) { keys.append(key()) }
        return keys
    }

    private mutating func known() -> [[UInt8]] {
        switch random.below(16) {
        case 0, 1, 2: return words("SADD", [key()] + members(random.below(6) == 0 ? 60 : 3))
        case 3: return words("SADD", [integerKey(), integer(), integer()])
        case 4: return words("SREM", [key()] + members(4))
        case 5: return words("SREM", [integerKey(), integer()])
        case 6: return words("SMEMBERS", [integerKey()])
        case 7: return words("SCARD", [key()])
        case 8: return words("SISMEMBER", [key(), member()])
        case 9: return words("SMISMEMBER", [key()] + members(3))
        case 10: return words("SMOVE", [key(), key(), member()])
        case 11:
            let keys = keys()
            let limit = random.below(2) == 0 ? [] : [[UInt8]("LIMIT"), [UInt8](pick(["0", "1", "5", "-1", "x"]))]
            return words("SINTERCARD", [[UInt8]("\(keys.count)")] + keys + limit)
        case 12: return words(pick(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]), [key()] + keys())
        case 13: return words(pick(["SINTER", "SUNION", "SDIFF"]), [integerKey(), integerKey()])
        case 14: return words("SSCAN", [integerKey(), [UInt8](pick(["0", "x", "-1"])), [UInt8]("COUNT"), [UInt8](pick(["10", "0", "x"]))])
        default: return words(pick(["SPOP", "SRANDMEMBER"]), [integerKey(), [UInt8](pick(["0", "1000", "x", "9223372036854775808"]))])
        }
    }

    private mutating func byChance() -> [[UInt8]] {
        switch random.below(6) {
        case 0: words("SPOP", [key()])
        case 1: words("SPOP", [key(), [UInt8]("\(random.below(80))")])
        case 2: words("SRANDMEMBER", [key(), [UInt8]("\(random.below(40) - 20)")])
        case 3: words("SMEMBERS", [key()])
        case 4: words("SSCAN", [key(), [UInt8]("0")])
        default: words(pick(["SINTER", "SUNION", "SDIFF"]), keys())
        }
    }

    /// Now and then a word too many or too few.
    private mutating func damaged(_ words: [[UInt8]]) -> [[UInt8]] {
        // Without a count, SPOP and SRANDMEMBER choose by chance.
        switch random.below(50) {
        case 0 where words.count != 3 || !["SPOP", "SRANDMEMBER"].contains(String(decoding: words[0], as: UTF8.self)):
            Array(words.dropLast())
        case 1: words + [integer()]
        default: words
        }
    }
}
