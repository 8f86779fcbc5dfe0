import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// A client that hears all keyspace events of a server.
struct EventListener {
    let client: TestClient

    init(_ server: TestServer, _ classes: String) {
        client = server.connect()
        #expect(client("CONFIG", "SET", "notify-keyspace-events", classes) == "OK")
        client("PSUBSCRIBE", "__*")
    }

    /// What was heard since the last call: channels without their prefixes, and messages.
    func heard() -> [String] {
        var heard: [String] = []
        while case let reply = client.nextReply(), reply != .none {
            heard.append(reply.elements.dropFirst(2).map { $0.text ?? "?" }.joined(separator: " "))
        }
        return heard
    }

    /// Events of keyevent channels: "event key".
    func events() -> [String] { heard().map { String($0.dropFirst("__keyevent@0__:".count)) } }
}

/// Classes, and events of keys that get another value in place of their own.
@Suite struct KeyEventsTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connect() }

    @Test func letters() {
        let spellings = [
            ("", ""), ("gKE", "gKE"), ("$lshzxeKE", "$lshzxeKE"), ("KA", "AK"), ("EA", "AE"), ("g$lshzxetda", "A"),
            ("g$lshzxetd", "g$lshzxetd"), ("o", "o"), ("c", "c"), ("co", "oc"), ("onc", "noc"), ("VTISmEK", "KEmSTIV"),
            ("STIVh", "hSTIV"), ("cEhomVnK", "hnocKEmV"),
            // As by the peers: beside A these three are kept, and not told.
            ("AKEnocmS", "AKEmS"),
        ]
        for (given, shown) in spellings {
            #expect(client("CONFIG", "SET", "notify-keyspace-events", given) == "OK")
            #expect(client("CONFIG", "GET", "notify-keyspace-events") == ["notify-keyspace-events", .status(shown)])
        }
        let refusal = """
            ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - \
            Invalid event class character. Use 'Ag$lshzxeKEtmdnocaSTIV'.
            """
        for wrong in ["KEb", "p", "K E", "ke", "i", "\u{e9}"] {
            #expect(client("CONFIG", "SET", "notify-keyspace-events", wrong) == .error(refusal))
        }
    }

    /// A stands for neither of the rarer classes nor of the channels for fields.
    @Test func whatAIsNot() {
        let listener = EventListener(server, "AE")
        client("SET", "k", "1")
        client("SET", "k", "2")
        client("GET", "none")
        client("DEL", "k")
        client("HSET", "k", "f", "v")
        #expect(listener.events() == ["set k", "set k", "del k", "hset k"])
    }

    /// Events of a command that makes `k`, a key that was one of another type, into something.
    @Test(arguments: [
        ("SET k v", ["set"]), ("SET k v XX", ["set"]), ("SET k v EX 10", ["set", "expire"]), ("SET k v KEEPTTL", ["set"]),
        ("SETEX k 10 v", ["set", "expire"]), ("PSETEX k 10 v", ["set", "expire"]), ("MSET k v", ["set"]),
        ("MSETEX 1 k v XX", ["set"]), ("MSETEX 1 k v PX 10", ["set", "expire"]), ("BITOP NOT k string", ["set"]),
        ("SORT list ALPHA STORE k", ["sortstore"]), ("SINTERSTORE k set set", ["sinterstore"]),
        ("SUNIONSTORE k set other", ["sunionstore"]), ("SDIFFSTORE k set other", ["sdiffstore"]),
        ("ZUNIONSTORE k 1 sorted", ["zunionstore"]), ("ZINTERSTORE k 2 sorted sorted", ["zinterstore"]),
        ("ZDIFFSTORE k 1 sorted", ["zdiffstore"]), ("ZRANGESTORE k sorted 0 -1", ["zrangestore"]),
        ("GEOSEARCHSTORE k geo FROMLONLAT 15 37 BYRADIUS 200 km", ["geosearchstore"]),
        ("GEORADIUS geo 15 37 200 km STOREDIST k", ["georadiusstore"]),
    ])
    func aValueInPlaceOfAnother(line: String, own: [String]) {
        for setup in [
            "SET string s", "RPUSH list 1 2", "SADD set a b", "SADD other b c", "ZADD sorted 1 a", "HSET k f v",
            "GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        ] { client.line(setup) }
        let listener = EventListener(server, "KEAocn")
        client.line(line)
        let expected = (["overwritten", "type_changed"] + own).flatMap { ["__keyspace@0__:k \($0)", "__keyevent@0__:\($0) k"] }
        #expect(listener.heard() == expected)
        client("CONFIG", "SET", "notify-keyspace-events", "EAoc")
        client.line(line)
        #expect(listener.events() == (["overwritten"] + own).map { "\($0) k" })
        client("CONFIG", "SET", "notify-keyspace-events", "EAc")
        client.line(line)
        #expect(listener.events() == own.map { "\($0) k" })
        client("DEL", "k")
        _ = listener.heard()
        client("CONFIG", "SET", "notify-keyspace-events", "Eoc")
        client.line(line)
        #expect(listener.events() == [])
    }

    /// Commands that move whole keys tell their own events first.
    @Test func keysInPlaceOfOthers() {
        client.line("SET s v")
        let payload = client("DUMP", "s")
        let steps: [(String, [String])] = [
            ("HSET k f v", []), ("RENAME s k", ["rename_from s", "rename_to k", "overwritten k", "type_changed k"]),
            ("SET s v", []), ("RENAME s k", ["rename_from s", "rename_to k", "overwritten k"]),
            ("SET s v", []), ("RENAME s new", ["rename_from s", "rename_to new"]),
            ("LPUSH l 1", []), ("COPY l k REPLACE", ["copy_to k", "overwritten k", "type_changed k"]),
            ("COPY l k REPLACE", ["copy_to k", "overwritten k"]), ("COPY l k", []), ("COPY l k2", ["copy_to k2"]),
            ("RENAMENX l k", []), ("RENAME k k", []), ("GETSET new w", ["overwritten new"]), ("MOVE new 1", ["move_from new"]),
        ]
        let listener = EventListener(server, "Egoc")
        for (line, events) in steps {
            client.line(line)
            let heard = listener.events().filter { !$0.contains("move_to") }
            #expect(heard == events, Comment(rawValue: line))
        }
        guard case .bulk(let bytes) = payload else { return #expect(Bool(false)) }
        for (key, events) in [
            ("k", ["restore k", "overwritten k", "type_changed k"]), ("k", ["restore k", "overwritten k"]), ("n", ["restore n"]),
        ] {
            #expect(client.run([[UInt8]("RESTORE"), [UInt8](key), [UInt8]("0"), bytes, [UInt8]("REPLACE")]) == "OK")
            #expect(listener.events() == events)
        }
    }

    /// Changes within a value replace nothing, and neither does what finds no key or removes one.
    @Test func whatReplacesNothing() {
        for setup in ["SET n 1", "SET s abc", "SADD set a", "RPUSH l 1 2", "PFADD p a", "HSET h f v", "SET gone v PX 5"] {
            client.line(setup)
        }
        server.advance(milliseconds: 10)
        let listener = EventListener(server, "KEoc")
        for line in [
            "INCR n", "INCRBYFLOAT n 1.5", "APPEND s d", "SETRANGE s 1 x", "SETBIT s 1 1", "BITFIELD s SET u8 0 1", "GETEX s EX 10",
            "GETDEL s", "SETNX n 2", "SET n 2 NX", "SET n 3 PXAT 1", "SET gone w", "PFADD p b", "PFMERGE p p", "HSET h f w",
            "LSET l 0 x", "LMOVE l l LEFT RIGHT", "SINTERSTORE set none none", "SORT none STORE l", "BITOP AND gone none none",
            "DEL h", "SET h again", "MSETNX a 1 b 2",
        ] {
            client.line(line)
            #expect(listener.heard() == [], Comment(rawValue: line))
        }
    }

    /// In another database the channel says so.
    @Test func otherDatabases() {
        client.line("SET s v")
        client.line("COPY s k DB 3")
        let listener = EventListener(server, "KEoc")
        client.line("COPY s k DB 3 REPLACE")
        #expect(listener.heard() == ["__keyspace@3__:k overwritten", "__keyevent@3__:overwritten k"])
    }
}
