import Engine
import Keyspace
import Primitives
import TestSupport
import Testing

/// The simulated clock starts at 1_700_000_000_000.
@Suite struct KeysLifetimeTests {
    let server = KeysFixture.server()
    let client: TestClient

    init() { client = server.connect() }

    static let names = ["expire", "pexpire", "expireat", "pexpireat"]

    @Test func relativeTimes() {
        client("SET", "k", "v")
        #expect(client("TTL", "k") == -1)
        #expect(client("PTTL", "k") == -1)
        #expect(client("EXPIRETIME", "k") == -1)
        #expect(client("PEXPIRETIME", "k") == -1)
        #expect(client("EXPIRE", "k", "100") == 1)
        #expect(client("TTL", "k") == 100)
        #expect(client("PTTL", "k") == 100_000)
        #expect(client("EXPIRETIME", "k") == 1_700_000_100)
        #expect(client("PEXPIRETIME", "k") == 1_700_000_100_000)
        #expect(client("PEXPIRE", "k", "1500") == 1)
        #expect(client("TTL", "k") == 2)
        #expect(client("PTTL", "k") == 1500)
        server.advance(milliseconds: 1001)
        #expect(client("TTL", "k") == 0)
        #expect(client("PTTL", "k") == 499)
        server.advance(milliseconds: 498)
        #expect(client("GET", "k") == "v")
        server.advance(milliseconds: 1)
        #expect(client("TTL", "k") == -2)
        #expect(client("PTTL", "k") == -2)
        #expect(client("EXPIRETIME", "k") == -2)
        #expect(client("PEXPIRETIME", "k") == -2)
        #expect(client("GET", "k") == nil)
    }

    @Test func absoluteTimes() {
        client("SET", "k", "v")
        #expect(client("EXPIREAT", "k", "1700000010") == 1)
        #expect(client("PTTL", "k") == 10_000)
        #expect(client("PEXPIREAT", "k", "1700000000499") == 1)
        #expect(client("EXPIRETIME", "k") == 1_700_000_000)
        #expect(client("PEXPIREAT", "k", "1700000000500") == 1)
        #expect(client("EXPIRETIME", "k") == 1_700_000_001)
        #expect(client("TTL", "k") == 1)
        #expect(client("EXPIREAT", "nokey", "1700000010") == 0)
    }

    @Test func persist() {
        client("SET", "k", "v")
        #expect(client("PERSIST", "k") == 0)
        #expect(client("PERSIST", "nokey") == 0)
        client("EXPIRE", "k", "10")
        #expect(client("PERSIST", "k") == 1)
        #expect(client("PERSIST", "k") == 0)
        #expect(client("TTL", "k") == -1)
        server.advance(milliseconds: 20_000)
        #expect(client("GET", "k") == "v")
    }

    @Test func conditions() {
        client("SET", "k", "v")
        #expect(client("EXPIRE", "k", "10", "XX") == 0)
        #expect(client("EXPIRE", "k", "10", "GT") == 0)
        #expect(client("EXPIRE", "k", "10", "XX", "LT") == 0)
        #expect(client("TTL", "k") == -1)
        #expect(client("EXPIRE", "k", "100", "nx", "NX") == 1)
        #expect(client("EXPIRE", "k", "10", "NX") == 0)
        #expect(client("EXPIRE", "k", "100", "GT") == 0)
        #expect(client("EXPIRE", "k", "100", "LT") == 0)
        #expect(client("EXPIRE", "k", "99", "gt") == 0)
        #expect(client("EXPIRE", "k", "101", "GT") == 1)
        #expect(client("EXPIRE", "k", "102", "LT") == 0)
        #expect(client("EXPIRE", "k", "100", "lt", "xx") == 1)
        #expect(client("EXPIRE", "k", "101", "XX", "GT", "XX") == 1)
        #expect(client("TTL", "k") == 101)
        client("PERSIST", "k")
        #expect(client("EXPIRE", "k", "5", "LT") == 1)
        #expect(client("TTL", "k") == 5)
        #expect(client("EXPIRE", "nokey", "5", "NX") == 0)
    }

    @Test(arguments: names) func conditionErrors(name: String) {
        client("SET", "k", "v")
        let nx = Reply.error("ERR NX and XX, GT or LT options at the same time are not compatible")
        let order = Reply.error("ERR GT and LT options at the same time are not compatible")
        for other in ["XX", "GT", "LT"] {
            #expect(client(name, "k", "10", "NX", other) == nx)
            #expect(client(name, "k", "10", other, "NX") == nx)
        }
        #expect(client(name, "k", "10", "NX", "GT", "LT") == nx)
        #expect(client(name, "k", "10", "GT", "LT") == order)
        #expect(client(name, "k", "10", "XX", "GT", "LT") == order)
        #expect(client(name, "k", "10", "Foo") == .error("ERR Unsupported option Foo"))
        #expect(client(name, "k", "10", "NX", "XX", "Foo") == .error("ERR Unsupported option Foo"))
        #expect(client(name, "k", "10", "") == .error("ERR Unsupported option "))
        #expect(client(name, "k", "10", "a\r\nb") == .error("ERR Unsupported option a  b"))
        #expect(client(name, "k", "10", "a\0b") == .error("ERR Unsupported option a"))
        // Options are read before the number, the number before the key.
        #expect(client(name, "nokey", "x", "Foo") == .error("ERR Unsupported option Foo"))
        #expect(client(name, "k", "x", "NX", "XX") == nx)
        #expect(client(name, "nokey", "x") == .error("ERR value is not an integer or out of range"))
        for word in ["", "1.5", " 1", "+1", "01", "9223372036854775808", "-9223372036854775809", "1e3"] {
            #expect(client(name, "k", word) == .error("ERR value is not an integer or out of range"))
        }
        #expect(client(name, "k") == .error("ERR wrong number of arguments for '\(name)' command"))
        #expect(client("TTL", "k") == -1)
    }

    /// The greatest and least numbers that each command takes; one more is an error, whatever the key.
    @Test func edges() {
        func invalid(_ name: String) -> Reply { .error("ERR invalid expire time in '\(name)' command") }
        for key in ["k", "nokey"] {
            client("SET", "k", "v")
            for word in ["9223372036854775807", "9223372036854776", "9223372036854775", "-9223372036854776", "-9223372036854775808"] {
                #expect(client("EXPIRE", key, word) == invalid("expire"))
            }
            for word in ["9223372036854775807", "9223372036854776", "-9223372036854776", "-9223372036854775808"] {
                #expect(client("EXPIREAT", key, word) == invalid("expireat"))
            }
            #expect(client("PEXPIRE", key, "9223372036854775807") == invalid("pexpire"))
            #expect(client("PEXPIRE", key, "9223370336854775808") == invalid("pexpire"))
        }
        #expect(client("PEXPIRE", "k", "9223370336854775807") == 1)
        #expect(client("PEXPIRETIME", "k") == 9_223_372_036_854_775_807)
        #expect(client("EXPIRETIME", "k") == 9_223_372_036_854_776)
        #expect(client("PTTL", "k") == 9_223_370_336_854_775_807)
        #expect(client("TTL", "k") == 9_223_370_336_854_776)
        #expect(client("PEXPIREAT", "k", "9223372036854775807") == 1)
        #expect(client("PEXPIRE", "k", "9223372036854775807", "GT") == invalid("pexpire"))
        #expect(client("EXPIREAT", "k", "9223372036854775") == 1)
        #expect(client("EXPIRETIME", "k") == 9_223_372_036_854_775)
        server.cycle()
        #expect(client("GET", "k") == "v")
        for (name, word) in [
            ("EXPIRE", "-9223372036854775"), ("EXPIREAT", "-9223372036854775"), ("PEXPIRE", "-9223372036854775808"),
            ("PEXPIREAT", "-9223372036854775808"),
        ] {
            client("SET", "k", "v")
            #expect(client(name, "k", word) == 1)
            #expect(client("EXISTS", "k") == 0)
        }
    }

    @Test func pastTimesDelete() {
        server.engine.observeNotices()
        server.recordEffects()
        for (name, word) in [
            ("EXPIRE", "0"), ("EXPIRE", "-1"), ("PEXPIRE", "0"), ("EXPIREAT", "1700000000"), ("PEXPIREAT", "1699999999999"),
            ("PEXPIREAT", "1700000000000"), ("EXPIREAT", "0"),
        ] {
            client("SET", "k", "v")
            _ = server.takeEffects()
            _ = server.takeEvents()
            #expect(client(name, "k", word) == 1)
            #expect(client("GET", "k") == nil)
            #expect(server.takeEffects() == [["DEL", "k"]])
            #expect(server.takeEvents() == ["del k@0"])
        }
        // The conditions hold for the past as well.
        client("SET", "k", "v")
        #expect(client("EXPIRE", "k", "-1", "XX") == 0)
        #expect(client("EXPIRE", "k", "-1", "GT") == 0)
        client("EXPIRE", "k", "10")
        #expect(client("EXPIRE", "k", "-1", "GT") == 0)
        #expect(client("EXPIRE", "k", "-1", "NX") == 0)
        #expect(client("EXPIRE", "k", "-1", "LT", "XX") == 1)
        #expect(client("GET", "k") == nil)
    }

    @Test func effectsAreAbsolute() {
        server.engine.observeNotices()
        server.recordEffects()
        client("SET", "k", "v")
        _ = server.takeEvents()
        client("EXPIRE", "k", "10")
        client("pexpire", "k", "10", "lt", "XX")
        client("EXPIREAT", "k", "1700000020", "gt")
        client("pexpireat", "k", "1700000030000", "GT")
        client("EXPIRE", "k", "5", "NX")
        client("EXPIRE", "nokey", "5")
        client("persist", "k")
        client("persist", "k")
        client("TTL", "k")
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["SET", "k", "v"],
            ["PEXPIREAT", "k", "1700000010000"],
            ["PEXPIREAT", "k", "1700000000010", "lt", "XX"],
            ["PEXPIREAT", "k", "1700000020000", "gt"],
            ["PEXPIREAT", "k", "1700000030000", "GT"],
            ["persist", "k"],
        ])
        #expect(server.takeEvents() == ["expire k@0", "expire k@0", "expire k@0", "expire k@0", "persist k@0"])
    }

    @Test func lookingRemovesWhatIsExpired() {
        server.engine.observeNotices()
        client("SET", "k", "v")
        client("EXPIRE", "k", "1")
        server.advance(milliseconds: 1000)
        server.recordEffects()
        _ = server.takeEvents()
        #expect(client("DBSIZE") == 1)
        #expect(client("EXPIRE", "k", "100") == 0)
        #expect(client("DBSIZE") == 0)
        #expect(server.takeEffects() == [["SELECT", "0"], ["UNLINK", "k"]])
        #expect(server.takeEvents() == ["expired k@0"])
    }

    @Test func cycleRemovesWhatNobodyAsksFor() {
        for partitions in [1, 4] {
            let server = KeysFixture.server(partitionCount: partitions)
            let client = server.connect()
            for i in 0..<1000 {
                client("SET", "k\(i)", "v")
                if i % 2 == 0 { client("PEXPIRE", "k\(i)", "\(1 + i % 100)") }
            }
            client("TEST.SELECT", "3")
            client("SET", "other", "v")
            client("PEXPIRE", "other", "50")
            server.recordEffects()
            server.cycle()
            #expect(client("DBSIZE") == 1)
            server.advance(milliseconds: 100)
            for _ in 0..<20 { server.cycle() }
            #expect(client("DBSIZE") == 0)
            client("TEST.SELECT", "0")
            #expect(client("DBSIZE") == 500)
            let effects = server.takeEffects()
            #expect(effects.filter { $0[0] == "UNLINK" }.count == 501)
            #expect(effects.contains(["UNLINK", "other"]))
            #expect(client("EXISTS", "k0", "k1") == 1)
            server.engine.context.checkKeyspace()
        }
    }

    @Test func expiryOfKeysOfEveryShape() {
        let large = String(repeating: "x", count: 100_000)
        let long = String(repeating: "k", count: 300)
        for key in ["k", "", long] {
            for value in ["", "12", "text", large] {
                client("SET", key, value)
                #expect(client("EXPIRE", key, "10") == 1)
                #expect(client("EXPIRE", key, "20") == 1)
                #expect(client("TTL", key) == 20)
                #expect(client("GET", key) == .bulk([UInt8](value)))
                #expect(client("PERSIST", key) == 1)
                #expect(client("GET", key) == .bulk([UInt8](value)))
                #expect(client("EXPIRE", key, "0") == 1)
                #expect(client("GET", key) == nil)
            }
        }
        server.engine.context.checkKeyspace()
    }
}
