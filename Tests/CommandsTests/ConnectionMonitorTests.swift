import Commands
import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport

@Suite struct ConnectionMonitorTests {
    let server = TestServer(declarations: Families.all + SampleBlocking.declarations)

    /// The lines that a monitor has got, without time and address.
    private func lines(_ monitor: TestClient) -> [String] {
        String(decoding: monitor.takeBytes(), as: UTF8.self).split(separator: "\r\n").map { line in
            line.firstIndex(of: "]").map { String(line[line.index($0, offsetBy: 2)...]) } ?? String(line)
        }
    }

    @Test func lineShape() {
        let monitor = server.connect()
        let client = server.connect()
        #expect(monitor("MONITOR") == "OK")
        // Once fed, always fed: no second reply.
        #expect(monitor("MONITOR") == .none)
        client("SELECT", "3")
        let text = String(decoding: monitor.takeBytes(), as: UTF8.self)
        #expect(text.wholeMatch(of: /\+\d{10,}\.\d{6} \[3 127\.0\.0\.1:2\] "SELECT" "3"\r\n/) != nil, "\(text)")
    }

    @Test func quoting() {
        let monitor = server.connect()
        let client = server.connect()
        monitor("MONITOR")
        client.run([[UInt8]("SET"), [UInt8]("k y"), [97, 92, 34, 10, 1, 255, 13, 9, 7, 8, 0, 127]])
        #expect(lines(monitor) == [#""SET" "k y" "a\\\"\n\x01\xff\r\t\a\b\x00\x7f""#])
    }

    @Test func whatIsShown() {
        let monitor = server.connect()
        let client = server.connect()
        monitor("MONITOR")
        client("NOSUCH")
        client("GET")
        client("CONFIG", "GET", "maxmemory")
        client("CLIENT", "LIST")
        client("CLIENT", "ID")
        client("GET", "k")
        #expect(lines(monitor) == [#""CLIENT" "ID""#, #""GET" "k""#])
    }

    @Test func passwordsAreNotShown() {
        let monitor = server.connect()
        let client = server.connect()
        monitor("MONITOR")
        client("AUTH", "secret")
        client("AUTH", "user", "secret")
        client("HELLO", "2", "AUTH", "user", "secret")
        client("ECHO", "x")
        #expect(lines(monitor) == [
            #""AUTH" "(redacted)""#, #""AUTH" "(redacted)" "(redacted)""#,
            #""HELLO" "2" "AUTH" "(redacted)" "(redacted)""#, #""ECHO" "x""#,
        ])
    }

    @Test func transactionsAreShownAsTheyRun() {
        let monitor = server.connect()
        let client = server.connect()
        monitor("MONITOR")
        client("MULTI")
        client("SET", "a", "1")
        #expect(lines(monitor) == [#""MULTI""#])
        client("EXEC")
        #expect(lines(monitor) == [#""SET" "a" "1""#, #""EXEC""#])
        client("MULTI")
        client("MONITOR")
        #expect(client("EXEC") == [.error("ERR MONITOR isn't allowed for DENY BLOCKING client")])
    }

    @Test func monitorWorksWithNoKeys() {
        let monitor = server.connect()
        monitor("MONITOR")
        #expect(monitor("GET", "k") == .error("ERR Replica can't interact with the keyspace"))
        #expect(monitor("SET", "k", "v") == .error("ERR Replica can't interact with the keyspace"))
        #expect(monitor("PING") == "PONG")
        #expect(lines(monitor) == [#""PING""#])
        #expect(monitor("CLIENT", "INFO").text?.contains(" flags=O ") == true)
    }

    @Test func end() {
        let first = server.connect()
        let second = server.connect()
        let client = server.connect()
        first("MONITOR")
        second("MONITOR")
        #expect(second("RESET") == "RESET")
        #expect(second("SET", "k", "v") == "OK")
        #expect(second.takeBytes().isEmpty)
        #expect(server.engine.context.clients.monitorCount == 1)
        #expect(lines(first) == [#""RESET""#, #""SET" "k" "v""#])
        #expect(first("QUIT") == "OK")
        first.disconnect()
        client("GET", "k")
        #expect(server.engine.context.clients.monitorCount == 0)
    }

    /// A monitor with replies switched off, and one that waits, in the midst of its own pipeline.
    @Test func monitorThatIsServed() {
        let server = server
        let monitor = server.connect()
        let waiter = server.connect()
        let other = server.connect()
        monitor("MONITOR")
        waiter("BTAKE", "k", "0")
        other("MONITOR")
        _ = monitor.takeBytes()
        let words = ["PING", "CLIENT REPLY SKIP", "ECHO " + String(repeating: "x", count: 40_000), "PING"]
        monitor.send([UInt8](words.joined(separator: "\r\n").utf8) + [13, 10])
        let own = String(decoding: monitor.takeBytes(), as: UTF8.self).split(separator: "\r\n")
        #expect(own.count == 6 && own[0] == "+PONG" && own[1] == "+PONG" && own[4].count > 40_000)
        #expect(lines(other).count == 4)
        let writer = server.connect()
        writer.send([UInt8]("SET k v\r\nGET k\r\n".utf8))
        #expect(writer.takeBytes() == [UInt8]("+OK\r\n$-1\r\n".utf8))
        #expect(lines(monitor).count == 2)
        #expect(waiter.nextReply() == ["k", "v"])
    }

    @Test func slowMonitorIsEvicted() {
        let monitor = server.connect()
        let client = server.connect()
        client("CONFIG", "SET", "maxmemory-clients", "300000")
        monitor("MONITOR")
        for _ in 0..<20 { client("ECHO", String(repeating: "x", count: 20_000)) }
        #expect(server.engine.context.clients.limitCounters.evictedClients == 1)
        #expect(server.engine.takeRequests().closing == [monitor.id])
    }

    @Test func slowMonitorIsDropped() {
        let monitor = server.connect()
        let client = server.connect()
        client("CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
        monitor("MONITOR")
        for _ in 0..<40 { client("ECHO", String(repeating: "x", count: 5000)) }
        #expect(client("CLIENT", "LIST").text?.split(separator: "\n").count == 1)
        #expect(server.engine.takeRequests().closing == [monitor.id])
        #expect(monitor.takeBytes().isEmpty)
    }
}
