import Primitives

/// Random commands on lists, valid and invalid, over few keys so that they meet.
public struct ListGenerator {
    /// A command that Redis 7.0 knows and answers as those after it.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = ListGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.known())
    }

    /// A command that only Redis 8 knows, or that Redis 7.0 answers differently.
    public static func newer(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = ListGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.recent())
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    // MARK: Words

    private mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }

    private mutating func pick(_ words: String...) -> [UInt8] { [UInt8](words[random.below(words.count)]) }

    private mutating func cased(_ words: String...) -> [UInt8] {
        let word = words[random.below(words.count)]
        return [UInt8](chance(20) ? word.lowercased() : word)
    }

    /// Mostly a list; "a" and "k1" are those of the generators of strings and keys.
    private mutating func key() -> [UInt8] {
        switch random.below(20) {
        case 0: [UInt8]("a")
        case 1: [UInt8]("k1")
        case 2: [0, 255, 13, 10]
        case 3: []
        default: [UInt8]("list\(random.below(5))")
        }
    }

    private mutating func element() -> [UInt8] {
        switch random.below(20) {
        case 0: []
        case 1: [0, 255, 13, 10, 128]
        case 2: [UInt8](repeating: 120, count: [63, 64, 4095, 4096, 8185, 8186, 9000][random.below(7)])
        case 3: pick(
            "127", "128", "-1", "4095", "4096", "-4096", "-4097", "32767", "32768", "-32769", "8388607", "8388608", "2147483647",
            "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "01", "+1", "-0", " 1")
        case 4: [UInt8](repeating: UInt8(97 + random.below(3)), count: random.below(300))
        case 5...9: [UInt8](String(random.below(10)))
        default: [UInt8]("e\(random.below(8))")
        }
    }

    /// An index, mostly of an element that there is.
    private mutating func index() -> [UInt8] {
        if chance(80) { return [UInt8](String(random.below(24) - 12)) }
        return pick(
            "0", "-1", "100", "-100", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "-9223372036854775807",
            "9223372036854775808", "-9223372036854775809", "", "x", "1.5", "01", " 1")
    }

    private mutating func count() -> [UInt8] {
        if chance(85) { return [UInt8](String(random.below(6))) }
        return pick("-1", "100", "2147483648", "9223372036854775807", "9223372036854775808", "", "x", "1.0")
    }

    private mutating func side() -> [UInt8] { chance(4) ? pick("UP", "") : cased("LEFT", "RIGHT") }

    // MARK: Commands

    private mutating func damaged(_ words: [[UInt8]]) -> [[UInt8]] {
        switch random.below(60) {
        case 0: return words + [element()]
        case 1 where words.count > 1: return Array(words.dropLast())
        default: return words
        }
    }

    private mutating func known() -> [[UInt8]] {
        switch random.below(100) {
        case ..<24: push()
        case ..<34: pop()
        case ..<38: [cased("LLEN"), key()]
        case ..<44: [cased("LINDEX"), key(), index()]
        case ..<54: [cased("LRANGE"), key(), index(), index()]
        case ..<58: chance(30) ? [cased("LTRIM"), key(), index(), index()] : [cased("LTRIM"), key(), [48], [UInt8]("40")]
        case ..<64: [cased("LSET"), key(), index(), element()]
        case ..<70: [cased("LINSERT"), key(), chance(5) ? element() : cased("BEFORE", "AFTER"), element(), element()]
        case ..<76: [cased("LREM"), key(), index(), element()]
        case ..<84: position()
        case ..<90: [cased("LMOVE"), key(), key(), side(), side()]
        case ..<93: [cased("RPOPLPUSH"), key(), key()]
        case ..<98: popOfSeveral()
        default: [pick("DEL", "TYPE", "EXISTS"), key()]
        }
    }

    private mutating func push() -> [[UInt8]] {
        var words = [cased("LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "RPUSHX"), key()]
        for _ in 0...(chance(3) ? 400 : random.below(4)) { words.append(element()) }
        return words
    }

    private mutating func pop() -> [[UInt8]] {
        let words = [cased("LPOP", "RPOP"), key()]
        return chance(50) ? words : words + [count()]
    }

    private mutating func position() -> [[UInt8]] {
        var words = [cased("LPOS"), key(), element()]
        for _ in 0..<random.below(4) {
            words.append(chance(4) ? element() : cased("RANK", "COUNT", "MAXLEN"))
            words.append(chance(30) ? index() : count())
        }
        return words
    }

    private mutating func popOfSeveral() -> [[UInt8]] {
        let keys = 1 + random.below(3)
        var words = [cased("LMPOP"), chance(90) ? [UInt8](String(keys)) : count()]
        for _ in 0..<keys { words.append(key()) }
        words.append(side())
        if chance(60) { words += [cased("COUNT"), count()] }
        return words
    }

    private mutating func recent() -> [[UInt8]] {
        guard chance(60) else {
            return [cased("LREM"), key(), pick("-9223372036854775808", "1"), element()]
        }
        var words = [cased("LMOVEM"), key(), key(), side(), side()]
        if chance(80) { words += [cased("COUNT", "EXACTLY"), count(), cased("OBO", "BULK")] }
        return words
    }
}
