import Engine
import Keyspace
import TestSupport
import Testing

@Suite struct KeysFlushTests {
    let server = KeysFixture.server(partitionCount: 4)
    let client: TestClient

    init() { client = server.connect() }

    private func fill() {
        for database in ["2", "0"] {
            client("TEST.SELECT", database)
            for key in ["a", "b", "c"] { client("SET", key, "v") }
            client("EXPIRE", "a", "10")
        }
    }

    @Test(arguments: [[], ["SYNC"], ["async"]]) func flush(mode: [String]) {
        fill()
        #expect(client.run((["FLUSHDB"] + mode).map { [UInt8]($0.utf8) }) == "OK")
        #expect(client("DBSIZE") == 0)
        client("TEST.SELECT", "2")
        #expect(client("DBSIZE") == 3)
        #expect(client.run((["FLUSHALL"] + mode).map { [UInt8]($0.utf8) }) == "OK")
        #expect(client("DBSIZE") == 0)
        #expect(client("GET", "a") == nil)
        server.engine.context.checkKeyspace()
    }

    @Test func whatIsFreedLater() {
        func garbage() -> Int {
            var count = 0
            while let contents = server.engine.takeGarbage() { count += contents.count }
            return count
        }
        fill()
        client("FLUSHDB", "SYNC")
        #expect(garbage() == 0)
        client("FLUSHALL", "ASYNC")
        #expect(garbage() == 3)
        fill()
        client("FLUSHALL")
        #expect(garbage() == 6)
        server.engine.context.configuration.lazyFree.userFlush = false
        fill()
        client("FLUSHALL")
        #expect(garbage() == 0)
    }

    @Test func errors() {
        fill()
        for name in ["FLUSHDB", "FLUSHALL"] {
            for words in [["FOO"], [""], ["SYNC", "ASYNC"], ["SYNC", "SYNC"]] {
                #expect(client.run(([name] + words).map { [UInt8]($0.utf8) }) == .error("ERR syntax error"))
            }
        }
        #expect(client("DBSIZE") == 3)
    }

    /// Flushes are propagated even when there was nothing to flush.
    @Test func effects() {
        fill()
        server.recordEffects()
        client("FLUSHDB", "ASYNC")
        client("flushdb")
        client("FLUSHALL", "SYNC")
        client("FLUSHALL")
        client("FLUSHALL", "FOO")
        #expect(server.takeEffects() == [["SELECT", "0"], ["FLUSHDB", "ASYNC"], ["flushdb"], ["FLUSHALL", "SYNC"], ["FLUSHALL"]])
    }

    @Test func insideATransaction() {
        server.recordEffects()
        client("SET", "a", "1")
        client("TEST.MULTI")
        client("SET", "b", "1")
        client("FLUSHDB")
        client("EXPIRE", "b", "10")
        client("SET", "b", "2")
        client("EXPIRE", "b", "10")
        #expect(client("TEST.EXEC") == ["OK", "OK", 0, "OK", 1])
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["SET", "a", "1"], ["MULTI"], ["SET", "b", "1"], ["FLUSHDB"], ["SET", "b", "2"],
            ["PEXPIREAT", "b", "1700000010000"], ["EXEC"],
        ])
    }
}
