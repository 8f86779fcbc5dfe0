import Primitives

/// Random SORTs over values of their own, valid and invalid, with replies that
/// depend neither on the order of a table nor on the locale. Numbers are integers:
/// Redis 7.0 may refuse others, after an earlier command met one out of range.
public struct SortGenerator {
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = SortGenerator(random)
        defer { random = generator.random }
        return (generator.random.below(2) == 0 ? generator.change() : generator.sort()).map { [UInt8]($0) }
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    private mutating func pick(_ words: String...) -> String { words[random.below(words.count)] }

    private mutating func number() -> String {
        switch random.below(12) {
        case 0: pick("9223372036854775807", "-9223372036854775808", "1000000", "123456789012")
        default: String(random.below(40) - 10)
        }
    }

    private mutating func value() -> String { pick("sort:list", "sort:list", "sort:set", "sort:scored") }

    private mutating func change() -> [String] {
        switch random.below(10) {
        case 0...2: return ["RPUSH", "sort:list"] + (0...random.below(6)).map { _ in number() }
        case 3: return ["LPOP", "sort:list", String(random.below(8))]
        case 4: return ["SADD", "sort:set", number(), number()]
        case 5: return ["ZADD", "sort:scored", String(random.below(100)), number()]
        case 6: return ["SET", "sort:weight:\(number())", number()]
        case 7: return ["HSET", "sort:hash:\(number())", pick("f", "g"), number()]
        case 8: return ["DEL", pick("sort:set", "sort:scored", "sort:stored")]
        default: return ["LRANGE", "sort:stored", "0", "-1"]
        }
    }

    private mutating func sort() -> [String] {
        let key = value()
        let isOrdered = key == "sort:list"
        var words = [pick("SORT", "sort", "SORT", "SORT_RO"), random.below(20) == 0 ? "sort:none" : key]
        if random.below(2) == 0 { words.append(pick("ASC", "DESC", "desc")) }
        let isAlphabetic = key == "sort:scored" || random.below(3) == 0
        if isAlphabetic { words.append("ALPHA") }
        // Where weights are texts their ties keep an order that LIMIT does not promise.
        var limits = true
        switch random.below(4) {
        case 0:
            words += ["BY", pick("sort:weight:*", "sort:hash:*->f")]
            limits = !isAlphabetic
            if isAlphabetic, !isOrdered { words.removeLast(2) }
        case 1 where key != "sort:set": words += ["BY", "nosort"]
        default: break
        }
        if limits, random.below(3) == 0 { words += ["LIMIT", String(random.below(12) - 2), String(random.below(20) - 2)] }
        let gets = random.below(3)
        for _ in 0..<gets {
            words += ["GET", pick("#", "sort:weight:*", "sort:hash:*->g", "sort:hash:*->f", "constant", "sort:weight:*->f")]
        }
        if random.below(4) == 0 { words += ["STORE", gets > 0 ? "sort:stored" : pick("sort:stored", "sort:list")] }
        if random.below(30) == 0 { words.append(pick("BY", "LIMIT", "STORE", "GET", "nonsense")) }
        return words
    }
}
