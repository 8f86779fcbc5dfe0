import Engine
import Keyspace
import TestSupport
import Testing

@Suite struct KeysObjectTests {
    let server = KeysFixture.server()
    let client: TestClient

    init() { client = server.connect() }

    @Test func missingKeysAreNull() {
        for name in ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"] { #expect(client("OBJECT", name, "nokey") == nil) }
    }

    @Test func encoding() {
        let limit = String(repeating: "x", count: 44)
        for (value, encoding) in [
            ("1", "int"), ("-9223372036854775808", "int"), ("9223372036854775807", "int"), ("9223372036854775808", "embstr"),
            ("01", "embstr"), ("", "embstr"), (limit, "embstr"), (limit + "x", "raw"),
            (String(repeating: "x", count: 100_000), "raw"),
        ] {
            client("SET", "k", value)
            #expect(client("OBJECT", "ENCODING", "k") == .bulk([UInt8](encoding.utf8)))
            client("EXPIRE", "k", "100")
            client("RENAME", "k", "l")
            client("COPY", "l", "k")
            #expect(client("object", "encoding", "k") == .bulk([UInt8](encoding.utf8)))
        }
    }

    @Test func owners() {
        for (value, count) in [("0", Int64(Int32.max)), ("9999", Int64(Int32.max)), ("10000", 1), ("-1", 1), ("x", 1)] {
            client("SET", "k", value)
            #expect(client("OBJECT", "REFCOUNT", "k") == .integer(count))
        }
    }

    @Test func idleTimeAndFrequency() {
        client("SET", "k", "v")
        server.advance(milliseconds: 12_345)
        #expect(client("OBJECT", "IDLETIME", "k") == 12)
        #expect(client("OBJECT", "FREQ", "k") == .error(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."))
        server.engine.context.configuration.maximumMemoryPolicy = .allKeysLFU
        client("DEL", "k")
        client("SET", "k", "v")
        #expect(client("OBJECT", "FREQ", "k") == 5)
        client("GET", "k")
        #expect(client("OBJECT", "FREQ", "k") == 6)
        server.advance(milliseconds: 120_000)
        #expect(client("OBJECT", "FREQ", "k") == 4)
        server.advance(milliseconds: 3_600_000)
        #expect(client("OBJECT", "FREQ", "k") == 0)
        #expect(client("OBJECT", "IDLETIME", "k") == .error(
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."))
        #expect(client("OBJECT", "IDLETIME", "nokey") == nil)
    }

    @Test func helpAndErrors() {
        let help = client("OBJECT", "HELP").elements
        #expect(help.count == 15)
        #expect(help.first == "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(help.suffix(2) == ["HELP", "    Print this help."])
        #expect(client("OBJECT") == .error("ERR wrong number of arguments for 'object' command"))
        #expect(client("OBJECT", "ENCODING") == .error("ERR wrong number of arguments for 'object|encoding' command"))
        #expect(client("OBJECT", "HELP", "x") == .error("ERR wrong number of arguments for 'object|help' command"))
        #expect(client("OBJECT", "FOO", "k") == .error("ERR unknown subcommand 'FOO'. Try OBJECT HELP."))
    }
}
