import Primitives

/// Makes a random command.
public typealias CommandGenerator = @Sendable (inout RandomGenerator) -> [[UInt8]]

/// The generators that the replay and the differential tests draw from. A
/// family adds its own here.
public enum Generators {
    public static var all: [CommandGenerator] { [getAndSet, strings, bits, keys, sorting, sets, lists, hashes, sortedSets, geo] }

    /// What Redis 7.0 does not know, and the peers answer differently or not at all.
    public static var newer: [CommandGenerator] { [newerStrings, newerBits, newerLists, newerHashes, newerSortedSets, newerGeo] }

    /// Commands whose replies depend on chance or on the order of a table: only their effects can be compared.
    public static var chancy: [CommandGenerator] { [chancySets] }

    static let sets: CommandGenerator = { random in SetGenerator.command(&random) }
    static let chancySets: CommandGenerator = { random in SetGenerator.chancy(&random) }
    static let strings: CommandGenerator = { random in StringGenerator.command(&random) }
    static let newerStrings: CommandGenerator = { random in StringGenerator.newer(&random) }
    static let lists: CommandGenerator = { random in ListGenerator.command(&random) }
    static let newerLists: CommandGenerator = { random in ListGenerator.newer(&random) }
    static let hashes: CommandGenerator = { random in HashGenerator.command(&random) }
    static let newerHashes: CommandGenerator = { random in HashGenerator.newer(&random) }
    static let sortedSets: CommandGenerator = { random in SortedSetGenerator.command(&random) }
    static let newerSortedSets: CommandGenerator = { random in SortedSetGenerator.newer(&random) }
    static let bits: CommandGenerator = { random in BitGenerator.command(&random) }
    static let newerBits: CommandGenerator = { random in BitGenerator.newer(&random) }
    static let sorting: CommandGenerator = { random in SortGenerator.command(&random) }
    /// Commands that wait, a little while at most: for tests whose clock passes.
    public static let blocking: CommandGenerator = { random in BlockingGenerator.command(&random) }
    static let geo: CommandGenerator = { random in GeoGenerator.command(&random) }
    static let newerGeo: CommandGenerator = { random in GeoGenerator.newer(&random) }
    static let keys: CommandGenerator = { random in KeyGenerator.command(&random) }

    /// GET and SET on a few keys, with values of all encodings.
    public static let getAndSet: CommandGenerator = { random in
        let key = [UInt8]("key:\(random.below(20))")
        guard random.below(3) > 0 else { return [[UInt8]("GET"), key] }
        return [[UInt8]("SET"), key, value(&random)]
    }

    /// A value: an integer, a short or a long text.
    public static func value(_ random: inout RandomGenerator) -> [UInt8] {
        switch random.below(5) {
        case 0, 1: [UInt8](String(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))))
        case 2: [UInt8](repeating: UInt8(97 + random.below(26)), count: random.below(44))
        case 3: [UInt8]("binary\r\n\0\u{ff}\(random.below(100))")
        default: [UInt8](repeating: UInt8(97 + random.below(26)), count: random.below(10) == 0 ? 40_000 : random.below(300))
        }
    }

    /// One of `generators` makes a command.
    public static func command(of generators: [CommandGenerator], _ random: inout RandomGenerator) -> [[UInt8]] {
        generators[random.below(generators.count)](&random)
    }
}

/// A command for a message: its words, quoted and shortened.
public func printable(_ command: [[UInt8]]) -> String {
    command.map { word in
        let shown = word.prefix(80).map { $0 >= 32 && $0 < 127 ? String(UnicodeScalar($0)) : "\\x" + hex($0) }.joined()
        return "\"\(shown)\"" + (word.count > 80 ? "...(\(word.count) bytes)" : "")
    }.joined(separator: " ")
}

private func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return byte < 16 ? "0" + text : text
}
