import Primitives

/// Random commands on strings, valid and invalid, over few keys so that they
/// meet. Moments are so far away that no reply depends on the clock.
public struct StringGenerator {
    /// The keys in use: plain, empty, binary, numeric, and one beyond a byte's length.
    public static var keys: [[UInt8]] {
        [
            [UInt8]("a"), [UInt8]("key"), [], [0, 255, 13, 10, 128], [UInt8]("counter"), [UInt8]("{tag}x"), [UInt8]("12"),
            [UInt8](repeating: 107, count: 300),
        ]
    }

    /// A command that Redis 7.0 knows.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = StringGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.known())
    }

    /// A command, or options, that only Valkey 9 or Redis 8 know.
    public static func newer(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = StringGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.recent())
    }

    private var random: RandomGenerator

    private init(_ random: RandomGenerator) { self.random = random }

    // MARK: Words

    private mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }

    private mutating func pick<Item>(_ items: [Item]) -> Item { items[random.below(items.count)] }

    private mutating func key() -> [UInt8] { pick(Self.keys) }

    private static var numbers: [String] {
        [
            "0", "1", "-1", "2", "7", "10", "-10", "100", "1000000", "4294967296", "-4294967297", "9007199254740993",
            "9223372036854775806", "9223372036854775807", "-9223372036854775807", "-9223372036854775808",
        ]
    }

    private static var oddNumbers: [String] {
        [
            "9223372036854775808", "-9223372036854775809", "18446744073709551616", "", " 1", "1 ", "+1", "01", "-0", "0x10",
            "1.0", "abc", "1e3", "99999999999999999999999999",
        ]
    }

    private static var fractions: [String] {
        [
            "0", "1", "-1", "0.1", "0.5", "-1.25", "3.14159265358979323846", "1e3", "1e17", "1e-17", "5.", ".5", "+5",
            "10.5", "0x1p3", "-2.5e2", "123456789.987654321", "9223372036854775807",
        ]
    }

    private static var oddFractions: [String] {
        ["inf", "-inf", "nan", "", " 1", "1 ", "1x", "1e", "1,5", "1e5000", "1e20", "-1e30", "0x1.8"]
    }

    private mutating func number() -> [UInt8] {
        if chance(10) { return [UInt8](pick(Self.oddNumbers)) }
        if chance(50) { return [UInt8](String(Int64(random.below(40)) - 20)) }
        return [UInt8](pick(Self.numbers))
    }

    private mutating func fraction() -> [UInt8] {
        [UInt8](chance(10) ? pick(Self.oddFractions) : pick(Self.fractions))
    }

    private mutating func value() -> [UInt8] {
        switch random.below(10) {
        case 0...2: return number()
        case 3: return fraction()
        case 4: return []
        case 5: return (0..<random.below(12)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 6: return [UInt8](repeating: 97, count: pick([43, 44, 45, 46, 64, 120, 300]))
        case 7: return (0..<random.below(80)).map { _ in 97 + UInt8(random.below(3)) }
        default: return [UInt8](pick(["v", "w", "hello", "Hello World", "ohmytext", "mynewtext", "0123"]))
        }
    }

    /// An option word, its letters sometimes in lower case.
    private mutating func option(_ word: String) -> [UInt8] { [UInt8](chance(30) ? word.lowercased() : word) }

    private mutating func name(_ word: String) -> [UInt8] { option(word) }

    // MARK: Options

    /// EX, PX, EXAT or PXAT with a number that is far away or wrong.
    private mutating func expiry() -> [[UInt8]] {
        let word = pick(["EX", "PX", "EXAT", "PXAT"])
        let far = ["EX": "1000000", "PX": "1000000000", "EXAT": "33177117420", "PXAT": "33177117420000"][word] ?? "0"
        let wrong = ["0", "-1", "9223372036854775807", "-9223372036854775808", "abc", "", "1.5", "9223372036854775808"]
        guard chance(20) else { return [option(word), [UInt8](far)] }
        // The largest number is a legal PXAT.
        return [option(word), [UInt8](pick(wrong))]
    }

    private mutating func setOptions(_ conditions: [String]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        while chance(45) {
            switch random.below(6) {
            case 0, 1: words += [option(pick(conditions))]
            case 2: words += [option("GET")]
            case 3: words += [option("KEEPTTL")]
            case 4: words += expiry()
            default: words += chance(20) ? [option(pick(["PERSIST", "NOPE", "", "EX", "XXX"]))] : expiry()
            }
        }
        return words
    }

    private mutating func getexOptions() -> [[UInt8]] {
        var words: [[UInt8]] = []
        while chance(50) {
            words += chance(30) ? [option("PERSIST")] : chance(10) ? [option(pick(["KEEPTTL", "GET", "NX", ""]))] : expiry()
        }
        return words
    }

    private mutating func lcsOptions() -> [[UInt8]] {
        var words: [[UInt8]] = []
        while chance(50) {
            switch random.below(6) {
            case 0: words += [option("LEN")]
            case 1, 2: words += [option("IDX")]
            case 3: words += [option("WITHMATCHLEN")]
            case 4: words += [option("MINMATCHLEN"), number()]
            default: words += [option(pick(["LEN", "IDX", "NOPE"]))]
            }
        }
        return words
    }

    private mutating func pairs() -> [[UInt8]] {
        var words: [[UInt8]] = []
        repeat { words += [key(), value()] } while chance(50)
        return words
    }

    /// Offsets small enough that strings stay small, or refused.
    private mutating func offset() -> [UInt8] {
        [UInt8](
            chance(85)
                ? String(random.below(200))
                : pick(["-1", "9223372036854775807", "536870912", "-9223372036854775808", "abc", "", "1.0"]))
    }

    // MARK: Commands

    private mutating func known() -> [[UInt8]] {
        switch random.below(24) {
        case 0...2: return [name("SET"), key(), value()] + setOptions(["NX", "XX"])
        case 3: return [name("SETNX"), key(), value()]
        case 4:
            let seconds = [UInt8](chance(80) ? "1000000" : pick(["0", "-1", "abc", "9223372036854775807", ""]))
            return [name(pick(["SETEX", "PSETEX"])), key(), seconds, value()]
        case 5: return [name("GETSET"), key(), value()]
        case 6, 7: return [name("GET"), key()]
        case 8: return [name("GETDEL"), key()]
        case 9: return [name("GETEX"), key()] + getexOptions()
        case 10: return [name("MGET"), key(), key(), key()]
        case 11: return [name("MSET")] + pairs()
        case 12: return [name("MSETNX")] + pairs()
        case 13: return [name(pick(["INCR", "DECR"])), key()]
        case 14, 15: return [name(pick(["INCRBY", "DECRBY"])), key(), number()]
        case 16, 17: return [name("INCRBYFLOAT"), key(), fraction()]
        case 18: return [name("APPEND"), key(), value()]
        case 19: return [name("STRLEN"), key()]
        case 20: return [name("SETRANGE"), key(), offset(), value()]
        case 21, 22: return [name(pick(["GETRANGE", "SUBSTR"])), key(), number(), number()]
        default: return [name("LCS"), key(), key()] + lcsOptions()
        }
    }

    private mutating func recent() -> [[UInt8]] {
        switch random.below(9) {
        case 0, 1:
            let condition = option(pick(["IFEQ", "IFEQ", "IFNE", "IFDEQ", "IFDNE"]))
            return [name("SET"), key(), value(), condition, operand()] + setOptions(["NX"])
        case 2: return [name("DIGEST"), key()]
        case 3: return [name("DELIFEQ"), key(), value()]
        case 4: return chance(30) ? [name("DELEX"), key()] : [name("DELEX"), key(), option(pick(Self.conditions)), operand()]
        case 5, 6:
            let words = pairs()
            let count = chance(85) ? String(words.count / 2) : pick(["0", "-1", "99", "abc", "9223372036854775807"])
            return [name("MSETEX"), [UInt8](count)] + words + setOptions(["NX", "XX"])
        default: return [name("INCREX"), key()] + boundedOptions()
        }
    }

    private static var conditions: [String] { ["IFEQ", "IFNE", "IFDEQ", "IFDNE", "NOPE"] }

    private mutating func operand() -> [UInt8] {
        chance(70) ? value() : [UInt8](pick(["9555e8555c62dcfd", "2D06800538D394C2", "zzzzzzzzzzzzzzzz", "404a763b3f4c8c9"]))
    }

    private mutating func boundedOptions() -> [[UInt8]] {
        var words: [[UInt8]] = []
        let isFloat = chance(40)
        if isFloat { words += [option("BYFLOAT"), fraction()] }
        while chance(50) {
            switch random.below(7) {
            case 0: words += [option(chance(80) != isFloat ? "BYINT" : "BYFLOAT"), number()]
            case 1: words += [option("LBOUND"), isFloat ? fraction() : number()]
            case 2: words += [option("UBOUND"), isFloat ? fraction() : number()]
            case 3: words += [option("SATURATE")]
            case 4: words += expiry()
            case 5: words += [option("PERSIST")]
            default: words += [option("ENX")] + expiry()
            }
        }
        return words
    }

    /// Now and then a word is lost, repeated or too many.
    private mutating func damaged(_ command: [[UInt8]]) -> [[UInt8]] {
        guard chance(3) else { return command }
        var words = command
        switch random.below(3) {
        case 0: if words.count > 1 { words.removeLast() }
        case 1: words.append(value())
        default: words.append(words[random.below(words.count)])
        }
        return words
    }
}
