import Commands
import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport

@Suite struct ConnectionPauseTests {
    let server = TestServer(declarations: Families.all + SampleBlocking.declarations)

    @Test func words() {
        let client = server.connect()
        #expect(client("CLIENT", "PAUSE", "x") == .error("ERR timeout is not an integer or out of range"))
        #expect(client("CLIENT", "PAUSE", "-1") == .error("ERR timeout is negative"))
        #expect(client("CLIENT", "PAUSE", "9223372036854775807") == .error("ERR timeout is out of range"))
        #expect(client("CLIENT", "PAUSE", "1", "x") == .error("ERR CLIENT PAUSE mode must be WRITE or ALL"))
        #expect(client("CLIENT", "PAUSE") == .error("ERR wrong number of arguments for 'client|pause' command"))
        #expect(client("CLIENT", "UNPAUSE", "x") == .error("ERR wrong number of arguments for 'client|unpause' command"))
        #expect(client.info("clients")["paused_reason"] == "none" && client.info("clients")["paused_actions"] == "none")
    }

    @Test func writesWaitInOrder() {
        let admin = server.connect()
        let first = server.connect()
        let second = server.connect()
        #expect(admin("CLIENT", "PAUSE", "60000", "WRITE") == "OK")
        #expect(second("APPEND", "k", "b") == .none)
        #expect(first("APPEND", "k", "a") == .none)
        // What is sent behind a command that waits waits with it; reads and errors of others do not.
        #expect(first("GET", "k") == .none)
        #expect(admin("GET", "k") == nil)
        #expect(admin("SET", "k") == .error("ERR wrong number of arguments for 'set' command"))
        #expect(admin.info("clients")["blocked_clients"] == "2")
        #expect(admin("CLIENT", "LIST", "FLAGS", "b").text?.split(separator: "\n").count == 2)
        #expect(admin("CLIENT", "UNBLOCK", "2") == 0)
        #expect(admin("CLIENT", "UNPAUSE") == "OK")
        server.cycle()
        #expect(second.nextReply() == 1)
        #expect(first.nextReply() == 2)
        #expect(first.nextReply() == "ba")
        #expect(admin.info("clients")["blocked_clients"] == "0")
    }

    /// PFCOUNT may have a replica keep its estimate.
    @Test func whatMayReplicateWaitsWithWrites() {
        let admin = server.connect()
        let client = server.connect()
        admin("PFADD", "k", "a")
        admin("CLIENT", "PAUSE", "60000", "WRITE")
        #expect(client("PFCOUNT", "k") == .none)
        #expect(admin("COMMAND", "INFO", "PFCOUNT").elements.first?.elements[2].elements == [.status("readonly")])
        admin("CLIENT", "UNPAUSE")
        server.cycle()
        #expect(client.nextReply() == 1)
    }

    @Test func allWaitUntilTheTimeIsOver() {
        let admin = server.connect()
        let client = server.connect()
        admin("CLIENT", "PAUSE", "1000")
        #expect(client("PING") == .none)
        #expect(admin("CLIENT", "UNPAUSE") == .none)
        server.advance(milliseconds: 999)
        server.cycle()
        #expect(client.nextReply() == .none)
        server.advance(milliseconds: 1)
        server.cycle()
        #expect(client.nextReply() == "PONG")
        #expect(admin.nextReply() == "OK")
    }

    /// A pause that is under way gets longer and wider, never shorter or narrower.
    @Test func nesting() {
        let client = server.connect()
        client("CLIENT", "PAUSE", "5000", "WRITE")
        client("CLIENT", "PAUSE", "1000", "WRITE")
        #expect(client.info("clients")["paused_reason"] == "client_pause")
        #expect(client.info("clients")["paused_actions"] == "write")
        #expect(client.info("clients")["paused_timeout_milliseconds"] == "5000")
        client("CLIENT", "PAUSE", "10", "ALL")
        #expect(client("PING") == .none)
        server.advance(milliseconds: 4999)
        server.cycle()
        #expect(client.nextReply() == .none)
        server.advance(milliseconds: 1)
        server.cycle()
        #expect(client.nextReply() == "PONG")
    }

    @Test func transactionsWithWritesWaitAtTheirEnd() {
        let admin = server.connect()
        let writer = server.connect()
        let reader = server.connect()
        writer("MULTI")
        #expect(writer("SET", "k", "v") == "QUEUED")
        reader("MULTI")
        #expect(reader("GET", "k") == "QUEUED")
        admin("CLIENT", "PAUSE", "60000", "WRITE")
        #expect(writer("EXEC") == .none)
        #expect(reader("EXEC") == [nil])
        admin("CLIENT", "UNPAUSE")
        server.cycle()
        #expect(writer.nextReply() == ["OK"])
    }

    @Test func pauseInATransactionBeginsBehindIt() {
        let client = server.connect()
        client("MULTI")
        client("SET", "a", "1")
        client("CLIENT", "PAUSE", "60000", "WRITE")
        client("SET", "b", "2")
        #expect(client("EXEC") == ["OK", "OK", "OK"])
        #expect(client("SET", "c", "3") == .none)
        let reader = server.connect()
        #expect(reader("MGET", "a", "b", "c") == ["1", "2", nil])
    }

    @Test func expiredKeysStayWhileClientsWait() {
        let client = server.connect()
        client("SET", "k", "v", "PX", "10")
        client("SET", "l", "v", "PX", "10")
        client("CLIENT", "PAUSE", "60000", "WRITE")
        server.advance(milliseconds: 20)
        server.cycle()
        #expect(client("GET", "k") == nil)
        #expect(client("DBSIZE") == 2 && client.info("stats")["expired_keys"] == "0")
        client("CLIENT", "UNPAUSE")
        #expect(client("GET", "k") == nil)
        #expect(client("DBSIZE") == 1 && client.info("stats")["expired_keys"] == "1")
    }

    @Test func whoVanishesIsForgotten() {
        let admin = server.connect()
        let client = server.connect()
        admin("CLIENT", "PAUSE", "60000", "WRITE")
        client("SET", "k", "v")
        client.disconnect()
        #expect(admin.info("clients")["blocked_clients"] == "0")
        admin("CLIENT", "UNPAUSE")
        server.cycle()
        #expect(admin("GET", "k") == nil)
    }

    /// CLIENT REPLY holds for a command whose reply comes later.
    @Test func skippedReplyOfACommandThatWaited() {
        let admin = server.connect()
        let client = server.connect()
        admin("CLIENT", "PAUSE", "60000", "WRITE")
        client("CLIENT", "REPLY", "SKIP")
        client("SET", "k", "v")
        client("PING")
        admin("CLIENT", "UNPAUSE")
        server.cycle()
        #expect(client.nextReply() == "PONG")
        #expect(client("GET", "k") == "v")
    }
}
