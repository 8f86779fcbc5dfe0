import Commands
import Engine
import Foundation
import Primitives
import Testing
import TestSupport

/// Files and payloads go to a live peer and come back with the same data.
@Suite(.serialized, .enabled(if: LivePeer.program != nil, "no redis-server in PATH and no .peers/valkey-server: nothing to compare with"))
struct SnapshotDifferentialTests {
    private static func end(_ bytes: [UInt8], _ offset: inout Int) -> Bool { Reply.parse(bytes, &offset) != nil }

    private func ask(_ peer: LivePeer, _ words: [[UInt8]]) throws -> Reply {
        try peer.send(TestClient.encode(words))
        var offset = 0
        return Reply.parse(try peer.replies(1, end: Self.end), &offset) ?? .none
    }

    /// A server with data that the peer knows: field expiries only for Valkey.
    private func filled(seed: UInt64, forValkey: Bool) -> (server: TestServer, client: TestClient, disk: MemorySnapshots) {
        let clock = SimulatedClock()
        clock.advance(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) - clock.nanoseconds / 1_000_000)
        let server = TestServer(seed: seed, clock: clock)
        let disk = MemorySnapshots()
        server.engine.context.host.snapshots = disk
        let client = server.connect()
        var random = RandomGenerator(seed: seed)
        for _ in 0..<2500 { client.run(Generators.command(of: Generators.all, &random)) }
        if forValkey {
            for name in ["few", "many"] {
                let fields = name == "few" ? 5 : 700
                for field in 0..<fields { client("HSET", name, "field \(field)", "value \(field)") }
                client("HPEXPIREAT", name, "4000000000000", "FIELDS", "2", "field 1", "field 3")
            }
        }
        return (server, client, disk)
    }

    @Test(arguments: LivePeer.programs, 1...3 as ClosedRange<UInt64>)
    func filesGoRound(program: String, seed: UInt64) throws {
        let isValkey = program.contains("valkey")
        let (server, client, disk) = filled(seed: seed, forValkey: isValkey)
        if isValkey { client("CONFIG", "SET", "rdb-version", "valkey80") }
        #expect(client("SAVE") == "OK")
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("dump.rdb")
        try Data(disk.files["dump.rdb"] ?? []).write(to: file)
        let peer = try LivePeer(program, options: ["--dir", directory.path])
        #expect(try ask(peer, [[UInt8]("SAVE")]) == "OK")
        disk.files["dump.rdb"] = [UInt8](try Data(contentsOf: file))
        let before = server.digest
        #expect(client("DEBUG", "RELOAD", "NOSAVE") == "OK")
        #expect(differences(before, server.digest) == [])
        server.engine.context.checkKeyspace()
    }

    @Test(arguments: LivePeer.programs, 4...6 as ClosedRange<UInt64>)
    func payloadsGoRound(program: String, seed: UInt64) throws {
        let isValkey = program.contains("valkey")
        let (server, client, _) = filled(seed: seed, forValkey: isValkey)
        if isValkey { client("CONFIG", "SET", "rdb-version", "valkey80") }
        client("SELECT", "0")
        let peer = try LivePeer(program)
        let before = server.digest
        for (key, value) in before[0] {
            guard case .bulk(let payload) = client.run([[UInt8]("DUMP"), key]) else { continue }
            let expiry = [UInt8]("\(value.expiry ?? 0)")
            let there: [[UInt8]] = [[UInt8]("RESTORE"), key, expiry, payload, [UInt8]("ABSTTL")]
            #expect(try ask(peer, there) == "OK", "\(value)")
            guard case .bulk(let back) = try ask(peer, [[UInt8]("DUMP"), key]) else { continue }
            #expect(client.run([[UInt8]("RESTORE"), key, expiry, back, [UInt8]("ABSTTL"), [UInt8]("REPLACE")]) == "OK", "\(value)")
        }
        #expect(differences(before, server.digest) == [])
    }
}
