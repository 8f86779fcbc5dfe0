import Commands
import Engine
import TestSupport
import Testing

@Suite struct BitFieldTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    @Test func readingAndWriting() {
        #expect(client.line("BITFIELD k SET u8 0 255 GET i8 0 GET u4 4 GET u63 100000") == [0, -1, 15, 0])
        #expect(client.line("BITFIELD k SET i5 #1 -3 GET i5 5 GET u5 #1") == [-4, -3, 29])
        #expect(client.line("BITFIELD k") == [])
        #expect(client.line("BITFIELD missing GET i64 0") == [0])
        #expect(client("EXISTS", "missing") == 0)
        #expect(client.line("BITFIELD far SET u1 1000000 1") == [0])
        #expect(client("STRLEN", "far") == 125_001)
        client("SET", "n", "12")
        #expect(client.line("BITFIELD n GET u8 0 INCRBY u8 8 1") == [49, 51])
        #expect(client("GET", "n") == "13")
    }

    @Test func unsignedOverflow() {
        #expect(client.line("BITFIELD k SET u2 0 3 INCRBY u2 0 1 INCRBY u2 0 -1") == [0, 0, 3])
        #expect(client.line("BITFIELD k OVERFLOW SAT INCRBY u2 0 5 INCRBY u2 0 -9 SET u2 0 -1") == [3, 0, 0])
        #expect(client.line("BITFIELD k OVERFLOW FAIL INCRBY u2 0 1 SET u2 0 4 GET u2 0") == [nil, nil, 3])
        #expect(client.line("BITFIELD k SET u63 0 9223372036854775807 INCRBY u63 0 1") == [6_917_529_027_641_081_856, 0])
        #expect(client.line("BITFIELD k OVERFLOW SAT SET u63 0 -1 GET u63 0") == [0, 9_223_372_036_854_775_807])
        #expect(client.line("BITFIELD k OVERFLOW SAT INCRBY u63 0 -9223372036854775808") == [0])
    }

    @Test func signedOverflow() {
        #expect(client.line("BITFIELD k SET i8 0 127 INCRBY i8 0 1 INCRBY i8 0 -1") == [0, -128, 127])
        #expect(client.line("BITFIELD k OVERFLOW SAT INCRBY i8 0 100 INCRBY i8 0 -1000 SET i8 0 128") == [127, -128, -128])
        #expect(client.line("BITFIELD k OVERFLOW FAIL INCRBY i8 0 1 INCRBY i8 0 -256 GET i8 0") == [nil, nil, 127])
        #expect(client.line("BITFIELD k SET i64 0 9223372036854775807 INCRBY i64 0 1")
            == [9_151_314_442_816_847_872, .integer(.min)])
        #expect(client.line("BITFIELD k OVERFLOW SAT INCRBY i64 0 -1 INCRBY i64 0 9223372036854775807")
            == [.integer(.min), -1])
        #expect(client.line("BITFIELD k SET i1 0 1 INCRBY i1 0 -1") == [-1, 0])
    }

    @Test func errors() {
        let type = Reply.error(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
        for word in ["u64", "i65", "u0", "i", "x8", "i08", "I8", "u-1", "u9223372036854775808"] {
            #expect(client("BITFIELD", "k", "GET", word, "0") == type)
        }
        let offset = Reply.error("ERR bit offset is not an integer or out of range")
        for word in ["-1", "#-1", "#", "", "4294967296", "#9223372036854775807", "#-9223372036854775808", "1.5"] {
            #expect(client("BITFIELD", "k", "GET", "u8", word) == offset)
        }
        #expect(client.line("BITFIELD k GET u8") == .error("ERR syntax error"))
        #expect(client.line("BITFIELD k SET u8 0") == .error("ERR syntax error"))
        #expect(client.line("BITFIELD k SET u8 0 x") == .error("ERR value is not an integer or out of range"))
        #expect(client.line("BITFIELD k OVERFLOW NOPE") == .error("ERR Invalid OVERFLOW type specified"))
        #expect(client.line("BITFIELD k SET u8 0 1 OVERFLOW") == .error("ERR syntax error"))
        #expect(client("EXISTS", "k") == 0)
    }

    @Test func readOnly() {
        client("SET", "k", "abc")
        #expect(client.line("BITFIELD_RO k GET u8 0 GET u8 #2") == [97, 99])
        #expect(client.line("BITFIELD_RO k OVERFLOW SAT GET u8 0") == [97])
        #expect(client.line("BITFIELD_RO k") == [])
        for write in ["SET u8 0 1", "INCRBY u8 0 1", "GET u8 0 SET u8 0 1"] {
            #expect(client.line("BITFIELD_RO k \(write)") == .error("ERR BITFIELD_RO only supports the GET subcommand"))
        }
    }

    @Test func onlyChangesArePropagated() {
        client.line("BITFIELD k SET u8 0 7")
        client.line("BITFIELD k SET u8 0 7")
        client.line("BITFIELD k GET u8 0")
        client.line("BITFIELD k OVERFLOW FAIL SET u8 0 300")
        // Nothing is written, but the string is longer.
        client.line("BITFIELD k OVERFLOW FAIL SET u8 80 300")
        #expect(server.takeEffects() == [
            ["BITFIELD", "k", "SET", "u8", "0", "7"], ["BITFIELD", "k", "OVERFLOW", "FAIL", "SET", "u8", "80", "300"],
        ])
        #expect(client("STRLEN", "k") == 11)
    }
}
