import Commands
import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport

@Suite struct TrackingTests {
    let server = TestServer()

    /// A client of the new dialect that has sent CLIENT TRACKING ON and these words.
    private func tracker(_ words: String...) -> TestClient {
        let client = server.connect()
        client("HELLO", "3")
        #expect(client.run((["CLIENT", "TRACKING", "ON"] + words).map { [UInt8]($0) }) == "OK")
        return client
    }

    private func invalidation(_ keys: String...) -> Reply { .push(["invalidate", .array(keys.map { .status($0) })]) }

    @Test func keysThatWereRead() {
        let reader = tracker()
        let writer = server.connect()
        writer("MSET", "a", "1", "b", "2")
        reader("MGET", "a", "b")
        writer("SET", "a", "2")
        #expect(reader.nextReply() == invalidation("a"))
        // Told once: the copy is gone.
        writer("SET", "a", "3")
        #expect(reader.nextReply() == .none)
        // Its own changes are told behind the reply.
        #expect(reader("DEL", "b") == 1)
        #expect(reader.nextReply() == invalidation("b"))
        #expect(writer("INFO").text?.contains("tracking_clients:1\r\n") == true)
        reader("GET", "c")
        #expect(writer("INFO").text?.contains("tracking_total_keys:1\r\ntracking_total_items:1\r\n") == true)
        #expect(reader("CLIENT", "TRACKING", "OFF") == "OK")
        writer("SET", "c", "1")
        #expect(reader.nextReply() == .none)
    }

    @Test func ownChanges() {
        let reader = tracker("NOLOOP")
        let writer = server.connect()
        reader("GET", "a")
        #expect(reader("SET", "a", "1") == "OK")
        #expect(reader.nextReply() == .none)
        reader("GET", "a")
        writer("SET", "a", "2")
        #expect(reader.nextReply() == invalidation("a"))
    }

    @Test func transactions() {
        let reader = tracker()
        reader("MULTI")
        reader("GET", "a")
        reader("SET", "a", "1")
        reader("GET", "b")
        reader("SET", "b", "1")
        #expect(reader("EXEC") == .array([nil, "OK", nil, "OK"]))
        #expect(reader.nextReply() == invalidation("a"))
        #expect(reader.nextReply() == invalidation("b"))
    }

    @Test func choosing() {
        let writer = server.connect()
        let optIn = tracker("OPTIN")
        optIn("GET", "a")
        #expect(optIn("CLIENT", "CACHING", "NO") == .error(
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."))
        #expect(optIn("CLIENT", "CACHING", "YES") == "OK")
        optIn("GET", "b")
        optIn("GET", "c")
        writer("MSET", "a", "1", "b", "1", "c", "1")
        #expect(optIn.nextReply() == invalidation("b"))
        #expect(optIn.nextReply() == .none)
        let optOut = tracker("OPTOUT")
        optOut("GET", "a")
        optOut("CLIENT", "CACHING", "NO")
        #expect(optOut("CLIENT", "TRACKINGINFO") == .map([
            "flags", .set(["on", "optout", "caching-no"]), "redirect", 0, "prefixes", [],
        ]))
        optOut("GET", "b")
        writer("MSET", "a", "1", "b", "1")
        #expect(optOut.nextReply() == invalidation("a"))
        #expect(optOut.nextReply() == .none)
        // What holds for the next command holds for a whole transaction.
        optIn("CLIENT", "CACHING", "YES")
        optIn("MULTI")
        optIn("GET", "a")
        optIn("GET", "b")
        optIn("EXEC")
        optIn("GET", "c")
        writer("MSET", "a", "1", "b", "1", "c", "1")
        #expect(optIn.nextReply() == invalidation("a"))
        #expect(optIn.nextReply() == invalidation("b"))
        #expect(optIn.nextReply() == .none)
    }

    @Test func broadcasting() {
        let writer = server.connect()
        let all = tracker("BCAST")
        let some = tracker("BCAST", "NOLOOP", "PREFIX", "user:", "PREFIX", "x")
        writer.send([UInt8]("SET user:2 a\r\nSET other b\r\nSET user:1 c\r\nSET user:2 d\r\n".utf8))
        _ = writer.takeBytes()
        #expect(all.nextReply() == invalidation("other", "user:1", "user:2"))
        #expect(some.nextReply() == invalidation("user:1", "user:2"))
        some.send([UInt8]("SET user:9 a\r\n".utf8))
        #expect(some.nextReply() == "OK")
        #expect(some.nextReply() == .none)
        #expect(all.nextReply() == invalidation("user:9"))
        #expect(writer("INFO").text?.contains("tracking_total_prefixes:3\r\n") == true)
        #expect(some("CLIENT", "TRACKINGINFO") == .map([
            "flags", .set(["on", "bcast", "noloop"]), "redirect", 0, "prefixes", ["user:", "x"],
        ]))
        #expect(some("CLIENT", "INFO").text?.contains(" flags=tB ") == true)
        some.disconnect()
        all("RESET")
        #expect(writer("INFO").text?.contains("tracking_total_prefixes:0\r\n") == true)
        writer("SET", "user:1", "x")
        #expect(all.nextReply() == .none)
    }

    @Test func redirection() {
        let listener = server.connect()
        let reader = server.connect()
        let writer = server.connect()
        let number = listener("CLIENT", "ID").integerValue ?? 0
        listener("SUBSCRIBE", "__redis__:invalidate")
        #expect(reader("CLIENT", "TRACKING", "ON", "REDIRECT", "999") == .error(
            "ERR The client ID you want redirect to does not exist"))
        #expect(reader("CLIENT", "GETREDIR") == -1)
        #expect(reader("CLIENT", "TRACKING", "ON", "REDIRECT", "\(number)") == "OK")
        #expect(reader("CLIENT", "GETREDIR") == .integer(number))
        reader("GET", "a")
        writer("SET", "a", "1")
        #expect(listener.nextReply() == ["message", "__redis__:invalidate", ["a"]])
        writer("FLUSHALL")
        #expect(listener.nextReply() == ["message", "__redis__:invalidate", nil])
        listener.disconnect()
        reader("HELLO", "3")
        reader("GET", "a")
        writer("SET", "a", "2")
        #expect(reader.nextReply() == .push(["tracking-redir-broken", .integer(number)]))
        #expect(reader("CLIENT", "TRACKINGINFO").elements[1] == .set(["on", "broken_redirect"]))
        #expect(reader("CLIENT", "INFO").text?.contains(" flags=tR ") == true)
    }

    @Test func everythingGone() {
        let reader = tracker()
        let writer = server.connect()
        writer("SET", "a", "1")
        reader("GET", "a")
        writer("FLUSHDB")
        #expect(reader.nextReply() == .push(["invalidate", nil]))
        #expect(reader("FLUSHALL") == "OK")
        #expect(reader.nextReply() == .push(["invalidate", nil]))
    }

    @Test func expiry() {
        let reader = tracker()
        let writer = server.connect()
        writer("SET", "a", "1", "PX", "100")
        writer("SET", "b", "1", "PX", "100")
        reader("MGET", "a", "b")
        server.advance(milliseconds: 200)
        writer("GET", "a")
        #expect(reader.nextReply() == invalidation("a"))
        server.cycle()
        #expect(reader.nextReply() == invalidation("b"))
    }

    @Test func tableLimit() {
        let reader = tracker()
        let writer = server.connect()
        writer("CONFIG", "SET", "tracking-table-max-keys", "2")
        for i in 0..<3 { #expect(reader("GET", "k\(i)") == nil) }
        // The next command makes room, and the key goes before the reply comes.
        #expect(reader("PING") == invalidation("k0"))
        #expect(reader.nextReply() == "PONG")
        writer("CONFIG", "SET", "tracking-table-max-keys", "1")
        #expect(writer("INFO").text?.contains("tracking_total_keys:1\r\n") == true)
        #expect(reader.nextReply().elements.first == "invalidate")
        #expect(reader.nextReply() == .none)
    }

    @Test func refusals() {
        let client = server.connect()
        func refusal(_ words: String) -> String {
            if case .error(let text) = client.line("CLIENT TRACKING " + words) { return text }
            return ""
        }
        let again = "before disabling tracking for this client, and then re-enabling it with a different mode."
        #expect(refusal("MAYBE") == "ERR syntax error")
        #expect(refusal("ON FOO") == "ERR syntax error")
        #expect(refusal("ON REDIRECT") == "ERR syntax error")
        #expect(refusal("ON REDIRECT x") == "ERR value is not an integer or out of range")
        #expect(refusal("ON REDIRECT 1 REDIRECT 1") == "ERR A client can only redirect to a single other client")
        #expect(refusal("ON PREFIX a") == "ERR PREFIX option requires BCAST mode to be enabled")
        #expect(refusal("ON BCAST OPTIN") == "ERR OPTIN and OPTOUT are not compatible with BCAST")
        #expect(refusal("ON OPTIN OPTOUT") == "ERR You can't specify both OPTIN mode and OPTOUT mode")
        #expect(refusal("ON BCAST PREFIX a PREFIX ab") == "ERR Prefix 'a' overlaps with another provided prefix 'ab'. "
            + "Prefixes for a single client must not overlap.")
        client("CLIENT", "TRACKING", "ON", "OPTIN")
        #expect(refusal("ON OPTOUT") == "ERR You can't switch OPTIN/OPTOUT mode " + again)
        #expect(refusal("ON BCAST") == "ERR You can't switch BCAST mode on/off " + again)
        client("CLIENT", "TRACKING", "OFF")
        client("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "foo")
        #expect(refusal("ON BCAST PREFIX foobar") == "ERR Prefix 'foobar' overlaps with an existing prefix 'foo'. "
            + "Prefixes for a single client must not overlap.")
        #expect(client("CLIENT", "CACHING", "YES") == .error(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"))
    }

    @Test func evictedKeysAreTold() {
        let reader = tracker()
        let writer = server.connect()
        writer("SET", "a", "1")
        reader("GET", "a")
        server.engine.context.host.memory = { MemoryReading(used: 2000, resident: 0) }
        server.engine.context.configuration.maximumMemoryPolicy = .allKeysRandom
        server.engine.context.configuration.maximumMemory = 1000
        server.cycle()
        #expect(writer("EXISTS", "a") == 0)
        #expect(reader.nextReply() == invalidation("a"))
        #expect(reader.nextReply() == .none)
    }

    /// With the last client that tracks the table of keys is gone.
    @Test func nobodyTracksAnyMore() {
        let reader = tracker()
        let writer = server.connect()
        writer("MSET", "a", "1", "b", "2")
        reader("MGET", "a", "b")
        #expect(writer("INFO").text?.contains("tracking_total_keys:2\r\n") == true)
        reader.disconnect()
        #expect(writer("INFO").text?.contains("tracking_clients:0\r\n") == true)
        #expect(writer("INFO").text?.contains("tracking_total_keys:0\r\n") == true)
        #expect(tracker()("PING") == "PONG")
    }
}
