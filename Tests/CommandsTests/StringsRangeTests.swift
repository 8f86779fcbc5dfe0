import Commands
import Engine
import TestSupport
import Testing

@Suite struct StringsRangeTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    let tooLong = Reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")

    @Test func appending() {
        #expect(client("STRLEN", "k") == 0)
        #expect(client("APPEND", "k", "") == 0)
        #expect(client("GET", "k") == "")
        #expect(client("APPEND", "k", "ab") == 2)
        #expect(client("APPEND", "k", "") == 2)
        #expect(client("APPEND", "k", "c") == 3)
        #expect(client("STRLEN", "k") == 3)
        client("SET", "n", "-12")
        #expect(client("STRLEN", "n") == 3)
        #expect(client("APPEND", "n", "3") == 4)
        #expect(client("GET", "n") == "-123")
        #expect(server.takeEffects().first == ["APPEND", "k", ""])
    }

    @Test func growing() {
        var length: Int64 = 0
        for i in 0..<2000 {
            let piece = String(repeating: "p", count: i % 23)
            length += Int64(piece.count)
            #expect(client("APPEND", "k", piece) == .integer(length))
        }
        #expect(client("STRLEN", "k") == .integer(length))
    }

    @Test func overwriting() {
        #expect(client("SETRANGE", "k", "0", "") == 0)
        #expect(client("SETRANGE", "k", "9223372036854775807", "") == 0)
        #expect(client("GET", "k") == nil)
        #expect(client("SETRANGE", "k", "3", "ab") == 5)
        #expect(client("GET", "k") == .bulk([0, 0, 0, 97, 98]))
        #expect(client("SETRANGE", "k", "1", "xyz") == 5)
        #expect(client("GET", "k") == .bulk([0, 120, 121, 122, 98]))
        #expect(client("SETRANGE", "k", "0", "") == 5)
        client("SET", "n", "1234")
        #expect(client("SETRANGE", "n", "6", "7") == 7)
        #expect(client("GET", "n") == .bulk([49, 50, 51, 52, 0, 0, 55]))
        #expect(server.takeEffects() == [
            ["SETRANGE", "k", "3", "ab"], ["SETRANGE", "k", "1", "xyz"], ["SET", "n", "1234"], ["SETRANGE", "n", "6", "7"],
        ])
    }

    @Test func offsets() {
        client("SET", "k", "v")
        #expect(client("SETRANGE", "k", "-1", "") == .error("ERR offset is out of range"))
        #expect(client("SETRANGE", "k", "-9223372036854775808", "x") == .error("ERR offset is out of range"))
        #expect(client("SETRANGE", "k", "x", "") == notInteger)
        #expect(client("SETRANGE", "k", "9223372036854775807", "x") == tooLong)
        #expect(client("SETRANGE", "none", "9223372036854775807", "x") == tooLong)
        #expect(client("SETRANGE", "k", "536870912", "x") == tooLong)
        #expect(client("GET", "none") == nil)
    }

    @Test func limit() {
        let server = TestServer { $0.maximumBulkBytes = 1 << 20 }
        let client = server.connect()
        #expect(client("SETRANGE", "k", "1048575", "x") == 1_048_576)
        #expect(client("APPEND", "k", "") == 1_048_576)
        #expect(client("APPEND", "k", "x") == tooLong)
        #expect(client("SETRANGE", "k", "1048576", "x") == tooLong)
        #expect(client("STRLEN", "k") == 1_048_576)
    }

    @Test(arguments: [
        ("0 -1", "Hello World"), ("-3 -1", "rld"), ("5 3", ""), ("0 100", "Hello World"), ("11 20", ""), ("-100 -99", "H"),
        ("-100 -101", ""), ("-1 -100", ""), ("0 -100", "H"), ("0 -11", "H"), ("0 -12", "H"), ("1 -100", ""),
        ("-9223372036854775808 9223372036854775807", "Hello World"),
        ("9223372036854775807 -9223372036854775808", ""), ("-9223372036854775808 -9223372036854775808", "H"),
    ])
    func parts(_ range: String, _ part: String) {
        client("SET", "k", "Hello World")
        #expect(client.line("GETRANGE k \(range)") == .status(part))
        #expect(client.line("SUBSTR k \(range)") == .status(part))
    }

    @Test func partsOfOthers() {
        #expect(client("GETRANGE", "none", "0", "-1") == "")
        #expect(client("GETRANGE", "none", "a", "-1") == notInteger)
        #expect(client("GETRANGE", "none", "0", "9223372036854775808") == notInteger)
        client("SET", "n", "-12345")
        #expect(client("GETRANGE", "n", "1", "-2") == "1234")
        #expect(client("SUBSTR", "n") == .error("ERR wrong number of arguments for 'substr' command"))
    }

    // MARK: LCS

    @Test func lcs() {
        client("MSET", "a", "ohmytext", "b", "mynewtext")
        #expect(client("LCS", "a", "b") == "mytext")
        #expect(client("LCS", "a", "b", "len") == 6)
        #expect(client("LCS", "a", "b", "IDX") == ["matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], "len", 6])
        #expect(client("LCS", "a", "b", "IDX", "WITHMATCHLEN")
            == ["matches", [[[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2]], "len", 6])
        #expect(client("LCS", "a", "b", "IDX", "WITHMATCHLEN", "MINMATCHLEN", "4")
            == ["matches", [[[4, 7], [5, 8], 4]], "len", 6])
        #expect(client("LCS", "a", "b", "IDX", "MINMATCHLEN", "-1", "MINMATCHLEN", "9") == ["matches", [], "len", 6])
        #expect(client("LCS", "a", "b", "MINMATCHLEN", "9", "WITHMATCHLEN") == "mytext")
        #expect(client("LCS", "a", "a", "IDX") == ["matches", [[[0, 7], [0, 7]]], "len", 8])
        #expect(client("LCS", "a", "none") == "")
        #expect(client("LCS", "none", "none", "LEN") == 0)
        #expect(client("LCS", "a", "none", "IDX") == ["matches", [], "len", 0])
        client("MSET", "a", "12345", "b", "13579")
        #expect(client("LCS", "a", "b") == "135")
    }

    @Test func lcsErrors() {
        client("MSET", "a", "x", "b", "y")
        #expect(client("LCS", "a", "b", "LEN", "IDX")
            == .error("ERR If you want both the length and indexes, please just use IDX."))
        #expect(client("LCS", "a", "b", "NOPE") == syntaxError)
        #expect(client("LCS", "a", "b", "MINMATCHLEN") == syntaxError)
        #expect(client("LCS", "a", "b", "MINMATCHLEN", "x") == notInteger)
        #expect(client("LCS", "a") == .error("ERR wrong number of arguments for 'lcs' command"))
    }

    @Test func lcsOfLongStrings() {
        let server = TestServer { $0.maximumBulkBytes = 1 << 20 }
        let client = server.connect()
        client("SET", "a", String(repeating: "ab", count: 255))
        client("SET", "b", String(repeating: "ba", count: 255))
        #expect(client("LCS", "a", "b", "LEN") == 509)
        client("APPEND", "a", "xyz")
        #expect(client("LCS", "a", "b")
            == .error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"))
        #expect(client("LCS", "a", "b", "LEN")
            == .error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"))
    }
}
