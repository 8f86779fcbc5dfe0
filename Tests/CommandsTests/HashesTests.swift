import Commands
import Engine
import Primitives
import TestSupport
import Testing

@Suite struct HashesTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    @Test func settingAndGetting() {
        #expect(client("HSET", "h", "a", "1", "b", "2", "a", "3") == 2)
        #expect(client("HGETALL", "h") == ["a", "3", "b", "2"])
        #expect(client("HSET", "h", "a", "4", "c", "5") == 1)
        #expect(client("HMSET", "h", "d", "") == "OK")
        #expect(client("HSETNX", "h", "a", "no") == 0)
        #expect(client("HSETNX", "h", "e", "6") == 1)
        #expect(client("HGET", "h", "a") == "4")
        #expect(client("HGET", "h", "missing") == nil)
        #expect(client("HGET", "missing", "a") == nil)
        #expect(client("HMGET", "h", "a", "missing", "d") == ["4", nil, ""])
        #expect(client("HMGET", "missing", "a", "b") == [nil, nil])
        #expect(client("HLEN", "h") == 5)
        #expect(client("HSTRLEN", "h", "a") == 1)
        #expect(client("HSTRLEN", "h", "missing") == 0)
        #expect(client("HEXISTS", "h", "e") == 1)
        #expect(client("HKEYS", "h") == ["a", "b", "c", "d", "e"])
        #expect(client("HVALS", "h") == ["4", "2", "5", "", "6"])
        #expect(client("HKEYS", "missing") == [])
        #expect(client("HSET", "h", "a", "1", "b") == .error("ERR wrong number of arguments for 'hset' command"))
        #expect(client("HMSET", "h", "a", "1", "b") == .error("ERR wrong number of arguments for 'hmset' command"))
    }

    @Test func removing() {
        client("HSET", "h", "a", "1", "b", "2", "c", "3")
        #expect(client("HDEL", "h", "a", "a", "x") == 1)
        #expect(client("HDEL", "missing", "a") == 0)
        #expect(client("HDEL", "h", "c", "b") == 2)
        #expect(client("EXISTS", "h") == 0)
        #expect(server.takeEffects() == [
            ["HSET", "h", "a", "1", "b", "2", "c", "3"], ["HDEL", "h", "a", "a", "x"], ["HDEL", "h", "c", "b"],
        ])
    }

    @Test func wrongType() {
        client("SET", "s", "text")
        let refused = Reply.error("WRONGTYPE Operation against a key holding the wrong kind of value")
        for line in [
            "HSET s a 1", "HSETNX s a 1", "HGET s a", "HMGET s a", "HGETALL s", "HDEL s a", "HLEN s", "HSTRLEN s a",
            "HEXISTS s a", "HKEYS s", "HVALS s", "HINCRBY s a 1", "HINCRBYFLOAT s a 1", "HRANDFIELD s", "HSCAN s 0",
            "HEXPIRE s 1 FIELDS 1 a", "HTTL s FIELDS 1 a", "HPERSIST s FIELDS 1 a", "HGETEX s FIELDS 1 a",
            "HSETEX s FIELDS 1 a 1", "HGETDEL s FIELDS 1 a",
        ] {
            #expect(client.line(line) == refused, Comment(rawValue: line))
        }
    }

    @Test func counting() {
        #expect(client("HINCRBY", "h", "n", "5") == 5)
        #expect(client("HINCRBY", "h", "n", "-7") == -2)
        #expect(client("HINCRBY", "h", "n", "x") == .error("ERR value is not an integer or out of range"))
        client("HSET", "h", "s", "text", "big", "9223372036854775807")
        #expect(client("HINCRBY", "h", "s", "1") == .error("ERR hash value is not an integer"))
        #expect(client("HINCRBY", "h", "big", "1") == .error("ERR increment or decrement would overflow"))
        #expect(client("HINCRBYFLOAT", "h", "f", "0.1") == "0.1")
        #expect(client("HINCRBYFLOAT", "h", "f", "0.2") == "0.3")
        #expect(client("HINCRBYFLOAT", "h", "s", "1") == .error("ERR hash value is not a float"))
        #expect(client("HINCRBYFLOAT", "h", "f", "abc") == .error("ERR value is not a valid float"))
        #expect(client("HINCRBYFLOAT", "h", "f", "inf") == .error("ERR value is NaN or Infinity"))
        client("HSET", "h", "huge", "1e4932")
        #expect(client("HINCRBYFLOAT", "h", "huge", "1e4932") == .error("ERR increment would produce NaN or Infinity"))
        #expect(client("HGET", "h", "huge") == "1e4932")
        client("HEXPIRE", "h", "100", "FIELDS", "1", "f")
        _ = server.takeEffects()
        client("HINCRBYFLOAT", "h", "f", "1")
        client("HINCRBYFLOAT", "h", "g", "1")
        #expect(server.takeEffects() == [["HSETEX", "h", "KEEPTTL", "FIELDS", "1", "f", "1.3"], ["HSET", "h", "g", "1"]])
    }

    @Test func encodings() {
        client("HSET", "h", "a", "1")
        #expect(client("OBJECT", "ENCODING", "h") == "listpack")
        client.run([[UInt8]("HSET"), [UInt8]("h"), [UInt8]("long"), [UInt8](repeating: 97, count: 64)])
        #expect(client("OBJECT", "ENCODING", "h") == "listpack")
        client.run([[UInt8]("HSET"), [UInt8]("h"), [UInt8]("long"), [UInt8](repeating: 97, count: 65)])
        #expect(client("OBJECT", "ENCODING", "h") == "hashtable")
        for i in 0..<513 {
            client("HSET", "many", "f\(i)", "v")
            #expect(client("OBJECT", "ENCODING", "many") == (i < 512 ? "listpack" : "hashtable"))
        }
        #expect(client("HLEN", "many") == 513)
        for i in 1..<513 { client("HDEL", "many", "f\(i)") }
        #expect(client("OBJECT", "ENCODING", "many") == "hashtable")
        client("CONFIG", "SET", "hash-max-listpack-entries", "2")
        client("HSET", "two", "a", "1", "b", "2", "a", "3")
        #expect(client("OBJECT", "ENCODING", "two") == "hashtable")
        #expect(client("HGET", "two", "a") == "3")
        client("HSET", "two2", "a", "1", "b", "2")
        #expect(client("OBJECT", "ENCODING", "two2") == "listpack")
        client("HEXPIRE", "two2", "100", "FIELDS", "1", "b")
        #expect(client("OBJECT", "ENCODING", "two2") == "listpackex")
        #expect(client("HKEYS", "two2") == ["b", "a"])
        client("HPERSIST", "two2", "FIELDS", "1", "b")
        #expect(client("OBJECT", "ENCODING", "two2") == "listpackex")
        client("HSET", "two2", "c", "3")
        #expect(client("OBJECT", "ENCODING", "two2") == "hashtable")
    }

    @Test func largeValues() {
        let value = [UInt8](repeating: 120, count: 3_000_000)
        client.run([[UInt8]("HSET"), [UInt8]("h"), [UInt8]("f"), value])
        #expect(client("HSTRLEN", "h", "f") == 3_000_000)
        #expect(client("HGET", "h", "f") == .bulk(value))
        client.run([[UInt8]("HSET"), [UInt8]("h"), value, value])
        #expect(client.run([[UInt8]("HGET"), [UInt8]("h"), value]) == .bulk(value))
        #expect(client("HLEN", "h") == 2)
        client("COPY", "h", "copy")
        #expect(client("HGET", "copy", "f") == .bulk(value))
    }

    @Test func respThree() {
        client("HSET", "h", "a", "1", "b", "2")
        client("HELLO", "3")
        #expect(client("HGETALL", "h") == .map(["a", "1", "b", "2"]))
        #expect(client("HGETALL", "missing") == .map([]))
        #expect(client("HRANDFIELD", "h", "10", "WITHVALUES") == [["a", "1"], ["b", "2"]])
        #expect(client("HGET", "h", "x") == nil)
    }

    @Test func importing() {
        #expect(client("HIMPORT", "PREPARE", "u", "name", "age") == "OK")
        #expect(client("HIMPORT", "SET", "user:1", "u", "alice", "30") == "OK")
        #expect(client("HGETALL", "user:1") == ["name", "alice", "age", "30"])
        client("HSET", "user:1", "old", "x")
        client("EXPIRE", "user:1", "100")
        _ = server.takeEffects()
        #expect(client("HIMPORT", "SET", "user:1", "u", "bob", "25") == "OK")
        #expect(client("HGETALL", "user:1") == ["name", "bob", "age", "25"])
        #expect(client("TTL", "user:1") == -1)
        #expect(server.takeEffects() == [
            ["MULTI"], ["DEL", "user:1"], ["HSET", "user:1", "name", "bob", "age", "25"], ["EXEC"],
        ])
        client("SET", "s", "x")
        #expect(client("HIMPORT", "SET", "s", "u", "a", "b")
            == .error("WRONGTYPE Operation against a key holding the wrong kind of value"))
        #expect(client("HIMPORT", "SET", "k", "u", "a")
            == .error("ERR value count does not match the number of fields in the fieldset"))
        #expect(client("HIMPORT", "PREPARE", "v", "a", "a") == .error("ERR duplicate field name in fieldset"))
        #expect(server.connect()("HIMPORT", "SET", "k", "u", "a", "b") == .error("ERR no such fieldset"))
        #expect(client("HIMPORT", "PREPARE", "u", "only") == "OK")
        #expect(client("HIMPORT", "SET", "k", "u", "a") == "OK")
        #expect(client("HIMPORT", "DISCARD", "u") == 1)
        #expect(client("HIMPORT", "DISCARD", "u") == 0)
        client("HIMPORT", "PREPARE", "u", "a")
        client("HIMPORT", "PREPARE", "v", "a")
        #expect(client("HIMPORT", "DISCARDALL") == 2)
        client("HIMPORT", "PREPARE", "u", "a")
        client("RESET")
        #expect(client("HIMPORT", "SET", "k", "u", "a") == .error("ERR no such fieldset"))
    }
}
