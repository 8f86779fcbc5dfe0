import Engine
import Primitives
import TestSupport

/// A server with a disk in memory and much data of all kinds.
struct SnapshotFixture {
    let server: TestServer
    let client: TestClient
    let disk = MemorySnapshots()

    init(seed: UInt64, partitions: Int = 1, steps: Int = 0, newer: Bool = true, configure: (inout Configuration) -> Void = { _ in }) {
        server = TestServer(seed: seed, partitionCount: partitions, configure: configure)
        server.engine.context.host.snapshots = disk
        client = server.connect()
        var random = RandomGenerator(seed: seed)
        let generators = newer ? Generators.all + Generators.newer : Generators.all
        for _ in 0..<steps { client.run(Generators.command(of: generators, &random)) }
    }

    /// Its file in another server, whose own seeds differ.
    func reloaded(seed: UInt64, partitions: Int = 1, configure: (inout Configuration) -> Void = { _ in }) -> SnapshotFixture {
        let other = SnapshotFixture(seed: seed, partitions: partitions, configure: configure)
        other.disk.files = disk.files
        return other
    }

    var file: [UInt8] { disk.files["dump.rdb"] ?? [] }

    /// Loads the file in place of all data.
    func load() -> Reply { client("DEBUG", "RELOAD", "NOSAVE") }

    /// Reads every value, so that damage which slipped through would show.
    func readEverything() {
        _ = server.digest
        server.engine.context.checkKeyspace()
    }
}
