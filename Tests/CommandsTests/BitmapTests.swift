import Commands
import Engine
import TestSupport
import Testing

@Suite struct BitmapTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    let offsetError = Reply.error("ERR bit offset is not an integer or out of range")

    @Test func singleBits() {
        #expect(client("GETBIT", "k", "0") == 0)
        #expect(client("SETBIT", "k", "7", "1") == 0)
        #expect(client("GET", "k") == .bulk([1]))
        #expect(client("SETBIT", "k", "7", "0") == 1)
        #expect(client("SETBIT", "k", "23", "1") == 0)
        #expect(client("GET", "k") == .bulk([0, 0, 1]))
        #expect(client("GETBIT", "k", "23") == 1)
        #expect(client("GETBIT", "k", "4294967295") == 0)
        #expect(client("OBJECT", "ENCODING", "k") == "raw")
        client("SET", "n", "12")
        #expect(client("GETBIT", "n", "2") == 1)
        #expect(client("SETBIT", "n", "15", "1") == 0)
        #expect(client("GET", "n") == "13")
    }

    @Test func farAway() {
        #expect(client("SETBIT", "k", "1000000", "1") == 0)
        #expect(client("STRLEN", "k") == 125_001)
        #expect(client("BITPOS", "k", "1") == 1_000_000)
        #expect(client("BITCOUNT", "k") == 1)
        #expect(client("SETBIT", "k", "1000001", "1") == 0)
        #expect(client("BITCOUNT", "k", "1000001", "-1", "BIT") == 1)
    }

    @Test func edgesOfOffsets() {
        for offset in ["-1", "x", "", "1.0", "4294967296", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "#1"] {
            #expect(client("SETBIT", "k", offset, "1") == offsetError)
            #expect(client("GETBIT", "k", offset) == offsetError)
        }
        for bit in ["2", "-1", "x", ""] {
            #expect(client("SETBIT", "k", "0", bit) == .error("ERR bit is not an integer or out of range"))
        }
        #expect(client("EXISTS", "k") == 0)
    }

    @Test func onlyChangesArePropagated() {
        client("SETBIT", "k", "5", "0")
        client("SETBIT", "k", "5", "0")
        client("SETBIT", "k", "5", "1")
        client("SETBIT", "k", "5", "1")
        client("SETBIT", "k", "9", "0")
        #expect(server.takeEffects() == [["SETBIT", "k", "5", "0"], ["SETBIT", "k", "5", "1"], ["SETBIT", "k", "9", "0"]])
    }

    @Test func counting() {
        client("SET", "k", "foobar")
        #expect(client("BITCOUNT", "k") == 26)
        #expect(client("BITCOUNT", "k", "0", "0") == 4)
        #expect(client("BITCOUNT", "k", "1", "1", "byte") == 6)
        #expect(client("BITCOUNT", "k", "5", "30", "BIT") == 17)
        #expect(client("BITCOUNT", "k", "-1", "-2") == 0)
        #expect(client("BITCOUNT", "k", "-100", "-200") == 0)
        #expect(client("BITCOUNT", "k", "-9223372036854775808", "9223372036854775807", "BIT") == 26)
        #expect(client("BITCOUNT", "missing", "0", "-1") == 0)
        #expect(client("BITCOUNT", "k", "0") == .error("ERR syntax error"))
        #expect(client("BITCOUNT", "k", "0", "1", "NOPE") == .error("ERR syntax error"))
        #expect(client("BITCOUNT", "missing", "x", "1") == .error("ERR value is not an integer or out of range"))
        #expect(client("BITCOUNT", "k", "0", "1", "BIT", "x") == .error("ERR syntax error"))
    }

    @Test func searching() {
        client.run([[UInt8]("SET"), [UInt8]("k"), [0xff, 0xf0, 0]])
        #expect(client("BITPOS", "k", "0") == 12)
        #expect(client("BITPOS", "k", "1", "2") == -1)
        #expect(client("BITPOS", "k", "0", "0", "0") == -1)
        #expect(client("BITPOS", "k", "1", "9", "-1", "BIT") == 9)
        #expect(client("BITPOS", "k", "1", "-100", "-200") == 0)
        client.run([[UInt8]("SET"), [UInt8]("ones"), [UInt8](repeating: 0xff, count: 100)])
        #expect(client("BITPOS", "ones", "0") == 800)
        #expect(client("BITPOS", "ones", "0", "3") == 800)
        #expect(client("BITPOS", "ones", "0", "0", "-1") == -1)
        #expect(client("BITPOS", "missing", "0") == 0)
        #expect(client("BITPOS", "missing", "1") == -1)
        client("SET", "empty", "")
        #expect(client("BITPOS", "empty", "0") == -1)
        #expect(client("BITPOS", "k", "2") == .error("ERR The bit argument must be 1 or 0."))
        #expect(client("BITPOS", "k", "1", "0", "BIT") == .error("ERR value is not an integer or out of range"))
        #expect(client("BITPOS", "k", "1", "0", "1", "BIT", "x") == .error("ERR syntax error"))
    }

    private func set(_ key: String, _ bytes: [UInt8]) { client.run([[UInt8]("SET"), [UInt8](key), bytes]) }

    @Test func combining() {
        set("a", [0b1111_0000, 0xff])
        set("b", [0b1010_1010])
        set("c", [0b1000_0001, 0x0f, 1])
        func result(_ operation: String, _ keys: String...) -> Reply {
            let count = client.run(["BITOP", operation, "r"].map { [UInt8]($0) } + keys.map { [UInt8]($0) })
            #expect(count == client("STRLEN", "r"))
            return client("GET", "r")
        }
        #expect(result("AND", "a", "b") == .bulk([0b1010_0000, 0]))
        #expect(result("or", "a", "c") == .bulk([0b1111_0001, 0xff, 1]))
        #expect(result("XOR", "a", "b", "c") == .bulk([0b1101_1011, 0xf0, 1]))
        #expect(result("NOT", "c") == .bulk([0b0111_1110, 0xf0, 0xfe]))
        #expect(result("DIFF", "a", "b", "c") == .bulk([0b0101_0000, 0xf0, 0]))
        #expect(result("DIFF1", "a", "b", "c") == .bulk([0b0000_1011, 0, 1]))
        #expect(result("ANDOR", "a", "b", "c") == .bulk([0b1010_0000, 0x0f, 0]))
        #expect(result("ONE", "a", "b", "c") == .bulk([0b0101_1011, 0xf0, 1]))
        #expect(result("ONE", "b") == .bulk([0b1010_1010]))
        #expect(result("AND", "a", "missing") == .bulk([0, 0]))
        #expect(result("DIFF", "missing", "a") == .bulk([0, 0]))
        client("SET", "n", "12")
        #expect(result("OR", "n", "n") == "12")
        #expect(client("OBJECT", "ENCODING", "r") == "raw")
    }

    @Test func theResultReplacesWhatWasThere() {
        client("SET", "a", "abc")
        client("SET", "r", "old", "EX", "100")
        #expect(client("BITOP", "OR", "r", "a") == 3)
        #expect(client("TTL", "r") == -1)
        #expect(client("BITOP", "AND", "a", "a", "a") == 3)
        #expect(client("GET", "a") == "abc")
        #expect(client("BITOP", "AND", "r", "missing", "missing") == 0)
        #expect(client("EXISTS", "r") == 0)
        #expect(server.takeEffects().last == ["BITOP", "AND", "r", "missing", "missing"])
        #expect(client("BITOP", "AND", "r", "missing") == 0)
        #expect(server.takeEffects() == [])
    }

    /// Large results take the way past the caches, and the place of a source or an older result.
    @Test(arguments: ["AND", "OR", "XOR", "DIFF", "DIFF1", "ANDOR", "ONE", "NOT"])
    func large(operation: String) {
        let count = 1_200_000
        let a = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let b = (0..<count - 50_001).map { UInt8(truncatingIfNeeded: $0 &* 13 >> 2) }
        set("a", a)
        set("b", b)
        let keys = operation == "NOT" ? ["a"] : ["a", "b"]
        let expected = a.indices.map { i -> UInt8 in
            let (x, y) = (a[i], i < b.count ? b[i] : 0)
            switch operation {
            case "AND", "ANDOR": return x & y
            case "OR": return x | y
            case "DIFF": return x & ~y
            case "DIFF1": return y & ~x
            case "NOT": return ~x
            default: return x ^ y
            }
        }
        for target in ["r", "r", "b", "a"] {
            set("a", a)
            set("b", b)
            #expect(client.run((["BITOP", operation, target] + keys).map { [UInt8]($0) }) == .integer(Int64(count)))
            let isEqual = client("GET", target) == .bulk(expected)
            #expect(isEqual, "into \(target)")
        }
    }

    @Test func combiningErrors() {
        client("SET", "a", "abc")
        #expect(client("BITOP", "NOPE", "r", "a") == .error("ERR syntax error"))
        #expect(client("BITOP", "NOT", "r", "a", "a") == .error("ERR BITOP NOT must be called with a single source key."))
        for operation in ["DIFF", "DIFF1", "ANDOR"] {
            #expect(client("BITOP", operation.lowercased(), "r", "a")
                == .error("ERR BITOP \(operation) must be called with at least two source keys."))
        }
        #expect(client("BITOP", "AND", "r") == .error("ERR wrong number of arguments for 'bitop' command"))
    }
}
