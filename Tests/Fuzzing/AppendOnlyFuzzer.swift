import Engine
import Foundation
import Persistence
import Primitives
import TestSupport

/// Damaged append-only files: manifests, bases of both kinds and increments, of both peers (`Seeds`) and of
/// random data of our own. What loads is read and changed, and must be the same after another start.
public struct AppendOnlyFuzzer: Fuzzer {
    private typealias Files = [String: [UInt8]]

    private var random: RandomGenerator
    private var directories: [Files]
    private var cases = 0
    /// Cases that were loaded in spite of the damage.
    public private(set) var loaded = 0
    private var files: Files = [:]

    private static let manifest = "appendonlydir/appendonly.aof.manifest"

    public init(seed: UInt64) {
        random = RandomGenerator(seed: seed)
        directories = ["redis", "valkey"].compactMap(Self.real)
        for usesSnapshots in [true, false] { for makesRoom in [true, false] { directories.append(own(usesSnapshots, makesRoom)) } }
    }

    // MARK: Beginnings

    /// What a peer has written; nil when its files are not there.
    private static func real(_ peer: String) -> Files? {
        let seeds = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Seeds")
        let names = ["manifest": manifest, "base.aof": "appendonlydir/appendonly.aof.2.base.aof", "incr.aof": "appendonlydir/appendonly.aof.2.incr.aof"]
        var files: Files = [:]
        for (suffix, name) in names {
            guard let data = try? Data(contentsOf: seeds.appendingPathComponent("\(peer).\(suffix)")) else { return nil }
            files[name] = [UInt8](data)
        }
        return files
    }

    /// What a server of ours writes: a base, and an increment behind it, perhaps in groups with room ahead.
    private mutating func own(_ usesSnapshots: Bool, _ makesRoom: Bool) -> Files {
        let disk = SimulatedDisk()
        let server = TestServer(seed: random.next()) { configuration in
            configuration.appendOnly.isEnabled = true
            configuration.appendOnly.basesAreSnapshots = usesSnapshots
            configuration.appendOnly.annotatesMoments = true
            if makesRoom {
                configuration.appendOnly.sync = .always
                (configuration.appendOnly.room.fewestGroups, configuration.appendOnly.room.piece) = (0, 1 << 17)
            }
        }
        _ = server.startAppendOnlyFile(on: disk)
        let client = server.connect()
        for step in 0..<400 {
            if step == 300 {
                client("BGREWRITEAOF")
                server.runRewriteChild(on: disk)
                server.cycle()
            }
            if step % 20 == 0 { client(step % 40 == 0 ? "MULTI" : "EXEC") }
            client.run(Generators.command(of: Generators.all + Generators.newer, &random))
            _ = client.takeBytes()
        }
        for _ in 0..<3 { server.turn() }
        return disk.files
    }

    // MARK: Cases

    public mutating func prepare() -> String {
        cases += 1
        files = directories[random.below(directories.count)]
        let others = directories[random.below(directories.count)].sorted { $0.key < $1.key }.map(\.value)
        for _ in 0..<1 + random.below(3) {
            let name = files.keys.sorted()[random.below(files.count)]
            var bytes = files[name] ?? []
            damage(&bytes, with: others[random.below(others.count)])
            files[name] = bytes
        }
        let shown = files.sorted { $0.key < $1.key }.map { name, bytes in
            "\(name) of \(bytes.count) bytes " + bytes.prefix(4000).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        return "aof case \(cases): \(shown.joined(separator: " | "))"
    }

    /// Words that mean something here.
    private static let telling: [String] = [
        "\r\n", "$", "*", "*0\r\n", "*-1\r\n", "$-1\r\n", "$0\r\n\r\n", "$2147483647\r\n", "*1048577\r\n", "*9223372036854775807\r\n",
        "$9223372036854775808\r\n", "#", "#TS:99999999999999999999\r\n", "#SUM:100:0123456789abcdef\r\n", "#SUM:0:0000000000000000\r\n", "####\n", "REDIS0011", "VALKEY080", "*1\r\n$5\r\nMULTI\r\n",
        "*1\r\n$4\r\nEXEC\r\n", "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n", "*3\r\n$6\r\nSWAPDB\r\n$1\r\n0\r\n$1\r\n3\r\n", "*1\r\n$8\r\nFLUSHALL\r\n",
        "*3\r\n$5\r\nBLPOP\r\n$4\r\nnone\r\n$1\r\n0\r\n", "*4\r\n$8\r\nSETRANGE\r\n$1\r\nr\r\n$9\r\n536870911\r\n$1\r\nx\r\n",
        "*2\r\n$8\r\nDEBUG\r\nLOADAOF\r\n", "*1\r\n$8\r\nSHUTDOWN\r\n", "file ", " seq ", " type b\n", " type i\n", " type h\n", "../", "\"\\x00\"", "\0\0\0\0\0\0\0\0",
    ]

    private mutating func damage(_ bytes: inout [UInt8], with other: [UInt8]) {
        guard !bytes.isEmpty else { return bytes = other }
        let place = random.below(bytes.count)
        let end = min(bytes.count, place + 1 + random.below(40))
        switch random.below(9) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
        case 4: bytes.insert(contentsOf: [UInt8](Self.telling[random.below(Self.telling.count)]), at: place)
        case 5: bytes.replaceSubrange(place..<end, with: [UInt8](Self.telling[random.below(Self.telling.count)]))
        case 6 where !other.isEmpty:
            let start = random.below(other.count)
            bytes.replaceSubrange(place..<end, with: other[start..<min(other.count, start + random.below(300))])
        case 7: for index in place..<end { bytes[index] = 0 }
        default: bytes.removeLast(random.below(min(bytes.count, 200)))
        }
    }

    private func start(on disk: SimulatedDisk, damagedTail: Int64) -> (server: TestServer, failure: String?) {
        let server = TestServer(seed: UInt64(cases)) { configuration in
            configuration.appendOnly.isEnabled = true
            configuration.appendOnly.damagedTailBytes = damagedTail
            configuration.persistence.checks = false
            configuration.maximumBulkBytes = FuzzLimits.bulkBytes
        }
        return (server, server.startAppendOnlyFile(on: disk))
    }

    public mutating func run() -> String? {
        for (name, bytes) in files where name != Self.manifest { scan(bytes) }
        let disk = SimulatedDisk(files)
        let (server, failure) = start(on: disk, damagedTail: random.below(2) == 0 ? 0 : 1 << 20)
        server.engine.context.checkKeyspace()
        guard failure == nil else { return nil }
        loaded += 1
        let client = server.connect()
        for _ in 0..<20 {
            client.send(TestClient.encode(Generators.command(of: Generators.all + Generators.newer, &random)))
            if let problem = problem(with: client.takeBytes()) { return problem }
        }
        server.turn()
        let (next, again) = start(on: SimulatedDisk(disk.files), damagedTail: 0)
        if let again { return "what was loaded does not load again: \(again)" }
        let found = differences(server.digest, next.digest)
        return found.isEmpty ? nil : "what was loaded comes back otherwise: \(found)"
    }

    /// As redis-check-aof reads it.
    private func scan(_ bytes: [UInt8]) {
        var place = 0
        let source = ByteSource(total: bytes.count, checks: false) { buffer, count in
            let end = min(bytes.count, place + count)
            buffer.append(Array(bytes[place..<end]).rawSpan)
            defer { place = end }
            return end - place
        }
        var scanner = AppendOnlyScanner(source, start: 0, line: 1)
        while let found = try? scanner.next() { if case .end = found { return } }
    }
}
