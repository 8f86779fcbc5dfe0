import TestSupport
import Testing

struct TransactionsTests {
    let server = TestServer()

    @Test func queuesAndRuns() {
        let client = server.connect()
        #expect(client("MULTI") == "OK")
        #expect(client("SET", "a", "1") == "QUEUED")
        #expect(client("INCR", "a") == "QUEUED")
        #expect(client("EXEC") == ["OK", 2])
        #expect(client("EXEC") == .error("ERR EXEC without MULTI"))
        #expect(client("DISCARD") == .error("ERR DISCARD without MULTI"))
    }

    @Test func nestingIsRefusedButHarmless() {
        let client = server.connect()
        client("MULTI")
        #expect(client("MULTI") == .error("ERR MULTI calls can not be nested"))
        #expect(client("WATCH", "a") == .error("ERR WATCH inside MULTI is not allowed"))
        client("SET", "a", "1")
        #expect(client("EXEC") == ["OK"])
    }

    @Test func refusedCommandsAbort() {
        let client = server.connect()
        client("MULTI")
        client("SET", "a")
        client("SET", "a", "1")
        #expect(client("EXEC") == .error("EXECABORT Transaction discarded because of previous errors."))
        #expect(client("EXISTS", "a") == 0)
        // An error while it runs stops nothing.
        client("MULTI")
        client("SET", "a", "x")
        client("INCR", "a")
        client("SET", "b", "y")
        #expect(client("EXEC") == ["OK", .error("ERR value is not an integer or out of range"), "OK"])
    }

    @Test func discardForgets() {
        let client = server.connect()
        client("WATCH", "a")
        client("MULTI")
        client("SET", "a", "1")
        #expect(client("DISCARD") == "OK")
        #expect(client("EXISTS", "a") == 0)
        server.connect()("SET", "a", "2")
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == ["PONG"])
    }

    /// What others do to a watched key, and whether EXEC then runs.
    @Test(arguments: [
        ("SET k 2", false), ("DEL k", false), ("EXPIRE k 100", false), ("RENAME k l", false), ("SET other 1", true),
        ("GET k", true), ("FLUSHALL", false), ("FLUSHDB", false), ("SWAPDB 0 1", false), ("SWAPDB 1 2", true),
        ("SETNX k 3", true), ("APPEND k x", false), ("MOVE k 3", false), ("PERSIST k", true),
    ])
    func watchedKeys(change: String, runs: Bool) {
        let client = server.connect()
        let other = server.connect()
        client("SET", "k", "1")
        client("WATCH", "k")
        other.line(change)
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == (runs ? ["PONG"] : nil), "\(change)")
        // The watch is over in either case.
        other.line("SET k 5")
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == ["PONG"])
    }

    @Test func emptyDatabasesAreNotTouched() {
        let client = server.connect()
        client("WATCH", "nokey")
        server.connect()("FLUSHALL")
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == ["PONG"])
    }

    @Test func ownChangesCountToo() {
        let client = server.connect()
        client("WATCH", "k")
        client("SET", "k", "1")
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == nil)
    }

    @Test func expiryOfAWatchedKey() {
        let client = server.connect()
        client("SET", "k", "1", "PX", "100")
        client("WATCH", "k")
        server.advance(milliseconds: 200)
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == nil)
        // What was expired when the watch began is gone without being a change.
        server.engine.context.host.debug.isExpiryActive = false
        client("SET", "k", "1", "PX", "100")
        server.advance(milliseconds: 200)
        client("WATCH", "k")
        server.connect()("GET", "k")
        client("MULTI")
        client("PING")
        #expect(client("EXEC") == ["PONG"])
    }

    @Test func theWatchEndsWithItsClient() {
        let client = server.connect()
        let other = server.connect()
        client("WATCH", "a", "b", "a")
        other("SELECT", "1")
        other("WATCH", "a")
        #expect(server.engine.context.clients.watchedKeyCount == 3)
        other("RESET")
        #expect(server.engine.context.clients.watchedKeyCount == 2)
        client.disconnect()
        #expect(server.engine.context.clients.watchedKeyCount == 0)
    }

    /// Found by the oracle: what the last waiter took was told to whoever watched next.
    @Test func changesBeforeTheWatchDoNotCount() {
        let server = TestServer()
        let (client, waiter) = (server.connect(), server.connect())
        waiter("BLPOP", "list", "0")
        client("RPUSH", "list", "a", "b")
        #expect(waiter.nextReply() == ["list", "a"])
        client("WATCH", "list")
        #expect(client("CLIENT", "INFO").text?.contains(" flags=N ") == true)
        client("MULTI")
        client("LLEN", "list")
        #expect(client("EXEC") == [1])
        client("WATCH", "list")
        waiter("RPUSH", "list", "c")
        #expect(client("CLIENT", "INFO").text?.contains(" flags=d ") == true)
    }

    @Test func effectsAreOneUnit() {
        server.recordEffects()
        let client = server.connect()
        client.line("MULTI")
        client.line("SET a 1")
        client.line("GET a")
        client.line("SPOP s")
        client.line("INCR a")
        client.line("EXEC")
        #expect(server.takeEffects() == [["SELECT", "0"], ["MULTI"], ["SET", "a", "1"], ["INCR", "a"], ["EXEC"]])
    }

    @Test func refusedWhenMemoryIsFull() {
        let client = server.connect()
        client("MULTI")
        client("SET", "a", "1")
        server.engine.context.configuration.maximumMemory = 1
        server.engine.context.host.memory = { .init(used: 100, resident: 100) }
        #expect(client("EXEC").text == nil)
        #expect(client("EXISTS", "a") == 0)
    }
}
