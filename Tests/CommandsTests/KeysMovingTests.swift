import Engine
import Keyspace
import TestSupport
import Testing

@Suite struct KeysMovingTests {
    let server = KeysFixture.server(partitionCount: 4)
    let client: TestClient

    init() { client = server.connect() }

    static let same = Reply.error("ERR source and destination objects are the same")
    static let outOfRange = Reply.error("ERR DB index is out of range")
    static let notInt = Reply.error("ERR value is out of range, value must between -2147483648 and 2147483647")
    static let notInteger = Reply.error("ERR value is not an integer or out of range")

    @Test func rename() {
        let noSuchKey = Reply.error("ERR no such key")
        #expect(client("RENAME", "nokey", "b") == noSuchKey)
        #expect(client("RENAME", "nokey", "nokey") == noSuchKey)
        #expect(client("RENAMENX", "nokey", "b") == noSuchKey)
        client("SET", "a", "1")
        client("EXPIRE", "a", "100")
        #expect(client("RENAME", "a", "a") == "OK")
        #expect(client("RENAMENX", "a", "a") == 0)
        #expect(client("TTL", "a") == 100)
        client("SET", "b", "old")
        #expect(client("RENAMENX", "a", "b") == 0)
        #expect(client("RENAME", "a", "b") == "OK")
        #expect(client("EXISTS", "a") == 0)
        #expect(client("GET", "b") == "1")
        #expect(client("TTL", "b") == 100)
        #expect(client("RENAMENX", "b", "c") == 1)
        // A persistent key does not inherit the expiry of what it replaces.
        client("SET", "p", "x")
        #expect(client("RENAME", "p", "c") == "OK")
        #expect(client("TTL", "c") == -1)
        #expect(client("DBSIZE") == 1)
        let long = String(repeating: "k", count: 300)
        let large = String(repeating: "v", count: 100_000)
        client("SET", "c", large)
        #expect(client("RENAME", "c", long) == "OK")
        #expect(client("GET", long) == .bulk([UInt8](large)))
        #expect(client("RENAME", long, "") == "OK")
        #expect(client("GET", "") == .bulk([UInt8](large)))
        server.engine.context.checkKeyspace()
    }

    @Test func renameOntoExpired() {
        client("SET", "a", "1")
        client("SET", "b", "2")
        client("PEXPIRE", "b", "1")
        server.advance(milliseconds: 1)
        #expect(client("RENAMENX", "a", "b") == 1)
        client("PEXPIRE", "b", "1")
        server.advance(milliseconds: 1)
        #expect(client("RENAME", "b", "c") == .error("ERR no such key"))
    }

    @Test func copy() {
        #expect(client("COPY", "nokey", "b") == 0)
        client("SET", "a", "1")
        client("EXPIRE", "a", "100")
        #expect(client("COPY", "a", "b") == 1)
        #expect(client("GET", "b") == "1")
        #expect(client("TTL", "b") == 100)
        client("SET", "a", "2")
        #expect(client("COPY", "a", "b") == 0)
        #expect(client("COPY", "a", "b", "replace") == 1)
        #expect(client("GET", "b") == "2")
        #expect(client("TTL", "b") == -1)
        #expect(client("COPY", "a", "a", "DB", "1") == 1)
        #expect(client("COPY", "a", "a", "DB", "1") == 0)
        #expect(client("COPY", "a", "a", "DB", "1", "REPLACE", "REPLACE") == 1)
        // The last DB counts.
        #expect(client("COPY", "a", "c", "DB", "1", "db", "2") == 1)
        client("TEST.SELECT", "1")
        #expect(client("GET", "a") == "2")
        #expect(client("DBSIZE") == 1)
        client("TEST.SELECT", "2")
        #expect(client("GET", "c") == "2")
    }

    @Test func copyIsIndependent() {
        let large = String(repeating: "v", count: 100_000)
        client("SET", "a", large)
        client("COPY", "a", "b")
        client("SET", "a", "x")
        #expect(client("GET", "b") == .bulk([UInt8](large)))
        client("COPY", "b", "c")
        client("DEL", "b")
        #expect(client("GET", "c") == .bulk([UInt8](large)))
    }

    @Test func copyErrors() {
        client("SET", "a", "1")
        #expect(client("COPY", "a", "a") == Self.same)
        #expect(client("COPY", "nokey", "nokey") == Self.same)
        #expect(client("COPY", "a", "a", "REPLACE") == Self.same)
        #expect(client("COPY", "a", "a", "DB", "0") == Self.same)
        #expect(client("COPY", "a", "b", "DB") == .error("ERR syntax error"))
        #expect(client("COPY", "a", "b", "FOO") == .error("ERR syntax error"))
        #expect(client("COPY", "a", "a", "REPLACE", "DB") == .error("ERR syntax error"))
        #expect(client("COPY", "a", "b", "DB", "x") == Self.notInteger)
        #expect(client("COPY", "a", "b", "DB", "x", "FOO") == Self.notInteger)
        #expect(client("COPY", "a", "b", "DB", "9223372036854775808") == Self.notInteger)
        for word in ["9223372036854775807", "-9223372036854775808", "2147483648", "-2147483649"] {
            #expect(client("COPY", "a", "b", "DB", word) == Self.notInt)
        }
        for word in ["16", "-1", "2147483647", "-2147483648"] {
            #expect(client("COPY", "a", "b", "DB", word) == Self.outOfRange)
        }
        #expect(client("COPY", "a") == .error("ERR wrong number of arguments for 'copy' command"))
        #expect(client("DBSIZE") == 1)
    }

    @Test func move() {
        #expect(client("MOVE", "nokey", "1") == 0)
        client("SET", "a", "1")
        client("EXPIRE", "a", "100")
        #expect(client("MOVE", "a", "1") == 1)
        #expect(client("EXISTS", "a") == 0)
        client("SET", "a", "2")
        #expect(client("MOVE", "a", "1") == 0)
        #expect(client("GET", "a") == "2")
        client("TEST.SELECT", "1")
        #expect(client("GET", "a") == "1")
        #expect(client("TTL", "a") == 100)
        // An expired key is in nobody's way.
        client("PEXPIRE", "a", "1")
        server.advance(milliseconds: 1)
        client("TEST.SELECT", "0")
        #expect(client("MOVE", "a", "1") == 1)
        client("TEST.SELECT", "1")
        #expect(client("GET", "a") == "2")
        #expect(client("TTL", "a") == -1)
        server.engine.context.checkKeyspace()
    }

    @Test func moveErrors() {
        client("SET", "a", "1")
        #expect(client("MOVE", "a", "0") == Self.same)
        #expect(client("MOVE", "nokey", "0") == Self.same)
        #expect(client("MOVE", "a", "x") == Self.notInteger)
        #expect(client("MOVE", "a", "9223372036854775808") == Self.notInteger)
        #expect(client("MOVE", "a", "99999999999") == Self.notInt)
        #expect(client("MOVE", "a", "-9223372036854775808") == Self.notInt)
        for word in ["16", "-1", "2147483647", "-2147483648"] { #expect(client("MOVE", "a", word) == Self.outOfRange) }
        #expect(client("MOVE", "a") == .error("ERR wrong number of arguments for 'move' command"))
    }

    @Test func swap() {
        client("SET", "a", "zero")
        client("TEST.SELECT", "1")
        client("SET", "a", "one")
        client("SET", "b", "one")
        #expect(client("SWAPDB", "0", "1") == "OK")
        #expect(client("GET", "a") == "zero")
        #expect(client("DBSIZE") == 1)
        client("TEST.SELECT", "0")
        #expect(client("GET", "a") == "one")
        #expect(client("SWAPDB", "0", "0") == "OK")
        #expect(client("DBSIZE") == 2)
        for word in ["x", "", "99999999999", "9223372036854775807", "-9223372036854775808"] {
            #expect(client("SWAPDB", word, "x") == .error("ERR invalid first DB index"))
            #expect(client("SWAPDB", "0", word) == .error("ERR invalid second DB index"))
            #expect(client("SWAPDB", "99", word) == .error("ERR invalid second DB index"))
        }
        for word in ["16", "-1", "2147483647"] {
            #expect(client("SWAPDB", word, "0") == Self.outOfRange)
            #expect(client("SWAPDB", "0", word) == Self.outOfRange)
        }
        #expect(client("SWAPDB", "0") == .error("ERR wrong number of arguments for 'swapdb' command"))
        server.engine.context.checkKeyspace()
    }

    @Test func effectsAndEvents() {
        server.recordEffects()
        server.engine.observeNotices()
        client("SET", "a", "1")
        _ = server.takeEffects()
        _ = server.takeEvents()
        client("RENAME", "a", "a")
        client("RENAMENX", "a", "a")
        client("RENAME", "nokey", "a")
        client("COPY", "nokey", "b")
        client("MOVE", "nokey", "1")
        client("COPY", "a", "a")
        #expect(server.takeEffects() == [])
        #expect(server.takeEvents() == [])
        client("RENAME", "a", "b")
        client("renamenx", "b", "c")
        client("COPY", "c", "d")
        client("COPY", "c", "d", "DB", "1", "REPLACE")
        client("MOVE", "c", "1")
        client("SWAPDB", "0", "1")
        client("SWAPDB", "2", "2")
        #expect(server.takeEffects() == [
            ["RENAME", "a", "b"], ["renamenx", "b", "c"], ["COPY", "c", "d"], ["COPY", "c", "d", "DB", "1", "REPLACE"],
            ["MOVE", "c", "1"], ["SWAPDB", "0", "1"], ["SWAPDB", "2", "2"],
        ])
        #expect(server.takeEvents() == [
            "rename_from a@0", "rename_to b@0", "rename_from b@0", "rename_to c@0", "copy_to d@0", "copy_to d@1",
            "move_from c@0", "move_to c@1",
        ])
    }
}
