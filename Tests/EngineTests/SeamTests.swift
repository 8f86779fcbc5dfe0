import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport
import Commands

/// That the handler signature and the execution unit hold the kinds of commands that later issues bring.
@Suite struct SeamTests {
    let server = TestServer(declarations: Families.all + SampleBlocking.declarations)

    @Test func getAndSet() {
        let client = server.connect()
        #expect(client("GET", "k") == nil)
        #expect(client("SET", "k", "v") == "OK")
        #expect(client("GET", "k") == "v")
    }

    @Test func transactionIsOneUnit() {
        let client = server.connect()
        server.recordEffects()
        #expect(client("MULTI") == "OK")
        #expect(client("SET", "a", "1") == "QUEUED")
        #expect(client("SET", "b", "2") == "QUEUED")
        #expect(client("EXEC") == ["OK", "OK"])
        #expect(server.takeEffects() == [["SELECT", "0"], ["MULTI"], ["SET", "a", "1"], ["SET", "b", "2"], ["EXEC"]])
    }

    @Test func unknownCommandAbortsTransaction() {
        let client = server.connect()
        client("MULTI")
        #expect(client("NOSUCH") == .error("ERR unknown command 'NOSUCH', with args beginning with: "))
        #expect(client("EXEC") == .error("EXECABORT Transaction discarded because of previous errors."))
        #expect(client("EXEC") == .error("ERR EXEC without MULTI"))
    }

    @Test func blockedClientIsServedInOrder() {
        let first = server.connect()
        let second = server.connect()
        let writer = server.connect()
        #expect(first("BTAKE", "k", "0") == .none)
        #expect(second("BTAKE", "k", "0") == .none)
        server.recordEffects()
        #expect(writer("SET", "k", "1") == "OK")
        #expect(first.nextReply() == ["k", "1"])
        #expect(second.nextReply() == .none)
        writer("SET", "k", "2")
        #expect(second.nextReply() == ["k", "2"])
        #expect(writer("GET", "k") == nil)
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["SET", "k", "1"], ["DEL", "k"], ["SET", "k", "2"], ["DEL", "k"],
        ])
    }

    /// A waiter is served between the commands of a pipeline, as its reply and its effects show.
    @Test func blockedClientIsServedBeforeTheNextCommandOfAPipeline() {
        let waiter = server.connect()
        let writer = server.connect()
        #expect(waiter("BTAKE", "k", "0") == .none)
        server.recordEffects()
        let set1 = TestClient.encode([[UInt8]("SET"), [UInt8]("k"), [UInt8]("1")])
        let set2 = TestClient.encode([[UInt8]("SET"), [UInt8]("k"), [UInt8]("2")])
        let get = TestClient.encode([[UInt8]("GET"), [UInt8]("k")])
        writer.send(set1 + set2 + get)
        #expect(writer.nextReply() == "OK")
        #expect(writer.nextReply() == "OK")
        #expect(writer.nextReply() == "2")
        #expect(waiter.nextReply() == ["k", "1"])
        #expect(server.takeEffects() == [["SELECT", "0"], ["SET", "k", "1"], ["DEL", "k"], ["SET", "k", "2"]])
    }

    @Test func blockedClientTimesOutAndGoesOn() {
        let client = server.connect()
        #expect(client("BTAKE", "k", "5") == .none)
        // What it pipelined behind waits with it.
        #expect(client("SET", "x", "1") == .none)
        server.advance(milliseconds: 5001)
        server.cycle()
        #expect(client.nextReply() == nil)
        #expect(client.nextReply() == "OK")
    }

    @Test func vanishedClientIsForgotten() {
        let client = server.connect()
        let writer = server.connect()
        client("BTAKE", "k", "0")
        client.disconnect()
        writer("SET", "k", "v")
        #expect(writer("GET", "k") == "v")
    }
}
