import Commands
import Engine
import TestSupport
import Testing

@Suite struct StringsCounterTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    let overflow = Reply.error("ERR increment or decrement would overflow")
    let notFloat = Reply.error("ERR value is not a valid float")

    @Test func counting() {
        #expect(client("INCR", "k") == 1)
        #expect(client("INCRBY", "k", "41") == 42)
        #expect(client("DECR", "k") == 41)
        #expect(client("DECRBY", "k", "-9") == 50)
        #expect(client("INCRBY", "k", "0") == 50)
        #expect(client("GET", "k") == "50")
        #expect(server.takeEffects() == [
            ["INCR", "k"], ["INCRBY", "k", "41"], ["DECR", "k"], ["DECRBY", "k", "-9"], ["INCRBY", "k", "0"],
        ])
    }

    @Test func limits() {
        client("SET", "k", "9223372036854775806")
        #expect(client("INCR", "k") == .integer(.max))
        #expect(client("INCR", "k") == overflow)
        #expect(client("INCRBY", "k", "9223372036854775807") == overflow)
        #expect(client("INCRBY", "k", "-9223372036854775808") == -1)
        #expect(client("INCRBY", "k", "-9223372036854775807") == .integer(.min))
        #expect(client("DECR", "k") == overflow)
        #expect(client("DECRBY", "k", "-9223372036854775808") == .error("ERR decrement would overflow"))
        #expect(client("DECRBY", "k", "9223372036854775807") == overflow)
        #expect(client("GET", "k") == "-9223372036854775808")
    }

    @Test(arguments: ["1.0", "", "+1", " 1", "01", "-0", "0x10", "9223372036854775808", "abc", "-9223372036854775809"])
    func noIntegers(_ word: String) {
        #expect(client("INCRBY", "k", word) == notInteger)
        #expect(client("DECRBY", "k", word) == notInteger)
        client("SET", "k", word)
        #expect(client("INCR", "k") == notInteger)
        #expect(client("INCREX", "k") == notInteger)
        #expect(client("GET", "k") == .status(word))
    }

    @Test func expiryIsKept() {
        client("SET", "k", "1", "PX", "100")
        client("INCR", "k")
        client("INCRBYFLOAT", "k", "0.5")
        client("APPEND", "k", "0")
        #expect(client("GET", "k") == "2.50")
        server.advance(milliseconds: 100)
        server.cycle()
        #expect(client("GET", "k") == nil)
    }

    @Test(arguments: [
        ("10.5", "0.1", "10.6"), ("0.1", "0.2", "0.3"), ("1", "-1.1", "-0.1"), ("3", "1e-19", "3"),
        ("0", "1e-17", "0.00000000000000001"), ("0", "1e-18", "0"), ("0", "-1e-19", "0"), ("0", "1e17", "100000000000000000"),
        ("1e20", "1", "100000000000000000000"), ("0", "1e30", "1000000000000000000024696061952"),
        ("0", "123456789012345678901234567890", "123456789012345678899921813504"),
        ("0", "3.14159265358979323846", "3.14159265358979324"),
        ("12345678901234567.123456", "0", "12345678901234567.123046875"), ("17179869184", "1.5", "17179869185.5"),
        ("0", ".5", "0.5"), ("0", "5.", "5"), ("0", "+5", "5"), ("0", "1e3", "1000"), ("0", "0x1p3", "8"),
        ("0x10", "1", "17"), ("0", "1e-400", "0"), ("5", "-5", "0"),
    ])
    func fractions(_ old: String, _ increment: String, _ new: String) {
        client("SET", "k", old)
        _ = server.takeEffects()
        #expect(client("INCRBYFLOAT", "k", increment) == .status(new))
        #expect(client("GET", "k") == .status(new))
        #expect(server.takeEffects() == [["SET", "k", new, "KEEPTTL"]])
    }

    @Test func fractionErrors() {
        for word in ["", " 1", "1 ", "1x", "nan", "1e", "1,5", "1e5000", "1\0"] {
            #expect(client("INCRBYFLOAT", "k", word) == notFloat)
            client("SET", "s", word)
            #expect(client("INCRBYFLOAT", "s", "1") == notFloat)
        }
        let infinite = Reply.error("ERR increment would produce NaN or Infinity")
        for word in ["inf", "+inf", "-inf", "infinity", "INF"] {
            #expect(client("INCRBYFLOAT", "k", word) == infinite)
            client("SET", "s", word)
            #expect(client("INCRBYFLOAT", "s", "1") == infinite)
        }
        #expect(client("GET", "k") == nil)
        #expect(client("INCRBYFLOAT", "k", "1e308").text?.hasPrefix("99999999999999999996685879655845") == true)
    }

    @Test func encodings() {
        func encoding(_ key: String) -> String? {
            let slot = server.engine.context.lookupWrite([UInt8](key).rawSpan)
            return slot.entry.map { "\($0.encoding.name)" }
        }
        let short = String(repeating: "x", count: 44)
        for (value, expected) in [
            ("12", "int"), ("-9223372036854775808", "int"), ("9223372036854775808", "embstr"), ("-0", "embstr"),
            ("01", "embstr"), ("", "embstr"), (short, "embstr"), (short + "x", "raw"),
        ] {
            client("SET", "k", value)
            #expect(encoding("k") == expected)
        }
        client("SET", "k", "1")
        client("APPEND", "k", "2")
        #expect(encoding("k") == "raw")
        client("INCR", "k")
        #expect(client("GET", "k") == "13")
        #expect(encoding("k") == "int")
        client("APPEND", "k", "")
        #expect(encoding("k") == "raw")
        client("INCRBYFLOAT", "k", "65")
        #expect(client("GET", "k") == "78")
        #expect(encoding("k") == "embstr")
        client("INCR", "k")
        #expect(encoding("k") == "int")
        client("APPEND", "a", "123")
        #expect(encoding("a") == "int")
        client("APPEND", "b", "abc")
        #expect(encoding("b") == "embstr")
        client("SETRANGE", "c", "0", "123")
        #expect(encoding("c") == "raw")
        client("SETRANGE", "a", "0", "")
        #expect(encoding("a") == "int")
        client("SETRANGE", "a", "0", "9")
        #expect(encoding("a") == "raw")
        client("INCREX", "e")
        #expect(encoding("e") == "int")
        client("INCREX", "e", "BYFLOAT", "1")
        #expect(client("GET", "e") == "2")
        #expect(encoding("e") == "embstr")
    }
}

@Suite struct StringsBoundedCounterTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    @Test func integers() {
        #expect(client("INCREX", "k") == [1, 1])
        #expect(client("increx", "k", "byint", "9") == [10, 9])
        #expect(client.line("INCREX k BYINT 5 UBOUND 12") == [10, 0])
        #expect(client.line("INCREX k SATURATE UBOUND 12 BYINT 5") == [12, 2])
        #expect(client.line("INCREX k BYINT -20 LBOUND 0") == [12, 0])
        #expect(client.line("INCREX k BYINT -20 LBOUND 0 SATURATE") == [0, -12])
        #expect(client.line("INCREX n BYINT 5 UBOUND 3") == [0, 0])
        #expect(client("GET", "n") == nil)
        #expect(client.line("INCREX n UBOUND 0 SATURATE") == [0, 0])
        #expect(client("GET", "n") == "0")
        #expect(server.takeEffects() == [
            ["SET", "k", "1", "KEEPTTL"], ["SET", "k", "10", "KEEPTTL"], ["SET", "k", "12", "KEEPTTL"],
            ["SET", "k", "0", "KEEPTTL"], ["SET", "n", "0", "KEEPTTL"],
        ])
    }

    @Test func outsideTheBounds() {
        client("SET", "k", "50")
        #expect(client.line("INCREX k BYINT 5 UBOUND 30 SATURATE") == [30, -20])
        client("SET", "k", "50")
        #expect(client.line("INCREX k BYINT -25 UBOUND 30") == [25, -25])
        client("SET", "k", "10")
        #expect(client.line("INCREX k BYINT 5 LBOUND 20") == [10, 0])
        #expect(client.line("INCREX k BYINT -5 LBOUND 20 SATURATE") == [20, 10])
        client("SET", "k", "10")
        #expect(client.line("INCREX k BYINT 9223372036854775807 UBOUND 100 SATURATE") == [100, 90])
        #expect(client.line("INCREX k BYINT 1 LBOUND 101 UBOUND 101") == [101, 1])
    }

    @Test func integerLimits() {
        client("SET", "k", "9223372036854775800")
        #expect(client.line("INCREX k BYINT 100") == [.integer(9_223_372_036_854_775_800), 0])
        #expect(client.line("INCREX k BYINT 1 UBOUND -9223372036854775808 SATURATE")
            == .error("ERR applied increment would overflow"))
        #expect(client.line("INCREX k BYINT 100 SATURATE") == [.integer(.max), 7])
        client("SET", "k", "-9223372036854775800")
        #expect(client.line("INCREX k BYINT -9223372036854775808 SATURATE") == [.integer(.min), -8])
    }

    @Test func fractions() {
        #expect(client.line("INCREX k BYFLOAT 1.5") == ["1.5", "1.5"])
        #expect(client.line("INCREX k BYFLOAT 1.5 UBOUND 2") == ["1.5", "0"])
        #expect(client.line("INCREX k BYFLOAT 1.5 UBOUND 2 SATURATE") == ["2", "0.5"])
        #expect(client.line("INCREX k BYINT 1") == [3, 1])
        #expect(client.line("INCREX k BYFLOAT 0.5 LBOUND -inf UBOUND inf") == ["3.5", "0.5"])
        #expect(client.line("INCREX k BYFLOAT 0.5 LBOUND inf UBOUND inf") == ["3.5", "0"])
        #expect(client("INCREX", "k") == notInteger)
        #expect(server.takeEffects() == [
            ["SET", "k", "1.5", "KEEPTTL"], ["SET", "k", "2", "KEEPTTL"], ["SET", "k", "3", "KEEPTTL"],
            ["SET", "k", "3.5", "KEEPTTL"],
        ])
        client("SET", "k", "x")
        #expect(client.line("INCREX k BYFLOAT 1") == .error("ERR value is not a valid float"))
        client("SET", "k", "inf")
        #expect(client.line("INCREX k BYFLOAT 1") == .error("ERR value cannot be Infinity"))
    }

    @Test func fractionLimits() {
        let huge = "1e4932"
        client("SET", "k", huge)
        let reply = client.line("INCREX k BYFLOAT 1e4932")
        #expect(reply.elements.last == "0")
        #expect(reply.elements.first?.text?.count == 4933)
        let saturated = client.line("INCREX k BYFLOAT 1e4932 SATURATE")
        #expect(saturated.elements.first?.text?.hasPrefix("118973149535723176") == true)
    }

    @Test func expiries() {
        client.line("INCREX k EX 10")
        client.line("INCREX k EX 20 ENX")
        client.line("INCREX k PERSIST")
        client.line("INCREX k ENX PXAT 33177117420000")
        client.line("INCREX k PXAT 33177117420001 UBOUND 4")
        let now = server.engine.context.now
        #expect(server.takeEffects() == [
            ["SET", "k", "1", "PXAT", "\(now + 10_000)"], ["SET", "k", "2", "KEEPTTL"], ["SET", "k", "3"],
            ["SET", "k", "4", "PXAT", "33177117420000"],
        ])
        #expect(client.line("INCREX k EXAT 1 ENX") == [5, 1])
        #expect(client("GET", "k") == "5")
        #expect(client.line("INCREX k EXAT 1") == [6, 1])
        #expect(client("GET", "k") == nil)
        #expect(client.line("INCREX k BYFLOAT 1 EXAT 1") == ["1", "1"])
        #expect(client("GET", "k") == nil)
        #expect(server.takeEffects() == [["SET", "k", "5", "KEEPTTL"], ["DEL", "k"]])
    }

    @Test(arguments: [
        "NOPE", "BYINT", "BYINT 1 BYINT 1", "BYINT 1 BYFLOAT 1", "SATURATE SATURATE", "LBOUND 1 LBOUND 1", "EX 1 EX 1",
        "EX 1 PX 1", "PERSIST EX 1", "PERSIST ENX", "PERSIST PERSIST", "EX 1 ENX ENX", "EX", "UBOUND 1 UBOUND 1",
        "BYINT abc BYFLOAT 1",
    ])
    func syntax(_ options: String) {
        #expect(client.line("INCREX k \(options)") == syntaxError)
    }

    @Test(arguments: [
        ("ENX", "ENX flag requires an expiration"), ("ENX BYINT abc", "ENX flag requires an expiration"),
        ("BYINT abc", "Increment is not an integer or out of range"), ("BYINT 1.5", "Increment is not an integer or out of range"),
        ("BYFLOAT abc", "Increment is not a valid float"), ("BYFLOAT nan", "Increment is not a valid float"),
        ("BYFLOAT 1e99999", "Increment is not a valid float"), ("BYFLOAT inf", "BYFLOAT increment cannot be Infinity"),
        ("BYFLOAT -inf", "BYFLOAT increment cannot be Infinity"),
        ("LBOUND 12.5", "LBOUND is not an integer or out of range"), ("UBOUND inf", "UBOUND is not an integer or out of range"),
        ("BYFLOAT 1 LBOUND x", "LBOUND is not a valid float"), ("BYFLOAT 1 UBOUND x", "UBOUND is not a valid float"),
        ("LBOUND 2 UBOUND 1", "LBOUND can't be greater than UBOUND"),
        ("BYFLOAT 1 LBOUND inf", "LBOUND can't be greater than UBOUND"),
        ("BYFLOAT 1 UBOUND -inf", "LBOUND can't be greater than UBOUND"),
        ("EX 0", "invalid expire time in 'increx' command"), ("PX -1", "invalid expire time in 'increx' command"),
        ("EX 9223372036854775807", "invalid expire time in 'increx' command"),
        ("EX abc", "value is not an integer or out of range"),
    ])
    func errors(_ options: String, _ text: String) {
        #expect(client.line("INCREX k \(options)") == .error("ERR \(text)"))
    }
}
