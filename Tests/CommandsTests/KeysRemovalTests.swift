import Engine
import Keyspace
import TestSupport
import Testing

@Suite struct KeysRemovalTests {
    let server = KeysFixture.server(partitionCount: 4)
    let client: TestClient

    init() { client = server.connect() }

    @Test(arguments: ["DEL", "UNLINK"]) func removal(name: String) {
        client("SET", "a", "1")
        client("SET", "b", "2")
        #expect(client(name, "nokey") == 0)
        #expect(client(name, "a", "a", "nokey", "b") == 2)
        #expect(client(name, "a", "b") == 0)
        #expect(client("DBSIZE") == 0)
        #expect(client(name) == .error("ERR wrong number of arguments for '\(name.lowercased())' command"))
        client("SET", "large", String(repeating: "x", count: 1_000_000))
        #expect(client(name, "large") == 1)
    }

    @Test func removalOfAnExpiredKeyDoesNotCount() {
        client("SET", "a", "1")
        client("SET", "b", "1")
        client("PEXPIRE", "a", "1")
        server.advance(milliseconds: 1)
        server.recordEffects()
        #expect(client("DEL", "a", "b") == 1)
        #expect(server.takeEffects() == [["SELECT", "0"], ["MULTI"], ["UNLINK", "a"], ["DEL", "a", "b"], ["EXEC"]])
    }

    @Test func effectsAndEvents() {
        server.recordEffects()
        server.engine.observeNotices()
        client("SET", "a", "1")
        client("SET", "b", "2")
        client("SET", "c", "3")
        _ = server.takeEvents()
        client("DEL", "nokey")
        client("DEL", "a", "nokey", "b")
        client("unlink", "c")
        #expect(server.takeEvents() == ["del a@0", "del b@0", "del c@0"])
        #expect(server.takeEffects().dropFirst(4) == [["DEL", "a", "nokey", "b"], ["unlink", "c"]])
        #expect(server.engine.context.statistics.dirty == 6)
    }

    @Test func presence() {
        client("SET", "a", "1")
        client("SET", "b", "2")
        #expect(client("EXISTS", "a") == 1)
        #expect(client("EXISTS", "nokey") == 0)
        #expect(client("EXISTS", "a", "b", "nokey", "a") == 3)
        #expect(client("TOUCH", "a", "b", "nokey", "a") == 3)
        #expect(client("TYPE", "a") == .status("string"))
        #expect(client("TYPE", "nokey") == .status("none"))
        client("PEXPIRE", "a", "1")
        server.advance(milliseconds: 1)
        #expect(client("EXISTS", "a", "b") == 1)
        #expect(client("TOUCH", "a", "b") == 1)
        #expect(client("TYPE", "a") == "none")
        for name in ["exists", "touch", "type"] {
            #expect(client(name) == .error("ERR wrong number of arguments for '\(name)' command"))
        }
        #expect(client("TYPE", "a", "b") == .error("ERR wrong number of arguments for 'type' command"))
    }

    @Test func hitsAndMisses() {
        client("SET", "a", "1")
        for name in ["EXISTS", "TOUCH", "TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"] {
            client(name, "a")
            client(name, "nokey")
        }
        client("OBJECT", "ENCODING", "a")
        #expect(server.engine.context.statistics.lookups.hits == 8)
        #expect(server.engine.context.statistics.lookups.misses == 7)
    }

    @Test func onlyUseRenewsTheIdleTime() {
        client("SET", "a", "1")
        server.advance(milliseconds: 60_000)
        client("EXISTS", "a")
        client("TYPE", "a")
        client("TTL", "a")
        client("OBJECT", "IDLETIME", "a")
        #expect(client("OBJECT", "IDLETIME", "a") == 60)
        let quiet = server.connect()
        quiet("TEST.NOTOUCH")
        quiet("GET", "a")
        #expect(client("OBJECT", "IDLETIME", "a") == 60)
        quiet("TOUCH", "a")
        #expect(client("OBJECT", "IDLETIME", "a") == 0)
        server.advance(milliseconds: 5000)
        quiet("GET", "a")
        #expect(client("OBJECT", "IDLETIME", "a") == 5)
        client("GET", "a")
        #expect(client("OBJECT", "IDLETIME", "a") == 0)
    }
}
