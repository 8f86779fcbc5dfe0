import Engine
import Keyspace
import Primitives
import Testing
import TestSupport

/// A sync that has failed: the kernel may drop what it could not write, and say of the next sync that all is well.
@Suite struct AppendOnlyMendingTests {
    private static let refusal = Reply.error("MISCONF Errors writing to the AOF file: error 5")

    private func started(_ policy: SyncPolicy, _ disk: SimulatedDisk = SimulatedDisk()) -> (server: TestServer, client: TestClient) {
        let server = TestServer(appendOnly: true, policy)
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        return (server, server.connect())
    }

    /// The numbers of keys that servers find after a loss of power, whatever it leaves; nil where one does not start.
    private func keysAfterCrashes(_ disk: SimulatedDisk) -> [Int?] {
        var found: Set<Int?> = []
        for seed in 0..<40 as Range<UInt64> {
            var random = RandomGenerator(seed: seed)
            let next = TestServer { $0.appendOnly.isEnabled = true }
            let failure = next.startAppendOnlyFile(on: SimulatedDisk(disk.contents.survivors(&random)))
            found.insert(failure == nil ? next.engine.context.keyCount(DatabaseIndex(0)) : nil)
        }
        return found.sorted { ($0 ?? -1) < ($1 ?? -1) }
    }

    /// A sync fails, and what it should have brought onto the disk is gone; those behind it succeed.
    private func lose(_ server: TestServer, _ client: TestClient, _ disk: SimulatedDisk) {
        #expect(client("SET", "a", "1") == "OK")
        server.later()
        server.later()
        #expect(client("SET", "b", "2") == "OK")
        disk.syncFailure = 5
        server.later()
        server.later()
        #expect(client("SET", "c", "3") == Self.refusal)
        #expect(client.info("persistence")["aof_last_write_status"] == "err")
        disk.syncFailure = 0
        server.later()
        server.later()
    }

    @Test(arguments: [SyncPolicy.everysec, .no])
    func aGoodSyncDoesNotMakeUpForAFailedOne(policy: SyncPolicy) {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        lose(server, client, disk)
        if policy == .no { #expect(client("CONFIG", "SET", "appendfsync", "no") == "OK") }
        // The test is none if nothing was lost.
        #expect(keysAfterCrashes(disk) != [2])
        #expect(client("SET", "c", "3") == Self.refusal)
        // So everything is written anew.
        server.cycle()
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "1")
        #expect(client("SET", "c", "3") == Self.refusal)
        server.finishRewrite(on: disk)
        #expect(client.info("persistence")["aof_last_write_status"] == "ok")
        #expect(keysAfterCrashes(disk) == [2])
        #expect(client("SET", "c", "3") == "OK")
        for text in ["Fail to fsync the AOF file: error 5", "AOF fsync error looks solved, the new base holds everything. The server can write again."] {
            #expect(server.engine.context.requests.logLines.count { $0 == text } == 1)
        }
    }

    /// While the disk fails there is no use in a rewrite.
    @Test func noRewriteBeforeASyncSucceeds() {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        #expect(client("SET", "a", "1") == "OK")
        disk.syncFailure = 5
        for _ in 0..<10 {
            server.later()
            server.cycle()
        }
        #expect(disk.forks == 0)
        #expect(client("BGREWRITEAOF") == .error("ERR Can't execute an AOF background rewriting. Please check the server logs for more information."))
    }

    /// The increment behind a base that is being written may have lost something as well.
    @Test func aFailureDuringTheRewriteNeedsAnother() {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        #expect(client("SET", "a", "1") == "OK")
        client("BGREWRITEAOF")
        #expect(client("SET", "b", "2") == "OK")
        server.runRewriteChild(on: disk)
        disk.syncFailure = 5
        server.later()
        server.later()
        disk.syncFailure = 0
        server.cycle()
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "ok")
        #expect(client("SET", "c", "3") == Self.refusal)
        server.later()
        server.later()
        server.cycle()
        #expect(disk.forks == 2)
        server.finishRewrite(on: disk)
        #expect(client("SET", "c", "3") == "OK")
        server.later()
        server.later()
        #expect(keysAfterCrashes(disk) == [3])
    }

    /// WAITAOF does not believe the good sync either.
    @Test func whoWaitsForTheDiskWaitsForTheBase() {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        #expect(client("SET", "a", "1") == "OK")
        disk.syncFailure = 5
        #expect(client("WAITAOF", "1", "0", "0") == .none)
        server.later()
        server.later()
        disk.syncFailure = 0
        server.later()
        server.later()
        server.cycle()
        server.turn()
        #expect(client.nextReply() == .none)
        server.finishRewrite(on: disk)
        server.turn()
        #expect(client.nextReply() == [1, 0])
        #expect(keysAfterCrashes(disk) == [1])
    }

    private func shutsDown(_ server: TestServer, isForced: Bool = false) -> Bool {
        server.engine.context.prepareShutdown(ShutdownWish(saves: nil, isForced: isForced))
    }

    @Test func shutdownWritesEverythingAnew() {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        lose(server, client, disk)
        #expect(shutsDown(server))
        #expect(keysAfterCrashes(disk) == [2])
    }

    @Test func shutdownIsRefusedWhileThatFails() {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        lose(server, client, disk)
        disk.renameFailure = 13
        #expect(!shutsDown(server))
        #expect(shutsDown(server, isForced: true))
        disk.renameFailure = 0
        // It goes on as if nobody had asked.
        server.cycle()
        server.finishRewrite(on: disk)
        #expect(client("SET", "c", "3") == "OK")
        server.later()
        server.later()
        #expect(keysAfterCrashes(disk) == [3])
    }

    /// Under `always` the process ends with the first failure, also where another sync follows at once.
    @Test func anotherSyncDoesNotSaveAlways() {
        let disk = SimulatedDisk()
        let (server, client) = started(.always, disk)
        client.queue(["SET", "a", "1"].map { [UInt8]($0.utf8) })
        for _ in 0..<3 { server.turn() }
        #expect(client.nextReply() == "OK")
        disk.syncPolls = 1
        #expect(client("SET", "b", "2") == .none)
        (disk.syncFailure, disk.failingSyncs) = (5, 1)
        #expect(!shutsDown(server))
        #expect(server.isFailing)
        #expect(server.engine.context.journal.committed < server.engine.context.journal.position)
    }

    /// A backup's increment may lack what was lost.
    @Test func backupsEnd() {
        let disk = SimulatedDisk()
        let (server, client) = started(.everysec, disk)
        #expect(client("BACKUP", "START") == "OK")
        server.finishRewrite(on: disk)
        lose(server, client, disk)
        #expect(client("BACKUP", "SEAL") == .error("ERR Can't write the increment of the backup: error 5"))
        server.cycle()
        server.finishRewrite(on: disk)
        #expect(client("SET", "c", "3") == "OK")
    }
}
