import Engine
import Testing
import TestSupport

/// Under `always` no reply leaves before what it tells of is on the disk, whoever caused it.
@Suite struct AppendOnlyGatingTests {
    private let disk = SimulatedDisk()

    /// A server whose next syncs do not end by themselves.
    private func started(_ policy: SyncPolicy = .always, _ configure: (inout Configuration) -> Void = { _ in }) -> TestServer {
        let server = TestServer(appendOnly: true, policy, configure: configure)
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        return server
    }

    /// Syncs end at once again.
    private func finish(_ server: TestServer) {
        disk.syncPolls = 0
        for _ in 0..<1200 { server.turn() }
    }

    private func words(_ line: String) -> [[UInt8]] { line.split(separator: " ").map { [UInt8](String($0)) } }

    /// Asks, checks that nothing comes before the sync, and gives the replies that come then.
    private func gated(_ server: TestServer, _ client: TestClient, _ lines: String...) -> [Reply] {
        finish(server)
        disk.syncPolls = 1000
        for line in lines { client.queue(words(line)) }
        for _ in 0..<5 { server.turn() }
        #expect(client.takeBytes() == [], "\(lines)")
        finish(server)
        return lines.map { _ in client.nextReply() }
    }

    @Test func transactions() {
        let server = started()
        let client = server.connect()
        #expect(gated(server, client, "MULTI", "SET k v", "INCR n", "EXEC") == ["OK", .status("QUEUED"), .status("QUEUED"), ["OK", 1]])
    }

    @Test func readsOfWhatIsNotOnTheDiskYet() {
        let server = started()
        let (writer, reader) = (server.connect(), server.connect())
        disk.syncPolls = 1000
        writer.queue(words("SET k v"))
        server.turn()
        reader.queue(words("GET k"))
        server.turn()
        #expect(reader.nextReply() == .none)
        finish(server)
        #expect(writer.nextReply() == "OK")
        #expect(reader.nextReply() == "v")
    }

    @Test func whoIsServedByAnother() {
        let server = started()
        let (waiting, pushing) = (server.connect(), server.connect())
        #expect(waiting("BLPOP", "l", "0") == .none)
        #expect(gated(server, pushing, "RPUSH l a b") == [2])
        #expect(waiting.nextReply() == ["l", "a"])
        #expect(waiting("BLMOVE", "m", "n", "LEFT", "LEFT", "0") == .none)
        disk.syncPolls = 1000
        pushing.queue(words("RPUSH m x"))
        for _ in 0..<5 { server.turn() }
        #expect(waiting.nextReply() == .none)
        finish(server)
        #expect(waiting.nextReply() == "x")
    }

    @Test func expiryAndEviction() {
        let server = started()
        let client = server.connect()
        #expect(gated(server, client, "SET k v PX 100") == ["OK"])
        finish(server)
        server.advance(milliseconds: 200)
        // The key goes with the look-up.
        #expect(gated(server, client, "GET k") == [nil])
        let text = String(decoding: disk.files["appendonlydir/appendonly.aof.1.incr.aof"] ?? [], as: UTF8.self)
        #expect(text.hasSuffix("$1\r\nk\r\n") && (text.contains("DEL") || text.contains("UNLINK")))
    }

    /// What nobody reads is written all the same, and what follows waits for it.
    @Test func clientsWithoutReplies() {
        let server = started()
        let client = server.connect()
        client("CLIENT", "REPLY", "OFF")
        client("SET", "k", "v")
        finish(server)
        #expect(client.takeBytes() == [])
        #expect(gated(server, client, "SET l v", "CLIENT REPLY ON").first == "OK")
        #expect(client("MGET", "k", "l") == ["v", "v"])
    }

    /// A client that goes while its reply waits leaves nothing behind; what it has written stays.
    @Test func clientsThatAreKilled() {
        let server = started()
        let (client, other) = (server.connect(), server.connect())
        disk.syncPolls = 1000
        client.queue(words("SET k v"))
        server.turn()
        client.disconnect()
        let next = server.connect()
        next.queue(words("PING"))
        server.turn()
        finish(server)
        #expect(next.nextReply() == .status("PONG"))
        #expect(next.takeBytes() == [])
        #expect(other("GET", "k") == "v")
    }

    /// Messages are in no file: who publishes waits for nothing, and holds nobody up.
    @Test(arguments: SyncPolicy.allCases)
    func messagesNeedNoDisk(policy: SyncPolicy) {
        let server = started(policy)
        let (client, listener) = (server.connect(), server.connect())
        listener("SUBSCRIBE", "c")
        #expect(client("PUBLISH", "c", "m") == 1)
        #expect(client("WAITAOF", "1", "0", "0") == [1, 0])
        #expect(listener.nextReply() == ["message", "c", "m"])
        disk.syncPolls = 1000
        client.queue(words("SET k v"))
        client.queue(words("PUBLISH c m"))
        server.turn()
        server.advance(milliseconds: 1100)
        server.turn()
        let early = client.takeBytes()
        finish(server)
        let replies = [UInt8]("+OK\r\n:1\r\n".utf8)
        #expect(early == (policy == .always ? [] : replies))
        #expect(early + client.takeBytes() == replies)
        client.queue(words("WAITAOF 1 0 0"))
        finish(server)
        #expect(client.nextReply() == [1, 0])
    }

    /// Promises of before are kept when the setting changes while a sync is under way.
    @Test func settingChangesWhileASyncIsUnderWay() {
        let server = started(.everysec)
        let (client, admin) = (server.connect(), server.connect())
        #expect(client("SET", "a", "1") == "OK")
        disk.syncPolls = 1000
        server.advance(milliseconds: 1100)
        server.turn()
        #expect(server.engine.context.statistics.appendOnly.isSyncPending)
        admin.queue(words("CONFIG SET appendfsync always"))
        client.queue(words("SET b 2"))
        for _ in 0..<5 { server.turn() }
        #expect(client.takeBytes() == [])
        finish(server)
        #expect(client.nextReply() == "OK")
        #expect(admin.nextReply() == "OK")
        disk.syncPolls = 1000
        client.queue(words("SET c 3"))
        server.turn()
        #expect(client.takeBytes() == [])
        // Who asks for less gets it at once.
        #expect(admin("CONFIG", "SET", "appendfsync", "no") == "OK")
        #expect(client.nextReply() == "OK")
    }

    /// Who waits for the disk when the file is switched off is told so, as by Valkey.
    @Test(arguments: [0, 5] as [Int32])
    func whoWaitsWhenTheFileIsSwitchedOff(failure: Int32) {
        let server = started(.everysec)
        let (client, admin) = (server.connect(), server.connect())
        #expect(client("SET", "k", "v") == "OK")
        #expect(client("WAITAOF", "1", "0", "0") == .none)
        disk.syncFailure = failure
        #expect(admin("CONFIG", "SET", "appendonly", "no") == "OK")
        server.turn()
        #expect(client.nextReply() == .error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."))
    }
}
