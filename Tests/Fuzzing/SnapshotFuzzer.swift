import Engine
import Foundation
import Primitives
import TestSupport

/// Damaged files and payloads. Each begins as a real one: of both peers (`Seeds`), of Redis's
/// suite where that is installed, and of random data of our own in every version. What loads
/// is read and changed by random commands, and must be the same after it was saved and loaded.
public struct SnapshotFuzzer: Fuzzer {
    private var random: RandomGenerator
    private var server: TestServer
    private var client: TestClient
    private let disk = MemorySnapshots()
    private var files: [[UInt8]]
    private var payloads: [[UInt8]] = []
    private var cases = 0
    /// Cases that were taken in spite of the damage.
    public private(set) var loaded = 0
    private var isFile = true
    private var damaged: [UInt8] = []

    public init(seed: UInt64) {
        random = RandomGenerator(seed: seed)
        (server, client) = Self.connect(seed, disk)
        files = Self.realFiles
        for version in ["9", "10", "11", "12", "valkey80"] { writeOwn(version) }
        collectPayloads()
    }

    private static func connect(_ seed: UInt64, _ disk: MemorySnapshots) -> (TestServer, TestClient) {
        let server = TestServer(seed: seed, partitionCount: seed % 2 == 0 ? 1 : 4) { configuration in
            configuration.persistence.checks = false
            configuration.maximumBulkBytes = FuzzLimits.bulkBytes
        }
        server.engine.context.host.snapshots = disk
        let client = server.connect()
        client("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1")
        return (server, client)
    }

    // MARK: Beginnings

    private static var realFiles: [[UInt8]] {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let suite = here.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent(".peers/redis-suite/tests/assets")
        return [here.appendingPathComponent("Seeds"), suite].flatMap { folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.filter { $0.hasSuffix(".rdb") }.sorted().compactMap { name in
                (try? Data(contentsOf: folder.appendingPathComponent(name))).map { [UInt8]($0) }
            }
        }
    }

    private mutating func writeOwn(_ version: String) {
        client("FLUSHALL")
        client("CONFIG", "SET", "rdb-version", version, "rdb-downgrade-drop-ttl", "yes")
        for _ in 0..<400 { client.run(Generators.command(of: Generators.all + Generators.newer, &random)) }
        if client("SAVE") == "OK", let file = disk.files["dump.rdb"] { files.append(file) }
    }

    private mutating func collectPayloads() {
        for file in files {
            disk.files["dump.rdb"] = file
            guard client("DEBUG", "RELOAD", "NOSAVE") == "OK" else { continue }
            for key in loadedKeys {
                if case .bulk(let payload) = client.run([[UInt8]("DUMP"), key]), payload.count < 20_000 { payloads.append(payload) }
            }
        }
    }

    /// The keys of the first database, in order.
    private var loadedKeys: [[UInt8]] { server.digest[0].keys.sorted { $0.lexicographicallyPrecedes($1) } }

    // MARK: Cases

    public mutating func prepare() -> String {
        cases += 1
        if cases % FuzzLimits.casesPerEngine == 0 {
            (server, client) = Self.connect(random.next(), disk)
            disk.forgetLines()
        }
        isFile = random.below(3) == 0 || payloads.isEmpty
        let seeds = isFile ? files : payloads
        damaged = seeds[random.below(seeds.count)]
        for _ in 0..<1 + random.below(5) { damage(with: seeds[random.below(seeds.count)]) }
        let hex = damaged.prefix(8000).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "rdb case \(cases): \(isFile ? "file" : "payload") of \(damaged.count) bytes \(hex)"
    }

    /// Bytes that mean something: lengths, codes of types and strings, headers of listpacks and ziplists.
    private static let telling: [UInt8] = [
        0, 1, 2, 5, 10, 12, 15, 16, 17, 18, 20, 22, 23, 24, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4,
        0xdf, 0xe0, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xf7, 0xf8, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
    ]

    private mutating func damage(with other: [UInt8]) {
        guard !damaged.isEmpty else { return }
        let place = random.below(damaged.count)
        let end = min(damaged.count, place + 1 + random.below(24))
        switch random.below(10) {
        case 0, 1: damaged[place] = UInt8(truncatingIfNeeded: random.next())
        case 2, 3: damaged[place] = Self.telling[random.below(Self.telling.count)]
        case 4: damaged[place] ^= 1 << UInt8(random.below(8))
        case 5: damaged.removeSubrange(place..<end)
        case 6: damaged.insert(contentsOf: damaged[place..<end], at: random.below(damaged.count))
        case 7:
            let start = random.below(other.count)
            damaged.replaceSubrange(place..<end, with: other[start..<min(other.count, start + random.below(200))])
        case 8:
            for index in place..<end { damaged[index] = random.below(2) == 0 ? 0xff : 0x7f }
        default: damaged.removeLast(random.below(min(damaged.count, 40)))
        }
    }

    public mutating func run() -> String? {
        client("FLUSHALL")
        if random.below(20) == 0 { changeLimits() }
        _ = server.engine.takeRequests()
        if isFile {
            disk.files["dump.rdb"] = damaged
            guard client("DEBUG", "RELOAD", "NOSAVE") == "OK" else { return check() }
        } else {
            let words = [[UInt8]("RESTORE"), [UInt8]("damaged"), [UInt8]("0"), damaged]
            guard client.run(words) == "OK" else { return check() }
        }
        loaded += 1
        return goRound() ?? use() ?? check()
    }

    private mutating func changeLimits() {
        let number = "\([0, 1, 4, 128][random.below(4)])"
        client(
            "CONFIG", "SET", "hash-max-listpack-entries", number, "zset-max-listpack-entries", number,
            "set-max-listpack-entries", number, "list-max-listpack-size", number == "0" ? "-2" : number)
    }

    private mutating func check() -> String? {
        server.engine.context.checkKeyspace()
        while server.engine.takeGarbage() != nil {}
        return nil
    }

    /// What was loaded is the same when it comes back from a file.
    private mutating func goRound() -> String? {
        let before = server.digest
        client("CONFIG", "SET", "rdb-version", random.below(2) == 0 ? "12" : "valkey80")
        guard client("SAVE") == "OK" else { return "what was loaded cannot be saved" }
        guard client("DEBUG", "RELOAD", "NOSAVE") == "OK" else { return "what was loaded and saved does not load again" }
        let found = differences(before, server.digest)
        return found.isEmpty ? nil : "what was loaded comes back otherwise: \(found)"
    }

    /// Commands of all families on a few of the keys that were loaded.
    private mutating func use() -> String? {
        let keys = loadedKeys
        guard !keys.isEmpty else { return nil }
        for _ in 0..<24 {
            let key = keys[random.below(keys.count)]
            var words = Generators.command(of: Generators.all + Generators.newer + Generators.chancy, &random)
            if words.count > 1 { words[1] = key }
            if words.count > 2, random.below(4) == 0 { words[2] = keys[random.below(keys.count)] }
            client.send(TestClient.encode(words))
            if let problem = problem(with: client.takeBytes()) { return problem }
        }
        return nil
    }
}
