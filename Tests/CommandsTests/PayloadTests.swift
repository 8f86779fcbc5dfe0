import Engine
import Primitives
import Testing
import TestSupport

/// DUMP and RESTORE as transcripts.
@Suite struct PayloadTests {
    private func payload(_ client: TestClient, _ key: String) -> [UInt8] {
        if case .bulk(let bytes) = client("DUMP", key) { bytes } else { [] }
    }

    private func restore(_ client: TestClient, _ key: String, _ ttl: String, _ payload: [UInt8], _ options: String...) -> Reply {
        client.run([[UInt8]("RESTORE"), [UInt8](key), [UInt8](ttl), payload] + options.map { [UInt8]($0) })
    }

    /// Bytes of a live Redis 7.0.15.
    @Test func knownBytes() {
        let client = TestServer().connect()
        client("SET", "k", "v")
        #expect(payload(client, "k") == [0, 1, 118, 10, 0, 145, 8, 206, 178, 25, 56, 138, 206])
        #expect(client("DUMP", "missing") == nil)
    }

    @Test func values() {
        let server = TestServer()
        let client = server.connect()
        client("SET", "s", "12345")
        client("RPUSH", "l", "a", "1", "long enough to be compressed compressed compressed")
        client("SADD", "i", "1", "2", "3")
        client("ZADD", "z", "1.5", "a", "inf", "b")
        client("HSET", "h", "f", "v")
        for key in ["s", "l", "i", "z", "h"] {
            #expect(restore(client, key + "2", "0", payload(client, key)) == "OK")
            #expect(client("OBJECT", "ENCODING", key) == client("OBJECT", "ENCODING", key + "2"))
            #expect(payload(client, key) == payload(client, key + "2"))
        }
    }

    @Test func options() {
        let server = TestServer()
        let client = server.connect()
        client("SET", "k", "v")
        let bytes = payload(client, "k")
        #expect(restore(client, "k", "0", bytes) == .error("BUSYKEY Target key name already exists."))
        #expect(restore(client, "k", "100", bytes, "REPLACE") == "OK")
        #expect(client("PTTL", "k") == 100)
        #expect(restore(client, "k", "-1", bytes, "replace") == .error("ERR Invalid TTL value, must be >= 0"))
        #expect(restore(client, "k", "x", bytes, "replace") == .error("ERR value is not an integer or out of range"))
        #expect(restore(client, "k", "9223372036854775807", bytes, "replace") == .error("ERR Invalid TTL value, must be >= 0"))
        #expect(restore(client, "k", "0", bytes, "replace", "foo") == .error("ERR syntax error"))
        #expect(restore(client, "k", "0", bytes, "IDLETIME") == .error("ERR syntax error"))
        #expect(restore(client, "k", "0", bytes, "IDLETIME", "-1") == .error("ERR Invalid IDLETIME value, must be >= 0"))
        #expect(restore(client, "k", "0", bytes, "FREQ", "256") == .error("ERR Invalid FREQ value, must be >= 0 and <= 255"))
        #expect(restore(client, "k", "0", bytes, "FREQ", "1", "IDLETIME", "1") == .error("ERR syntax error"))
        #expect(restore(client, "k", "0", bytes, "REPLACE", "IDLETIME", "1000") == "OK")
        #expect(client("OBJECT", "IDLETIME", "k") == 1000)
        client("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
        #expect(restore(client, "k", "0", bytes, "REPLACE", "FREQ", "100") == "OK")
        #expect(client("OBJECT", "FREQ", "k") == 100)
    }

    @Test func wrongBytes() {
        let client = TestServer().connect()
        client("SET", "k", "v")
        let bytes = payload(client, "k")
        let wrongSum = Reply.error("ERR DUMP payload version or checksum are wrong")
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1
            #expect(restore(client, "new", "0", damaged) == wrongSum)
        }
        for count in bytes.indices { #expect(restore(client, "new", "0", Array(bytes[..<count])) == wrongSum) }
        // A sum of zero is none: then the value itself is looked at.
        let empty = [UInt8]([2, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(restore(client, "new", "0", empty) == .error("ERR Bad data format"))
        #expect(restore(client, "new", "0", [15] + empty.dropFirst()) == .error("ERR Bad data format"))
        #expect(client("EXISTS", "new") == 0)
    }

    /// What came before listpacks; the bytes follow the public descriptions.
    @Test func oldValues() {
        let client = TestServer().connect()
        let zipmap: [UInt8] = [2, 1, 102, 1, 0, 118, 1, 103, 2, 1, 49, 50, 0, 255]
        let footer: [UInt8] = [5, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        #expect(restore(client, "h", "0", [9, UInt8(zipmap.count)] + zipmap + footer) == "OK")
        #expect(client("HGETALL", "h") == .array(["f", "v", "g", "12"]))
        #expect(client("OBJECT", "ENCODING", "h") == "listpack")
        // "a", 1000, 12 (inside its encoding), -1
        let elements: [UInt8] = [0, 1, 97, 3, 0xc0, 0xe8, 3, 4, 0xfd, 2, 0xfe, 0xff]
        let ziplist: [UInt8] = [UInt8(elements.count + 11), 0, 0, 0, 19, 0, 0, 0, 4, 0] + elements + [255]
        #expect(restore(client, "l", "0", [10, UInt8(ziplist.count)] + ziplist + footer) == "OK")
        #expect(client("LRANGE", "l", "0", "-1") == .array(["a", "1000", "12", "-1"]))
        #expect(restore(client, "q", "0", [14, 1, UInt8(ziplist.count)] + ziplist + footer) == "OK")
        #expect(client("LRANGE", "q", "0", "-1") == .array(["a", "1000", "12", "-1"]))
        #expect(restore(client, "z", "0", [12, UInt8(ziplist.count)] + ziplist + footer) == "OK")
        #expect(client("ZRANGE", "z", "0", "-1", "WITHSCORES") == .array(["12", "-1", "a", "1000"]))
        #expect(restore(client, "t", "0", [3, 2, 1, 97, 3, 49, 46, 53, 1, 98, 254] + footer) == "OK")
        #expect(client("ZRANGE", "t", "0", "-1", "WITHSCORES") == .array(["a", "1.5", "b", "inf"]))
    }

    @Test func effects() {
        let server = TestServer()
        let client = server.connect()
        client("SET", "k", "v")
        let bytes = payload(client, "k")
        server.recordEffects()
        server.engine.observeNotices()
        _ = restore(client, "n", "0", bytes)
        _ = restore(client, "n", "5000", bytes, "REPLACE")
        let effects = server.takeEffects()
        #expect(effects.count == 3 || effects.count == 2)
        #expect(effects.last?.last == "ABSTTL")
        #expect(effects.last?[2] == client("PEXPIRETIME", "n").integerValue.map { "\($0)" })
        #expect(server.engine.takeNotices().map { "\($0.event.name)" } == ["restore", "restore"])
        _ = restore(client, "n", "1", bytes, "REPLACE", "ABSTTL")
        #expect(client("EXISTS", "n") == 0)
        #expect(server.takeEffects().last == ["DEL", "n"])
    }
}
