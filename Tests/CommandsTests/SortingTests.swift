import Commands
import Engine
import TestSupport
import Testing

@Suite struct SortingTests {
    let server = TestServer()
    let client: TestClient

    init() {
        client = server.connect()
        server.recordEffects()
        client("RPUSH", "l", "3", "10", "2", "1")
        client("SADD", "s", "c", "a", "b")
        client("ZADD", "z", "3", "a", "1", "b", "2", "c")
        _ = server.takeEffects()
    }

    @Test func numbersAndTexts() {
        #expect(client("SORT", "l") == ["1", "2", "3", "10"])
        #expect(client("SORT_RO", "l", "desc") == ["10", "3", "2", "1"])
        #expect(client("SORT", "l", "ALPHA") == ["1", "10", "2", "3"])
        #expect(client("SORT", "s", "ALPHA", "DESC") == ["c", "b", "a"])
        #expect(client("SORT", "z", "ALPHA") == ["a", "b", "c"])
        client("RPUSH", "f", "1.5", "-inf", "1e3", "-0", "0", "0x10", "inf")
        #expect(client("SORT", "f") == ["-inf", "-0", "0", "1.5", "0x10", "1e3", "inf"])
        client("RPUSH", "long", "abcdefgh2", "abcdefgh1", "abcdefgh", "abc", "")
        #expect(client("SORT", "long", "ALPHA") == ["", "abc", "abcdefgh", "abcdefgh1", "abcdefgh2"])
        #expect(client("SORT", "none") == .array([]))
    }

    @Test func limits() {
        #expect(client("SORT", "l", "LIMIT", "1", "2") == ["2", "3"])
        #expect(client("SORT", "l", "LIMIT", "-5", "1") == ["1"])
        #expect(client("SORT", "l", "LIMIT", "2", "-1") == ["3", "10"])
        #expect(client("SORT", "l", "LIMIT", "9223372036854775807", "9223372036854775807") == .array([]))
        #expect(client("SORT", "l", "LIMIT", "1", "9223372036854775807") == ["2", "3", "10"])
        let numbers = (0..<1000).map { String($0 * 7919 % 1009) }
        client.run((["RPUSH", "many"] + numbers).map { [UInt8]($0) })
        let sorted = numbers.sorted { Int($0)! < Int($1)! }.map { Reply.bulk([UInt8]($0)) }
        #expect(client("SORT", "many") == .array(sorted))
        #expect(client("SORT", "many", "LIMIT", "0", "7") == .array(Array(sorted[..<7])))
        #expect(client("SORT", "many", "LIMIT", "90", "35") == .array(Array(sorted[90..<125])))
        #expect(client("SORT", "many", "DESC", "LIMIT", "3", "5") == .array(Array(sorted.reversed()[3..<8])))
    }

    @Test func orderThatIsKept() {
        #expect(client("SORT", "l", "BY", "nosort") == ["3", "10", "2", "1"])
        #expect(client("SORT", "l", "BY", "nosort", "DESC", "LIMIT", "1", "2") == ["2", "10"])
        #expect(client("SORT", "z", "BY", "nosort") == ["b", "c", "a"])
        #expect(client("SORT", "z", "BY", "nosort", "DESC", "LIMIT", "0", "1") == ["a"])
        #expect(client("SORT", "s", "BY", "nosort", "DESC", "STORE", "t") == 3)
        #expect(client("LRANGE", "t", "0", "-1") == ["c", "b", "a"])
    }

    @Test func patterns() {
        client("MSET", "w_1", "9", "w_2", "5", "w_10", "7", "w_3", "x->y")
        client("HSET", "h_1", "f", "one")
        #expect(client("SORT", "l", "BY", "w_*") == .error("ERR One or more scores can't be converted into double"))
        client("DEL", "w_3")
        #expect(client("SORT", "l", "BY", "w_*") == ["3", "2", "10", "1"])
        #expect(client("SORT", "l", "BY", "w_*", "ALPHA", "DESC", "GET", "#", "GET", "w_*", "GET", "h_*->f", "GET", "none") == .array([
            "1", "9", "one", .null, "10", "7", .null, .null, "2", "5", .null, .null, "3", .null, .null, .null,
        ]))
        // Nothing behind the arrow: it belongs to the key.
        client("SET", "k_1->", "literal")
        #expect(client("SORT", "l", "LIMIT", "0", "1", "GET", "k_*->") == ["literal"])
        // A hash is no string, a string no hash.
        #expect(client("SORT", "l", "LIMIT", "0", "1", "GET", "h_*", "GET", "w_*->f") == .array([.null, .null]))
    }

    @Test func tiesAreBrokenByTheElements() {
        client("RPUSH", "ties", "01", "1", "1.0", "0")
        #expect(client("SORT", "ties") == ["0", "01", "1", "1.0"])
        #expect(client("SORT", "ties", "DESC") == ["1.0", "1", "01", "0"])
        #expect(client("SORT", "ties", "BY", "w_*", "ALPHA") == ["01", "1", "1.0", "0"])
    }

    @Test func storing() {
        client("SET", "t", "string", "EX", "100")
        server.engine.observeNotices()
        _ = server.takeEffects()
        #expect(client("SORT", "l", "STORE", "t", "GET", "none", "GET", "#") == 8)
        #expect(server.engine.takeNotices().map { $0.event.name.description } == ["sortstore"])
        #expect(client("LRANGE", "t", "0", "3") == ["", "1", "", "2"])
        #expect(client("TTL", "t") == -1)
        #expect(client("OBJECT", "ENCODING", "t") == "listpack")
        #expect(client("SORT", "l", "STORE", "l") == 4)
        #expect(client("LRANGE", "l", "0", "-1") == ["1", "2", "3", "10"])
        #expect(client("SORT", "none", "STORE", "t") == 0)
        #expect(client("EXISTS", "t") == 0)
        #expect(client("SORT", "none", "STORE", "t") == 0)
        #expect(server.takeEffects() == [
            ["SORT", "l", "STORE", "t", "GET", "none", "GET", "#"], ["SORT", "l", "STORE", "l"], ["SORT", "none", "STORE", "t"],
        ])
        client("CONFIG", "SET", "list-max-listpack-size", "3")
        client("SORT", "l", "STORE", "t")
        #expect(client("OBJECT", "ENCODING", "t") == "quicklist")
    }

    @Test func errors() {
        client("SET", "str", "v")
        #expect(client("SORT", "str") == wrongType)
        for options in ["FOO", "LIMIT 1", "STORE", "BY", "GET"] {
            #expect(client.line("SORT l \(options)") == .error("ERR syntax error"))
        }
        #expect(client("SORT_RO", "l", "STORE", "t") == .error("ERR syntax error"))
        #expect(client("SORT", "l", "LIMIT", "x", "1") == .error("ERR value is not an integer or out of range"))
        #expect(client("SORT", "s") == .error("ERR One or more scores can't be converted into double"))
    }

    @Test func keys() {
        #expect(client.line("COMMAND GETKEYS SORT a BY STORE LIMIT 0 1 STORE b GET STORE STORE c") == ["a", "c"])
        #expect(client.line("COMMAND GETKEYS SORT a STORE") == ["a"])
        #expect(client.line("COMMAND GETKEYS SORT_RO a BY x") == ["a"])
    }
}
