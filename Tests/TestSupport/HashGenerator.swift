import Primitives

/// Random commands on hashes, valid and invalid. Some keys hold small hashes
/// only, whose order is that of insertion everywhere; what depends on order is
/// asked of those. Moments are far away or past, so that no reply depends on the clock.
public struct HashGenerator {
    /// A command that Redis 7.0 knows.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = HashGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.known())
    }

    /// A command that only Valkey 9 or Redis 8 know.
    public static func newer(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = HashGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.recent())
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    // MARK: Words

    private mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }

    private mutating func pick<Item>(_ items: [Item]) -> Item { items[random.below(items.count)] }

    /// Hashes that stay small, sometimes a key of another type.
    private mutating func smallKey() -> [UInt8] {
        chance(3) ? [UInt8]("counter") : [UInt8](pick(["hash:a", "hash:b", "hash:c"]))
    }

    private mutating func key() -> [UInt8] {
        chance(60) ? smallKey() : [UInt8](pick(["hash:large", "hash:larger"]))
    }

    private mutating func name(_ word: String) -> [UInt8] { [UInt8](chance(20) ? word.lowercased() : word) }

    private mutating func field() -> [UInt8] {
        switch random.below(12) {
        case 0...7: [UInt8](pick(["f", "g", "name", "12", "-7", "age", "00", "x y"]))
        case 8: []
        case 9: [0, 13, 10, 255, UInt8(random.below(4))]
        case 10: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(44 + random.below(20))))
        default: [UInt8](repeating: 102, count: pick([1, 62, 63, 64]))
        }
    }

    private static var numbers: [String] {
        [
            "0", "1", "-1", "7", "-10", "4294967296", "-4294967297", "9007199254740993", "9223372036854775807",
            "-9223372036854775808", "9223372036854775808", "", "abc", " 1", "01", "+1", "1.5",
        ]
    }

    private mutating func number() -> [UInt8] {
        chance(60) ? [UInt8](String(random.below(40) - 20)) : [UInt8](pick(Self.numbers))
    }

    private mutating func fraction() -> [UInt8] {
        [UInt8](pick(["1.5", "-0.25", "3", "1e2", "0.1", "inf", "nan", "abc", "", "1e5000", "1e20", " 1", "10.00"]))
    }

    /// A value that a small hash can hold.
    private mutating func smallValue() -> [UInt8] {
        switch random.below(7) {
        case 0, 1: number()
        case 2: fraction()
        case 3: (0..<random.below(30)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 4: [UInt8](repeating: 97, count: pick([0, 62, 63, 64]))
        default: [UInt8](pick(["v", "hello", "world", "0"]))
        }
    }

    private mutating func pairs(small: Bool) -> [[UInt8]] {
        var words: [[UInt8]] = []
        repeat {
            let isLarge = !small && chance(30)
            words += [field(), isLarge ? [UInt8](repeating: 98, count: pick([65, 100, 254, 255, 256, 5000])) : smallValue()]
        } while chance(60)
        return words
    }

    private mutating func set(_ command: String) -> [[UInt8]] {
        let isSmall = chance(60)
        let key = isSmall ? smallKey() : [UInt8](pick(["hash:large", "hash:larger"]))
        return [name(command), key] + pairs(small: isSmall)
    }

    private mutating func fields() -> [[UInt8]] {
        var words: [[UInt8]] = []
        repeat { words.append(field()) } while chance(60)
        return words
    }

    // MARK: Commands

    private mutating func known() -> [[UInt8]] {
        switch random.below(22) {
        case 0...3: return set("HSET")
        case 4: return set("HMSET")
        case 5: return [name("HSETNX"), key(), field(), smallValue()]
        case 6, 7: return [name("HGET"), key(), field()]
        case 8: return [name("HMGET"), key()] + fields()
        case 9: return [name("HGETALL"), smallKey()]
        case 10: return [name(pick(["HKEYS", "HVALS"])), smallKey()]
        case 11, 12: return [name("HDEL"), key()] + fields()
        case 13: return [name("HLEN"), key()]
        case 14: return [name("HSTRLEN"), key(), field()]
        case 15: return [name("HEXISTS"), key(), field()]
        case 16, 17: return [name("HINCRBY"), key(), field(), number()]
        case 18: return [name("HINCRBYFLOAT"), key(), field(), fraction()]
        case 19: return randomFields()
        case 20: return scan()
        default: return [name("DEL"), key()]
        }
    }

    /// All fields, none, or a wrong number: the choice of some would differ.
    private mutating func randomFields() -> [[UInt8]] {
        let count = [UInt8](
            pick(["1000000", "0", "9223372036854775807", "abc", "", "-9223372036854775808", "9223372036854775808"]))
        let tail: [[UInt8]] = chance(40) ? [name(pick(["WITHVALUES", "WITHVALUES", "NOPE"]))] : []
        return [name("HRANDFIELD"), smallKey(), count] + tail
    }

    private mutating func scan() -> [[UInt8]] {
        var words = [name("HSCAN"), smallKey(), [UInt8](chance(90) ? "0" : pick(["abc", "", "-1", "99999999999999999999"]))]
        while chance(40) {
            switch random.below(3) {
            case 0: words += [name("MATCH"), [UInt8](pick(["*", "f*", "[a-n]*", "?", ""]))]
            case 1: words += [name("COUNT"), number()]
            default: words += [name(pick(["COUNT", "NOPE"]))]
            }
        }
        return words
    }

    // MARK: Expiring fields

    private mutating func clause(_ words: [[UInt8]], _ count: Int) -> [[UInt8]] {
        let number = chance(92) ? String(count) : pick(["0", "-1", "99", "abc", "9223372036854775807"])
        return [name(chance(97) ? "FIELDS" : "FIELD"), [UInt8](number)] + words
    }

    private mutating func namedFields() -> [[UInt8]] {
        let words = fields()
        return clause(words, words.count)
    }

    /// EX, PX, EXAT or PXAT with a number that is far away, past or wrong.
    private mutating func expiry() -> [[UInt8]] {
        let word = pick(["EX", "PX", "EXAT", "PXAT"])
        return [name(word), moment(isRelative: word.count == 2, isSeconds: word.hasPrefix("E"))]
    }

    private mutating func moment(isRelative: Bool, isSeconds: Bool) -> [UInt8] {
        if chance(15) {
            return [UInt8](pick(["0", "-1", "9223372036854775807", "-9223372036854775808", "abc", "", "70368744177664"]))
        }
        let day = 1 + random.below(20)
        let moment = (isRelative ? 1_000_000 : 33_177_117_420) + day * 86_400
        return [UInt8](String(isSeconds ? moment : moment * 1000))
    }

    private mutating func recent() -> [[UInt8]] {
        switch random.below(12) {
        case 0...3:
            let word = pick(["HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"])
            let moment = moment(isRelative: !word.hasSuffix("AT"), isSeconds: word.hasPrefix("HE"))
            let conditions: [[UInt8]] = chance(40) ? [name(pick(["NX", "XX", "GT", "LT", "NOPE"]))] : []
            return [name(word), key(), moment] + conditions + namedFields()
        case 4: return [name("HPERSIST"), key()] + namedFields()
        case 5: return [name(pick(["HEXPIRETIME", "HPEXPIRETIME"])), key()] + namedFields()
        case 6: return [name("HGETDEL"), key()] + namedFields()
        case 7, 8:
            let options: [[UInt8]] = chance(40) ? expiry() : chance(40) ? [name("PERSIST")] : []
            return [name("HGETEX"), key()] + options + namedFields()
        case 9, 10:
            var options: [[UInt8]] = chance(30) ? [name(pick(["FNX", "FXX", "NX", "XX"]))] : []
            options += chance(40) ? expiry() : chance(40) ? [name("KEEPTTL")] : []
            let words = pairs(small: true)
            return [name("HSETEX"), key()] + options + clause(words, words.count / 2)
        default: return importing()
        }
    }

    private mutating func importing() -> [[UInt8]] {
        let fieldset = [UInt8](pick(["s", "t"]))
        switch random.below(6) {
        case 0, 1: return [name("HIMPORT"), name("PREPARE"), fieldset, field(), field()]
        case 2...4: return [name("HIMPORT"), name("SET"), smallKey(), fieldset, smallValue(), smallValue()]
        default: return [name("HIMPORT")] + (chance(50) ? [name("DISCARD"), fieldset] : [name("DISCARDALL")])
        }
    }

    /// Now and then a word is lost, repeated or too many. HRANDFIELD stays whole:
    /// without its count it answers by chance.
    private mutating func damaged(_ command: [[UInt8]]) -> [[UInt8]] {
        let name = String(decoding: command[0], as: UTF8.self).uppercased()
        guard chance(3), name != "HRANDFIELD" else { return command }
        var words = command
        switch random.below(3) {
        case 0: if words.count > 1 { words.removeLast() }
        case 1: words.append([UInt8]("extra"))
        default: words.append(words[random.below(words.count)])
        }
        return words
    }
}
