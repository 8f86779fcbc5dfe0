import Commands
import Engine
import TestSupport
import Testing

@Suite struct ListsTests {
    let server = TestServer()
    let client: TestClient

    init() {
        client = server.connect()
        server.recordEffects()
        client("SET", "s", "v")
        _ = server.takeEffects()
    }

    private func elements(_ key: String) -> Reply { client("LRANGE", key, "0", "-1") }

    @Test func pushing() {
        #expect(client("RPUSH", "l", "b", "c") == 2)
        #expect(client("LPUSH", "l", "a", "0") == 4)
        #expect(elements("l") == ["0", "a", "b", "c"])
        #expect(client("RPUSHX", "l", "d") == 5)
        #expect(client("LPUSHX", "l", "-1") == 6)
        #expect(client("LPUSHX", "none", "x") == 0)
        #expect(client("RPUSHX", "none", "x") == 0)
        #expect(client("EXISTS", "none") == 0)
        for name in ["LPUSH", "RPUSH", "LPUSHX", "RPUSHX"] {
            #expect(client(name, "s", "x") == wrongType)
            #expect(client(name, "l") == .error("ERR wrong number of arguments for '\(name.lowercased())' command"))
        }
        #expect(server.takeEffects() == [
            ["RPUSH", "l", "b", "c"], ["LPUSH", "l", "a", "0"], ["RPUSHX", "l", "d"], ["LPUSHX", "l", "-1"],
        ])
    }

    @Test func popping() {
        client("RPUSH", "l", "1", "2", "3", "4", "5", "6")
        #expect(client("LPOP", "l") == "1")
        #expect(client("RPOP", "l") == "6")
        #expect(client("LPOP", "l", "0") == [])
        #expect(client("RPOP", "l", "2") == ["5", "4"])
        #expect(client("LPOP", "l", "9223372036854775807") == ["2", "3"])
        #expect(client("EXISTS", "l") == 0)
        #expect(client("LPOP", "l") == nil)
        client.send(TestClient.encode([[UInt8]("LPOP"), [UInt8]("l"), [UInt8]("3")]))
        #expect(client.takeBytes() == [UInt8]("*-1\r\n"))
        for count in ["-1", "x", "", "9223372036854775808"] {
            #expect(client("LPOP", "l", count) == .error("ERR value is out of range, must be positive"))
        }
        #expect(client("RPOP", "l", "1", "2") == .error("ERR wrong number of arguments for 'rpop' command"))
        #expect(client("LPOP", "s") == wrongType)
    }

    @Test func poppingOfSeveral() {
        client("RPUSH", "a", "1", "2", "3")
        client("RPUSH", "b", "4")
        _ = server.takeEffects()
        #expect(client("LMPOP", "3", "none", "a", "b", "LEFT") == ["a", ["1"]])
        #expect(client("LMPOP", "2", "a", "b", "right", "count", "10") == ["a", ["3", "2"]])
        #expect(client("LMPOP", "2", "a", "b", "LEFT", "COUNT", "10") == ["b", ["4"]])
        #expect(client("LMPOP", "1", "s", "LEFT") == wrongType)
        #expect(server.takeEffects() == [["LPOP", "a", "1"], ["RPOP", "a", "2"], ["LPOP", "b", "1"]])
        client.send(TestClient.encode(["LMPOP", "1", "a", "LEFT"].map { [UInt8]($0) }))
        #expect(client.takeBytes() == [UInt8]("*-1\r\n"))
        for number in ["0", "-1", "x"] {
            #expect(client("LMPOP", number, "a", "LEFT") == .error("ERR numkeys should be greater than 0"))
            #expect(client("LMPOP", "1", "a", "LEFT", "COUNT", number) == .error("ERR count should be greater than 0"))
        }
        for line in ["2 a LEFT", "9223372036854775807 a LEFT", "1 a UP", "1 a LEFT COUNT", "1 a LEFT FOO 1", "1 a LEFT COUNT 1 COUNT 1"] {
            #expect(client.line("LMPOP " + line) == .error("ERR syntax error"))
        }
    }

    @Test func looking() {
        client("RPUSH", "l", "a", "7", "c")
        #expect(client("LLEN", "l") == 3)
        #expect(client("LLEN", "none") == 0)
        #expect(client("LINDEX", "l", "1") == "7")
        #expect(client("LINDEX", "l", "-3") == "a")
        for index in ["3", "-4", "9223372036854775807", "-9223372036854775808"] { #expect(client("LINDEX", "l", index) == nil) }
        #expect(client("LINDEX", "l", "x") == notInteger)
        #expect(client("LINDEX", "none", "x") == nil)
        #expect(client("LRANGE", "l", "-2", "-1") == ["7", "c"])
        #expect(client("LRANGE", "l", "-9223372036854775808", "9223372036854775807") == ["a", "7", "c"])
        for (start, end) in [("2", "1"), ("3", "9"), ("0", "-100"), ("-1", "-2")] { #expect(client("LRANGE", "l", start, end) == []) }
        #expect(client("LRANGE", "none", "x", "1") == notInteger)
        for line in ["LLEN s", "LINDEX s 0", "LRANGE s 0 1", "LPOS s a", "LTRIM s 0 1"] { #expect(client.line(line) == wrongType) }
    }

    @Test func trimming() {
        client("RPUSH", "l", "1", "2", "3", "4", "5")
        #expect(client("LTRIM", "l", "1", "-2") == "OK")
        #expect(elements("l") == ["2", "3", "4"])
        #expect(client("LTRIM", "l", "0", "9223372036854775807") == "OK")
        #expect(client("LTRIM", "l", "2", "1") == "OK")
        #expect(client("EXISTS", "l") == 0)
        #expect(client("LTRIM", "l", "0", "1") == "OK")
        #expect(client("LTRIM", "l", "0", "x") == notInteger)
    }

    @Test func changing() {
        client("RPUSH", "l", "a", "b", "a", "c", "a")
        #expect(client("LSET", "l", "1", "B") == "OK")
        #expect(client("LSET", "l", "-1", "z") == "OK")
        #expect(client("LSET", "l", "5", "z") == .error("ERR index out of range"))
        #expect(client("LSET", "l", "x", "z") == notInteger)
        #expect(client("LSET", "none", "x", "z") == .error("ERR no such key"))
        #expect(client("LINSERT", "l", "BEFORE", "B", "1") == 6)
        #expect(client("LINSERT", "l", "after", "z", "end") == 7)
        #expect(client("LINSERT", "l", "AFTER", "nothing", "x") == -1)
        #expect(client("LINSERT", "none", "AFTER", "a", "x") == 0)
        #expect(client("LINSERT", "l", "BESIDE", "a", "x") == .error("ERR syntax error"))
        #expect(elements("l") == ["a", "1", "B", "a", "c", "z", "end"])
        #expect(client("LREM", "l", "-1", "a") == 1)
        #expect(elements("l") == ["a", "1", "B", "c", "z", "end"])
        #expect(client("LREM", "l", "0", "nothing") == 0)
        #expect(client("LREM", "l", "-9223372036854775808", "a")
            == .error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"))
        for word in ["a", "1", "B", "c", "z", "end"] { #expect(client("LREM", "l", "9223372036854775807", word) == 1) }
        #expect(client("EXISTS", "l") == 0)
        for line in ["LSET s 0 a", "LINSERT s BEFORE a b", "LREM s 0 a"] { #expect(client.line(line) == wrongType) }
    }

    @Test func positions() {
        client("RPUSH", "l", "a", "1", "b", "1", "c", "1")
        #expect(client("LPOS", "l", "1") == 1)
        #expect(client("LPOS", "l", "x") == nil)
        #expect(client("LPOS", "l", "1", "RANK", "-1") == 5)
        #expect(client("LPOS", "l", "1", "COUNT", "0") == [1, 3, 5])
        #expect(client("LPOS", "l", "1", "COUNT", "2", "RANK", "-1") == [5, 3])
        #expect(client("LPOS", "l", "1", "COUNT", "0", "RANK", "2", "MAXLEN", "4") == [3])
        #expect(client("LPOS", "l", "1", "COUNT", "0", "RANK", "-9223372036854775807") == [])
        #expect(client("LPOS", "l", "01", "COUNT", "0") == [])
        #expect(client("LPOS", "none", "1", "COUNT", "0") == [])
        #expect(client("LPOS", "none", "1") == nil)
        #expect(client("LPOS", "l", "1", "COUNT", "-1") == .error("ERR COUNT can't be negative"))
        #expect(client("LPOS", "l", "1", "MAXLEN", "-1") == .error("ERR MAXLEN can't be negative"))
        #expect(client("LPOS", "l", "1", "RANK", "x") == notInteger)
        #expect(client("LPOS", "l", "1", "RANK", "0").errorText?.hasPrefix("ERR RANK can't be zero: use 1 to start from") == true)
        #expect(client("LPOS", "l", "1", "RANK", "-9223372036854775808").errorText?.hasPrefix("ERR value is out of range, value must") == true)
        for line in ["LPOS l 1 FOO 1", "LPOS l 1 RANK"] { #expect(client.line(line) == .error("ERR syntax error")) }
    }
}

@Suite struct ListsMoveTests {
    let server = TestServer()
    let client: TestClient

    init() {
        client = server.connect()
        server.recordEffects()
        client("SET", "s", "v")
    }

    private func elements(_ key: String) -> Reply { client("LRANGE", key, "0", "-1") }

    @Test func movingOne() {
        client("RPUSH", "a", "1", "2", "3")
        _ = server.takeEffects()
        #expect(client("LMOVE", "a", "b", "LEFT", "RIGHT") == "1")
        #expect(client("RPOPLPUSH", "a", "b") == "3")
        #expect(elements("b") == ["3", "1"])
        #expect(client("LMOVE", "b", "b", "left", "right") == "3")
        #expect(elements("b") == ["1", "3"])
        #expect(client("LMOVE", "b", "b", "LEFT", "LEFT") == "1")
        #expect(client("LMOVE", "a", "b", "RIGHT", "LEFT") == "2")
        #expect(client("EXISTS", "a") == 0)
        #expect(client("LMOVE", "a", "s", "RIGHT", "LEFT") == nil)
        #expect(client("LMOVE", "b", "s", "RIGHT", "LEFT") == wrongType)
        #expect(client("RPOPLPUSH", "s", "b") == wrongType)
        #expect(client("LMOVE", "b", "b", "UP", "LEFT") == .error("ERR syntax error"))
        #expect(elements("b") == ["2", "1", "3"])
        #expect(server.takeEffects().count == 5)
    }

    @Test(arguments: [
        ("LEFT LEFT", "2 1 x y", "1 2 x y"), ("LEFT RIGHT", "x y 1 2", "x y 1 2"), ("RIGHT LEFT", "4 5 x y", "4 5 x y"),
        ("RIGHT RIGHT", "x y 5 4", "x y 4 5"),
    ])
    func movingMany(ends: String, oneByOne: String, bulk: String) {
        for (order, expected) in [("OBO", oneByOne), ("BULK", bulk)] {
            client.line("DEL a b")
            client.line("RPUSH a 1 2 3 4 5")
            client.line("RPUSH b x y")
            let moved = client.line("LMOVEM a b \(ends) COUNT 2 \(order)")
            let all = expected.split(separator: " ").map { String($0) }
            #expect(moved.elements.map { $0.text ?? "" } == all.filter { $0 != "x" && $0 != "y" })
            #expect(elements("b").elements.map { $0.text ?? "" } == all)
            #expect(client("LLEN", "a") == 3)
        }
    }

    @Test func movingManyWithinOneList() {
        for (line, expected) in [
            ("LEFT LEFT EXACTLY 2 OBO", "2 1 3 4"), ("LEFT LEFT EXACTLY 2 BULK", "1 2 3 4"), ("RIGHT RIGHT COUNT 9 OBO", "4 3 2 1"),
            ("LEFT RIGHT COUNT 3 OBO", "4 1 2 3"), ("RIGHT LEFT COUNT 3 BULK", "2 3 4 1"), ("RIGHT LEFT", "4 1 2 3"),
        ] {
            client.line("DEL a")
            client.line("RPUSH a 1 2 3 4")
            client.line("LMOVEM a a " + line)
            #expect(elements("a").elements.map { $0.text ?? "" } == expected.split(separator: " ").map(String.init), "\(line)")
        }
    }

    @Test func movingManyOrNone() {
        client.line("RPUSH a 1 2")
        _ = server.takeEffects()
        #expect(client.line("LMOVEM a b LEFT RIGHT EXACTLY 3 BULK") == .null)
        #expect(client.line("LMOVEM none b LEFT RIGHT EXACTLY 1 BULK") == .null)
        #expect(client.line("LMOVEM none b LEFT RIGHT") == [])
        #expect(client.line("LMOVEM none s LEFT RIGHT COUNT 3 OBO") == [])
        #expect(client.line("LMOVEM a s LEFT RIGHT COUNT 3 OBO") == wrongType)
        #expect(client.line("LMOVEM s a LEFT RIGHT") == wrongType)
        #expect(server.takeEffects() == [])
        #expect(client.line("LMOVEM a b LEFT RIGHT COUNT 9223372036854775807 BULK") == ["1", "2"])
        #expect(client("EXISTS", "a") == 0)
        for count in ["0", "-1", "x", "9223372036854775808"] {
            #expect(client.line("LMOVEM b a LEFT RIGHT EXACTLY \(count) OBO") == .error("ERR count should be greater than 0"))
        }
        for line in ["UP LEFT", "LEFT UP", "LEFT LEFT COUNT 2", "LEFT LEFT COUNT 2 ALL", "LEFT LEFT SOME 2 OBO", "LEFT LEFT COUNT 2 OBO x"] {
            #expect(client.line("LMOVEM b a " + line) == .error("ERR syntax error"))
        }
    }
}

@Suite struct ListsEncodingTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connect() }

    private func encoding(_ key: String) -> String? { client("OBJECT", "ENCODING", key).text }

    /// The numbers are those at which Redis 7.2 changes.
    @Test(arguments: [(1, 2730), (64, 123), (8186, 1)])
    func growing(bytes: Int, limit: Int) {
        let element = String(repeating: "a", count: bytes)
        for _ in 1..<limit { client("RPUSH", "l", element) }
        if limit > 1 { #expect(encoding("l") == "listpack") }
        client("RPUSH", "l", element)
        #expect(encoding("l") == "quicklist")
        #expect(client("LLEN", "l") == .integer(Int64(limit)))
    }

    @Test func shrinking() {
        client("CONFIG", "SET", "list-max-listpack-size", "10")
        for i in 0..<11 { client("RPUSH", "l", "\(i)") }
        #expect(encoding("l") == "quicklist")
        client("EXPIRE", "l", "100")
        for i in 0..<5 {
            #expect(client("LPOP", "l").text == "\(i)")
            #expect(encoding("l") == "quicklist")
        }
        client("LREM", "l", "1", "10")
        #expect(encoding("l") == "listpack")
        #expect(client("LRANGE", "l", "0", "-1") == ["5", "6", "7", "8", "9"])
        #expect(client("TTL", "l") == 100)
    }

    @Test func unusualShapes() {
        client("CONFIG", "SET", "list-compress-depth", "1")
        client("CONFIG", "SET", "list-max-listpack-size", "2")
        client("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b")
        var expected: [String] = []
        for i in 0..<200 {
            expected.append(String(repeating: "x", count: i * 7 % 300) + "\(i)")
            client("RPUSH", "l", expected[i])
        }
        client("LSET", "l", "77", "short")
        client("LINSERT", "l", "AFTER", "short", String(repeating: "y", count: 150))
        expected[77] = "short"
        expected.insert(String(repeating: "y", count: 150), at: 78)
        #expect(client("LRANGE", "l", "0", "-1").elements.map { $0.text ?? "" } == expected)
        #expect(client("COPY", "l", "m") == 1)
        #expect(client("LRANGE", "m", "70", "90").elements.map { $0.text ?? "" } == Array(expected[70...90]))
        #expect((client("MEMORY", "USAGE", "m").integerValue ?? 0) > 5000)
        #expect(client("RENAME", "m", "n") == "OK")
        #expect(client("LLEN", "n") == 201)
        server.engine.context.checkKeyspace()
    }

    @Test func looksInside() {
        client("RPUSH", "small", "a", "b")
        for i in 0..<3000 { client("RPUSH", "large", "element \(i)") }
        client("SET", "s", "v")
        #expect(client("DEBUG", "LISTPACK", "small") == "Listpack structure printed on stdout")
        #expect(client("DEBUG", "QUICKLIST", "large", "1") == "Quicklist structure printed on stdout")
        let lines = server.engine.context.requests.logLines
        #expect(lines.contains("listpack of 13 bytes, 2 elements"))
        #expect(lines.contains { $0.hasPrefix("quicklist of 3000 elements, ") })
        for key in ["large", "s"] { #expect(client("DEBUG", "LISTPACK", key) == .error("ERR Not a listpack encoded object.")) }
        for key in ["small", "s"] { #expect(client("DEBUG", "QUICKLIST", key) == .error("ERR Not a quicklist encoded object.")) }
        #expect(client("DEBUG", "LISTPACK", "none") == .error("ERR no such key"))
        for size in ["x", "-1", "4gb", "99999999999999999999"] {
            #expect(client("DEBUG", "QUICKLIST-PACKED-THRESHOLD", size)
                == .error("ERR argument must be a memory value bigger than 1 and smaller than 4gb"))
        }
    }

    @Test func memoryComesBack() {
        for round in 0..<2 {
            for i in 0..<5000 { client("LPUSH", "l\(round)", "element \(i)") }
            #expect((client("MEMORY", "USAGE", "l\(round)").integerValue ?? 0) > 50_000)
            while client("RPOP", "l\(round)", "999").elements.count > 0 {}
            #expect(client("EXISTS", "l\(round)") == 0)
        }
    }
}

@Suite struct ListsEventTests {
    @Test func events() {
        let server = TestServer()
        let client = server.connect()
        server.engine.observeNotices()
        func events(_ line: String) -> [String] {
            client.line(line)
            return server.engine.takeNotices().map { "\($0.event.name) " + String(decoding: $0.key, as: UTF8.self) }
        }
        #expect(events("RPUSH l 1 2 3 4 5 6 7 8") == ["rpush l"])
        #expect(events("LPUSHX l 0") == ["lpush l"])
        #expect(events("LPOP l 2") == ["lpop l"])
        #expect(events("LPOP l 0") == [])
        #expect(events("LSET l 0 x") == ["lset l"])
        #expect(events("LINSERT l BEFORE x y") == ["linsert l"])
        #expect(events("LREM l 1 x") == ["lrem l"])
        #expect(events("LREM l 1 x") == [])
        #expect(events("LTRIM l 0 4") == ["ltrim l"])
        #expect(events("LMOVE l m LEFT RIGHT") == ["rpush m", "lpop l"])
        #expect(events("LMOVEM l m LEFT RIGHT COUNT 2 OBO") == ["rpush m", "lpop l"])
        #expect(events("LMPOP 1 m RIGHT COUNT 9") == ["rpop m", "del m"])
        #expect(events("RPOPLPUSH l m") == ["lpush m", "rpop l"])
        #expect(events("RPOPLPUSH l m") == ["lpush m", "rpop l", "del l"])
        #expect(events("LTRIM m 5 9") == ["ltrim m", "del m"])
        #expect(events("RPUSH l a") == ["rpush l"])
        #expect(events("LREM l 0 a") == ["lrem l", "del l"])
    }
}
