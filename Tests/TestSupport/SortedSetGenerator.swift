import Primitives

/// Random commands on sorted sets, valid and invalid, over few keys and members
/// so that they meet. Scores are multiples of an eighth: all servers print them
/// alike, and their sums do not depend on the order. Keys here hold nothing but
/// sorted sets, save for one that other generators write.
public struct SortedSetGenerator {
    /// The keys in use. The last one holds a string now and then.
    public static var keys: [[UInt8]] {
        [[UInt8]("z1"), [UInt8]("z2"), [UInt8]("z3"), [UInt8]("{z}4"), [UInt8]("zbig"), [122, 0, 255, 13, 10], [UInt8]("k1")]
    }

    /// A command that Redis 7.0 knows.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = SortedSetGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.known())
    }

    /// A command, or an option, that only Redis 7.2 and later know.
    public static func newer(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = SortedSetGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.recent())
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    // MARK: Words

    private mutating func chance(_ one: Int) -> Bool { random.below(one) == 0 }

    private mutating func pick(_ words: [String]) -> [UInt8] { [UInt8](words[random.below(words.count)]) }

    private mutating func name(_ name: String) -> [UInt8] { [UInt8](chance(4) ? name.lowercased() : name) }

    private mutating func key() -> [UInt8] {
        let index = random.below(Self.keys.count * 8)
        return index < Self.keys.count ? Self.keys[index] : Self.keys[random.below(Self.keys.count - 1)]
    }

    private mutating func member() -> [UInt8] {
        switch random.below(20) {
        case 0: []
        case 1: [0, 255, 13, 10, UInt8(random.below(3))]
        case 2: [UInt8](repeating: UInt8(97 + random.below(3)), count: 64 + random.below(2))
        case 3: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 4...6: [UInt8]("\(random.below(30))")
        default: [UInt8]("m\(random.below(40))")
        }
    }

    private mutating func score() -> [UInt8] {
        switch random.below(16) {
        case 0: pick(["inf", "-inf", "+inf", "INF", "infinity"])
        case 1: pick(["nan", "", "x", "1x", "(1", "1e", "--1", "0x", "1 "])
        case 2: pick(["0", "-0", "1e3", "1.0", "+5", "0005", "1e10", "-4294967296"])
        default: [UInt8]("\(Double(random.below(160) - 80) / 8)")
        }
    }

    private mutating func index() -> [UInt8] {
        chance(8)
            ? pick(["9223372036854775807", "-9223372036854775808", "9223372036854775808", "x", "1.5", "-0", "2147483648"])
            : [UInt8]("\(random.below(60) - 30)")
    }

    /// Not empty: Redis 7.0 takes that for zero, later servers refuse it.
    private mutating func scoreLimit() -> [UInt8] {
        let score = score()
        return (chance(3) ? [40] : []) + (score.isEmpty ? [120] : score)
    }

    private mutating func byteLimit() -> [UInt8] {
        chance(4) ? pick(["-", "+", "a", "(", "[", "", "--"]) : [chance(2) ? 40 : 91] + member()
    }

    // MARK: Commands

    private mutating func known() -> [[UInt8]] {
        switch random.below(100) {
        case ..<24: add()
        case ..<29: [name("ZINCRBY"), key(), score(), member()]
        case ..<33: [name("ZREM")] + [key()] + (0...random.below(4)).map { _ in member() }
        case ..<41: look()
        case ..<45: count()
        case ..<58: range()
        case ..<62: [name("ZRANGESTORE"), key()] + unified().dropFirst()
        case ..<66: removeRange()
        case ..<72: pop()
        case ..<92: algebra()
        case ..<94: [name("DEL"), key()]
        case ..<96: [name("TYPE"), key()]
        case ..<97: [name("COPY"), key(), key(), name("REPLACE")]
        default: refusedByChance()
        }
    }

    private mutating func recent() -> [[UInt8]] {
        switch random.below(10) {
        case 0...2: [pick(["ZRANK", "ZREVRANK"]), key(), member(), name(chance(8) ? "WITHSCORES" : "WITHSCORE")]
        case 3...6:
            [pick(["ZUNIONSTORE", "ZINTERSTORE"]), key()] + sources()
                + [name("AGGREGATE"), name("COUNT")]
        case 7: [pick(["ZUNION", "ZINTER"])] + sources() + [name("AGGREGATE"), name("COUNT"), name("WITHSCORES")]
        case 8: [name("ZSCAN"), key(), [48], name("NOSCORES"), name("COUNT"), [UInt8]("1000")]
        default: add()
        }
    }

    private mutating func add() -> [[UInt8]] {
        var words = [name("ZADD"), key()]
        for _ in 0..<[0, 0, 0, 0, 1, 1, 2, 3][random.below(8)] { words.append(pick(["NX", "XX", "GT", "LT", "CH", "INCR", "ch", "gt"])) }
        // Enough at once, now and then, to leave the small encoding; members that differ.
        if chance(25) {
            let start = random.below(200)
            for number in start..<start + 70 + random.below(120) {
                words += [[UInt8]("\(Double(random.below(400)) / 4)"), [UInt8]("n\(number)")]
            }
            return words
        }
        for _ in 0...random.below(chance(3) ? 6 : 1) { words += [score(), member()] }
        return words
    }

    private mutating func look() -> [[UInt8]] {
        switch random.below(6) {
        case 0: [name("ZCARD"), key()]
        case 1: [name("ZSCORE"), key(), member()]
        case 2: [name("ZMSCORE"), key()] + (0...random.below(4)).map { _ in member() }
        default: [pick(["ZRANK", "ZREVRANK", "zrank", "zrevrank"]), key(), member()]
        }
    }

    private mutating func count() -> [[UInt8]] {
        // Ranges of bytes mean something only where all scores are equal.
        [name("ZCOUNT"), key(), scoreLimit(), scoreLimit()]
    }

    private mutating func limits() -> [[UInt8]] {
        guard chance(3) else { return [] }
        return chance(10) ? [name("LIMIT"), index()] : [name("LIMIT"), index(), index()]
    }

    private mutating func range() -> [[UInt8]] {
        switch random.below(6) {
        case 0: [pick(["ZREVRANGE", "ZRANGE"]), key(), index(), index()] + withScores()
        case 1, 2: [pick(["ZRANGEBYSCORE", "ZREVRANGEBYSCORE"]), key(), scoreLimit(), scoreLimit()] + withScores() + limits()
        case 3: equalScores()
        default: unified()
        }
    }

    private mutating func withScores() -> [[UInt8]] { chance(2) ? [name("WITHSCORES")] : [] }

    /// Ranges of bytes, on a key where every score is zero.
    private mutating func equalScores() -> [[UInt8]] {
        let key = [UInt8]("zbytes")
        switch random.below(7) {
        case 0, 1: return [name("ZADD"), key] + (0...random.below(8)).flatMap { _ in [[48], member()] }
        case 2: return [name("ZLEXCOUNT"), key, byteLimit(), byteLimit()]
        case 3: return [name("ZREMRANGEBYLEX"), key, byteLimit(), byteLimit()]
        case 4: return [name("ZRANGE"), key, byteLimit(), byteLimit(), name("BYLEX")] + (chance(2) ? [name("REV")] : []) + limits()
        default: return [pick(["ZRANGEBYLEX", "ZREVRANGEBYLEX"]), key, byteLimit(), byteLimit()] + limits()
        }
    }

    private mutating func unified() -> [[UInt8]] {
        let isByScore = chance(2)
        var words = [name("ZRANGE"), key()]
        words += isByScore ? [scoreLimit(), scoreLimit(), name("BYSCORE")] : [index(), index()]
        if chance(2) { words.append(name("REV")) }
        if isByScore || chance(12) { words += limits() }
        if chance(6) { words.append(pick(["WITHSCORES", "BYSCORE", "REV", "foo"])) }
        return words
    }

    private mutating func removeRange() -> [[UInt8]] {
        chance(2)
            ? [name("ZREMRANGEBYRANK"), key(), index(), index()]
            : [name("ZREMRANGEBYSCORE"), key(), scoreLimit(), scoreLimit()]
    }

    private mutating func pop() -> [[UInt8]] {
        switch random.below(4) {
        case 0: return [pick(["ZPOPMIN", "ZPOPMAX", "zpopmin"]), key()]
        case 1: return [pick(["ZPOPMIN", "ZPOPMAX"]), key(), chance(3) ? index() : [UInt8]("\(random.below(5))")]
        default:
            let keys = (0...random.below(3)).map { _ in key() }
            let words = [name("ZMPOP"), number(keys.count)] + keys + [pick(["MIN", "MAX", "min", "MID"])]
            return chance(2) ? words : words + [name("COUNT"), chance(4) ? index() : [UInt8]("\(random.below(4))")]
        }
    }

    private mutating func number(_ count: Int) -> [UInt8] {
        chance(12) ? pick(["0", "-1", "x", "9223372036854775807", "1", "2", "5"]) : [UInt8]("\(count)")
    }

    /// A number of keys, the keys, and perhaps their weights.
    private mutating func sources() -> [[UInt8]] {
        let keys = (0...random.below(3)).map { _ in key() }
        var words = [number(keys.count)] + keys
        if chance(4) {
            words.append(name("WEIGHTS"))
            for _ in keys { words.append(chance(20) ? score() : pick(["1", "2", "-1", "0", "0.5", "inf"])) }
        }
        return words
    }

    private mutating func algebra() -> [[UInt8]] {
        let stores = chance(2)
        switch random.below(7) {
        case 0: return [name("ZINTERCARD")] + sources() + (chance(2) ? [name("LIMIT"), chance(4) ? index() : [UInt8]("\(random.below(9))")] : [])
        case 1: return stores ? [name("ZDIFFSTORE"), key()] + sources() : [name("ZDIFF")] + sources() + withScores()
        default:
            var words = stores ? [pick(["ZUNIONSTORE", "ZINTERSTORE"]), key()] : [pick(["ZUNION", "ZINTER"])]
            words += sources()
            if chance(3) { words += [name("AGGREGATE"), pick(["SUM", "MIN", "MAX", "min", "AVG"])] }
            return stores ? words : words + withScores()
        }
    }

    /// Commands of chance and order whose replies are neither.
    private mutating func refusedByChance() -> [[UInt8]] {
        switch random.below(6) {
        case 0: [name("ZRANDMEMBER"), [UInt8]("nokey"), index()]
        case 1: [name("ZRANDMEMBER"), key(), [48]]
        case 2: [name("ZRANDMEMBER"), key(), [49], [UInt8]("foo")]
        case 3: [name("ZRANDMEMBER"), key(), [UInt8]("-9223372036854775807"), name("WITHSCORES")]
        case 4: [name("ZSCAN"), [UInt8]("nokey"), [48]]
        default: [name("ZSCAN"), key(), [UInt8]("x")]
        }
    }

    /// Now and then one word too many, too few or from elsewhere.
    private mutating func damaged(_ words: [[UInt8]]) -> [[UInt8]] {
        let name = String(decoding: words[0], as: UTF8.self).uppercased()
        let isFragile = ["ZSCAN", "ZRANDMEMBER"].contains(name)
        switch random.below(50) {
        // With a fourth word, Redis 7.0 does not know ZRANK.
        case 0 where !name.hasSuffix("RANK"): return words + [score()]
        case 1 where !isFragile: return Array(words.dropLast())
        case 2 where !isFragile && words.count > 2:
            var changed = words
            let word = chance(2) ? index() : scoreLimit()
            changed[2 + random.below(words.count - 2)] = word.isEmpty ? [45] : word
            return changed
        default: return words
        }
    }
}
