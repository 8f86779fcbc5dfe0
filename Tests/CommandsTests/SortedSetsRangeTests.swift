import Engine
import TestSupport
import Testing

/// Ranges, ends, chance and set algebra.
@Suite struct SortedSetsRangeTests {
    /// A set of five members in both encodings.
    private func fill(_ client: TestClient, large: Bool) {
        client.line("CONFIG SET zset-max-listpack-entries \(large ? 0 : 128)")
        client.line("DEL z")
        client.line("ZADD z 1 a 2 b 3 c 4 d 5 e")
        #expect(client.line("OBJECT ENCODING z").text == (large ? "skiplist" : "listpack"))
    }

    @Test(arguments: [false, true])
    func rangesOfRanksAndScores(large: Bool) {
        let client = TestServer().connect()
        fill(client, large: large)
        let expected: [(String, Reply)] = [
            ("ZRANGE z 0 -1", ["a", "b", "c", "d", "e"]), ("ZRANGE z 1 2 WITHSCORES", ["b", "2", "c", "3"]),
            ("ZRANGE z -2 100", ["d", "e"]), ("ZRANGE z 3 1", []), ("ZRANGE z 9 10", []), ("ZRANGE none 0 -1", []),
            ("ZRANGE z 0 1 REV", ["e", "d"]), ("ZREVRANGE z 0 1 WITHSCORES", ["e", "5", "d", "4"]),
            ("ZRANGE z (1 3 BYSCORE", ["b", "c"]), ("ZRANGE z 3 (1 BYSCORE REV", ["c", "b"]),
            ("ZRANGE z -inf +inf BYSCORE LIMIT 1 2", ["b", "c"]), ("ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2", ["d", "c"]),
            ("ZRANGEBYSCORE z 2 4 WITHSCORES LIMIT 0 -1", ["b", "2", "c", "3", "d", "4"]),
            ("ZRANGEBYSCORE z 2 4 LIMIT -1 2", []), ("ZRANGEBYSCORE z 2 4 LIMIT 7 2", []),
            ("ZREVRANGEBYSCORE z 4 2 LIMIT 0 2", ["d", "c"]), ("ZRANGEBYSCORE z 4 2", []),
            ("ZRANGE z 0 -1 LIMIT 0 -1", ["a", "b", "c", "d", "e"]),
        ]
        for (line, reply) in expected { #expect(client.line(line) == reply, "\(line)") }
        #expect(client.line("ZRANGESTORE stored z 4 2 BYSCORE REV LIMIT 0 2") == 2)
        #expect(client.line("ZRANGE stored 0 -1 WITHSCORES") == ["c", "3", "d", "4"])
        #expect(client.line("ZRANGESTORE z z 1 2") == 2)
        #expect(client.line("ZRANGE z 0 -1") == ["b", "c"])
        #expect(client.line("ZRANGESTORE z z 5 9") == 0)
        #expect(client.line("EXISTS z") == 0)
    }

    @Test(arguments: [false, true])
    func rangesOfBytes(large: Bool) {
        let client = TestServer().connect()
        client.line("CONFIG SET zset-max-listpack-entries \(large ? 0 : 128)")
        client.line("ZADD z 0 a 0 b 0 c 0 10 0 9")
        let expected: [(String, Reply)] = [
            ("ZRANGEBYLEX z - +", ["10", "9", "a", "b", "c"]), ("ZRANGEBYLEX z [9 (b", ["9", "a"]),
            ("ZREVRANGEBYLEX z + [a", ["c", "b", "a"]), ("ZREVRANGEBYLEX z + - LIMIT 1 2", ["b", "a"]),
            ("ZRANGE z [a + BYLEX LIMIT 1 1", ["b"]), ("ZRANGE z + [b BYLEX REV", ["c", "b"]), ("ZRANGEBYLEX z + -", []),
        ]
        for (line, reply) in expected { #expect(client.line(line) == reply, "\(line)") }
    }

    @Test func rangesAreRefused() {
        let client = TestServer().connect()
        client.line("ZADD z 1 a")
        let expected: [(String, String)] = [
            ("ZRANGE z 0 1 LIMIT 0 1", "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"),
            ("ZRANGE z - + BYLEX WITHSCORES", "ERR syntax error, WITHSCORES not supported in combination with BYLEX"),
            ("ZRANGEBYLEX z - + WITHSCORES", "ERR syntax error, WITHSCORES not supported in combination with BYLEX"),
            ("ZRANGE z x 1", "ERR value is not an integer or out of range"), ("ZRANGE z 0 1 BYSCORE BYLEX", "ERR syntax error"),
            ("ZRANGE z 0 1 BYSCORE LIMIT 0", "ERR syntax error"), ("ZRANGE z 0 1 REV REV", "ERR syntax error"),
            ("ZRANGE z 0 1 BYSCORE LIMIT a 1", "ERR value is not an integer or out of range"),
            ("ZRANGEBYSCORE z 0 1 REV", "ERR syntax error"), ("ZRANGESTORE d z 0 1 WITHSCORES", "ERR syntax error"),
            ("ZRANGEBYLEX z a +", "ERR min or max not valid string range item"),
            ("ZRANGEBYSCORE z ( 1", "ERR min or max is not a float"),
        ]
        for (line, text) in expected { #expect(client.line(line) == .error(text), "\(line)") }
    }

    @Test func pairsInTheNewProtocol() {
        let client = TestServer().connect()
        client.line("HELLO 3")
        client.line("ZADD z 1 a 2.5 b 3 c 4 d")
        #expect(client.line("ZRANGE z 0 1 WITHSCORES") == [["a", .double("1")], ["b", .double("2.5")]])
        #expect(client.line("ZPOPMIN z") == ["a", .double("1")])
        #expect(client.line("ZPOPMIN z 1") == [["b", .double("2.5")]])
        #expect(client.line("ZUNION 1 z WITHSCORES") == [["c", .double("3")], ["d", .double("4")]])
        #expect(client.line("ZMPOP 1 z MAX") == ["z", [["d", .double("4")]]])
        #expect(client.line("ZRANDMEMBER z 1 WITHSCORES") == [["c", .double("3")]])
        #expect(client.line("ZMPOP 1 none MAX") == nil)
        #expect(client.line("ZPOPMIN none") == [])
    }

    @Test(arguments: [false, true])
    func ends(large: Bool) {
        let server = TestServer()
        let client = server.connect()
        fill(client, large: large)
        server.recordEffects()
        #expect(client.line("ZPOPMIN z") == ["a", "1"])
        #expect(client.line("ZPOPMAX z 2") == ["e", "5", "d", "4"])
        #expect(client.line("ZPOPMIN z 0") == [])
        #expect(client.line("ZMPOP 2 none z MIN COUNT 5") == ["z", [["b", "2"], ["c", "3"]]])
        #expect(client.line("EXISTS z") == 0)
        #expect(client.line("ZMPOP 1 z MIN") == nil)
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["ZPOPMIN", "z"], ["ZPOPMAX", "z", "2"], ["ZPOPMIN", "z", "2"],
        ])
        let expected: [(String, String)] = [
            ("ZPOPMIN z -1", "ERR value is out of range, must be positive"), ("ZPOPMIN z 1 2", "ERR syntax error"),
            ("ZMPOP 0 z MIN", "ERR numkeys should be greater than 0"), ("ZMPOP x z MIN", "ERR numkeys should be greater than 0"),
            ("ZMPOP 3 z MIN", "ERR syntax error"), ("ZMPOP 1 z MID", "ERR syntax error"),
            ("ZMPOP 1 z MIN COUNT 0", "ERR count should be greater than 0"), ("ZMPOP 1 z MIN COUNT", "ERR syntax error"),
            ("ZMPOP 9223372036854775807 z MIN", "ERR syntax error"),
        ]
        for (line, text) in expected { #expect(client.line(line) == .error(text), "\(line)") }
    }

    @Test(arguments: [false, true])
    func chance(large: Bool) {
        let client = TestServer().connect()
        fill(client, large: large)
        let all: Set = ["a", "b", "c", "d", "e"]
        for _ in 0..<50 {
            let one = client.line("ZRANDMEMBER z").text
            #expect(one.map { all.contains($0) } == true)
            let three = client.line("ZRANDMEMBER z 3").elements.compactMap(\.text)
            #expect(three.count == 3 && Set(three).count == 3 && all.isSuperset(of: three))
        }
        let many = client.line("ZRANDMEMBER z -200 WITHSCORES").elements.compactMap(\.text)
        #expect(many.count == 400 && Set(many) == all.union(["1", "2", "3", "4", "5"]))
        #expect(Set(client.line("ZRANDMEMBER z 9223372036854775807").elements.compactMap(\.text)) == all)
        #expect(client.line("ZRANDMEMBER z 0") == [])
        #expect(client.line("ZRANDMEMBER none") == nil)
        #expect(client.line("ZRANDMEMBER none 5") == [])
        #expect(client.line("ZRANDMEMBER z -9223372036854775808")
            == .error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"))
        #expect(client.line("ZRANDMEMBER z -9223372036854775807") == .error("ERR value is out of range"))
        #expect(client.line("ZRANDMEMBER z 5000000000000000000 WITHSCORES") == .error("ERR value is out of range"))
        #expect(client.line("ZRANDMEMBER z 1 foo") == .error("ERR syntax error"))
    }

    @Test func algebra() {
        let client = TestServer().connect()
        client.line("ZADD x 1 a 2 b 3 c")
        client.line("ZADD y 10 b 20 c 30 d")
        let expected: [(String, Reply)] = [
            ("ZUNION 2 x y WITHSCORES", ["a", "1", "b", "12", "c", "23", "d", "30"]),
            ("ZINTER 2 x y WITHSCORES WEIGHTS 2 0.5", ["b", "9", "c", "16"]),
            ("ZUNION 2 x y AGGREGATE MIN WITHSCORES", ["a", "1", "b", "2", "c", "3", "d", "30"]),
            ("ZINTER 2 x y AGGREGATE MAX WITHSCORES", ["b", "10", "c", "20"]),
            ("ZUNION 2 x y AGGREGATE COUNT WITHSCORES", ["a", "1", "d", "1", "b", "2", "c", "2"]),
            ("ZINTER 2 x y AGGREGATE COUNT WEIGHTS 2 3 WITHSCORES", ["b", "5", "c", "5"]),
            ("ZDIFF 2 x y WITHSCORES", ["a", "1"]), ("ZDIFF 3 x none x", []), ("ZINTER 2 x none", []),
            ("ZINTERCARD 2 x y", 2), ("ZINTERCARD 2 x y LIMIT 1", 1), ("ZINTERCARD 2 x y LIMIT 0", 2),
            ("ZUNIONSTORE x 2 x y", 4), ("ZINTERSTORE i 2 x y", 3), ("ZDIFFSTORE d 2 x y", 1), ("ZRANGE d 0 -1", ["a"]),
            ("ZDIFFSTORE d 1 none", 0), ("EXISTS d", 0),
        ]
        for (line, reply) in expected { #expect(client.line(line) == reply, "\(line)") }
        client.line("ZADD inf inf a")
        client.line("ZADD neg -inf a")
        #expect(client.line("ZUNION 2 inf neg WITHSCORES") == ["a", "0"])
        #expect(client.line("ZUNION 1 inf WEIGHTS 0 WITHSCORES") == ["a", "0"])
    }

    @Test func algebraIsRefused() {
        let client = TestServer().connect()
        client.line("ZADD z 1 a")
        client("SET", "s", "x")
        let expected: [(String, String)] = [
            ("ZUNION 0 z", "ERR at least 1 input key is needed for 'zunion' command"),
            ("ZDIFFSTORE d 0 z", "ERR at least 1 input key is needed for 'zdiffstore' command"),
            ("ZINTER x z", "ERR value is not an integer or out of range"), ("ZINTER 2 z", "ERR syntax error"),
            ("ZINTER 9223372036854775807 z", "ERR syntax error"), ("ZINTER 1 z WEIGHTS", "ERR syntax error"),
            ("ZINTER 1 z WEIGHTS a", "ERR weight value is not a float"), ("ZINTER 1 z AGGREGATE foo", "ERR syntax error"),
            ("ZDIFF 1 z WEIGHTS 1", "ERR syntax error"), ("ZUNIONSTORE d 1 z WITHSCORES", "ERR syntax error"),
            ("ZINTERCARD 1 z LIMIT -1", "ERR LIMIT can't be negative"), ("ZINTERCARD 1 z LIMIT x", "ERR LIMIT can't be negative"),
            ("ZUNION 2 s z WEIGHTS x y", "WRONGTYPE Operation against a key holding the wrong kind of value"),
        ]
        for (line, text) in expected { #expect(client.line(line) == .error(text), "\(line)") }
    }
}
