import Engine
import TestSupport
import Testing

/// Adding, reading and counting.
@Suite struct SortedSetsTests {
    @Test func additionAndItsOptions() {
        let client = TestServer().connect()
        #expect(client.line("ZADD z 1 a 2 b 3 c 1 a") == 3)
        #expect(client.line("ZADD z CH 5 a 2 b 4 d") == 2)
        #expect(client.line("ZADD z XX CH 6 a 7 new") == 1)
        #expect(client.line("ZADD z NX 9 a 7 new") == 1)
        #expect(client.line("ZADD z GT CH 5 a 8 new 1 e") == 2)
        #expect(client.line("ZADD z LT CH 9 a 1 new") == 1)
        #expect(client.line("ZADD z INCR 1.5 a") == "7.5")
        #expect(client.line("ZADD z NX INCR 1 a") == nil)
        #expect(client.line("ZADD z XX INCR 1 nobody") == nil)
        #expect(client.line("ZADD missing XX 1 a") == 0)
        #expect(client.line("EXISTS missing") == 0)
        #expect(client.line("ZINCRBY z 2.25 a") == "9.75")
        #expect(client.line("ZINCRBY z 1 fresh") == "1")
        #expect(client.line("ZRANGE z 0 -1 WITHSCORES")
            == ["e", "1", "fresh", "1", "new", "1", "b", "2", "c", "3", "d", "4", "a", "9.75"])
    }

    @Test func additionIsRefused() {
        let client = TestServer().connect()
        client("SET", "s", "x")
        #expect(client.line("ZADD z 1") == .error("ERR wrong number of arguments for 'zadd' command"))
        #expect(client.line("ZADD z 1 a 2") == .error("ERR syntax error"))
        #expect(client.line("ZADD z NX CH") == .error("ERR syntax error"))
        #expect(client.line("ZADD z NX XX 1 a") == .error("ERR XX and NX options at the same time are not compatible"))
        for options in ["GT LT", "GT NX", "LT NX"] {
            #expect(client.line("ZADD z \(options) 1 a")
                == .error("ERR GT, LT, and/or NX options at the same time are not compatible"))
        }
        #expect(client.line("ZADD z INCR 1 a 2 b")
            == .error("ERR INCR option supports a single increment-element pair"))
        for score in ["x", "nan", "1x", "(1"] {
            #expect(client.line("ZADD z 1 a \(score) b") == .error("ERR value is not a valid float"))
        }
        #expect(client("ZADD", "z", "", "b") == .error("ERR value is not a valid float"))
        #expect(client.line("EXISTS z") == 0)
        #expect(client.line("ZADD s 1 a") == wrongType)
        client.line("ZADD z inf a")
        #expect(client.line("ZINCRBY z -inf a") == .error("ERR resulting score is not a number (NaN)"))
        #expect(client.line("ZINCRBY z foo a") == .error("ERR value is not a valid float"))
    }

    private let wrongType = Reply.error("WRONGTYPE Operation against a key holding the wrong kind of value")

    @Test func scoresAndRanks() {
        let server = TestServer()
        let client = server.connect()
        client.line("ZADD z -inf low 1 a 1 b 3.1 c inf high")
        #expect(client.line("ZCARD z") == 5)
        #expect(client.line("ZCARD none") == 0)
        #expect(client.line("ZSCORE z c") == "3.1")
        #expect(client.line("ZSCORE z none") == nil)
        #expect(client.line("ZMSCORE z high none low") == ["inf", nil, "-inf"])
        #expect(client.line("ZMSCORE none a b") == [nil, nil])
        #expect(client.line("ZRANK z b") == 2)
        #expect(client.line("ZREVRANK z b") == 2)
        #expect(client.line("ZREVRANK z low") == 4)
        #expect(client.line("ZRANK z none") == nil)
        #expect(client.line("ZRANK z c WITHSCORE") == [3, "3.1"])
        #expect(client.line("ZRANK z c WITHSCORES") == .error("ERR syntax error"))
        #expect(client.line("ZREVRANK z none WITHSCORE") == nil)
        client.line("HELLO 3")
        #expect(client.line("ZSCORE z c") == .double("3.1"))
        #expect(client.line("ZRANK z c WITHSCORE") == [3, .double("3.1")])
        #expect(client.line("ZINCRBY z 1 a") == .double("2"))
    }

    @Test func counts() {
        let client = TestServer().connect()
        client.line("ZADD z 1 a 2 b 2 c 3 d")
        #expect(client.line("ZCOUNT z -inf +inf") == 4)
        #expect(client.line("ZCOUNT z 2 2") == 2)
        #expect(client.line("ZCOUNT z (1 (3") == 2)
        #expect(client.line("ZCOUNT z 3 1") == 0)
        #expect(client.line("ZCOUNT none 1 2") == 0)
        #expect(client.line("ZCOUNT z a 1") == .error("ERR min or max is not a float"))
        #expect(client.line("ZCOUNT z 1 nan") == .error("ERR min or max is not a float"))
        client.line("ZADD same 0 a 0 b 0 c 0 d")
        #expect(client.line("ZLEXCOUNT same - +") == 4)
        #expect(client.line("ZLEXCOUNT same [b (d") == 2)
        #expect(client.line("ZLEXCOUNT same + -") == 0)
        #expect(client.line("ZLEXCOUNT same b +") == .error("ERR min or max not valid string range item"))
    }

    @Test func removal() {
        let server = TestServer()
        let client = server.connect()
        server.recordEffects()
        client.line("ZADD z 1 a 2 b 3 c 4 d 5 e")
        #expect(client.line("ZREM z a none a") == 1)
        #expect(client.line("ZREMRANGEBYRANK z -1 -1") == 1)
        #expect(client.line("ZREMRANGEBYSCORE z (2 3") == 1)
        #expect(client.line("ZRANGE z 0 -1") == ["b", "d"])
        #expect(client.line("ZREM z b d") == 2)
        #expect(client.line("EXISTS z") == 0)
        #expect(client.line("ZREM z b") == 0)
        client.line("ZADD z 0 a 0 b 0 c")
        #expect(client.line("ZREMRANGEBYLEX z [b +") == 2)
        #expect(client.line("ZREMRANGEBYLEX z - +") == 1)
        #expect(client.line("EXISTS z") == 0)
        #expect(client.line("ZREMRANGEBYRANK z a 1") == .error("ERR value is not an integer or out of range"))
        #expect(server.takeEffects().map { $0[0] } == [
            "SELECT", "ZADD", "ZREM", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREM", "ZADD", "ZREMRANGEBYLEX", "ZREMRANGEBYLEX",
        ])
    }

    @Test func encodings() {
        let server = TestServer()
        let client = server.connect()
        client.line("ZADD z 1 a")
        #expect(client.line("OBJECT ENCODING z") == "listpack")
        for number in 0..<127 { client.line("ZADD z \(number) m\(number)") }
        #expect(client.line("OBJECT ENCODING z") == "listpack")
        client.line("ZADD z 1 more")
        #expect(client.line("OBJECT ENCODING z") == "skiplist")
        client.line("ZREMRANGEBYRANK z 1 -1")
        #expect(client.line("OBJECT ENCODING z") == "skiplist")
        client.line("ZUNIONSTORE small 1 z")
        #expect(client.line("OBJECT ENCODING small") == "listpack")
        client("ZADD", "long", "1", String(repeating: "x", count: 65))
        #expect(client.line("OBJECT ENCODING long") == "skiplist")
        client.line("CONFIG SET zset-max-listpack-entries 2")
        client.line("ZADD three 1 a 2 b")
        #expect(client.line("OBJECT ENCODING three") == "listpack")
        client.line("ZADD three 3 c")
        #expect(client.line("OBJECT ENCODING three") == "skiplist")
        client.line("PEXPIRE three 100000")
        client.line("COPY three copied")
        #expect(client.line("ZRANGE copied 0 -1") == ["a", "b", "c"])
        server.engine.context.checkKeyspace()
    }

    @Test func keysExpireWhateverTheirEncoding() {
        let server = TestServer()
        let client = server.connect()
        for count in [3, 300] {
            for number in 0..<count { client.line("ZADD z \(number) m\(number)") }
            client.line("PEXPIRE z 100")
            client.line("ZADD z 5 x")
            #expect(client.line("PTTL z") == 100)
            server.advance(milliseconds: 101)
            #expect(client.line("ZCARD z") == 0)
        }
    }

    @Test func scans() {
        let client = TestServer().connect()
        client.line("ZADD z 1 a 2.5 b")
        #expect(client.line("ZSCAN z 0") == ["0", ["a", "1", "b", "2.5"]])
        #expect(client.line("ZSCAN z 0 MATCH b NOSCORES") == ["0", ["b"]])
        #expect(client.line("ZSCAN none 0") == ["0", []])
        #expect(client.line("ZSCAN z x") == .error("ERR invalid cursor"))
        #expect(client.line("ZSCAN z 0 COUNT 0") == .error("ERR syntax error"))
        #expect(client.line("ZSCAN z 0 COUNT") == .error("ERR syntax error"))
        for number in 0..<1000 { client.line("ZADD big \(number).1 m\(number)") }
        var cursor = "0"
        var seen: [String: String] = [:]
        repeat {
            let elements = client.line("ZSCAN big \(cursor) COUNT 50").elements
            cursor = elements[0].text ?? "0"
            let words = elements[1].elements.compactMap(\.text)
            for index in stride(from: 0, to: words.count, by: 2) { seen[words[index]] = words[index + 1] }
        } while cursor != "0"
        #expect(seen.count == 1000)
        // All digits, as scans of large sets have always told them.
        #expect(seen["m3"] == "3.1000000000000001")
    }
}
