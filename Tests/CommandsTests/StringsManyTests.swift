@testable import Engine
@testable import Keyspace
import Commands
import TestSupport
import Testing

@Suite struct StringsManyTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    @Test func mset() {
        #expect(client("MSET", "a", "1", "b", "2", "a", "3") == "OK")
        #expect(client("MGET", "a", "none", "b", "a") == ["3", nil, "2", "3"])
        #expect(client("MSET", "a", "1", "b") == .error("ERR wrong number of arguments for 'mset' command"))
        #expect(client("MSETNX", "a", "1", "b") == .error("ERR wrong number of arguments for 'msetnx' command"))
        #expect(client("MSETNX", "n", "1", "a", "1") == 0)
        #expect(client("GET", "n") == nil)
        #expect(client("MSETNX", "n", "1", "n", "2") == 1)
        #expect(client("GET", "n") == "2")
        #expect(server.takeEffects() == [["MSET", "a", "1", "b", "2", "a", "3"], ["MSETNX", "n", "1", "n", "2"]])
    }

    @Test func msetex() {
        #expect(client.line("MSETEX 2 a 1 b 2") == 1)
        #expect(client.line("MSETEX 2 a 9 c 9 nx") == 0)
        #expect(client.line("MSETEX 2 a 9 c 9 XX") == 0)
        #expect(client.line("MSETEX 2 a 3 b 4 XX PXAT 33177117420000") == 1)
        #expect(client.line("MSETEX 2 a 5 b 6 KEEPTTL") == 1)
        #expect(client.line("MSETEX 2 d 5 d 6 NX NX EX 10 EX 20") == 1)
        let now = server.engine.context.now
        #expect(client.line("MGET a b c d") == ["5", "6", nil, "6"])
        #expect(server.takeEffects() == [
            ["MSETEX", "2", "a", "1", "b", "2"], ["MSETEX", "2", "a", "3", "b", "4", "PXAT", "33177117420000"],
            ["MSETEX", "2", "a", "5", "b", "6", "KEEPTTL"], ["MSETEX", "2", "d", "5", "d", "6", "PXAT", "\(now + 20_000)"],
        ])
        #expect(client.line("MSETEX 2 a 7 c 8 PXAT 1000") == 1)
        #expect(client.line("MGET a b c") == [nil, "6", nil])
        #expect(server.takeEffects() == [["DEL", "a"]])
    }

    @Test(arguments: [
        ("0 a 1", "invalid numkeys value"), ("-1 a 1", "invalid numkeys value"), ("x a 1", "invalid numkeys value"),
        ("2147483648 a 1", "invalid numkeys value"), ("9223372036854775807 a 1", "invalid numkeys value"),
        ("2147483647 a 1", "wrong number of key-value pairs"), ("2 a 1 b", "wrong number of key-value pairs"),
        ("1 a 1 b 2", "syntax error"), ("1 a 1 NX XX", "syntax error"), ("1 a 1 EX 1 PX 1", "syntax error"),
        ("1 a 1 EX 1 KEEPTTL", "syntax error"), ("1 a 1 KEEPTTL EX 1", "syntax error"), ("1 a 1 EX", "syntax error"),
        ("1 a 1 GET", "syntax error"), ("1 a 1 PERSIST", "syntax error"), ("1 a 1 IFEQ 1", "syntax error"),
        ("1 a 1 EX 0", "invalid expire time in 'msetex' command"), ("1 a 1 EX x", "value is not an integer or out of range"),
        ("1 a 1 PX 9223372036854775807", "invalid expire time in 'msetex' command"),
        ("1 a", "wrong number of arguments for 'msetex' command"),
    ])
    func msetexErrors(_ options: String, _ text: String) {
        #expect(client.line("MSETEX \(options)") == .error("ERR \(text)"))
    }

    // MARK: Keys of another type

    /// Puts a list under `list`; no command of this family makes one.
    func makeList() {
        let key = [UInt8]("list")
        let slot = server.engine.context.lookupWrite(key.rawSpan)
        let shape = EntryShape(type: .list, encoding: .raw, expiry: nil, access: server.engine.context.freshAccess)
        let entry = Entry.make(key.rawSpan, shape, bytes: [UInt8]("x").rawSpan)
        server.engine.context.keyspace[slot.database][slot.hash].put(entry, slot.entry, slot.hash)
    }

    @Test(arguments: [
        "GET list", "GETSET list v", "GETDEL list", "GETEX list", "GETEX list EX 0", "STRLEN list", "APPEND list v",
        "SETRANGE list 0 v", "GETRANGE list 0 1", "INCR list", "INCRBYFLOAT list abc", "SET list v GET",
        "SET list v NX GET", "SET list v IFEQ x", "SET list v IFDEQ x", "SET list v IFNE x GET", "DIGEST list",
        "DELIFEQ list x", "INCREX list", "INCREX list EXAT 1", "INCREX list BYFLOAT 1", "DECRBY list 1", "SUBSTR list 0 1",
        "SETRANGE list 0 ", "INCR list",
    ])
    func wrongTypes(_ line: String) {
        makeList()
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map { [UInt8](String($0)) }
        #expect(client.run(words) == wrongType)
        #expect(server.takeEffects() == [])
    }

    @Test func otherTypes() {
        makeList()
        #expect(client("INCRBY", "list", "x") == notInteger)
        #expect(client("GETRANGE", "list", "a", "1") == notInteger)
        #expect(client("SETRANGE", "list", "-1", "x") == .error("ERR offset is out of range"))
        #expect(client("LCS", "list", "a", "NOPE") == .error("ERR The specified keys must contain string values"))
        #expect(client("MGET", "list") == [nil])
        #expect(client("SET", "list", "v", "NX") == nil)
        #expect(client("SETNX", "list", "v") == 0)
        #expect(client("DELEX", "list", "NOPE", "v")
            == .error("ERR Key should be of string type if conditions are specified"))
        #expect(client("DELEX", "list") == 1)
        makeList()
        #expect(client("MSET", "list", "v") == "OK")
        makeList()
        #expect(client("SET", "list", "v", "XX") == "OK")
        #expect(client("GET", "list") == "v")
    }

    // MARK: Events

    func events(_ line: String) -> [String] {
        server.engine.observeNotices()
        _ = server.engine.takeNotices()
        client.line(line)
        return server.engine.takeNotices().map { "\($0.event.name) \(String(decoding: $0.key, as: UTF8.self))" }
    }

    @Test func events() {
        for (line, expected) in [
            ("SET k v", ["set k"]), ("SET k v EX 10", ["set k", "expire k"]), ("SET k v NX", []),
            ("SETEX k 10 v", ["set k", "expire k"]), ("PSETEX k 10 v", ["set k", "expire k"]), ("SETNX k v", []),
            ("GETEX k", []), ("GETEX k PERSIST", ["persist k"]), ("GETEX k PERSIST", []), ("GETEX k EX 10", ["expire k"]),
            ("GETEX k EXAT 1", ["del k"]), ("SETNX k v", ["set k"]), ("GETSET k 1", ["set k"]), ("INCR k", ["incrby k"]),
            ("DECRBY k 2", ["incrby k"]), ("INCRBYFLOAT k 2", ["incrbyfloat k"]), ("APPEND k 2", ["append k"]),
            ("SETRANGE k 1 x", ["setrange k"]), ("MSET k v l v", ["set k", "set l"]), ("MSETNX k v m v", []),
            ("MSETEX 2 a 1 b 2 EX 9", ["set a", "expire a", "set b", "expire b"]), ("SET k v EXAT 1", ["del k"]),
            ("SET k v EXAT 1", []), ("GETDEL l", ["del l"]), ("GETDEL l", []), ("INCREX a", ["incrby a"]),
            ("INCREX a PERSIST", ["incrby a", "persist a"]), ("INCREX a PERSIST", ["incrby a"]),
            ("INCREX a EX 10", ["incrby a", "expire a"]), ("INCREX a EX 10 ENX", ["incrby a"]), ("INCREX a UBOUND 0", []),
            ("INCREX a BYFLOAT 1", ["incrbyfloat a"]), ("INCREX a EXAT 1", ["del a"]), ("DELIFEQ b 2", ["del b"]),
            ("SET k v", ["set k"]), ("DELEX k IFEQ w", []), ("DELEX k IFEQ v", ["del k"]),
        ] {
            #expect(events(line) == expected, "\(line)")
        }
    }

    // MARK: RESP3

    @Test func resp3() {
        let id = client.id
        _ = server.engine.context.clients.slab.with(id) { $0.version = .resp3 }
        client("MSET", "a", "ohmytext", "b", "mynewtext")
        client.send(TestClient.encode(["LCS", "a", "b", "IDX"].map { [UInt8]($0) }))
        #expect(client.nextReply() == .map(["matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], "len", 6]))
        #expect(client("GET", "none") == nil)
        #expect(client("DIGEST", "none") == nil)
        #expect(client("GETRANGE", "none", "0", "1") == "")
        #expect(client("INCREX", "k") == [1, 1])
        #expect(client("INCREX", "k", "BYFLOAT", "1.5") == [.double("2.5"), .double("1.5")])
        client.send(TestClient.encode(["INCREX", "k", "BYFLOAT", "1.5"].map { [UInt8]($0) }))
        #expect(client.takeBytes() == [UInt8]("*2\r\n,4\r\n,1.5\r\n"))
    }
}
