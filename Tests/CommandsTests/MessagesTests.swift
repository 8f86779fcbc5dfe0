import Commands
import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport

@Suite struct MessagesTests {
    let server = TestServer()

    private func bytes(_ text: String) -> [UInt8] { [UInt8](text) }

    @Test func channels() {
        let listener = server.connect()
        let speaker = server.connect()
        #expect(listener("SUBSCRIBE", "a", "b", "a") == ["subscribe", "a", 1])
        #expect(listener.nextReply() == ["subscribe", "b", 2])
        #expect(listener.nextReply() == ["subscribe", "a", 2])
        #expect(speaker("PUBLISH", "a", "one") == 1)
        #expect(speaker("PUBLISH", "c", "none") == 0)
        #expect(listener.nextReply() == ["message", "a", "one"])
        #expect(listener.nextReply() == .none)
        #expect(listener("UNSUBSCRIBE") == ["unsubscribe", "a", 1])
        #expect(listener.nextReply() == ["unsubscribe", "b", 0])
        #expect(listener("UNSUBSCRIBE") == ["unsubscribe", nil, 0])
        #expect(listener("UNSUBSCRIBE", "x") == ["unsubscribe", "x", 0])
        #expect(speaker("PUBLISH", "a", "two") == 0)
    }

    @Test func patterns() {
        let listener = server.connect()
        let speaker = server.connect()
        #expect(listener("PSUBSCRIBE", "news.*", "*") == ["psubscribe", "news.*", 1])
        #expect(listener.nextReply() == ["psubscribe", "*", 2])
        #expect(listener("SUBSCRIBE", "news.art") == ["subscribe", "news.art", 3])
        // One client gets what it is subscribed to in several ways several times, the channel first.
        #expect(speaker("PUBLISH", "news.art", "x") == 3)
        #expect(listener.nextReply() == ["message", "news.art", "x"])
        #expect(listener.nextReply() == ["pmessage", "news.*", "news.art", "x"])
        #expect(listener.nextReply() == ["pmessage", "*", "news.art", "x"])
        #expect(listener("PUNSUBSCRIBE", "*") == ["punsubscribe", "*", 2])
        #expect(listener("PUNSUBSCRIBE") == ["punsubscribe", "news.*", 1])
        #expect(speaker("PUBSUB", "NUMPAT") == 0)
    }

    @Test func shardChannels() {
        let listener = server.connect()
        let speaker = server.connect()
        #expect(listener("SSUBSCRIBE", "a") == ["ssubscribe", "a", 1])
        #expect(listener("SUBSCRIBE", "a") == ["subscribe", "a", 1])
        #expect(speaker("SPUBLISH", "a", "shard") == 1)
        #expect(speaker("PUBLISH", "a", "plain") == 1)
        #expect(listener.nextReply() == ["smessage", "a", "shard"])
        #expect(listener.nextReply() == ["message", "a", "plain"])
        #expect(speaker("PUBSUB", "SHARDNUMSUB", "a", "b") == ["a", 1, "b", 0])
        #expect(speaker("PUBSUB", "SHARDCHANNELS") == ["a"])
        #expect(speaker("PUBSUB", "SHARDCHANNELS", "b*") == [])
        #expect(listener("SUNSUBSCRIBE") == ["sunsubscribe", "a", 0])
        #expect(listener("SUNSUBSCRIBE") == ["sunsubscribe", nil, 0])
        #expect(speaker("SPUBLISH", "a", "x") == 0)
    }

    @Test func inspection() {
        let listener = server.connect()
        let client = server.connect()
        listener("SUBSCRIBE", "one", "two")
        listener("PSUBSCRIBE", "t*")
        listener("SSUBSCRIBE", "s")
        #expect(client("PUBSUB", "CHANNELS") == ["one", "two"])
        #expect(client("PUBSUB", "CHANNELS", "t*") == ["two"])
        #expect(client("PUBSUB", "NUMSUB", "one", "three") == ["one", 1, "three", 0])
        #expect(client("PUBSUB", "NUMSUB") == [])
        #expect(client("PUBSUB", "NUMPAT") == 1)
        #expect(client("PUBSUB", "CHANNELS", "a", "b") == .error(
            "ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP."))
        let info = client("INFO").text ?? ""
        for field in ["pubsub_channels:2", "pubsub_patterns:1", "pubsubshard_channels:1", "pubsub_clients:1"] {
            #expect(info.contains(field + "\r\n"), "\(field)")
        }
        let line = client("CLIENT", "LIST", "TYPE", "pubsub").text ?? ""
        #expect(line.contains(" flags=P ") && line.contains(" sub=2 psub=1 ssub=1 "), "\(line)")
        #expect(client("CLIENT", "KILL", "TYPE", "pubsub") == 1)
        listener.disconnect()
        #expect(client("PUBSUB", "CHANNELS") == [])
        #expect(client("INFO").text?.contains("pubsub_clients:0\r\n") == true)
    }

    @Test func oldDialectIsRestricted() {
        let client = server.connect()
        #expect(client("PING") == "PONG")
        client("SUBSCRIBE", "a")
        #expect(client("GET", "k") == .error(
            "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"))
        #expect(client("CLIENT", "ID") == .error(
            "ERR Can't execute 'client|id': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"))
        #expect(client("PING") == ["pong", ""])
        #expect(client("PING", "x") == ["pong", "x"])
        client("UNSUBSCRIBE")
        #expect(client("GET", "k") == nil)
        client("PSUBSCRIBE", "a")
        #expect(client("RESET") == "RESET")
        #expect(client("GET", "k") == nil)
        #expect(client("PUBSUB", "NUMPAT") == 0)
        client("SSUBSCRIBE", "a")
        #expect(client("QUIT") == "OK")
        #expect(client.isClosed)
    }

    /// A push never comes between the parts of a pipeline's replies but behind the reply it was sent by.
    @Test func newDialectMixesRepliesAndPushes() {
        let client = server.connect()
        client("HELLO", "3")
        #expect(client("SUBSCRIBE", "a") == .push(["subscribe", "a", 1]))
        client.send(bytes("PUBLISH a 1\r\nGET k\r\nPUBLISH a 2\r\nPING\r\n"))
        #expect(client.nextReply() == 1)
        #expect(client.nextReply() == .push(["message", "a", "1"]))
        #expect(client.nextReply() == nil)
        #expect(client.nextReply() == 1)
        #expect(client.nextReply() == .push(["message", "a", "2"]))
        #expect(client.nextReply() == "PONG")
    }

    @Test func transactions() {
        let client = server.connect()
        let listener = server.connect()
        server.recordEffects()
        client("HELLO", "3")
        listener("SUBSCRIBE", "a", "b")
        _ = listener.takeBytes()
        client("MULTI")
        client("PUBLISH", "a", "before")
        client("SUBSCRIBE", "a")
        client("PUBLISH", "a", "after")
        client("SSUBSCRIBE", "s")
        client("SET", "k", "v")
        #expect(client("EXEC") == .array([
            1, .push(["subscribe", "a", 1]), 2, .error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"), "OK",
        ]))
        #expect(client.nextReply() == .push(["message", "a", "after"]))
        #expect(listener.nextReply() == ["message", "a", "before"])
        #expect(listener.nextReply() == ["message", "a", "after"])
        let effects = server.takeEffects().filter { $0[0] != "SELECT" }
        #expect(effects == [["MULTI"], ["PUBLISH", "a", "before"], ["PUBLISH", "a", "after"], ["SET", "k", "v"], ["EXEC"]])
    }

    @Test func silentClients() {
        let client = server.connect()
        let speaker = server.connect()
        client("HELLO", "3")
        client("CLIENT", "REPLY", "OFF")
        #expect(client("SUBSCRIBE", "a") == .push(["subscribe", "a", 1]))
        #expect(client("GET", "k") == .none)
        speaker("PUBLISH", "a", "x")
        #expect(client.nextReply() == .push(["message", "a", "x"]))
        #expect(client("PUBLISH", "a", "y") == .push(["message", "a", "y"]))
        #expect(client.nextReply() == .none)
    }

    /// The client whose command serves a blocked one gets the messages that this brings about.
    @Test func messagesWhileOthersAreServed() {
        let server = TestServer(declarations: Families.all + SampleBlocking.declarations)
        let (writer, waiter) = (server.connect(), server.connect())
        writer("CONFIG", "SET", "notify-keyspace-events", "Eg")
        writer("HELLO", "3")
        writer("SUBSCRIBE", "__keyevent@0__:del")
        waiter("BTAKE", "k", "0")
        #expect(writer("SET", "k", "v") == "OK")
        #expect(writer.nextReply() == .push(["message", "__keyevent@0__:del", "k"]))
        #expect(waiter.nextReply() == ["k", "v"])
    }

    @Test func keysThatAreNotThere() {
        let client = server.connect()
        let listener = server.connect()
        client("CONFIG", "SET", "notify-keyspace-events", "Em")
        #expect(client("CONFIG", "GET", "notify-keyspace-events") == ["notify-keyspace-events", "Em"])
        listener("SUBSCRIBE", "__keyevent@0__:keymiss")
        for words in [
            "GET a", "MGET b c", "SET d 1", "GET d", "TYPE e", "TTL f", "OBJECT ENCODING g", "EXISTS h", "HGETEX i FIELDS 1 f", "GETEX j",
            "HGETEX k FIELDS 0",
        ] {
            client.line(words)
        }
        for key in ["a", "b", "c", "e", "f", "h", "i", "j"] {
            #expect(listener.nextReply() == ["message", "__keyevent@0__:keymiss", .status(key)])
        }
        #expect(listener.nextReply() == .none)
    }

    @Test func limits() {
        let listener = server.connect()
        let speaker = server.connect()
        speaker("CONFIG", "SET", "client-output-buffer-limit", "pubsub 100000 0 0")
        listener("SUBSCRIBE", "a")
        for _ in 0..<40 { speaker("PUBLISH", "a", String(repeating: "x", count: 5000)) }
        #expect(server.engine.takeRequests().closing == [listener.id])
        #expect(listener.takeBytes().isEmpty)
        #expect(speaker("CLIENT", "LIST").text?.split(separator: "\n").count == 1)
    }

    /// Ten thousand subscribers of two dialects: each dialect's bytes are there once.
    @Test func fanOutEncodesOnce() {
        let count = 10_000
        let speaker = server.connect()
        var listeners: [TestClient] = []
        for i in 0..<count {
            let listener = server.connect()
            if i % 4 == 0 { listener("HELLO", "3") }
            listener("SUBSCRIBE", "a")
            _ = listener.takeBytes()
            listeners.append(listener)
        }
        #expect(speaker("PUBLISH", "a", String(repeating: "x", count: 1000)) == .integer(Int64(count)))
        var places: Set<Int> = []
        var total = 0
        for listener in listeners {
            var chain = ByteChain()
            _ = server.engine.takeOutput(listener.id, into: &chain)
            #expect(chain.segmentCount == 1)
            total += chain.count
            chain.forEachSegment { segment in
                places.insert(segment.withUnsafeBytes { Int(bitPattern: $0.baseAddress) })
            }
        }
        #expect(places.count == 2)
        #expect(total == count * 1033)
        for listener in listeners { listener.disconnect() }
        #expect(speaker("PUBLISH", "a", "x") == 0)
    }
}
