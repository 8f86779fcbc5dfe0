import Primitives

/// A seeded stream of generic commands of Redis 7.0, valid and invalid, over a
/// few keys that meet each other often. No reply depends on the clock, on the
/// order of a table or on chance, so two servers can be compared by it.
///
/// It leaves values to others: mixed with a stream that sets the same keys.
public struct KeyGenerator {
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        let words = wellFormed(&random)
        // A scan with one word less would list everything, in the table's order.
        if String(decoding: words[0], as: UTF8.self) == "SCAN" { return words }
        // Now and then one word too many, too few or from elsewhere.
        switch random.below(40) {
        case 0: return words + [word(&random)]
        case 1: return Array(words.dropLast(words.count > 1 ? 1 : 0))
        case 2 where words.count > 1 && isHarmless(words[0]):
            var changed = words
            changed[1 + random.below(words.count - 1)] = word(&random)
            return changed
        default: return words
        }
    }

    // MARK: Words

    private static let binaryKey: [UInt8] = [0, 255, 13, 10]

    static func key(_ random: inout RandomGenerator) -> [UInt8] {
        let chosen = random.below(8)
        return chosen == 7 ? binaryKey : [UInt8]("k\(chosen)")
    }

    private static func text(_ words: String...) -> [[UInt8]] { words.map { [UInt8]($0) } }

    private static func pick(_ random: inout RandomGenerator, _ words: [String]) -> [UInt8] {
        [UInt8](words[random.below(words.count)])
    }

    private static let edgeNumbers = [
        "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
        "9223372036854775", "9223372036854776", "-9223372036854775", "-9223372036854776", "2147483647", "2147483648",
        "-2147483648", "-2147483649", "18446744073709551615", "18446744073709551616", "15", "16", "", " 1", "1 ", "+1", "01",
        "-0", "1.5", "1e3", "0x10", "x", "nan",
    ]

    /// Any word at all.
    static func word(_ random: inout RandomGenerator) -> [UInt8] {
        switch random.below(4) {
        case 0: key(&random)
        case 1: pick(&random, edgeNumbers)
        case 2: pick(&random, ["NX", "XX", "GT", "LT", "DB", "REPLACE", "SYNC", "ASYNC", "MATCH", "COUNT", "TYPE", "foo"])
        default: [UInt8]("\(random.below(3))")
        }
    }

    private static func cased(_ name: String, _ random: inout RandomGenerator) -> [UInt8] {
        [UInt8](random.below(4) == 0 ? name.lowercased() : name)
    }

    /// Whether any argument may be put in: a foreign word must not bring in the clock, order or chance.
    private static func isHarmless(_ name: [UInt8]) -> Bool {
        ["del", "unlink", "exists", "touch", "type", "rename", "renamenx", "persist", "flushdb"]
            .contains(String(decoding: name, as: UTF8.self).lowercased())
    }

    // MARK: Commands

    private static func wellFormed(_ random: inout RandomGenerator) -> [[UInt8]] {
        switch random.below(100) {
        case ..<26: expiry(&random)
        case ..<34: [cased("PERSIST", &random), key(&random)]
        case ..<44: lifetime(&random)
        case ..<54: several(pick(&random, ["DEL", "UNLINK", "EXISTS", "TOUCH"]), &random)
        case ..<58: [cased("TYPE", &random), key(&random)]
        case ..<68: [pick(&random, ["RENAME", "RENAMENX", "rename", "renamenx"]), key(&random), key(&random)]
        case ..<78: copy(&random)
        case ..<84: [cased("MOVE", &random), key(&random), database(&random)]
        case ..<88: databases(&random)
        case ..<90: flush(&random)
        case ..<93: looks(&random)
        case ..<96: scan(&random)
        case ..<98: migrate(&random)
        default: object(&random)
        }
    }

    /// An expiry that no run lives to see, one long past, or a number that is refused.
    private static func expiry(_ random: inout RandomGenerator) -> [[UInt8]] {
        let name = ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"][random.below(4)]
        let isAbsolute = name.hasSuffix("AT")
        let unit = name.hasPrefix("P") ? "000" : ""
        var words = [cased(name, &random), key(&random)]
        switch random.below(10) {
        case ..<6:
            // Relative ones do not repeat, so that which is the later one does not depend on the clock.
            let moment = isAbsolute ? 33_177_117_420 + random.below(3) : 1_000_000_000 + random.below(1_000_000) * 10_000
            words.append([UInt8]("\(moment)\(unit)"))
        case 6: words.append(pick(&random, ["0", "-1", "-9223372036854775", "-1000000000"]))
        case 7: words.append(isAbsolute ? pick(&random, ["1", "1000", "1600000000"]) : [48])
        default: words.append(pick(&random, edgeNumbers.filter { !dependsOnClock($0) }))
        }
        for _ in 0..<[0, 0, 1, 1, 1, 2, 3][random.below(7)] {
            words.append(pick(&random, ["NX", "XX", "GT", "LT", "nx", "xx", "gt", "lt", "NX", "XX", "GT", "LT", "foo", ""]))
        }
        return words
    }

    /// Whether `number`, taken as an expiry, lies so near, or may repeat as a
    /// relative one, that the outcome depends on the clock.
    private static func dependsOnClock(_ number: String) -> Bool {
        ["1", "15", "16", "2147483647", "2147483648", "9223372036854775", "9223372036854776"].contains(number)
    }

    /// Only questions whose answer is a fixed moment, or whether there is one.
    private static func lifetime(_ random: inout RandomGenerator) -> [[UInt8]] {
        switch random.below(4) {
        // What stays of a relative expiry depends on the clock: ask for presence by condition.
        case 0: [cased("EXPIREAT", &random), key(&random), [UInt8]("9223372036854775"), [UInt8]("XX")]
        case 1: [cased("PEXPIREAT", &random), key(&random), [UInt8]("9223372036854775807"), [UInt8]("NX")]
        case 2: [cased("PEXPIREAT", &random), key(&random), [UInt8]("33177117420000"), [UInt8](random.below(2) == 0 ? "GT" : "LT")]
        default: [pick(&random, ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]), [UInt8]("nokey")]
        }
    }

    private static func several(_ name: [UInt8], _ random: inout RandomGenerator) -> [[UInt8]] {
        var words = [name]
        for _ in 0...random.below(3) { words.append(key(&random)) }
        return words
    }

    private static func database(_ random: inout RandomGenerator) -> [UInt8] {
        switch random.below(5) {
        case 0: [48]
        case 1, 2, 3: [49]
        // Not 2..15: what lies there would be out of the stream's sight.
        default: pick(&random, edgeNumbers.filter { !["15"].contains($0) })
        }
    }

    private static func copy(_ random: inout RandomGenerator) -> [[UInt8]] {
        var words = [cased("COPY", &random), key(&random), key(&random)]
        for _ in 0..<random.below(3) {
            switch random.below(8) {
            case 0: words.append([UInt8]("foo"))
            case 1, 2, 3: words += [[UInt8]("DB"), database(&random)]
            default: words.append(cased("REPLACE", &random))
            }
        }
        return words
    }

    private static func databases(_ random: inout RandomGenerator) -> [[UInt8]] {
        random.below(2) == 0
            ? [cased("SELECT", &random), [UInt8]("\(random.below(2))")]
            : [cased("SWAPDB", &random), database(&random), database(&random)]
    }

    private static func flush(_ random: inout RandomGenerator) -> [[UInt8]] {
        switch random.below(6) {
        case 0: text("FLUSHALL")
        case 1: text("FLUSHDB", "SYNC")
        case 2: text("flushdb", "async")
        case 3: [[UInt8]("FLUSHALL"), word(&random)]
        default: text("FLUSHDB", "SYNC", "ASYNC")
        }
    }

    private static func looks(_ random: inout RandomGenerator) -> [[UInt8]] {
        switch random.below(6) {
        case 0: text("DBSIZE")
        case 1: [[UInt8]("KEYS"), key(&random)]
        case 2: text("KEYS", "k[3]")
        case 3: text("KEYS", "?5")
        case 4: text("KEYS", "\\k1")
        default: text("KEYS", "nothing*")
        }
    }

    /// Only scans that are refused or find at most one key in one call.
    private static func scan(_ random: inout RandomGenerator) -> [[UInt8]] {
        switch random.below(8) {
        case 0: text("SCAN", "x")
        case 1: text("SCAN", "18446744073709551616", "COUNT", "1")
        case 2: text("SCAN", "0", "COUNT") + [pick(&random, ["0", "-1", "x", "", "9223372036854775808", "-9223372036854775808"])]
        case 3: text("SCAN", "0", "MATCH")
        case 4: text("SCAN", "0", "foo", "bar")
        case 5: text("SCAN", "0", "COUNT", "1000", "TYPE") + [pick(&random, ["nosuchtype", "none", ""])]
        default: text("SCAN", "0", "COUNT", "1000", "MATCH") + [key(&random)]
        }
    }

    /// To a port where nobody listens, unless the test has somebody answer there.
    private static func migrate(_ random: inout RandomGenerator) -> [[UInt8]] {
        let number = { (random: inout RandomGenerator) in
            random.below(3) == 0 ? pick(&random, edgeNumbers) : [UInt8]("\(random.below(2))")
        }
        let hasMany = random.below(3) == 0
        var words = text("MIGRATE", "127.0.0.1", "1") + [hasMany ? [] : key(&random), number(&random), number(&random)]
        for _ in 0..<random.below(4) {
            switch random.below(8) {
            case 0: words.append([UInt8]("foo"))
            case 1: words += text("AUTH", "secret")
            case 2: words += text("AUTH2", "user", "secret")
            case 3, 4: words.append(cased("COPY", &random))
            default: words.append(cased("REPLACE", &random))
            }
        }
        if hasMany || random.below(10) == 0 { words.append(cased("KEYS", &random)) }
        for _ in 0..<(hasMany ? random.below(4) : 0) { words.append(key(&random)) }
        return words
    }

    private static func object(_ random: inout RandomGenerator) -> [[UInt8]] {
        switch random.below(8) {
        // Of strings, whose encodings are the same everywhere; those of other types have changed since 7.0.
        case 0, 1, 2: text("OBJECT", "ENCODING", ["counter", "12", "{tag}x", "nokey"][random.below(4)])
        // Of a live key this tells how the server shares objects.
        case 3: text("OBJECT", "REFCOUNT", "nokey")
        case 4: text("OBJECT", "FREQ") + [key(&random)]
        case 5: text("OBJECT", "IDLETIME", "nokey")
        case 6: text("OBJECT", "foo") + [key(&random)]
        default: text("OBJECT", "ENCODING")
        }
    }
}
