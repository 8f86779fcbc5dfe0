import Engine
import Primitives
import Testing
import TestSupport

/// What the append-only file holds makes the same data again.
@Suite struct AppendOnlyReplayTests {
    /// Data of all types; `usesSnapshots`: whether bases are.
    private func filled(seed: UInt64, usesSnapshots: Bool, steps: Int = 2500) -> (server: TestServer, client: TestClient, disk: SimulatedDisk) {
        let disk = SimulatedDisk()
        let server = TestServer(seed: seed, partitionCount: seed % 2 == 0 ? 1 : 4, appendOnly: true) { configuration in
            configuration.appendOnly.basesAreSnapshots = usesSnapshots
            configuration.appendOnly.annotatesMoments = seed % 3 == 0
            configuration.values.hashEntries = 16
            configuration.values.setEntries = 16
        }
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        let client = server.connect()
        var random = RandomGenerator(seed: seed)
        for _ in 0..<steps {
            client.run(Generators.command(of: Generators.all + Generators.newer, &random))
            _ = client.takeBytes()
        }
        client("SELECT", "0")
        for index in 0..<300 {
            client("RPUSH", "a long list", "element \(index)")
            client("SADD", "a large set", "member \(index)")
            client("ZADD", "a large zset", "\(Double(index) / 7)", "member \(index)")
            client("HSET", "a large hash", "field \(index)", "value \(index)")
        }
        client("HPEXPIREAT", "a large hash", "4000000000000", "FIELDS", "2", "field 1", "field 3")
        client.run([[UInt8]("SET"), [UInt8]("large"), [UInt8](repeating: 120, count: 400_000)])
        return (server, client, disk)
    }

    private func expectSame(_ server: TestServer, _ disk: SimulatedDisk, seed: UInt64) {
        server.turn()
        let next = TestServer(seed: seed + 50, clock: server.clock) { $0.appendOnly.isEnabled = true }
        #expect(next.startAppendOnlyFile(on: SimulatedDisk(disk.files)) == nil, "seed \(seed)")
        #expect(differences(server.digest, next.digest) == [], "seed \(seed)")
        next.engine.context.checkKeyspace()
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>, [true, false])
    func basesHoldEverything(seed: UInt64, usesSnapshots: Bool) {
        let (server, client, disk) = filled(seed: seed, usesSnapshots: usesSnapshots)
        expectSame(server, disk, seed: seed)
        #expect(client("BGREWRITEAOF") == .status("Background append only file rewriting started"))
        server.finishRewrite(on: disk)
        let base = "appendonlydir/appendonly.aof.2.base." + (usesSnapshots ? "rdb" : "aof")
        #expect((disk.files[base]?.count ?? 0) > 10_000)
        // Nothing but the base is left.
        #expect(disk.files["appendonlydir/appendonly.aof.2.incr.aof"] == [])
        expectSame(server, disk, seed: seed)
        client("DEL", "large")
        client("INCR", "counter")
        expectSame(server, disk, seed: seed)
    }

    /// DEBUG LOADAOF replaces the data with what the file says, which is the same.
    @Test(arguments: [true, false])
    func reloading(usesSnapshots: Bool) {
        let (server, client, _) = filled(seed: 7, usesSnapshots: usesSnapshots, steps: 300)
        let before = server.digest
        #expect(client("DEBUG", "LOADAOF") == "OK")
        #expect(differences(before, server.digest) == [])
        #expect(client("SET", "more", "1") == "OK")
        #expect(client("DEBUG", "LOADAOF") == "OK")
        #expect(client("GET", "more") == "1")
    }
}
