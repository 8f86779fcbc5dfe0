import Engine
import Primitives
import Testing
import TestSupport

/// Disks and children that fail: the old file stays, nothing lies about, and everybody is told.
@Suite struct SnapshotFailureTests {
    private static let savingError = Reply.error("ERR")

    /// A server with save points, a file and a change that is not in it.
    private func changed() -> SnapshotFixture {
        let fixture = SnapshotFixture(seed: 3, steps: 200)
        #expect(fixture.client("SAVE") == "OK")
        fixture.client("SET", "more", "data")
        return fixture
    }

    // MARK: The disk

    /// What fails, and how the log tells it.
    enum DiskFailure: CaseIterable {
        case create, write, finish

        func befall(_ disk: MemorySnapshots) {
            switch self {
            case .create: disk.createFailure = 13
            case .write: disk.room = 30
            case .finish: disk.finishFailure = 5
            }
        }

        var line: String {
            switch self {
            case .create: "Failed opening the temp RDB file temp-1.rdb (in server root dir) for saving: error 13"
            case .write: "Write error while saving DB to the disk: error 28"
            case .finish: "Write error while saving DB to the disk: error 5"
            }
        }
    }

    @Test(arguments: DiskFailure.allCases)
    func oldFileStaysWhole(failure: DiskFailure) {
        let fixture = changed()
        let file = fixture.file
        let changes = fixture.client.info("persistence")["rdb_changes_since_last_save"]
        failure.befall(fixture.disk)
        #expect(fixture.client("SAVE") == Self.savingError)
        #expect(fixture.disk.files == ["dump.rdb": file])
        #expect(fixture.disk.lines.last == failure.line)
        #expect(fixture.client.info("persistence")["rdb_changes_since_last_save"] == changes)
        // SAVE tells whoever asked; only a save in the background stops writes.
        #expect(fixture.client("SET", "k", "v") == "OK")
        #expect(fixture.client("DEBUG", "RELOAD") == Self.savingError)
        #expect(fixture.client("GET", "more") == "data")
    }

    // MARK: Children

    /// Starts a save in the background and has its child end so.
    private func endChild(of fixture: SnapshotFixture, _ end: ChildEnd) {
        fixture.disk.forkResult = 7
        #expect(fixture.client("BGSAVE") == .status("Background saving started"))
        #expect(fixture.client.info("persistence")["rdb_bgsave_in_progress"] == "1")
        fixture.disk.files["temp-7.rdb"] = [1, 2, 3]
        fixture.disk.childEnd = end
        fixture.server.cycle()
        #expect(fixture.client.info("persistence")["rdb_bgsave_in_progress"] == "0")
    }

    @Test func childThatFailsStopsWrites() {
        let fixture = changed()
        let file = fixture.file
        endChild(of: fixture, .exited(1))
        #expect(fixture.disk.lines.contains("Background saving error"))
        #expect(fixture.client.info("persistence")["rdb_last_bgsave_status"] == "err")
        #expect(fixture.file == file)
        for words in [["SET", "k", "v"], ["PING"], ["FLUSHALL"]] {
            guard case .error(let text) = fixture.client.run(words.map { [UInt8]($0) }) else {
                Issue.record("\(words) was let through")
                continue
            }
            #expect(text.hasPrefix("MISCONF Redis is configured to save RDB snapshots"), "\(words)")
        }
        #expect(fixture.client("GET", "more") == "data")
        // One that goes well lets them through again.
        endChild(of: fixture, .exited(0))
        #expect(fixture.client.info("persistence")["rdb_last_bgsave_status"] == "ok")
        #expect(fixture.client.info("persistence")["rdb_changes_since_last_save"] == "0")
        #expect(fixture.client("SET", "k", "v") == "OK")
    }

    @Test func childThatIsKilledLeavesNothingBehind() {
        let fixture = changed()
        let file = fixture.file
        endChild(of: fixture, .killed(signal: 9))
        #expect(fixture.disk.lines.contains("Background saving terminated by signal 9"))
        #expect(fixture.disk.files == ["dump.rdb": file])
        #expect(fixture.client.info("persistence")["rdb_last_bgsave_status"] == "err")
    }

    @Test func writesGoOnWithoutSavePointsOrTheSetting() {
        let fixture = changed()
        endChild(of: fixture, .exited(1))
        #expect(fixture.client("CONFIG", "SET", "stop-writes-on-bgsave-error", "no") == "OK")
        #expect(fixture.client("SET", "k", "v") == "OK")
        #expect(fixture.client("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes", "save", "") == "OK")
        #expect(fixture.client("SET", "k", "v") == "OK")
    }

    @Test func forkThatFails() {
        let fixture = changed()
        fixture.disk.forkResult = -12
        #expect(fixture.client("BGSAVE") == Self.savingError)
        #expect(fixture.disk.lines.last == "Can't save in background: fork: error 12")
        #expect(fixture.client.info("persistence")["rdb_last_bgsave_status"] == "err")
    }

    /// Save points that are due wait five seconds behind a failure.
    @Test func savePointsRestAfterAFailure() {
        let fixture = changed()
        fixture.client("CONFIG", "SET", "save", "1 1", "stop-writes-on-bgsave-error", "no")
        endChild(of: fixture, .exited(1))
        let forks = { fixture.disk.lines.filter { $0 == "Background saving started by pid 7" }.count }
        fixture.server.advance(milliseconds: 4000)
        fixture.server.cycle()
        #expect(forks() == 1)
        fixture.server.advance(milliseconds: 1100)
        fixture.server.cycle()
        #expect(forks() == 2)
    }

    // MARK: Meanwhile

    /// Reading would have the kernel copy every page that is read.
    @Test func readsTouchNothingWhileAChildWrites() {
        let fixture = changed()
        fixture.disk.forkResult = 7
        let idle = { fixture.client("OBJECT", "IDLETIME", "more") }
        fixture.client("BGSAVE")
        fixture.server.advance(milliseconds: 10_000)
        fixture.client("GET", "more")
        #expect(idle() == 10)
        fixture.disk.childEnd = .exited(0)
        fixture.server.cycle()
        fixture.client("GET", "more")
        #expect(idle() == 0)
    }

    @Test func oneChildAtATime() {
        let fixture = changed()
        fixture.disk.forkResult = 7
        #expect(fixture.client("BGSAVE", "SCHEDULE") == .status("Background saving started"))
        for words in [["BGSAVE"], ["BGSAVE", "SCHEDULE"], ["SAVE"]] {
            let reply = fixture.client.run(words.map { [UInt8]($0) })
            #expect(reply == .error("ERR Background save already in progress"), "\(words)")
        }
        #expect(fixture.client("BGSAVE", "NOW") == .error("ERR syntax error"))
        #expect(fixture.client("BGSAVE", "SCHEDULE", "NOW") == .error("ERR syntax error"))
    }

    /// A fork within a transaction would hold half of it: it waits for the cycle.
    @Test func transactionSchedules() {
        let fixture = changed()
        fixture.disk.forkResult = 7
        fixture.client("MULTI")
        fixture.client("BGSAVE")
        fixture.client("SET", "k", "v")
        #expect(fixture.client("EXEC") == [.status("Background saving scheduled"), "OK"])
        #expect(fixture.client.info("persistence")["rdb_bgsave_in_progress"] == "0")
        fixture.server.cycle()
        #expect(fixture.client.info("persistence")["rdb_bgsave_in_progress"] == "1")
    }

    // MARK: Flushes

    @Test func flushOfAllSavesTheEmptyData() {
        let fixture = changed()
        #expect(fixture.client("FLUSHDB") == "OK")
        #expect(fixture.client.info("persistence")["rdb_changes_since_last_save"] != "0")
        #expect(fixture.client("FLUSHALL") == "OK")
        #expect(fixture.client.info("persistence")["rdb_changes_since_last_save"] == "0")
        #expect(fixture.load() == "OK")
        #expect(fixture.client("DBSIZE") == 0)
    }

    @Test func flushOfAllSavesNothingWithoutSavePoints() {
        let fixture = changed()
        let file = fixture.file
        fixture.client("CONFIG", "SET", "save", "")
        #expect(fixture.client("FLUSHALL") == "OK")
        #expect(fixture.file == file)
        #expect(fixture.client.info("persistence")["rdb_changes_since_last_save"] != "0")
    }

    @Test(arguments: [true, false])
    func flushOfAllEndsTheChild(saves: Bool) {
        let fixture = changed()
        if !saves { fixture.client("CONFIG", "SET", "save", "") }
        fixture.disk.forkResult = 7
        fixture.client("BGSAVE")
        fixture.disk.endOfStopped = .killed(signal: 10)
        #expect(fixture.client("FLUSHALL") == "OK")
        #expect(fixture.disk.stopped == [7])
        fixture.server.cycle()
        #expect(fixture.client.info("persistence")["rdb_bgsave_in_progress"] == "0")
        // It was wanted, so it is no failure.
        #expect(fixture.client.info("persistence")["rdb_last_bgsave_status"] == "ok")
        #expect(fixture.disk.lines.contains("Background saving terminated by signal 10"))
    }

    /// Whoever keeps copies of values is told that they may be out of date.
    @Test func reloadInvalidatesCopies() {
        let fixture = changed()
        let reader = fixture.server.connect()
        reader("HELLO", "3")
        reader("CLIENT", "TRACKING", "ON")
        reader("GET", "more")
        _ = reader.takeBytes()
        #expect(fixture.client("DEBUG", "RELOAD") == "OK")
        #expect(String(decoding: reader.takeBytes(), as: UTF8.self) == ">2\r\n$10\r\ninvalidate\r\n_\r\n")
    }
}
