import Engine
import Primitives
import Testing
import TestSupport

/// MIGRATE inside MULTI: EXEC waits for the other server, and everybody with it.
@Suite struct MigrationTransactionTests {
    private let server = TestServer()

    /// A client of a server with the keys a, b and c.
    private func client(_ peer: TestPeer) -> TestClient {
        server.peer = peer
        let client = server.connect()
        for key in ["a", "b", "c"] { client("SET", key, key) }
        return client
    }

    /// A peer that says the same lines to each exchange.
    private func peer(_ lines: String) -> TestPeer { TestPeer { _, _ in [UInt8](lines) } }

    /// What EXEC answers to `lines`, in which `-` is the empty word.
    private func transaction(_ client: TestClient, _ lines: String...) -> [Reply] {
        #expect(client("MULTI") == "OK")
        for line in lines {
            #expect(client.run(line.split(separator: " ").map { $0 == "-" ? [] : [UInt8](String($0)) }) == "QUEUED", "\(line)")
        }
        return client("EXEC").elements
    }

    private static let unwritten = Reply.error("IOERR error or timeout writing to target instance")
    private static let unread = Reply.error("IOERR error or timeout reading to target instance")
    private static let unconnected = Reply.error("IOERR error or timeout connecting to the client")

    @Test func amongOthers() {
        let client = client(.agreeing())
        server.recordEffects()
        let replies = transaction(
            client, "SET x 1", "MIGRATE there 7000 a 3 100", "EXISTS a", "MIGRATE there 7001 b 0 100 COPY REPLACE AUTH2 me secret", "GET b",
            "MIGRATE there 7000 nokey 0 100", "INCR x")
        #expect(replies == ["OK", "OK", 0, "OK", "b", "NOKEY", 2])
        #expect(server.peer.addresses.map(\.port) == [7000, 7001])
        #expect(server.peer.takeRequests().map { $0.filter { !$0.contains("x0a") } } == [
            [#""SELECT""#, #""3""#], [#""RESTORE""#, #""a""#, #""0""#],
            [#""AUTH""#, #""me""#, #""secret""#], [#""SELECT""#, #""0""#], [#""RESTORE""#, #""b""#, #""0""#, #""REPLACE""#],
        ])
        #expect(server.takeEffects() == [["SELECT", "0"], ["MULTI"], ["SET", "x", "1"], ["DEL", "a"], ["INCR", "x"], ["EXEC"]])
        // Its links do not rest.
        #expect(client("INFO", "stats").text?.contains("migrate_cached_sockets:0\r\n") == true)
        #expect(client("INFO", "commandstats").text?.contains("cmdstat_migrate:calls=3,") == true)
    }

    @Test func otherDatabases() {
        let client = client(.agreeing())
        client.line("COPY a a DB 2")
        server.recordEffects()
        #expect(transaction(client, "SELECT 2", "MIGRATE there 1 a 0 100", "SELECT 0", "EXISTS a") == ["OK", "OK", "OK", 1])
        #expect(server.takeEffects() == [["SELECT", "2"], ["DEL", "a"]])
    }

    @Test func wrongWords() {
        let client = client(.agreeing())
        let replies = transaction(client, "MIGRATE h 1 a 0 x", "MIGRATE h 1 a 0 10 FOO", "MIGRATE h x a 0 10", "PING")
        #expect(replies == [
            .error("ERR value is not an integer or out of range"), .error("ERR syntax error"), Self.unconnected, "PONG",
        ])
        #expect(server.peer.addresses == [])
        #expect(transaction(client, "MIGRATE h 1 a 0 9223372036854775807") == ["OK"])
    }

    /// The rest of the transaction goes on whatever happened.
    @Test func failures() {
        let client = client(.absent())
        let migrate = "MIGRATE h 1 a 0 10"
        #expect(transaction(client, migrate, "EXISTS a") == [Self.unwritten, 1])
        server.peer.refusal = .unreachable
        #expect(transaction(client, migrate, "EXISTS a") == [Self.unconnected, 1])
        server.peer = TestPeer()
        let start = server.engine.context.time.wallMicroseconds
        #expect(transaction(client, migrate, "MIGRATE h 1 a 0 0", "EXISTS a") == [Self.unread, Self.unread, 1])
        #expect(server.engine.context.time.wallMicroseconds - start == 1_010_000)
        server.peer.isStuck = true
        #expect(transaction(client, migrate, "EXISTS a") == [Self.unwritten, 1])
        server.peer.isSilent = true
        #expect(transaction(client, migrate, "EXISTS a") == [Self.unconnected, 1])
        server.peer = peer("+OK\r\n+O")
        server.peer.hangsUp = true
        #expect(transaction(client, migrate, "EXISTS a") == [Self.unread, 1])
        #expect(server.peer.opened == 1)
        server.engine.context.host.links = nil
        #expect(transaction(client, migrate, "EXISTS a") == [Self.unconnected, 1])
    }

    @Test func refusals() {
        let client = client(peer("+OK\r\n+OK\r\n-BUSYKEY taken\r\n+OK\r\n"))
        server.recordEffects()
        let error = "ERR Target instance replied with error: "
        #expect(transaction(client, "MIGRATE h 1 - 0 10 KEYS a b c", "EXISTS a b c", "SET d d") == [
            .error(error + "BUSYKEY taken"), 1, "OK",
        ])
        #expect(server.takeEffects() == [["SELECT", "0"], ["MULTI"], ["DEL", "a", "c"], ["SET", "d", "d"], ["EXEC"]])
        server.peer = peer("-ERR DB index is out of range\r\n+OK\r\n")
        #expect(transaction(client, "MIGRATE h 1 b 99 10", "EXISTS b") == [.error(error + "ERR DB index is out of range"), 1])
        #expect(server.takeEffects() == [])
    }

    /// What was acknowledged before the connection broke is gone here.
    @Test(arguments: [true, false]) func halfWay(hangsUp: Bool) {
        let client = client(peer("+OK\r\n+OK\r\n"))
        server.peer.hangsUp = hangsUp
        server.recordEffects()
        #expect(transaction(client, "MIGRATE h 1 - 0 10 KEYS a b", "KEYS ?") == [Self.unread, ["b", "c"]])
        #expect(server.takeEffects() == [["SELECT", "0"], ["DEL", "a"]])
    }

    /// What travels is how long a key is still to live when it leaves.
    @Test func expiry() {
        let client = client(TestPeer())
        client("PEXPIRE", "b", "10000")
        client("PEXPIRE", "c", "500")
        let replies = transaction(client, "MIGRATE h 1 a 0 1000", "MIGRATE h 1 b 0 1000 COPY", "MIGRATE h 1 c 0 1000")
        #expect(replies == [Self.unread, Self.unread, Self.unread])
        #expect(server.peer.takeRequests().filter { $0[0] == #""RESTORE""# }.map { $0[2] } == [#""0""#, #""9000""#, #""1""#])
        #expect(client("EXISTS", "a", "b", "c") == 2)
    }

    @Test func secretsAreKept() {
        let client = client(.agreeing())
        let monitor = server.connect()
        client("CONFIG", "SET", "slowlog-log-slower-than", "0")
        monitor("MONITOR")
        let secret = "MIGRATE h 1 a 0 100 AUTH2 me secret"
        _ = transaction(client, secret, "MGET h 1 2 3 4 5 6 7")
        let shown = String(decoding: monitor.takeBytes(), as: UTF8.self)
        #expect(shown.contains(#""MIGRATE" "h" "1" "a" "0" "100" "AUTH2" "(redacted)" "(redacted)""#))
        #expect(shown.contains(#""MGET" "h" "1" "2" "3" "4" "5" "6" "7""#))
        let log = client("SLOWLOG", "GET", "9").elements.map { $0.elements[3].elements.map { $0.text ?? "?" }.joined(separator: " ") }
        #expect(log.filter { $0.contains("MIGRATE") } == ["MIGRATE h 1 a 0 100 AUTH2 (redacted) (redacted)"])
    }

    @Test func watchersAndEvents() {
        let client = client(.agreeing())
        let other = server.connect()
        other("WATCH", "a")
        server.engine.observeNotices()
        #expect(transaction(client, "MIGRATE h 1 a 0 100", "MIGRATE h 1 b 0 100 COPY") == ["OK", "OK"])
        #expect(server.engine.takeNotices().map { "\($0.event.name)" } == ["del"])
        other("MULTI")
        #expect(other("EXEC") == .null)
    }

    // MARK: Beside exchanges of others

    /// A key that is on its way elsewhere keeps EXEC waiting, and is gone then.
    @Test func heldKeys() {
        let client = client(TestPeer())
        let other = server.connect()
        #expect(other("MIGRATE", "h", "1", "a", "0", "1000") == .none)
        client("MULTI")
        for key in ["a", "b"] { #expect(client("MIGRATE", "h", "2", key, "0", "1000") == "QUEUED") }
        #expect(client("EXEC") == .none)
        server.peer.answer = TestPeer.agreeing().answer
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(other.nextReply() == "OK")
        #expect(client.nextReply() == ["NOKEY", "OK"])
        #expect(client("KEYS", "*") == ["c"])
    }

    /// Nobody could listen to other links meanwhile, which is not their fault.
    @Test func deadlinesOfOthers() {
        let client = client(TestPeer())
        let other = server.connect()
        #expect(other("MIGRATE", "h", "1", "a", "0", "1000") == .none)
        #expect(transaction(client, "MIGRATE h 1 b 0 5000") == [Self.unread])
        server.wait(milliseconds: 900)
        #expect(other.nextReply() == .none)
        server.peerSays("+OK\r\n+OK\r\n")
        #expect(other.nextReply() == "OK")
        #expect(other("MIGRATE", "h", "1", "c", "0", "1000") == .none)
        #expect(transaction(client, "MIGRATE h 1 b 0 5000") == [Self.unread])
        server.wait(milliseconds: 1001)
        #expect(other.nextReply() == Self.unread)
    }

    // MARK: Between engines

    @Test func betweenEngines() {
        let target = TestServer(seed: 9, clock: server.clock)
        let client = client(TestPeer(target))
        #expect(transaction(client, "MIGRATE h 1 - 3 100 KEYS a b c", "DBSIZE", "SET a new", "MIGRATE h 1 a 3 100") == [
            "OK", 0, "OK", .error("ERR Target instance replied with error: BUSYKEY Target key name already exists."),
        ])
        let there = target.connect()
        there("SELECT", "3")
        #expect(there("MGET", "a", "b", "c") == ["a", "b", "c"])
        #expect(client("GET", "a") == "new")
    }
}
