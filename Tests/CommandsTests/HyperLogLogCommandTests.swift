import Commands
import Engine
import TestSupport
import Testing

@Suite struct HyperLogLogCommandTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    let notOne = Reply.error("WRONGTYPE Key is not a valid HyperLogLog string value.")
    let damaged = Reply.error("INVALIDOBJ Corrupted HLL object detected")

    private func add(_ key: String, _ range: Range<Int>) {
        client.run([[UInt8]("PFADD"), [UInt8](key)] + range.map { [UInt8]("element \($0)") })
    }

    @Test func addingAndCounting() {
        #expect(client("PFCOUNT", "h") == 0)
        #expect(client("PFADD", "h") == 1)
        #expect(client("PFADD", "h") == 0)
        #expect(client("PFCOUNT", "h") == 0)
        #expect(client("PFADD", "h", "a", "b", "c", "") == 1)
        #expect(client("PFADD", "h", "a", "") == 0)
        #expect(client("PFCOUNT", "h") == 4)
        #expect(client("PFCOUNT", "h", "missing") == 4)
        #expect(client("OBJECT", "ENCODING", "h") == "raw")
        #expect(client("TYPE", "h") == "string")
    }

    /// The bytes that Redis has after the same commands.
    @Test func bytes() {
        client("PFADD", "h", "a", "b")
        let header: [UInt8] = [72, 89, 76, 76, 1, 0, 0, 0]
        let runs: [UInt8] = [0x71, 0xa6, 0x84, 0x4b, 0xfb, 0x80, 0x42, 0x5a]
        #expect(client("GET", "h") == .bulk(header + [0, 0, 0, 0, 0, 0, 0, 0x80] + runs))
        #expect(client("PFDEBUG", "DECODE", "h") == "Z:12711 v:2,1 Z:3068 v:1,1 Z:603")
        #expect(client("PFCOUNT", "h") == 2)
        #expect(client("GET", "h") == .bulk(header + [2, 0, 0, 0, 0, 0, 0, 0] + runs))
    }

    @Test func estimatesBecomeDense() {
        add("h", 0..<500)
        #expect(client("PFDEBUG", "ENCODING", "h") == "sparse")
        add("h", 500..<5000)
        #expect(client("PFDEBUG", "ENCODING", "h") == "dense")
        #expect(client("STRLEN", "h") == 12_304)
        let estimate = client("PFCOUNT", "h").integerValue ?? 0
        #expect(abs(estimate - 5000) < 250)
        #expect(client("PFCOUNT", "h", "h") == .integer(estimate))
    }

    @Test func theLimitActs() {
        client("CONFIG", "SET", "hll-sparse-max-bytes", "30")
        client("PFADD", "h", "1", "2", "3", "4", "5")
        #expect(client("PFDEBUG", "ENCODING", "h") == "dense")
        #expect(client("PFCOUNT", "h") == 5)
    }

    @Test func merging() {
        add("a", 0..<100)
        add("b", 50..<150)
        let union = client("PFCOUNT", "a", "b")
        #expect(client("PFMERGE", "u", "a", "b", "missing") == "OK")
        #expect(client("PFDEBUG", "ENCODING", "u") == "sparse")
        #expect(client("PFCOUNT", "u") == union)
        client("PFDEBUG", "TODENSE", "b")
        #expect(client("PFMERGE", "u", "b") == "OK")
        #expect(client("PFDEBUG", "ENCODING", "u") == "dense")
        #expect(client("PFCOUNT", "u") == union)
        #expect(client("PFMERGE", "new") == "OK")
        #expect(client("PFCOUNT", "new") == 0)
    }

    @Test func wrongValues() {
        client("SET", "s", "some text")
        client("SET", "n", "12")
        for key in ["s", "n"] {
            #expect(client("PFADD", key, "x") == notOne)
            #expect(client("PFCOUNT", key) == notOne)
            #expect(client("PFCOUNT", "missing", key) == notOne)
            #expect(client("PFMERGE", "u", key) == notOne)
            #expect(client("PFMERGE", key) == notOne)
            #expect(client("PFDEBUG", "ENCODING", key) == notOne)
        }
        #expect(client("EXISTS", "u") == 0)
    }

    @Test func damage() {
        add("h", 0..<20)
        client("APPEND", "h", "hello")
        #expect(client("PFCOUNT", "h") == damaged)
        #expect(client("PFCOUNT", "h", "missing") == damaged)
        #expect(client("PFMERGE", "u", "h") == damaged)
        #expect(client("PFDEBUG", "TODENSE", "h") == damaged)
        client("DEL", "h")
        add("h", 0..<20)
        client("SETRANGE", "h", "4", "\0")
        #expect(client("PFCOUNT", "h") == notOne)
    }

    @Test func effects() {
        client("PFADD", "h", "a")
        client("PFADD", "h", "a")
        client("PFCOUNT", "h")
        client("PFCOUNT", "h")
        client("PFDEBUG", "TODENSE", "h")
        client("PFDEBUG", "TODENSE", "h")
        #expect(server.takeEffects() == [["PFADD", "h", "a"], ["PFCOUNT", "h"], ["PFDEBUG", "TODENSE", "h"]])
    }

    @Test func examining() {
        client("PFADD", "h", "a", "b")
        #expect(client("PFDEBUG", "NOPE", "h") == .error("ERR Unknown PFDEBUG subcommand 'NOPE'"))
        #expect(client("PFDEBUG", "ENCODING", "missing") == .error("ERR The specified key does not exist"))
        let registers = client("PFDEBUG", "GETREG", "h").elements
        #expect(registers.count == 16_384)
        #expect(registers.indices.filter { registers[$0] != 0 } == [12_711, 15_780])
        #expect(client("PFDEBUG", "DECODE", "h") == .error("ERR HLL encoding is not sparse"))
        #expect(client("PFSELFTEST") == "OK")
    }
}
