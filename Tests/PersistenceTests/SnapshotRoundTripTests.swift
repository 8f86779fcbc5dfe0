import Engine
import Primitives
import Testing
import TestSupport

/// What is written is what is read, in every version, whatever the encodings.
@Suite struct SnapshotRoundTripTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func filesHoldAllData(seed: UInt64) {
        let first = SnapshotFixture(seed: seed, partitions: seed % 2 == 0 ? 4 : 1, steps: 3000)
        #expect(first.client("SAVE") == "OK")
        let second = first.reloaded(seed: seed + 100, partitions: seed % 3 == 0 ? 4 : 1)
        #expect(second.load() == "OK")
        #expect(differences(first.server.digest, second.server.digest) == [])
        second.readEverything()
        #expect(second.client("SAVE") == "OK")
        #expect(second.reloaded(seed: seed).load() == "OK")
    }

    @Test(arguments: ["9", "10", "11", "12", "valkey80"], [true, false])
    func everyVersion(version: String, compresses: Bool) {
        let hasFieldExpiries = version == "12" || version == "valkey80"
        let first = SnapshotFixture(seed: 77, steps: 3000, newer: hasFieldExpiries)
        #expect(first.client("CONFIG", "SET", "rdb-version", version, "rdbcompression", compresses ? "yes" : "no") == "OK")
        #expect(first.client("SAVE") == "OK")
        let magic = version == "valkey80" ? "VALKEY080" : "REDIS00" + (version.count == 1 ? "0" : "") + version
        #expect(String(decoding: first.file.prefix(9), as: UTF8.self) == magic)
        let second = first.reloaded(seed: 78)
        #expect(second.load() == "OK")
        #expect(differences(first.server.digest, second.server.digest) == [])
    }

    /// The limits of the loading server decide what is small.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func encodingsFollowTheLimits(seed: UInt64) {
        let first = SnapshotFixture(seed: seed, steps: 2000)
        first.client("SAVE")
        let second = first.reloaded(seed: seed + 9) { configuration in
            configuration.values.hashEntries = 1
            configuration.values.setEntries = 2
            configuration.values.setIntsetEntries = 1
            configuration.values.sortedSetBytes = 3
            configuration.values.listNode = 2
            configuration.values.listCompressDepth = 1
        }
        #expect(second.load() == "OK")
        #expect(differences(first.server.digest, second.server.digest) == [])
        second.readEverything()
        // And back: what is large there is small again here.
        #expect(second.client("SAVE") == "OK")
        let third = second.reloaded(seed: seed)
        #expect(third.load() == "OK")
        #expect(differences(first.server.digest, third.server.digest) == [])
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func payloadsHoldEveryValue(seed: UInt64) {
        let first = SnapshotFixture(seed: seed, steps: 2000)
        let second = SnapshotFixture(seed: seed + 50)
        for (database, keys) in first.server.digest.enumerated() {
            first.client("SELECT", "\(database)")
            second.client("SELECT", "\(database)")
            for (key, value) in keys {
                guard case .bulk(let payload) = first.client.run([[UInt8]("DUMP"), key]) else {
                    Issue.record("no payload of \(key)")
                    continue
                }
                let expiry = [UInt8]("\(value.expiry ?? 0)")
                #expect(second.client.run([[UInt8]("RESTORE"), key, expiry, payload, [UInt8]("ABSTTL")]) == "OK")
            }
        }
        #expect(differences(first.server.digest, second.server.digest) == [])
        second.readEverything()
    }

    @Test func expiredKeysStayBehind() {
        let first = SnapshotFixture(seed: 1)
        first.client("SET", "k", "v", "PX", "100")
        first.client("SET", "stays", "v")
        first.client("SAVE")
        let second = first.reloaded(seed: 2)
        first.server.advance(milliseconds: 0)
        second.server.advance(milliseconds: 200)
        #expect(second.load() == "OK")
        #expect(second.client("DBSIZE") == 1)
        let info = second.client("INFO", "persistence").text ?? ""
        #expect(info.contains("rdb_last_load_keys_expired:1"))
        #expect(info.contains("rdb_last_load_keys_loaded:1"))
    }

    @Test func oldVersionsDropNoFieldExpiriesUnasked() {
        let fixture = SnapshotFixture(seed: 1)
        fixture.client("HSET", "h", "f", "v", "g", "w")
        fixture.client("HPEXPIRE", "h", "10000", "FIELDS", "1", "f")
        fixture.client("CONFIG", "SET", "rdb-version", "10")
        #expect(fixture.client("SAVE") == .error("ERR"))
        #expect(fixture.file.isEmpty)
        #expect(fixture.disk.lines.last?.contains("field expiries") == true)
        fixture.client("CONFIG", "SET", "rdb-downgrade-drop-ttl", "yes")
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.load() == "OK")
        #expect(fixture.client("HPTTL", "h", "FIELDS", "1", "f") == .array([-1]))
    }

    /// `auto` writes what was loaded, and more only when the data needs it.
    @Test func automaticVersion() {
        let fixture = SnapshotFixture(seed: 1)
        func magic() -> String {
            fixture.client("SAVE")
            return String(decoding: fixture.file.prefix(9), as: UTF8.self)
        }
        fixture.client("HSET", "h", "f", "v")
        #expect(magic() == "REDIS0010")
        fixture.client("HPEXPIRE", "h", "10000", "FIELDS", "1", "f")
        #expect(magic() == "REDIS0012")
        fixture.client("CONFIG", "SET", "rdb-version", "valkey80")
        #expect(magic() == "VALKEY080")
        #expect(fixture.load() == "OK")
        fixture.client("CONFIG", "SET", "rdb-version", "auto")
        #expect(magic() == "VALKEY080")
    }
}
