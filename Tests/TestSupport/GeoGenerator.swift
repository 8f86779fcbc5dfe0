import Primitives

/// Random commands on places, valid and invalid, over few keys and members so
/// that they meet. No two places are the same, since servers break ties between
/// distances in different ways. Keys here hold nothing but places, save for one
/// that other generators write.
public struct GeoGenerator {
    /// The keys in use. The last one holds a string now and then.
    public static var keys: [[UInt8]] {
        [[UInt8]("g1"), [UInt8]("g2"), [UInt8]("{g}3"), [103, 0, 255, 13, 10], [UInt8]("k1")]
    }

    /// A command that Redis 7.0 knows.
    public static func command(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = GeoGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.known())
    }

    /// A search in a polygon, which only Valkey 9 knows.
    public static func newer(_ random: inout RandomGenerator) -> [[UInt8]] {
        var generator = GeoGenerator(random)
        defer { random = generator.random }
        return generator.damaged(generator.polygonSearch())
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
        case 3: [UInt8]("\(random.below(30))")
        default: [UInt8]("m\(random.below(150))")
        }
    }

    /// A number of degrees, seldom none or one beyond the limit.
    private mutating func degrees(_ limit: Double) -> [UInt8] {
        switch random.below(60) {
        case 0: return pick(["nan", "inf", "-inf", "x", "", "1e300", "-181", "86", "180.0000001", "0x1p3", "1 "])
        case 1: return [UInt8]("\(chance(2) ? limit : -limit)")
        default:
            // Half of all places lie near each other.
            let unit = Double(random.next() >> 11) / 9_007_199_254_740_992 * 2 - 1
            return [UInt8]("\(chance(2) ? unit * limit : unit + 13)")
        }
    }

    private mutating func place() -> [[UInt8]] { [degrees(180), degrees(85)] }

    private mutating func unit() -> [UInt8] { chance(30) ? pick(["x", "", "kmm"]) : pick(["m", "km", "KM", "ft", "mi", "Mi"]) }

    private mutating func size() -> [UInt8] {
        switch random.below(20) {
        case 0: pick(["0", "-1", "x", "", "nan", "inf", "1e-300", "1e300", "-0"])
        default: [UInt8]("\(Double(random.below(1_000_000)) / Double([1, 10, 1000][random.below(3)]))")
        }
    }

    private mutating func count() -> [UInt8] {
        chance(8) ? pick(["0", "-1", "x", "9223372036854775807", "9223372036854775808"]) : [UInt8]("\(1 + random.below(20))")
    }

    // MARK: Commands

    private mutating func known() -> [[UInt8]] {
        switch random.below(12) {
        case 0...3: addition()
        case 4: [name("GEODIST"), key(), member(), member()] + (chance(2) ? [unit()] : [])
        case 5: [pick(["GEOPOS", "GEOHASH", "geopos"]), key()] + (0..<random.below(4)).map { _ in member() }
        case 6, 7: radius()
        case 8: chance(20) ? [name("DEL"), key()] : [name("ZREM"), key(), member()]
        default: search()
        }
    }

    private mutating func addition() -> [[UInt8]] {
        var words = [name("GEOADD"), key()]
        if chance(4) { words.append(pick(["NX", "XX", "ch", "CH", "GT"])) }
        if chance(8) { words.append(pick(["NX", "XX", "CH"])) }
        for _ in 0..<1 + random.below(chance(6) ? 60 : 4) { words += place() + [member()] }
        return words
    }

    private mutating func radius() -> [[UInt8]] {
        let isReadOnly = chance(3)
        let suffix = isReadOnly ? "_RO" : ""
        var words =
            chance(2)
            ? [name("GEORADIUS" + suffix), key()] + place() + [size(), unit()]
            : [name("GEORADIUSBYMEMBER" + suffix), key(), member(), size(), unit()]
        words += options()
        if chance(isReadOnly ? 20 : 4) { words += [pick(["STORE", "STOREDIST", "store"]), key()] }
        return words
    }

    private mutating func options() -> [[UInt8]] {
        var words: [[UInt8]] = []
        for _ in 0..<random.below(3) { words.append(pick(["WITHDIST", "WITHHASH", "WITHCOORD", "withdist", "ASC", "DESC"])) }
        if chance(3) {
            words += [name("COUNT"), count()]
            if chance(3) { words.append(name("ANY")) }
        }
        return words
    }

    private mutating func from() -> [[UInt8]] {
        chance(2) ? [name("FROMMEMBER"), member()] : [name("FROMLONLAT")] + place()
    }

    private mutating func search() -> [[UInt8]] {
        let stores = chance(4)
        var words = stores ? [name("GEOSEARCHSTORE"), key(), key()] : [name("GEOSEARCH"), key()]
        let by = chance(2) ? [name("BYRADIUS"), size(), unit()] : [name("BYBOX"), size(), size(), unit()]
        words += chance(5) ? by + from() : from() + by
        if chance(30) { words += chance(2) ? from() : by }
        if stores {
            if chance(2) { words.append(pick(["ASC", "DESC"])) }
            if chance(3) { words.append(name("STOREDIST")) }
            return chance(8) ? words + options() : words
        }
        return words + options()
    }

    private mutating func polygonSearch() -> [[UInt8]] {
        let stores = chance(4)
        var words = stores ? [name("GEOSEARCHSTORE"), key(), key()] : [name("GEOSEARCH"), key()]
        let corners = 1 + random.below(6)
        let number = chance(12) ? pick(["-1", "0", "2", "9", "x", "2147483648", "9223372036854775807"]) : [UInt8]("\(corners)")
        words += [name("BYPOLYGON"), number]
        for _ in 0..<corners { words += place() }
        if chance(20) { words += from() }
        return stores ? words + (chance(3) ? [name("STOREDIST")] : []) : words + options()
    }

    /// Now and then one word too many, too few or from elsewhere.
    private mutating func damaged(_ words: [[UInt8]]) -> [[UInt8]] {
        switch random.below(50) {
        case 0: return words + [size()]
        case 1: return Array(words.dropLast())
        case 2 where words.count > 2:
            var changed = words
            changed[2 + random.below(words.count - 2)] = chance(2) ? count() : size()
            return changed
        default: return words
        }
    }
}
