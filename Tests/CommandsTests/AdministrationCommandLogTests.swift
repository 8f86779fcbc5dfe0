import TestSupport
import Testing
@testable import Engine

@Suite struct AdministrationCommandLogTests {
    let server = TestServer()
    private let badCount = Reply.error("ERR count should be greater than or equal to -1")
    private let badType = Reply.error("ERR type should be one of the following: slow, large-request, large-reply")

    /// The words of all entries, the latest first.
    private func noted(_ client: TestClient, _ type: String = "slow") -> [[String]] {
        client("COMMANDLOG", "GET", "-1", type).elements.map { $0.elements[3].elements.compactMap(\.text) }
    }

    @Test func arity() {
        let client = server.connect()
        func wrongNumber(_ name: String) -> Reply { .error("ERR wrong number of arguments for '\(name)' command") }
        #expect(client("SLOWLOG") == wrongNumber("slowlog"))
        #expect(client("SLOWLOG", "GET", "1", "2")
            == .error("ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."))
        for name in ["len", "reset", "help"] { #expect(client("SLOWLOG", name, "x") == wrongNumber("slowlog|\(name)")) }
        #expect(client("COMMANDLOG", "GET", "1") == wrongNumber("commandlog|get"))
        #expect(client("COMMANDLOG", "LEN") == wrongNumber("commandlog|len"))
        #expect(client("COMMANDLOG", "RESET") == wrongNumber("commandlog|reset"))
        for word in ["-2", "x", "", "9223372036854775808", "1.0"] {
            #expect(client("SLOWLOG", "GET", word) == badCount)
            #expect(client("COMMANDLOG", "GET", word, "slow") == badCount)
        }
        for word in ["", "foo", "slowly"] {
            #expect(client("COMMANDLOG", "GET", "1", word) == badType)
            #expect(client("COMMANDLOG", "LEN", word) == badType)
            #expect(client("COMMANDLOG", "RESET", word) == badType)
        }
        #expect(client("SLOWLOG", "GET", "9223372036854775807") == [])
    }

    @Test func onlySlowCommands() {
        let client = server.connect()
        client("CLIENT", "SETNAME", "watcher")
        client("DEBUG", "SLEEP", "0.009")
        #expect(client("SLOWLOG", "LEN") == 0)
        client("DEBUG", "SLEEP", "0.01")
        #expect(client("SLOWLOG", "LEN") == 1)
        let second = server.clock.nanoseconds / 1_000_000_000
        #expect(client("SLOWLOG", "GET") == [
            [0, .integer(second), 10000, ["DEBUG", "SLEEP", "0.01"], "127.0.0.1:1", "watcher"]
        ])
        #expect(client("COMMANDLOG", "GET", "5", "SLOW") == client("SLOWLOG", "GET"))
    }

    @Test func countsAndOrder() {
        let client = server.connect()
        client("CONFIG", "SET", "slowlog-log-slower-than", "0")
        for i in 0..<20 { client("GET", "k\(i)") }
        client("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        // The first CONFIG SET was noted as well, the second was not.
        #expect(client("SLOWLOG", "LEN") == 21)
        #expect(client("SLOWLOG", "GET").elements.count == 10)
        #expect(client("SLOWLOG", "GET", "0") == [])
        #expect(client("SLOWLOG", "GET", "3").elements.map { $0.elements[0] } == [20, 19, 18])
        #expect(noted(client).last == ["CONFIG", "SET", "slowlog-log-slower-than", "0"])
        #expect(noted(client).first == ["GET", "k19"])
        #expect(client("SLOWLOG", "RESET") == "OK")
        #expect(client("SLOWLOG", "LEN") == 0)
        // Numbers go on.
        client("CONFIG", "SET", "slowlog-log-slower-than", "0")
        client("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        #expect(client("SLOWLOG", "GET").elements.map { $0.elements[0] } == [21])
    }

    @Test func bounded() {
        let server = TestServer { $0.monitoring.thresholds[0] = 0; $0.monitoring.lengths[0] = 5 }
        let client = server.connect()
        for i in 0..<50 { client("GET", "k\(i)") }
        #expect(noted(client) == (45..<50).reversed().map { ["GET", "k\($0)"] })
        client("CONFIG", "SET", "slowlog-max-len", "0")
        client("SLOWLOG", "RESET")
        client("PING")
        #expect(client("SLOWLOG", "LEN") == 0)
    }

    @Test func longCommandsAreCut() {
        let server = TestServer { $0.monitoring.thresholds[0] = 0 }
        let client = server.connect()
        client.run([[UInt8]("DEL")] + (1..<33).map { [UInt8]("k\($0)") })
        client.run([[UInt8]("DEL")] + (1..<32).map { [UInt8]("k\($0)") })
        client("GET", String(repeating: "A", count: 129))
        client("GET", String(repeating: "A", count: 128))
        let all = noted(client)
        #expect(all[3] == ["DEL"] + (1..<31).map { "k\($0)" } + ["... (2 more arguments)"])
        #expect(all[2] == ["DEL"] + (1..<32).map { "k\($0)" })
        #expect(all[1] == ["GET", String(repeating: "A", count: 128) + "... (1 more bytes)"])
        #expect(all[0] == ["GET", String(repeating: "A", count: 128)])
        client("CONFIG", "SET", "slowlog-entry-max-argc", "2", "slowlog-entry-max-string-len", "1")
        client("MGET", "abc", "d")
        #expect(noted(client)[0] == ["M... (3 more bytes)", "... (2 more arguments)"])
    }

    @Test func secretsAreNotKept() {
        let server = TestServer { $0.monitoring.thresholds[0] = 0 }
        let client = server.connect()
        client("AUTH", "a")
        client("AUTH", "user", "password")
        client("HELLO", "2", "AUTH", "default", "secret", "SETNAME", "n")
        client("CONFIG", "SET", "hz", "10", "requirepass", "secret")
        client("CONFIG", "SET", "REQUIREPASS", "")
        client("GET", "plain")
        let hidden = "(redacted)"
        #expect(noted(client) == [
            ["GET", "plain"], ["CONFIG", "SET", "REQUIREPASS", hidden], ["CONFIG", "SET", "hz", "10", "requirepass", hidden],
            ["HELLO", "2", "AUTH", hidden, hidden, "SETNAME", "n"], ["AUTH", hidden, hidden], ["AUTH", hidden],
        ])
    }

    @Test func refusedCommandsAreNotNoted() {
        let server = TestServer { $0.monitoring.thresholds[0] = 0 }
        let client = server.connect()
        client("GET")
        client("NOSUCH")
        #expect(client("SLOWLOG", "LEN") == 0)
    }

    @Test func largeRequests() {
        let client = server.connect()
        client("CONFIG", "SET", "commandlog-request-larger-than", "100")
        // Array head 4, SET 9, key 7, value head 5 and end 2.
        client("SET", "k", String(repeating: "x", count: 72))
        #expect(client("COMMANDLOG", "LEN", "large-request") == 0)
        client("SET", "k", String(repeating: "x", count: 73))
        #expect(client("COMMANDLOG", "GET", "1", "large-request").elements.first?.elements[2] == 100)
        // A request that arrives in pieces, and one in a line.
        let request = TestClient.encode([[UInt8]("SET"), [UInt8]("k"), [UInt8](repeating: 121, count: 200_000)])
        for start in stride(from: 0, to: request.count, by: 50_000) { client.send(Array(request[start..<min(request.count, start + 50_000)])) }
        #expect(client.nextReply() == "OK")
        #expect(client("COMMANDLOG", "GET", "1", "large-request").elements.first?.elements[2] == .integer(Int64(request.count)))
        client.send([UInt8]("SET k \(String(repeating: "z", count: 500))\r\n"))
        _ = client.nextReply()
        #expect(client("COMMANDLOG", "LEN", "large-request") == 3)
        #expect(client("COMMANDLOG", "RESET", "large-request") == "OK")
        #expect(client("COMMANDLOG", "LEN", "large-request") == 0)
        #expect(client("SLOWLOG", "LEN") == 0)
    }

    @Test func largeReplies() {
        let client = server.connect()
        client("CONFIG", "SET", "commandlog-reply-larger-than", "100")
        client("SET", "small", String(repeating: "x", count: 92))
        client("SET", "large", String(repeating: "x", count: 93))
        client("SET", "huge", String(repeating: "x", count: 500_000))
        // Several in one batch.
        client.send([UInt8]("GET small\r\nGET large\r\nGET huge\r\nGET small\r\n"))
        _ = client.takeBytes()
        #expect(noted(client, "large-reply") == [["GET", "huge"], ["GET", "large"]])
        let sizes = client("COMMANDLOG", "GET", "-1", "large-reply").elements.map { $0.elements[2] }
        #expect(sizes.suffix(2) == [.integer(500_011), 100])
        client("CONFIG", "SET", "commandlog-reply-larger-than", "-1")
        client("COMMANDLOG", "RESET", "large-reply")
        client("GET", "huge")
        #expect(client("COMMANDLOG", "LEN", "large-reply") == 0)
    }

    @Test func help() {
        let client = server.connect()
        for name in ["SLOWLOG", "COMMANDLOG", "LATENCY", "MEMORY"] {
            let lines = client(name, "HELP").elements.compactMap(\.text)
            #expect(lines.first == "\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
            #expect(lines.count >= 9 && lines.contains("HELP"))
        }
    }
}
