import Engine
import Primitives
import Testing
import TestSupport

/// Disks that are full or fail.
@Suite struct AppendOnlyFailureTests {
    private func started(_ policy: SyncPolicy) -> (server: TestServer, client: TestClient, disk: SimulatedDisk) {
        let disk = SimulatedDisk()
        let server = TestServer(appendOnly: true, policy)
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        return (server, server.connect(), disk)
    }

    private func restarted(_ disk: SimulatedDisk) -> TestClient {
        let server = TestServer { $0.appendOnly.isEnabled = true }
        #expect(server.startAppendOnlyFile(on: SimulatedDisk(disk.files)) == nil)
        return server.connect()
    }

    @Test(arguments: [SyncPolicy.everysec, .no])
    func fullDiskRefusesWritesUntilThereIsRoom(policy: SyncPolicy) {
        let (server, client, disk) = started(policy)
        #expect(client("SET", "a", "1") == "OK")
        disk.room = 20
        // It was acknowledged when the disk turned out to be full, so it is kept.
        #expect(client("SET", "b", "2") == "OK")
        #expect(client("SET", "c", "3") == .error("MISCONF Errors writing to the AOF file: error 28"))
        #expect(client("PING") == .error("MISCONF Errors writing to the AOF file: error 28"))
        #expect(client("GET", "b") == "2")
        #expect(client.info("persistence")["aof_last_write_status"] == "err")
        #expect(server.engine.context.requests.logLines.contains { $0.hasPrefix("Short write while writing to the AOF file: (nwritten=20, expected=") })
        // No torn command is left behind.
        #expect(restarted(disk)("DBSIZE") == 1)
        server.later()
        #expect(client("SET", "c", "3") == .error("MISCONF Errors writing to the AOF file: error 28"))
        disk.room = .max
        server.later()
        #expect(client.info("persistence")["aof_last_write_status"] == "ok")
        #expect(server.engine.context.requests.logLines.contains("AOF write error looks solved. The server can write again."))
        #expect(client("SET", "c", "3") == "OK")
        #expect(!server.isFailing)
        let next = restarted(disk)
        #expect(next("MGET", "a", "b", "c") == ["1", "2", "3"])
    }

    /// Where the torn command cannot be taken back, what follows continues it.
    @Test func tornCommandIsContinued() {
        let (server, client, disk) = started(.everysec)
        disk.room = 40
        disk.truncateFailure = 5
        #expect(client("SET", "a", "1") == "OK")
        #expect(server.engine.context.requests.logLines.contains { $0.hasPrefix("Could not remove short write") })
        disk.room = .max
        server.later()
        #expect(client("SET", "b", "2") == "OK")
        #expect(restarted(disk)("MGET", "a", "b") == ["1", "2"])
    }

    @Test func failingWritesAreTriedOnceASecond() {
        let (server, client, disk) = started(.everysec)
        disk.writeFailure = 5
        #expect(client("SET", "a", "1") == "OK")
        #expect(server.engine.context.requests.logLines.contains("Error writing to the AOF file: error 5"))
        disk.writeFailure = 0
        server.later(milliseconds: 200)
        #expect(client("SET", "b", "2") == .error("MISCONF Errors writing to the AOF file: error 5"))
        server.later()
        #expect(client("SET", "b", "2") == "OK")
    }

    /// `AppendOnlyMendingTests` says why a good sync is not enough.
    @Test func failingSyncRefusesWritesUntilARewrite() {
        let (server, client, disk) = started(.everysec)
        #expect(client("SET", "a", "1") == "OK")
        disk.syncFailure = 5
        server.later()
        server.later()
        #expect(client("SET", "b", "2") == .error("MISCONF Errors writing to the AOF file: error 5"))
        #expect(client.info("persistence")["aof_last_write_status"] == "err")
        disk.syncFailure = 0
        server.later()
        server.later()
        #expect(client("SET", "b", "2") == .error("MISCONF Errors writing to the AOF file: error 5"))
        server.cycle()
        server.finishRewrite(on: disk)
        #expect(client("SET", "b", "2") == "OK")
        #expect(!server.isFailing)
    }

    @Test(arguments: ["write", "short", "sync"])
    func alwaysAcknowledgesNothingThatFails(kind: String) {
        let (server, client, disk) = started(.always)
        var reply = client("SET", "a", "1")
        if reply == .none {
            server.turn()
            reply = client.nextReply()
        }
        #expect(reply == "OK")
        switch kind {
        case "write": disk.writeFailure = 5
        case "short": disk.room = 10
        default: disk.syncFailure = 5
        }
        #expect(client("SET", "b", "2") == .none)
        server.turn()
        #expect(server.isFailing)
        #expect(client.nextReply() == .none)
        let text = kind == "sync"
            ? "Can't persist AOF for fsync error when the AOF fsync policy is 'always': error 5. Exiting..."
            : "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."
        #expect(server.engine.context.requests.logLines.contains(text))
        #expect(restarted(disk)("GET", "a") == "1")
    }

    /// What is not in the old file would be in the new one, and in the base: counters would count twice.
    @Test func rewriteWaitsForADiskThatTakesWhatIsPending() {
        let (server, client, disk) = started(.everysec)
        disk.writeFailure = 28
        #expect(client("INCR", "n") == 1)
        #expect(client("BGREWRITEAOF") == .error(
            "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."))
        #expect(disk.forks == 0)
        disk.writeFailure = 0
        server.later()
        #expect(client("BGREWRITEAOF") == .status("Background append only file rewriting started"))
        server.finishRewrite(on: disk)
        #expect(client("INCR", "n") == 2)
        server.turn()
        #expect(restarted(disk)("GET", "n") == "2")
    }

    @Test func syncThatFailsAheadOfARewriteEndsAlways() {
        let (server, client, disk) = started(.always)
        _ = client("SET", "a", "1")
        server.turn()
        disk.syncFailure = 5
        client("BGREWRITEAOF")
        #expect(server.isFailing)
        #expect(disk.forks == 0)
    }

    @Test func failedChildLeavesTheFilesAsTheyWere() {
        let (server, client, disk) = started(.everysec)
        #expect(client("SET", "a", "1") == "OK")
        client("BGREWRITEAOF")
        #expect(client("SET", "b", "2") == "OK")
        disk.room = 0
        server.runRewriteChild(on: disk)
        disk.room = .max
        server.cycle()
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "err")
        #expect(disk.names("temp-") == [])
        #expect(restarted(disk)("MGET", "a", "b") == ["1", "2"])
        #expect(client("BGREWRITEAOF") == .status("Background append only file rewriting started"))
        server.finishRewrite(on: disk)
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "ok")
        #expect(disk.names("appendonlydir/") == [
            "appendonlydir/appendonly.aof.2.base.rdb", "appendonlydir/appendonly.aof.3.incr.aof", "appendonlydir/appendonly.aof.manifest",
        ])
        #expect(restarted(disk)("MGET", "a", "b") == ["1", "2"])
    }

    @Test func rebaseThatCannotBeRenamedIsDropped() {
        let (server, client, disk) = started(.everysec)
        #expect(client("SET", "a", "1") == "OK")
        client("BGREWRITEAOF")
        server.runRewriteChild(on: disk)
        disk.renameFailure = 13
        server.cycle()
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "err")
        disk.renameFailure = 0
        #expect(restarted(disk)("GET", "a") == "1")
    }

    /// No room for the manifest: the base that nobody names goes, for it is large.
    @Test func baseWithoutManifestIsRemoved() {
        let (server, client, disk) = started(.everysec)
        #expect(client("SET", "a", "1") == "OK")
        client("BGREWRITEAOF")
        #expect(client("SET", "b", "2") == "OK")
        server.runRewriteChild(on: disk)
        disk.replaceFailure = 28
        server.cycle()
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "err")
        #expect(disk.names("appendonlydir/appendonly.aof.2.base") == [])
        #expect(restarted(disk)("MGET", "a", "b") == ["1", "2"])
        disk.replaceFailure = 0
        client("BGREWRITEAOF")
        server.finishRewrite(on: disk)
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "ok")
        #expect(restarted(disk)("MGET", "a", "b") == ["1", "2"])
    }

    /// Writing goes on although a sync takes long, after two seconds.
    @Test func slowSyncIsWaitedForTwoSeconds() {
        let (server, client, disk) = started(.everysec)
        #expect(client("SET", "a", "1") == "OK")
        disk.syncPolls = 1000
        server.later()
        #expect(client("SET", "b", "2") == "OK")
        #expect(restarted(disk)("EXISTS", "b") == 0)
        server.later()
        #expect(restarted(disk)("EXISTS", "b") == 0)
        server.later(milliseconds: 2100)
        #expect(restarted(disk)("EXISTS", "b") == 1)
        #expect(client.info("persistence")["aof_delayed_fsync"] == "1")
    }

    /// Replies of a turn in which others wait for the disk share its next sync.
    @Test func manyRequestsShareASync() {
        let (server, _, disk) = started(.always)
        let clients = (0..<5).map { _ in server.connect() }
        server.turn()
        disk.syncPolls = 2
        for (index, client) in clients.enumerated() { client.queue([[UInt8]("SET"), [UInt8]("k\(index)"), [UInt8]("v")]) }
        server.turn()
        for client in clients { #expect(client.nextReply() == .none) }
        server.turn()
        server.turn()
        for client in clients { #expect(client.nextReply() == .none) }
        server.turn()
        for client in clients { #expect(client.nextReply() == "OK") }
    }

    /// A number is not given again to a file while one of that name is to be removed.
    @Test func namesOfHistoryAreNotReused() {
        let manifest = "file appendonly.aof.2.base.aof seq 2 type b\nfile appendonly.aof.1.incr.aof seq 1 type h\n"
        let disk = SimulatedDisk([
            "appendonlydir/appendonly.aof.manifest": [UInt8](manifest),
            "appendonlydir/appendonly.aof.2.base.aof": [UInt8]("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"),
            "appendonlydir/appendonly.aof.1.incr.aof": [],
        ])
        let server = TestServer { $0.appendOnly.isEnabled = true }
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        let client = server.connect()
        #expect(client("SET", "b", "2") == "OK")
        #expect(disk.names("appendonlydir/appendonly.aof.1") == [])
        #expect(restarted(disk)("MGET", "a", "b") == ["1", "2"])
    }
}
