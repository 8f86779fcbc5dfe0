import Engine
import Primitives
import Synchronization
import Testing
import TestSupport

/// Settings that say how a file is written.
@Suite struct SnapshotSettingsTests {
    /// Values that do not compress, ten megabytes of them.
    private func large() -> SnapshotFixture {
        let fixture = SnapshotFixture(seed: 1)
        var random = RandomGenerator(seed: 1)
        for index in 0..<100 {
            let value = (0..<12_500).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            fixture.client.run([[UInt8]("SET"), [UInt8]("key:\(index)"), value])
        }
        return fixture
    }

    /// The file is sent on its way bit by bit, so that the last fsync does not have it all to do.
    @Test func incrementalFsync() {
        let fixture = large()
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.disk.pushes.count == 2)
        #expect(fixture.disk.pushes.allSatisfy { $0 >= 4 << 20 && $0 < 5 << 20 }, "\(fixture.disk.pushes)")
        #expect(fixture.client("CONFIG", "SET", "rdb-save-incremental-fsync", "no") == "OK")
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.disk.pushes.count == 2)
    }

    /// Microseconds behind every key, or one behind so many keys.
    @Test(arguments: [("300", Array(repeating: 300, count: 10)), ("-4", [1, 1]), ("0", [])] as [(String, [Int64])])
    func keySaveDelay(setting: String, expected: [Int64]) {
        final class Pauses: Sendable {
            let all = Mutex<[Int64]>([])
        }
        let pauses = Pauses()
        let fixture = SnapshotFixture(seed: 1)
        fixture.server.engine.context.host.sleep = { pause in pauses.all.withLock { $0.append(pause) } }
        for index in 0..<10 { fixture.client("SET", "key:\(index)", "v") }
        #expect(fixture.client("CONFIG", "SET", "rdb-key-save-delay", setting) == "OK")
        #expect(fixture.client("SAVE") == "OK")
        #expect(pauses.all.withLock { $0 } == expected)
    }

    /// Where files are and what they hold is not changed while one is read.
    @Test func settledWhileLoading() throws {
        let fixture = SnapshotFixture(seed: 1)
        fixture.client("SET", "k", "v")
        #expect(fixture.client("SAVE") == "OK")
        let load = try fixture.server.engine.context.beginLoading()
        let refusal = Reply.error("LOADING Redis is loading the dataset in memory")
        #expect(fixture.client("CONFIG", "SET", "appendonly", "yes") == refusal)
        #expect(fixture.client("CONFIG", "SET", "repl-diskless-load", "disabled") == refusal)
        #expect(fixture.client("GET", "k") == refusal)
        #expect(fixture.client("CONFIG", "SET", "loglevel", "debug") == "OK")
        fixture.server.engine.context.endLoading(load)
        #expect(fixture.client("GET", "k") == "v")
    }

    @Test func compression() {
        let fixture = SnapshotFixture(seed: 1)
        fixture.client("SET", "k", String(repeating: "abc", count: 1000))
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.file.count < 300)
        #expect(fixture.client("CONFIG", "SET", "rdbcompression", "no") == "OK")
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.file.count > 3000)
        #expect(fixture.load() == "OK")
    }

    /// Without checksums the footer is zero, and files with a wrong one are taken.
    @Test func checksums() {
        let fixture = SnapshotFixture(seed: 1) { $0.persistence.checks = false }
        fixture.client("SET", "k", "v")
        #expect(fixture.client("SAVE") == "OK")
        #expect(fixture.file.suffix(8).allSatisfy { $0 == 0 })
        fixture.disk.files["dump.rdb"]![fixture.file.count - 1] = 1
        #expect(fixture.load() == "OK")
        let strict = SnapshotFixture(seed: 2)
        strict.disk.files = fixture.disk.files
        #expect(strict.load() != "OK")
    }
}
