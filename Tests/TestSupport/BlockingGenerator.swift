import Primitives

/// Random commands that wait for the keys of the generators of lists and sorted sets.
public struct BlockingGenerator {
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = BlockingGenerator(random)
        defer { random = generator.random }
        return generator.command().map { [UInt8]($0) }
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    private mutating func pick(_ words: String...) -> String { words[random.below(words.count)] }

    private mutating func list() -> String { "list\(random.below(6))" }

    private mutating func lists() -> [String] { (0...random.below(3)).map { _ in list() } }

    private mutating func sortedSet() -> String { pick("z1", "z2", "sort:scored") }

    /// Never 0: who waits for ever ends the test for his client.
    private mutating func timeout() -> String {
        random.below(20) == 0 ? pick("-1", "x", "inf", "1e300", "9223372036854775", "") : pick("0.001", "0.02", "1e-2", "0.3")
    }

    private mutating func end() -> String { random.below(30) == 0 ? "UP" : pick("LEFT", "RIGHT") }

    private mutating func command() -> [String] {
        switch random.below(8) {
        case 0: return [pick("BLPOP", "BRPOP")] + lists() + [timeout()]
        case 1: return [pick("BZPOPMIN", "BZPOPMAX"), sortedSet(), sortedSet(), timeout()]
        case 2:
            let keys = lists()
            return ["BLMPOP", timeout(), "\(keys.count)"] + keys + [end(), "COUNT", pick("1", "3", "0", "9223372036854775807")]
        case 3: return ["BZMPOP", timeout(), "2", sortedSet(), sortedSet(), pick("MIN", "MAX", "MID"), "COUNT", pick("1", "5")]
        case 4: return ["BRPOPLPUSH", list(), list(), timeout()]
        case 5: return ["BLMOVE", list(), list(), end(), end(), timeout()]
        case 6:
            return ["BLMOVEM", list(), list(), end(), end(), timeout(), pick("COUNT", "EXACTLY"), "\(random.below(6))", pick("OBO", "BULK")]
        default: return ["BLMOVEM", list(), list(), end(), end(), timeout()]
        }
    }
}
