import Commands
import Engine
import TestSupport
import Testing

let wrongType = Reply.error("WRONGTYPE Operation against a key holding the wrong kind of value")
let notInteger = Reply.error("ERR value is not an integer or out of range")
let syntaxError = Reply.error("ERR syntax error")

@Suite struct StringsSetTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    /// Effects since the last call without the SELECT that may precede them.
    func effects() -> [[String]] { server.takeEffects() }

    func invalidExpiry(_ command: String) -> Reply { .error("ERR invalid expire time in '\(command)' command") }

    @Test func plain() {
        #expect(client("SET", "k", "v") == "OK")
        #expect(client("get", "k") == "v")
        #expect(client("SET", "k", "") == "OK")
        #expect(client("GET", "k") == "")
        #expect(client("SET", "k", "-9223372036854775808") == "OK")
        #expect(client("GET", "k") == "-9223372036854775808")
        #expect(client.run([[83, 69, 84], [0, 255], [1, 0, 2]]) == "OK")
        #expect(client.run([[71, 69, 84], [0, 255]]) == .bulk([1, 0, 2]))
        #expect(client("SET", "k") == .error("ERR wrong number of arguments for 'set' command"))
    }

    @Test func conditions() {
        #expect(client("SET", "k", "a", "XX") == nil)
        #expect(client("SET", "k", "a", "nx") == "OK")
        #expect(client("SET", "k", "b", "NX") == nil)
        #expect(client("SET", "k", "b", "NX", "NX") == nil)
        #expect(client("SET", "k", "b", "XX") == "OK")
        #expect(client("SET", "k", "c", "XX", "GET") == "b")
        #expect(client("SET", "k", "d", "NX", "GET") == "c")
        #expect(client("SET", "n", "d", "NX", "GET") == nil)
        #expect(client("GET", "k") == "c")
        #expect(client("GET", "n") == "d")
        #expect(effects() == [
            ["SET", "k", "a", "nx"], ["SET", "k", "b", "XX"], ["SET", "k", "c", "XX"], ["SET", "n", "d", "NX"],
        ])
    }

    @Test(arguments: [
        "SET k v NOPE", "SET k v PERSIST", "SET k v EX", "SET k v NX XX", "SET k v XX NX", "SET k v EX 10 PX 10",
        "SET k v EX 10 KEEPTTL", "SET k v KEEPTTL EX 10", "SET k v PXAT 10 EXAT 10", "SET k v IFEQ", "SET k v IFEQ a NX",
        "SET k v XX IFNE a", "SET k v IFEQ a IFEQ a", "SET k v IFDEQ a IFDNE b", "GETEX k KEEPTTL", "GETEX k EX",
        "GETEX k EX 10 PERSIST", "GETEX k PERSIST EX 10", "GETEX k EX 1 PX 1", "GETEX k GET", "GETEX k NX",
    ])
    func syntax(_ line: String) {
        #expect(client.line(line) == syntaxError)
    }

    @Test func emptyOptionWord() {
        #expect(client("SET", "k", "v", "") == syntaxError)
    }

    @Test(arguments: [
        "EX 0", "EX -1", "PX 0", "EXAT 0", "EXAT -1", "PXAT 0", "EX 9223372036854775807", "EX 9223372036854776",
        "EX 9223372036854775", "PX 9223372036854775807", "EXAT 9223372036854775807", "EX 0 NX", "EX -9223372036854775808",
    ])
    func invalidExpiries(_ options: String) {
        client("SET", "k", "v")
        #expect(client.line("SET k w \(options)") == invalidExpiry("set"))
        #expect(client("GET", "k") == "v")
    }

    @Test(arguments: ["abc", "1.5", "9223372036854775808", "NX", "01", "+1"])
    func expiryIsNoInteger(_ word: String) {
        for option in ["EX", "PX", "EXAT", "PXAT"] { #expect(client("SET", "k", "v", option, word) == notInteger) }
        #expect(client("SET", "k", "v", "EX", "") == notInteger)
        #expect(client("SET", "k", "v", "EX", " 10") == notInteger)
        #expect(client("SETEX", "k", word, "v") == notInteger)
        #expect(client("PSETEX", "k", word, "v") == notInteger)
    }

    @Test func expiryPasses() {
        client("SET", "k", "v", "EX", "10", "EX", "20")
        server.advance(milliseconds: 19_999)
        server.cycle()
        #expect(client("GET", "k") == "v")
        server.advance(milliseconds: 1)
        server.cycle()
        #expect(client("GET", "k") == nil)
    }

    @Test func plainSetClearsExpiryKeepttlKeepsIt() {
        client("SET", "a", "1", "PX", "100")
        client("SET", "b", "1", "PX", "100")
        client("SET", "a", "2", "KEEPTTL", "KEEPTTL")
        client("SET", "b", "2")
        _ = effects()
        server.advance(milliseconds: 200)
        server.cycle()
        #expect(client("GET", "a") == nil)
        #expect(client("GET", "b") == "2")
    }

    @Test func hugeExpiries() {
        #expect(client("SET", "k", "v", "EX", "9223370000000000") == "OK")
        #expect(client("SET", "k", "v", "PXAT", "9223372036854775807") == "OK")
        #expect(client("GET", "k") == "v")
    }

    @Test func expiryIsPropagatedAsMoment() {
        client("SET", "k", "v", "PXAT", "33177117420000")
        client("SET", "k", "w", "EXAT", "33177117420", "XX", "GET")
        client("SET", "k", "x", "XX", "KEEPTTL")
        #expect(effects() == [
            ["SET", "k", "v", "PXAT", "33177117420000"], ["SET", "k", "w", "PXAT", "33177117420000"],
            ["SET", "k", "x", "XX", "KEEPTTL"],
        ])
        let now = server.engine.context.now
        client("SETEX", "k", "10", "y")
        client("PSETEX", "k", "10", "z")
        client("SET", "k", "z", "EX", "7")
        #expect(effects() == [
            ["SET", "k", "y", "PXAT", "\(now + 10_000)"], ["SET", "k", "z", "PXAT", "\(now + 10)"],
            ["SET", "k", "z", "PXAT", "\(now + 7000)"],
        ])
    }

    @Test func pastExpiryDeletes() {
        client("SET", "k", "v")
        _ = effects()
        #expect(client("SET", "k", "w", "EXAT", "1", "GET") == "v")
        #expect(client("SET", "k", "w", "PXAT", "1") == "OK")
        #expect(client("GET", "k") == nil)
        #expect(effects() == [["DEL", "k"]])
    }

    @Test func setWithGetIsPropagatedWithout() {
        client("SET", "k", "v", "GET")
        client("SET", "k", "w", "KEEPTTL", "get", "XX", "GET")
        #expect(effects() == [["SET", "k", "v"], ["SET", "k", "w", "KEEPTTL", "XX"]])
    }

    @Test func setnxAndSetex() {
        #expect(client("SETNX", "k", "v") == 1)
        #expect(client("SETNX", "k", "w") == 0)
        #expect(client("GET", "k") == "v")
        #expect(effects() == [["SETNX", "k", "v"]])
        for value in ["0", "-1", "9223372036854775807"] {
            #expect(client("SETEX", "k", value, "x") == invalidExpiry("setex"))
            #expect(client("PSETEX", "k", value, "x") == invalidExpiry("psetex"))
        }
        #expect(client("SETEX", "k", "1", "x") == "OK")
        server.advance(milliseconds: 1000)
        server.cycle()
        #expect(client("GET", "k") == nil)
    }

    @Test func getset() {
        #expect(client("GETSET", "k", "v") == nil)
        #expect(client("GETSET", "k", "w") == "v")
        #expect(effects() == [["SET", "k", "v"], ["SET", "k", "w"]])
    }

    @Test func getdel() {
        #expect(client("GETDEL", "k") == nil)
        client("SET", "k", "v")
        _ = effects()
        #expect(client("GETDEL", "k") == "v")
        #expect(client("GET", "k") == nil)
        #expect(effects() == [["DEL", "k"]])
    }

    @Test func getex() {
        #expect(client("GETEX", "k", "EX", "0") == nil)
        #expect(client("GETEX", "k", "EX", "abc") == nil)
        client("SET", "k", "v")
        _ = effects()
        #expect(client("GETEX", "k") == "v")
        #expect(client("GETEX", "k", "PERSIST", "PERSIST") == "v")
        for option in ["EX 0", "EX -1", "PXAT 0", "EX 9223372036854775807"] {
            #expect(client.line("GETEX k \(option)") == invalidExpiry("getex"))
        }
        #expect(client("GETEX", "k", "EX", "abc") == notInteger)
        #expect(effects() == [])
        let now = server.engine.context.now
        #expect(client("GETEX", "k", "EX", "10", "EX", "20") == "v")
        #expect(client("GETEX", "k", "PXAT", "33177117420000") == "v")
        #expect(client("GETEX", "k", "PERSIST") == "v")
        #expect(client("GETEX", "k", "PX", "5") == "v")
        #expect(effects() == [
            ["PEXPIREAT", "k", "\(now + 20_000)"], ["PEXPIREAT", "k", "33177117420000"], ["PERSIST", "k"],
            ["PEXPIREAT", "k", "\(now + 5)"],
        ])
        #expect(client("GETEX", "k", "EXAT", "1") == "v")
        #expect(client("GET", "k") == nil)
        #expect(effects() == [["DEL", "k"]])
    }

    @Test func largeValuesAreKeptWhole() {
        let large = [UInt8](repeating: 120, count: 200_000)
        #expect(client.run([[UInt8]("SET"), [UInt8]("k"), large]) == "OK")
        #expect(client("GETSET", "k", "small") == .bulk(large))
        #expect(client.run([[UInt8]("SET"), [UInt8]("k"), large, [UInt8]("EX"), [UInt8]("10")]) == "OK")
        #expect(client("GETRANGE", "k", "100", "199099") == .bulk([UInt8](repeating: 120, count: 199_000)))
        #expect(client("APPEND", "k", "yz") == 200_002)
        #expect(client("GETRANGE", "k", "-3", "-1") == "xyz")
        #expect(client("SETRANGE", "k", "1", "abc") == 200_002)
        #expect(client("GETRANGE", "k", "0", "4") == "xabcx")
    }
}
