import Engine
import Primitives
import Testing
import TestSupport

/// Bytes that are not what they should be: an error, never a trap, and nothing is lost.
@Suite struct SnapshotDamageTests {
    private func small(_ seed: UInt64, version: String = "auto") -> SnapshotFixture {
        let fixture = SnapshotFixture(seed: seed, steps: 120)
        fixture.client("CONFIG", "SET", "rdb-version", version, "rdb-downgrade-drop-ttl", "yes")
        #expect(fixture.client("SAVE") == "OK")
        return fixture
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func everyTruncationIsNoticed(seed: UInt64) {
        let fixture = small(seed)
        let file = fixture.file
        let step = max(1, file.count / 1500)
        for end in stride(from: 1, to: file.count, by: step) {
            let other = SnapshotFixture(seed: 5)
            other.disk.files["dump.rdb"] = Array(file[..<end])
            #expect(other.load() == .error("ERR Error trying to load the RDB dump, check server logs."), "cut at \(end)")
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func randomDamageNeverTraps(seed: UInt64) {
        let version = ["9", "10", "11", "12", "valkey80"][Int(seed) % 5]
        let file = small(seed, version: version).file
        var random = RandomGenerator(seed: seed)
        for _ in 0..<150 {
            var damaged = file
            for _ in 0...random.below(4) { damaged[random.below(damaged.count)] = UInt8(truncatingIfNeeded: random.next()) }
            let other = SnapshotFixture(seed: seed) { $0.persistence.checks = false }
            other.disk.files["dump.rdb"] = damaged
            _ = other.load()
            other.readEverything()
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func damagedPayloadsNeverTrap(seed: UInt64) {
        let fixture = SnapshotFixture(seed: seed, steps: 600)
        fixture.client("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1")
        var random = RandomGenerator(seed: seed)
        for key in fixture.server.digest[0].keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard case .bulk(let payload) = fixture.client.run([[UInt8]("DUMP"), key]) else { continue }
            for _ in 0..<40 {
                var damaged = payload
                let body = payload.count - 10
                if random.below(4) == 0 { damaged.removeSubrange(random.below(body)..<body) } else {
                    for _ in 0...random.below(3) { damaged[random.below(body)] = UInt8(truncatingIfNeeded: random.next()) }
                }
                fixture.client.run([[UInt8]("RESTORE"), [UInt8]("damaged"), [UInt8]("0"), damaged, [UInt8]("REPLACE")])
                fixture.client("OBJECT", "ENCODING", "damaged")
            }
        }
        fixture.readEverything()
    }

    @Test func wrongChecksum() {
        let fixture = small(1)
        fixture.disk.files["dump.rdb"]![20] ^= 1
        #expect(fixture.load() == .error("ERR Error trying to load the RDB dump, check server logs."))
        fixture.disk.files["dump.rdb"]![20] ^= 1
        #expect(fixture.load() == "OK")
        let last = fixture.file.count - 1
        fixture.disk.files["dump.rdb"]![last] ^= 1
        #expect(fixture.load() == .error("ERR Error trying to load the RDB dump, check server logs."))
    }

    @Test(arguments: [0, 5, 100, 1000])
    func fullDiskLeavesTheOldFile(room: Int) {
        let fixture = small(2)
        let file = fixture.file
        fixture.client("SET", "more", "data")
        fixture.disk.room = min(room, file.count - 1)
        #expect(fixture.client("SAVE") == .error("ERR"))
        #expect(fixture.disk.files == ["dump.rdb": file])
        #expect(fixture.disk.lines.contains { $0.contains("error 28") })
        fixture.disk.room = .max
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.file != file)
    }

    @Test func unknownVersionsAndTypes() {
        for (text, clause) in [
            ("REDIS0014", "Can't handle RDB format version"), ("VALKEY081", "Can't handle RDB format version"),
            ("REDIS00x1", "Can't handle RDB format version"), ("something", "Wrong signature"),
        ] {
            let fixture = SnapshotFixture(seed: 1)
            fixture.disk.files["dump.rdb"] = [UInt8](text) + [255, 0, 0, 0, 0, 0, 0, 0, 0]
            #expect(fixture.load() != "OK")
            let lines = fixture.server.engine.takeRequests().logLines
            #expect(lines.contains { $0.contains(clause) }, "\(lines)")
        }
        let fixture = SnapshotFixture(seed: 1)
        fixture.disk.files["dump.rdb"] = [UInt8]("REDIS0010") + [254, 0, 15, 1, 107, 0, 0, 0, 0, 0, 0]
        #expect(fixture.load() != "OK")
        let lines = fixture.server.engine.takeRequests().logLines
        #expect(lines.contains { $0.contains("streams are not supported yet in the value of key 'k' at offset 14") }, "\(lines)")
    }
}
