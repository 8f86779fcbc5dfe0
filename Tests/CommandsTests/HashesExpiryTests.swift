import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// Fields that expire, in small hashes and in tables.
@Suite struct HashesExpiryTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    private var now: Int64 { server.clock.nanoseconds / 1_000_000 }

    private func use(_ limit: String) { client("CONFIG", "SET", "hash-max-listpack-entries", limit) }

    @Test(arguments: ["512", "0"])
    func settingAndAsking(limit: String) {
        use(limit)
        client("HSET", "h", "a", "1", "b", "2", "c", "3")
        #expect(client("HEXPIRE", "h", "10", "FIELDS", "2", "a", "x") == [1, -2])
        #expect(client("HPEXPIRE", "h", "20500", "FIELDS", "1", "b") == [1])
        #expect(client("HTTL", "h", "FIELDS", "4", "a", "b", "c", "x") == [10, 21, -1, -2])
        #expect(client("HPTTL", "h", "FIELDS", "2", "a", "b") == [10_000, 20_500])
        #expect(client("HPEXPIRETIME", "h", "FIELDS", "2", "a", "c") == [.integer(now + 10_000), -1])
        #expect(client("HEXPIRETIME", "h", "FIELDS", "1", "a") == [.integer((now + 10_999) / 1000)])
        #expect(client("HTTL", "missing", "FIELDS", "2", "a", "b") == [-2, -2])
        #expect(client("HPERSIST", "h", "FIELDS", "3", "a", "c", "x") == [1, -1, -2])
        #expect(client("HPERSIST", "missing", "FIELDS", "1", "a") == [-2])
        #expect(client("HTTL", "h", "FIELDS", "1", "a") == [-1])
        #expect(client("HEXPIRE", "missing", "10", "FIELDS", "1", "a") == [-2])
        #expect(client("HEXPIREAT", "h", "1", "FIELDS", "2", "a", "x") == [2, -2])
        #expect(client("HPEXPIREAT", "h", "0", "FIELDS", "2", "b", "c") == [2, 2])
        #expect(client("EXISTS", "h") == 0)
    }

    @Test(arguments: ["512", "0"])
    func conditions(limit: String) {
        use(limit)
        client("HSET", "h", "a", "1", "b", "2")
        #expect(client("HEXPIRE", "h", "10", "XX", "FIELDS", "1", "a") == [0])
        #expect(client("HEXPIRE", "h", "10", "GT", "FIELDS", "1", "a") == [0])
        #expect(client("HEXPIRE", "h", "10", "NX", "FIELDS", "1", "a") == [1])
        #expect(client("HEXPIRE", "h", "20", "NX", "FIELDS", "2", "a", "b") == [0, 1])
        #expect(client("HEXPIRE", "h", "15", "GT", "FIELDS", "2", "a", "b") == [1, 0])
        #expect(client("HEXPIRE", "h", "12", "LT", "FIELDS", "2", "a", "b") == [1, 1])
        #expect(client("HEXPIRE", "h", "30", "xx", "FIELDS", "1", "a") == [1])
        #expect(client("HEXPIRE", "h", "0", "GT", "FIELDS", "1", "a") == [0])
    }

    @Test func effects() {
        client("HSET", "h", "a", "1", "b", "2", "c", "3")
        _ = server.takeEffects()
        client("HEXPIRE", "h", "10", "XX", "FIELDS", "1", "a")
        client("HEXPIRE", "h", "10", "NX", "FIELDS", "3", "a", "x", "b")
        client("HGETEX", "h", "FIELDS", "1", "a")
        client("HGETEX", "h", "EX", "5", "FIELDS", "2", "x", "b")
        client("HPERSIST", "h", "FIELDS", "2", "a", "c")
        client("HSETEX", "h", "FXX", "PX", "70", "FIELDS", "1", "c", "4")
        client("HSETEX", "h", "KEEPTTL", "FIELDS", "1", "c", "5")
        client("HSETEX", "h", "FNX", "FIELDS", "1", "c", "6")
        client("HSETEX", "new", "PX", "0", "FIELDS", "1", "f", "1")
        client("HEXPIREAT", "h", "1", "FIELDS", "3", "a", "b", "x")
        client("HGETDEL", "h", "FIELDS", "2", "c", "x")
        #expect(server.takeEffects() == [
            ["HPEXPIREAT", "h", "\(now + 10_000)", "NX", "FIELDS", "2", "a", "b"],
            ["HPEXPIREAT", "h", "\(now + 5000)", "FIELDS", "1", "b"],
            ["HPERSIST", "h", "FIELDS", "1", "a"],
            ["HSETEX", "h", "FXX", "PXAT", "\(now + 70)", "FIELDS", "1", "c", "4"],
            ["HSETEX", "h", "KEEPTTL", "FIELDS", "1", "c", "5"],
            ["HDEL", "new", "f"],
            ["MULTI"], ["HDEL", "h", "a"], ["HDEL", "h", "b"], ["EXEC"],
            ["HDEL", "h", "c"],
        ])
    }

    @Test(arguments: ["512", "0"])
    func expiredFieldsAreGone(limit: String) {
        use(limit)
        client("HSET", "h", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g", "7")
        client("HPEXPIRE", "h", "10", "FIELDS", "6", "a", "b", "c", "d", "e", "f")
        _ = server.takeEffects()
        server.advance(milliseconds: 11)
        #expect(client("HLEN", "h") == 7)
        #expect(client("HGETALL", "h") == ["g", "7"])
        #expect(client("HKEYS", "h") == ["g"])
        #expect(client("HVALS", "h") == ["7"])
        #expect(client("HSCAN", "h", "0", "COUNT", "1000") == ["0", ["g", "7"]])
        #expect(client("HTTL", "h", "FIELDS", "1", "a") == [-2])
        #expect(client("HLEN", "h") == 7)
        #expect(client("HGET", "h", "a") == nil)
        #expect(client("HEXISTS", "h", "b") == 0)
        #expect(client("HSTRLEN", "h", "c") == 0)
        #expect(client("HINCRBY", "h", "d", "1") == 1)
        #expect(client("HSETNX", "h", "e", "new") == 1)
        #expect(client("HLEN", "h") == 4)
        #expect(client("HSET", "h", "f", "old", "f", "new", "g", "7") == 1)
        #expect(client("HTTL", "h", "FIELDS", "3", "d", "e", "f") == [-1, -1, -1])
        #expect(client.info("everything")["expired_subkeys"] == "5")
        #expect(server.takeEffects() == [
            ["HDEL", "h", "a"], ["HDEL", "h", "b"], ["HDEL", "h", "c"],
            ["MULTI"], ["HDEL", "h", "d"], ["HINCRBY", "h", "d", "1"], ["EXEC"],
            ["MULTI"], ["HDEL", "h", "e"], ["HSETNX", "h", "e", "new"], ["EXEC"],
            ["HSET", "h", "f", "old", "f", "new", "g", "7"],
        ])
    }

    @Test func theLastExpiredFieldTakesTheHashAlong() {
        client("HSET", "h", "a", "1", "b", "2")
        client("HPEXPIRE", "h", "10", "FIELDS", "2", "a", "b")
        server.advance(milliseconds: 10)
        #expect(client("EXISTS", "h") == 1)
        #expect(client("HMGET", "h", "a", "b") == [nil, nil])
        #expect(client("EXISTS", "h") == 0)
        client("HSET", "h", "a", "1", "b", "2")
        client("HPEXPIRE", "h", "10", "FIELDS", "2", "a", "b")
        server.advance(milliseconds: 10)
        #expect(client("HRANDFIELD", "h") == nil)
        #expect(client("EXISTS", "h") == 0)
    }

    @Test(arguments: ["512", "0"])
    func activeExpiry(limit: String) {
        use(limit)
        for i in 0..<300 {
            client("HSET", "h\(i)", "a", "1", "b", "2")
            let fields = i % 2 == 0 ? "2 a b" : "1 a"
            client.line("HPEXPIRE h\(i) \(10 + i) FIELDS \(fields)")
        }
        #expect(client.info("everything")["db0"]?.contains("subexpiry=300") == true)
        _ = server.takeEffects()
        server.advance(milliseconds: 109)
        server.cycle()
        #expect(client("DBSIZE") == 251)
        #expect(client.info("everything")["db0"]?.contains("subexpiry=200") == true)
        #expect(client("HGETALL", "h1") == ["b", "2"])
        let effects = server.takeEffects()
        #expect(effects.count == 150)
        #expect(Set(effects.prefix(2)) == [["HDEL", "h0", "a"], ["HDEL", "h0", "b"]])
        #expect(effects[2] == ["HDEL", "h1", "a"])
        server.advance(milliseconds: 10_000)
        server.cycle()
        #expect(client("DBSIZE") == 151)
        #expect(client.info("everything")["db0"]?.contains("subexpiry=0") == true)
    }

    @Test(arguments: ["512", "0"])
    func events(limit: String) {
        use(limit)
        client("HSET", "h", "a", "1", "b", "2", "c", "3", "d", "4")
        server.engine.observeNotices()
        let steps: [(String, [String])] = [
            ("HSET h a 2", ["hset h@0"]), ("HSETNX h a 2", []), ("HINCRBY h a 1", ["hincrby h@0"]),
            ("HINCRBYFLOAT h a 1", ["hincrbyfloat h@0"]), ("HEXPIRE h 10 FIELDS 2 a b", ["hexpire h@0"]),
            ("HPERSIST h FIELDS 2 a c", ["hpersist h@0"]), ("HGETEX h FIELDS 1 a", []),
            ("HGETEX h EX 10 FIELDS 1 a", ["hexpire h@0"]), ("HGETEX h PERSIST FIELDS 1 a", ["hpersist h@0"]),
            ("HSETEX h FIELDS 1 a 1", ["hset h@0"]), ("HSETEX h EX 10 FIELDS 1 a 1", ["hset h@0", "hexpire h@0"]),
            ("HGETDEL h FIELDS 1 a", ["hdel h@0"]), ("HEXPIREAT h 1 FIELDS 1 b", ["hdel h@0"]),
            ("HDEL h c", ["hdel h@0"]), ("HDEL h x", []), ("HDEL h d", ["hdel h@0", "del h@0"]),
            ("HSETEX h PX 5 FIELDS 2 a 1 b 2", ["hset h@0", "hexpire h@0"]),
        ]
        for (line, events) in steps {
            client.line(line)
            #expect(server.takeEvents() == events, Comment(rawValue: line))
        }
        server.advance(milliseconds: 6)
        client("HGET", "h", "a")
        #expect(server.takeEvents() == ["hexpired h@0"])
        server.cycle()
        #expect(server.takeEvents() == ["hexpired h@0", "del h@0"])
    }

    @Test func activeExpiryCanBeSwitchedOff() {
        client("HSETEX", "h", "PX", "5", "FIELDS", "1", "a", "1")
        client("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        server.advance(milliseconds: 10)
        server.cycle()
        #expect(client("HLEN", "h") == 1)
        client("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        server.cycle()
        #expect(client("EXISTS", "h") == 0)
    }

    @Test func expiriesMoveWithTheKey() {
        client("HSET", "h", "a", "1", "b", "2")
        client("HPEXPIRE", "h", "50", "FIELDS", "1", "a")
        client("EXPIRE", "h", "100")
        client("RENAME", "h", "moved")
        client("COPY", "moved", "copied")
        client("MOVE", "moved", "3")
        client("SWAPDB", "3", "5")
        server.advance(milliseconds: 51)
        server.cycle()
        #expect(client("HGETALL", "copied") == ["b", "2"])
        #expect(client("HLEN", "copied") == 1)
        client("SELECT", "5")
        #expect(client("HLEN", "moved") == 1)
        client("FLUSHALL")
        server.engine.context.checkKeyspace()
    }

    @Test(arguments: ["512", "0"])
    func gettingWithExpiry(limit: String) {
        use(limit)
        client("HSET", "h", "a", "1", "b", "2")
        #expect(client("HGETEX", "h", "EX", "100", "FIELDS", "2", "a", "x") == ["1", nil])
        #expect(client("HTTL", "h", "FIELDS", "1", "a") == [100])
        #expect(client("HGETEX", "h", "FIELDS", "1", "a") == ["1"])
        #expect(client("HTTL", "h", "FIELDS", "1", "a") == [100])
        #expect(client("HGETEX", "h", "PERSIST", "FIELDS", "2", "a", "b") == ["1", "2"])
        #expect(client("HTTL", "h", "FIELDS", "1", "a") == [-1])
        #expect(client("HGETEX", "h", "PXAT", "1", "FIELDS", "2", "a", "b") == ["1", "2"])
        #expect(client("EXISTS", "h") == 0)
        #expect(client("HGETEX", "h", "PXAT", "1", "FIELDS", "2", "a", "b") == [nil, nil])
        client("HSET", "h", "a", "1", "b", "2", "c", "3")
        #expect(client("HGETDEL", "h", "FIELDS", "3", "a", "a", "c") == ["1", nil, "3"])
        #expect(client("HGETDEL", "h", "FIELDS", "1", "b") == ["2"])
        #expect(client("EXISTS", "h") == 0)
    }

    @Test(arguments: ["512", "0"])
    func settingWithExpiry(limit: String) {
        use(limit)
        #expect(client("HSETEX", "h", "FXX", "FIELDS", "1", "a", "1") == 0)
        #expect(client("EXISTS", "h") == 0)
        #expect(client("HSETEX", "h", "XX", "FIELDS", "1", "a", "1") == 0)
        #expect(client("HSETEX", "h", "NX", "EX", "10", "FIELDS", "2", "a", "1", "b", "2") == 1)
        #expect(client("HTTL", "h", "FIELDS", "2", "a", "b") == [10, 10])
        #expect(client("HSETEX", "h", "NX", "FIELDS", "1", "c", "1") == 0)
        #expect(client("HSETEX", "h", "FNX", "FIELDS", "2", "a", "x", "c", "x") == 0)
        #expect(client("HSETEX", "h", "XX", "FNX", "FIELDS", "1", "c", "3") == 1)
        #expect(client("HSETEX", "h", "KEEPTTL", "FIELDS", "2", "a", "new", "c", "new") == 1)
        #expect(client("HTTL", "h", "FIELDS", "2", "a", "c") == [10, -1])
        #expect(client("HSETEX", "h", "FIELDS", "1", "a", "newer") == 1)
        #expect(client("HTTL", "h", "FIELDS", "1", "a") == [-1])
        #expect(client("HSETEX", "h", "EXAT", "1", "FIELDS", "3", "a", "1", "b", "1", "c", "1") == 1)
        #expect(client("EXISTS", "h") == 0)
    }
}
