import Engine
import Primitives
import Testing
import TestSupport

/// MIGRATE as transcripts; the other server is one of the test's own.
@Suite struct MigrationTests {
    private let server = TestServer()

    private func client(_ peer: TestPeer) -> TestClient {
        server.peer = peer
        return server.connect()
    }

    private static let unread = Reply.error("IOERR error or timeout reading to target instance")

    // MARK: What is sent

    @Test func requests() {
        let client = client(.agreeing())
        client("SET", "k", "v", "PX", "5000")
        #expect(client("MIGRATE", "there", "7000", "k", "3", "100") == "OK")
        #expect(server.peer.addresses == [PeerAddress(host: [UInt8]("there"), port: 7000)])
        let payload = #""\x00\x01v\x0a\x00\x91\x08\xce\xb2\x198\x8a\xce""#
        #expect(server.peer.takeRequests() == [
            [#""SELECT""#, #""3""#], [#""RESTORE""#, #""k""#, #""5000""#, payload],
        ])
        #expect(client("EXISTS", "k") == 0)
        for key in ["a", "b"] { client("SET", key, "v") }
        #expect(client("MIGRATE", "there", "7000", "", "3", "100", "copy", "replace", "keys", "a", "missing", "b") == "OK")
        #expect(server.peer.takeRequests() == [
            [#""RESTORE""#, #""a""#, #""0""#, payload, #""REPLACE""#], [#""RESTORE""#, #""b""#, #""0""#, payload, #""REPLACE""#],
        ])
        #expect(client("EXISTS", "a", "b") == 2)
        #expect(server.peer.opened == 1)
    }

    @Test func authentication() {
        let client = client(.agreeing())
        client("SET", "k", "v")
        client("MIGRATE", "there", "1", "k", "0", "100", "COPY", "AUTH", "secret")
        #expect(server.peer.takeRequests().map { $0[0] } == [#""AUTH""#, #""SELECT""#, #""RESTORE""#])
        // A link belongs to who says the same password, which may be wrong by now.
        client("MIGRATE", "there", "1", "k", "0", "100", "COPY", "AUTH", "secret")
        #expect(server.peer.takeRequests().map { $0[0] } == [#""AUTH""#, #""RESTORE""#])
        client("MIGRATE", "there", "1", "k", "0", "100", "COPY", "AUTH2", "me", "secret")
        #expect(server.peer.takeRequests()[0] == [#""AUTH""#, #""me""#, #""secret""#])
        client("MIGRATE", "there", "1", "k", "0", "100", "COPY")
        #expect(server.peer.takeRequests().map { $0[0] } == [#""SELECT""#, #""RESTORE""#])
        #expect(server.peer.opened == 3)
    }

    @Test func secretsAreKept() {
        let client = client(.agreeing())
        client("CONFIG", "SET", "slowlog-log-slower-than", "0")
        client("SET", "k", "v")
        client("MIGRATE", "there", "1", "k", "0", "100", "AUTH2", "me", "secret")
        let words = client("SLOWLOG", "GET", "1").elements[0].elements[3]
        #expect(words == .array(["MIGRATE", "there", "1", "k", "0", "100", "AUTH2", "(redacted)", "(redacted)"]))
    }

    // MARK: What is answered

    @Test func wrongWords() {
        let client = client(.agreeing())
        client("SET", "k", "v")
        let notInteger = Reply.error("ERR value is not an integer or out of range")
        #expect(client("MIGRATE", "h", "1", "k", "x", "10") == notInteger)
        #expect(client("MIGRATE", "h", "1", "k", "0", "x") == notInteger)
        #expect(client("MIGRATE", "h", "1", "k", "0", "9223372036854775808") == notInteger)
        let syntax = Reply.error("ERR syntax error")
        for words in ["FOO", "AUTH", "AUTH2 user", "COPY FOO"] { #expect(client.line("MIGRATE h 1 k 0 10 " + words) == syntax) }
        #expect(client("MIGRATE", "h", "1", "k", "0", "10", "KEYS", "k")
            == .error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"))
        #expect(client("MIGRATE", "h", "x", "missing", "0", "-5") == .status("NOKEY"))
        #expect(client("MIGRATE", "h", "1", "", "0", "10", "KEYS") == .status("NOKEY"))
        #expect(client("MIGRATE", "h", "1", "", "0", "10", "KEYS", "a", "b") == .status("NOKEY"))
        for port in ["x", "-1", "65536", "1x", ""] {
            #expect(client("MIGRATE", "h", port, "k", "0", "10") == .error("IOERR error or timeout connecting to the client"))
        }
        #expect(client("EXISTS", "k") == 1)
        #expect(server.peer.opened == 0)
        #expect(client("MIGRATE", "h", "1", "k", "0", "9223372036854775807") == "OK")
    }

    @Test func refusals() {
        let client = client(TestPeer())
        for key in ["a", "b", "c"] { client("SET", key, key) }
        server.recordEffects()
        #expect(client("MIGRATE", "h", "1", "", "0", "10", "KEYS", "a", "b", "c") == .none)
        server.peerSays("+OK\r\n+OK\r\n-BUSYKEY taken\r\n-ERR other\r\n")
        #expect(client.nextReply() == .error("ERR Target instance replied with error: BUSYKEY taken"))
        #expect(client("EXISTS", "a") == 0)
        #expect(client("EXISTS", "b", "c") == 2)
        #expect(server.takeEffects() == [["SELECT", "0"], ["DEL", "a"]])
        // Which database is selected is not certain any more.
        #expect(client("MIGRATE", "h", "1", "b", "0", "10") == .none)
        server.peerSays("-ERR DB index is out of range\r\n+OK\r\n")
        #expect(client.nextReply() == .error("ERR Target instance replied with error: ERR DB index is out of range"))
        #expect(client("EXISTS", "b", "c") == 2)
        #expect(server.takeEffects() == [])
        #expect(server.peer.links == [])
    }

    @Test func brokenLinks() {
        let client = client(.absent())
        client("SET", "k", "v")
        #expect(client("MIGRATE", "h", "1", "k", "0", "10") == .error("IOERR error or timeout writing to target instance"))
        server.peer.refusal = .unreachable
        let unconnected = Reply.error("IOERR error or timeout connecting to the client")
        #expect(client("MIGRATE", "h", "1", "k", "0", "10") == unconnected)
        server.peer = TestPeer()
        server.peer.isSilent = true
        #expect(client("MIGRATE", "h", "1", "k", "0", "10") == .none)
        server.wait(milliseconds: 9)
        #expect(client.nextReply() == .none)
        server.wait(milliseconds: 2)
        #expect(client.nextReply() == unconnected)
        server.peer = TestPeer()
        #expect(client("MIGRATE", "h", "1", "k", "0", "10") == .none)
        server.peerCloses()
        #expect(client.nextReply() == Self.unread)
        server.peer.isStuck = true
        #expect(client("MIGRATE", "h", "1", "k", "0", "0") == .none)
        server.wait(milliseconds: 999)
        #expect(client.nextReply() == .none)
        server.wait(milliseconds: 2)
        #expect(client.nextReply() == .error("IOERR error or timeout writing to target instance"))
        #expect(client("EXISTS", "k") == 1)
        #expect(server.peer.links == [])
    }

    /// What was acknowledged before the link broke is gone here.
    @Test func halfWay() {
        let client = client(TestPeer())
        for key in ["a", "b"] { client("SET", key, key) }
        server.recordEffects()
        #expect(client("MIGRATE", "h", "1", "", "0", "10", "KEYS", "a", "b") == .none)
        server.peerSays("+OK", "\r", "\n+OK\r\n+O")
        server.wait(milliseconds: 11)
        #expect(client.nextReply() == Self.unread)
        #expect(client("KEYS", "*") == .array(["b"]))
        #expect(server.takeEffects() == [["SELECT", "0"], ["DEL", "a"]])
    }

    /// Lines are progress, bytes are not.
    @Test func patience() {
        let client = client(TestPeer())
        for key in ["a", "b"] { client("SET", key, key) }
        #expect(client("MIGRATE", "h", "1", "", "0", "10", "KEYS", "a", "b") == .none)
        for _ in 0..<2 {
            server.wait(milliseconds: 8)
            server.peerSays("+OK\r\n")
        }
        server.wait(milliseconds: 6)
        server.peerSays("+")
        #expect(client.nextReply() == .none)
        server.wait(milliseconds: 6)
        #expect(client.nextReply() == Self.unread)
    }

    // MARK: Links at rest

    @Test func resting() {
        let client = client(.agreeing())
        func restingLinks() -> Bool { client("INFO", "stats").text?.contains("migrate_cached_sockets:1\r\n") ?? false }
        client("SET", "k", "v")
        client("MIGRATE", "h", "1", "k", "0", "10", "COPY")
        #expect(restingLinks())
        server.wait(milliseconds: 9_000)
        client("MIGRATE", "h", "1", "k", "1", "10", "COPY")
        #expect(server.peer.opened == 1)
        server.wait(milliseconds: 9_900)
        #expect(restingLinks())
        server.wait(milliseconds: 200)
        #expect(!restingLinks())
        #expect(server.peer.links == [])
    }

    /// A link that was closed while it rested costs nothing but another one; a new one is not tried twice.
    @Test func staleLinks() {
        let client = client(.agreeing())
        client("SET", "k", "v")
        client("MIGRATE", "h", "1", "k", "0", "10", "COPY")
        server.peer.answer = { _, _ in nil }
        #expect(client("MIGRATE", "h", "1", "k", "0", "10") == .none)
        server.peerCloses()
        #expect(server.peer.opened == 2)
        #expect(client.nextReply() == .none)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(client.nextReply() == "OK")
        #expect(client("EXISTS", "k") == 0)
        client("SET", "k", "v")
        #expect(client("MIGRATE", "h", "2", "k", "0", "10") == .none)
        server.peerCloses()
        #expect(server.peer.opened == 3)
        #expect(client.nextReply() == Self.unread)
        // Words that nobody asked for end a link.
        server.peer = .agreeing()
        client("MIGRATE", "h", "3", "k", "0", "10", "COPY")
        server.peerSays("+what?\r\n")
        #expect(server.peer.links == [])
    }

    @Test func manyLinks() {
        let client = client(.agreeing())
        client("SET", "k", "v")
        for port in 1...70 { #expect(client("MIGRATE", "h", "\(port)", "k", "0", "10", "COPY") == "OK") }
        #expect(client("INFO", "stats").text?.contains("migrate_cached_sockets:64\r\n") == true)
        #expect(server.peer.links.count == 64)
    }

    // MARK: Others meanwhile

    @Test func keysAreHeld() {
        let client = client(TestPeer())
        let others = (0..<9).map { _ in server.connect() }
        client("SET", "k", "v")
        client("SET", "other", "v")
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000") == .none)
        #expect(others[0]("GET", "k") == "v")
        #expect(others[0]("SET", "other", "w") == "OK")
        #expect(others[0]("COPY", "k", "copied") == 1)
        #expect(others[0]("MULTI") == "OK")
        #expect(others[0]("GET", "k") == "QUEUED")
        #expect(others[0]("SET", "k", "queued") == "QUEUED")
        let held = ["SET k new", "DEL other k", "RENAME other k", "FLUSHALL", "SWAPDB 0 1", "COPY other k DB 0 REPLACE", "MIGRATE h 1 k 0 10"]
        for (other, line) in zip(others.dropFirst(), held) { #expect(other.line(line) == .none) }
        #expect(others[0]("EXEC") == .none)
        let hasYielded = server.engine.hasYielded
        #expect(!hasYielded)
        #expect(others[8]("SELECT", "1") == "OK")
        #expect(others[8]("SET", "k", "elsewhere") == "OK")
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(client.nextReply() == "OK")
        #expect(others[1].nextReply() == "OK")
        #expect(others[2].nextReply() == 2)
        #expect(others[3].nextReply() == .error("ERR no such key"))
        #expect(others[0].nextReply() == .array([.null, "OK"]))
    }

    @Test func copiesHoldNothing() {
        let client = client(TestPeer())
        let other = server.connect()
        client("SET", "k", "v")
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000", "COPY") == .none)
        #expect(other("SET", "k", "w") == "OK")
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(client.nextReply() == "OK")
        #expect(client("GET", "k") == "w")
    }

    /// Who waits for one key and would then change a held one waits for both.
    @Test func blockedClients() {
        let client = client(TestPeer())
        let other = server.connect()
        client("RPUSH", "held", "a")
        #expect(other("BLMOVE", "source", "held", "LEFT", "LEFT", "0") == .none)
        #expect(client("MIGRATE", "h", "1", "held", "0", "1000") == .none)
        let third = server.connect()
        #expect(third("RPUSH", "source", "x") == 1)
        #expect(other.nextReply() == .none)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(other.nextReply() == "x")
        #expect(client.nextReply() == "OK")
        #expect(client("LRANGE", "held", "0", "-1") == .array(["x"]))
    }

    /// What the client sends behind waits with it.
    @Test func pipeline() {
        let client = client(TestPeer())
        client("SET", "k", "v")
        client.send([UInt8]("MIGRATE h 1 k 0 1000\r\nEXISTS k\r\n"))
        #expect(client.takeBytes() == [])
        client.send([UInt8]("PING\r\n"))
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(client.takeBytes() == [UInt8]("+OK\r\n:0\r\n+PONG\r\n"))
    }

    @Test func watchersAndEvents() {
        let client = client(TestPeer())
        let other = server.connect()
        client("SET", "k", "v")
        other("WATCH", "k")
        server.engine.observeNotices()
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000") == .none)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(server.engine.takeNotices().map { "\($0.event.name)" } == ["del"])
        other("MULTI")
        #expect(other("EXEC") == .null)
    }

    /// A key that expires on its way is gone on both sides.
    @Test func expiry() {
        let client = client(TestPeer())
        client("SET", "k", "v", "PX", "50")
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000") == .none)
        server.advance(milliseconds: 60)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(client.nextReply() == "OK")
        #expect(client("EXISTS", "k") == 0)
        client("SET", "k", "v", "PX", "50")
        server.advance(milliseconds: 60)
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000") == .status("NOKEY"))
    }

    // MARK: Clients that go

    /// What has been sent is brought to its end, whoever asked for it.
    @Test(arguments: [true, false]) func vanished(killed: Bool) {
        let client = client(TestPeer())
        let other = server.connect()
        client("SELECT", "2")
        client("SET", "k", "v")
        server.recordEffects()
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000") == .none)
        if killed {
            #expect(other("CLIENT", "KILL", "ID", "1") == 1)
            server.peerSays("+OK\r\n")
        }
        client.disconnect()
        #expect(other("INFO", "clients").text?.contains("blocked_clients:0") == true)
        other("SELECT", "2")
        #expect(other("EXISTS", "k") == 1)
        #expect(other("SET", "k", "w") == .none)
        server.peerSays(killed ? "+OK\r\n" : "+OK\r\n+OK\r\n")
        #expect(other.nextReply() == "OK")
        #expect(server.takeEffects() == [["SELECT", "2"], ["DEL", "k"], ["SET", "k", "w"]])
        #expect(other("GET", "k") == "w")
    }

    @Test func vanishedBeforeASecondAttempt() {
        let client = client(.agreeing())
        let other = server.connect()
        client("SET", "k", "v")
        client("MIGRATE", "h", "1", "k", "0", "10", "COPY")
        server.peer.answer = { _, _ in nil }
        #expect(client("MIGRATE", "h", "1", "k", "0", "10") == .none)
        client.disconnect()
        server.peerCloses()
        #expect(server.peer.opened == 2)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(other("EXISTS", "k") == 0)
    }

    @Test func unblocking() {
        let client = client(TestPeer())
        let other = server.connect()
        client("SET", "k", "v")
        #expect(client("MIGRATE", "h", "1", "k", "0", "1000") == .none)
        #expect(other("CLIENT", "UNBLOCK", "1") == 0)
        #expect(other("CLIENT", "UNBLOCK", "1", "ERROR") == 0)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(client.nextReply() == "OK")
    }

    // MARK: Between engines

    @Test func betweenEngines() {
        let target = TestServer(seed: 9, clock: server.clock)
        let client = client(TestPeer(target))
        var random = RandomGenerator(seed: 5)
        for _ in 0..<2000 {
            client.run(Generators.command(of: Generators.all, &random))
            client("SELECT", "0")
        }
        let before = server.digest[0]
        #expect(before.count > 10)
        var keys = before.keys.map { $0 }
        let last = keys.removeLast()
        #expect(client.run([[UInt8]("MIGRATE"), [UInt8]("h"), [UInt8]("1"), last, [UInt8]("0"), [UInt8]("1000")]) == "OK")
        #expect(client.run(["MIGRATE", "h", "1", "", "0", "1000", "KEYS"].map { [UInt8]($0) } + keys) == "OK")
        #expect(differences([before], [target.digest[0]]) == [])
        #expect(client("DBSIZE") == 0)
    }

    /// A server may move keys between its own databases.
    @Test func toItself() {
        let client = client(TestPeer(server))
        client("SET", "k", "v")
        #expect(client("MIGRATE", "h", "1", "k", "1", "1000") == "OK")
        #expect(client("EXISTS", "k") == 0)
        client("SELECT", "1")
        #expect(client("GET", "k") == "v")
        // On its own place the key is held until the time is over.
        #expect(client("MIGRATE", "h", "1", "k", "1", "1000", "REPLACE") == .none)
        server.wait(milliseconds: 1001)
        #expect(client.nextReply() == Self.unread)
        #expect(client("GET", "k") == "v")
    }
}
