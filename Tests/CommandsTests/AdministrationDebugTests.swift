import TestSupport
import Synchronization
import Testing
@testable import Engine

@Suite struct AdministrationDebugTests {
    let server = TestServer()
    private let notPositive = Reply.error("ERR value is out of range, must be positive")
    private let notInteger = Reply.error("ERR value is not an integer or out of range")

    private func unknown(_ name: String) -> Reply {
        .error("ERR unknown subcommand or wrong number of arguments for '\(name)'. Try DEBUG HELP.")
    }

    @Test(arguments: [LocalPermission.no, .local, .yes], ["127.0.0.1:5", "127.9.9.9:5", "[::1]:5", "10.0.0.1:5", "[fe80::1]:5"])
    func permission(_ permission: LocalPermission, _ address: String) {
        let server = TestServer { $0.process.debugCommand = permission }
        let client = server.connect()
        _ = server.engine.context.clients.slab.with(client.id) { $0.identity.peer.address = address }
        let reply = client("DEBUG", "PROTOCOL", "integer")
        if permission == .yes || permission == .local && (address.hasPrefix("127.") || address.hasPrefix("[::1]")) {
            #expect(reply == 12345)
        } else {
            #expect(reply.errorText?.hasPrefix("ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\",") == true)
        }
    }

    @Test func clientsByMemory() {
        let client = server.connect()
        #expect(client("DEBUG", "CLIENT-EVICTION") == .error("ERR maxmemory-clients is disabled."))
        #expect(client("CONFIG", "SET", "maxmemory-clients", "1gb") == "OK")
        let lines = client("DEBUG", "CLIENT-EVICTION").text?.split(separator: "\n") ?? []
        #expect(lines.count == 19)
        #expect(lines.first?.hasPrefix("bucket          0 -      32767: tot-mem: ") == true && lines.first?.hasSuffix("clients: 1") == true)
        #expect(lines.last == "bucket 4294967296+            : tot-mem:          0, clients: 0")
    }

    @Test func leaksAndNames() {
        let client = server.connect()
        #expect(client("DEBUG", "LEAK", "abc") == "OK")
        #expect(server.engine.context.host.debug.leaked == [[97, 98, 99]])
        let old = server.engine.context.host.replicationID
        #expect(client("DEBUG", "CHANGE-REPL-ID") == "OK")
        let new = server.engine.context.host.replicationID
        #expect(new != old && new.utf8.count == 40 && new.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        #expect(client("INFO", "replication").text?.contains("master_replid:\(new)") == true)
        #expect(client("DEBUG", "STRINGMATCH-TEST") == "Apparently the server did not crash: test passed")
    }

    @Test func subcommandsThatAreNone() {
        let client = server.connect()
        #expect(client("DEBUG") == .error("ERR wrong number of arguments for 'debug' command"))
        for name in ["FOO", "", "JMAP", "SLEEP", "OBJECT", "SDSLEN", "PROTOCOL", "POPULATE", "ERROR", "LOG", "HTSTATS", "SET-ACTIVE-EXPIRE"] {
            #expect(client("DEBUG", name) == unknown(name))
        }
        for name in ["HELP", "SET-ACTIVE-EXPIRE", "SLEEP", "PROTOCOL", "ERROR", "LOG", "POPULATE"] {
            #expect(client("DEBUG", name, "1", "a", "1", "b") == unknown(name))
        }
        let long = String(repeating: "x", count: 1000)
        #expect(client("DEBUG", long) == unknown(String(repeating: "x", count: 128)))
    }

    @Test(arguments: [
        ("string", "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"),
        ("integer", ":12345\r\n", ":12345\r\n"),
        ("double", "$5\r\n3.141\r\n", ",3.141\r\n"),
        ("null", "$-1\r\n", "_\r\n"),
        ("array", "*3\r\n:0\r\n:1\r\n:2\r\n", "*3\r\n:0\r\n:1\r\n:2\r\n"),
        ("set", "*3\r\n:0\r\n:1\r\n:2\r\n", "~3\r\n:0\r\n:1\r\n:2\r\n"),
        ("map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n", "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n"),
        (
            "attrib", "$39\r\nSome real reply following the attribute\r\n",
            "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$39\r\nSome real reply following the attribute\r\n"
        ),
        (
            "push", "-ERR RESP2 is not supported by this command\r\n",
            ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n$40\r\nSome real reply following the push reply\r\n"
        ),
        ("verbatim", "$25\r\nThis is a verbatim\nstring\r\n", "=29\r\ntxt:This is a verbatim\nstring\r\n"),
        ("true", ":1\r\n", "#t\r\n"),
        ("FALSE", ":0\r\n", "#f\r\n"),
        ("bignum", "$37\r\n1234567999999999999999999999999999999\r\n", "(1234567999999999999999999999999999999\r\n"),
    ])
    func protocolTypes(_ type: String, _ second: String, _ third: String) {
        let client = server.connect()
        client.send([UInt8]("DEBUG PROTOCOL \(type)\r\n"))
        #expect(client.takeBytes() == [UInt8](second))
        client("HELLO", "3")
        client.send([UInt8]("DEBUG PROTOCOL \(type)\r\n"))
        #expect(client.takeBytes() == [UInt8](third))
    }

    @Test func protocolTypeThatIsNone() {
        let text =
            "ERR Wrong protocol type name. Please use one of the following: "
            + "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"
        for word in ["foo", "", "strings"] { #expect(server.connect()("DEBUG", "PROTOCOL", word) == .error(text)) }
    }

    @Test func populate() {
        let client = server.connect()
        server.recordEffects()
        #expect(client("DEBUG", "POPULATE", "3") == "OK")
        #expect(client("DBSIZE") == 3)
        #expect(client("GET", "key:2") == "value:2")
        // Keys that exist are left alone.
        client("SET", "key:1", "mine")
        #expect(client("DEBUG", "POPULATE", "5", "key", "4") == "OK")
        #expect(client("GET", "key:1") == "mine")
        #expect(client("GET", "key:4") == "valu")
        #expect(client("DEBUG", "POPULATE", "2", "foo", "10") == "OK")
        #expect(client("GET", "foo:1") == .bulk([UInt8]("value:1") + [0, 0, 0]))
        #expect(client("DEBUG", "POPULATE", "2", "", "0") == "OK")
        #expect(client("GET", ":1") == "value:1")
        #expect(client("DEBUG", "POPULATE", "0") == "OK")
        #expect(client("DBSIZE") == 9)
        // What DEBUG makes is not propagated.
        #expect(server.takeEffects() == [["SELECT", "0"], ["SET", "key:1", "mine"]])
    }

    @Test func populateTheSelectedDatabase() {
        let client = server.connect()
        client("SELECT", "3")
        client("DEBUG", "POPULATE", "1000", "k", "100")
        #expect(client("DBSIZE") == 1000)
        #expect(client("STRLEN", "k:999") == 100)
        client("SELECT", "0")
        #expect(client("DBSIZE") == 0)
    }

    @Test func populateEdges() {
        let client = server.connect()
        for count in ["-1", "abc", "", "1.5", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967297"] {
            #expect(client("DEBUG", "POPULATE", count) == notPositive)
            #expect(client("DEBUG", "POPULATE", count, "k", "9223372036854775807") == notPositive)
        }
        for size in ["-1", "abc", "", "9223372036854775808", "-9223372036854775808"] {
            #expect(client("DEBUG", "POPULATE", "1", "k", size) == notPositive)
        }
        let tooLong = Reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        for size in ["536870913", "9223372036854775807", "4611686018427387904"] {
            #expect(client("DEBUG", "POPULATE", "4294967296", "k", size) == tooLong)
        }
        #expect(client("DBSIZE") == 0)
    }

    @Test func errors() {
        let client = server.connect()
        #expect(client("DEBUG", "ERROR", "FOO bar") == .error("FOO bar"))
        #expect(client("DEBUG", "ERROR", "") == .error(""))
        client.send(TestClient.encode([[UInt8]("DEBUG"), [UInt8]("ERROR"), [UInt8]("A\r\n+B\nC")]))
        #expect(client.takeBytes() == [UInt8]("-A  +B C\r\n"))
    }

    @Test func log() {
        #expect(server.connect()("DEBUG", "LOG", "hello") == "OK")
        #expect(server.engine.takeRequests().logLines == ["DEBUG LOG: hello"])
    }

    @Test func sleep() {
        let client = server.connect()
        let clock = server.clock
        let start = clock.nanoseconds
        server.engine.context.host.sleep = { clock.advance(milliseconds: $0 / 1000) }
        #expect(client("DEBUG", "SLEEP", "0") == "OK")
        #expect(client("DEBUG", "SLEEP", "0.5") == "OK")
        #expect(client("DEBUG", "SLEEP", "1") == "OK")
        #expect(clock.nanoseconds - start == 1_500_000_000)
        for word in ["nan", "inf", "-inf", "1e300", "-1", "abc", "", "1e6", "0x10000000"] {
            #expect(client("DEBUG", "SLEEP", word) == .error("ERR value is not a valid float"), "\(word)")
        }
        #expect(clock.nanoseconds - start == 1_500_000_000)
    }

    @Test func faults() {
        let asked = Mutex<[String]>([])
        server.engine.context.host.fault = { fault in asked.withLock { $0.append("\(fault)") } }
        let client = server.connect()
        for word in ["SEGFAULT", "panic", "Assert"] { client.send(TestClient.encode(["DEBUG", word].map { [UInt8]($0) })) }
        #expect(asked.withLock { $0 } == ["segmentation", "panic", "assertion"])
        #expect(client.takeBytes().isEmpty)
    }

    @Test func activeExpire() {
        let client = server.connect()
        #expect(client("DEBUG", "SET-ACTIVE-EXPIRE", "0") == "OK")
        client("SET", "k", "v", "PX", "10")
        server.advance(milliseconds: 20)
        for _ in 0..<20 { server.cycle() }
        #expect(client("DBSIZE") == 1)
        #expect(client("DEBUG", "SET-ACTIVE-EXPIRE", "1") == "OK")
        for _ in 0..<20 { server.cycle() }
        #expect(client("DBSIZE") == 0)
        #expect(client("DEBUG", "SET-ACTIVE-EXPIRE", "abc") == notInteger)
    }

    @Test func object() throws {
        let client = server.connect()
        #expect(client("DEBUG", "OBJECT", "none") == .error("ERR no such key"))
        client("SET", "k", "hello")
        client("SET", "n", "12")
        client("SET", "l", String(repeating: "x", count: 100))
        let shape = #/Value at:0x[0-9a-f]+ refcount:1 encoding:(\w+) serializedlength:\d+ lru:\d+ lru_seconds_idle:0/#
        for (key, encoding) in [("k", "embstr"), ("n", "int"), ("l", "raw")] {
            let text = client("DEBUG", "OBJECT", key).text ?? ""
            #expect(try shape.wholeMatch(in: text)?.1 == encoding[...], "\(text)")
            let fast = client("DEBUG", "OBJECT", key, "fast").text ?? ""
            #expect(fast.contains(" encoding:\(encoding) lru:"), "\(fast)")
        }
    }

    @Test func stringLengths() {
        let client = server.connect()
        #expect(client("DEBUG", "SDSLEN", "none") == .error("ERR no such key"))
        client("SET", "n", "12")
        #expect(client("DEBUG", "SDSLEN", "n") == .error("ERR Not an sds encoded string."))
        client("SET", "key", "hello")
        let text = client("DEBUG", "SDSLEN", "key").text ?? ""
        #expect(text.hasPrefix("key_sds_len:3, key_sds_avail:0, key_zmalloc: ") && text.contains(", val_sds_len:5, "))
    }

    @Test func tables() {
        let client = server.connect()
        for (word, error) in [("99", "ERR Out of range database"), ("-1", "ERR Out of range database")] {
            #expect(client("DEBUG", "HTSTATS", word) == .error(error))
        }
        for word in ["abc", "", "9223372036854775808"] { #expect(client("DEBUG", "HTSTATS", word) == notInteger) }
        client("DEBUG", "POPULATE", "100")
        #expect(client("DEBUG", "HTSTATS", "0").text?.contains(" number of elements: 100\n") == true)
        client("HELLO", "3")
        let empty = "Hash table 0 stats (main hash table):\nNo stats available for empty dictionaries\n"
        #expect(client("DEBUG", "HTSTATS", "9", "full").text == "[Dictionary HT]\n\(empty)[Expires HT]\n\(empty)")
    }

    @Test func patternMatching() {
        let client = server.connect()
        #expect(client("DEBUG", "STRINGMATCH-LEN", "10", "a*") == 1)
        #expect(client("DEBUG", "STRINGMATCH-LEN", "10", "b*") == 0)
        #expect(client("DEBUG", "STRINGMATCH-LEN", "0", "") == 1)
        #expect(client("DEBUG", "STRINGMATCH-LEN", "-5", "a") == 0)
        #expect(client("DEBUG", "STRINGMATCH-LEN", "9223372036854775807", "a*") == 1)
        #expect(client("DEBUG", "STRINGMATCH-LEN", "abc", "a*") == notInteger)
    }

    @Test func digest() {
        let client = server.connect()
        let nothing = String(repeating: "0", count: 40)
        #expect(client("DEBUG", "DIGEST") == .status(nothing))
        client("SET", "a", "1")
        client("SET", "b", "text", "PXAT", "1900000000000")
        let digest = client("DEBUG", "DIGEST").text ?? ""
        #expect(digest.count == 40 && digest != nothing)
        // The same for the same data on another server, whatever the order and the history.
        let other = TestServer(seed: 9, partitionCount: 4).connect()
        other("SET", "b", "tex", "PXAT", "1900000000000")
        other("APPEND", "b", "t")
        #expect(other("DEBUG", "DIGEST") != .status(digest))
        other("SET", "a", "1")
        #expect(other("DEBUG", "DIGEST") == .status(digest))
        // Key, value, expiry and database all count.
        for command in ["SET a 2", "RENAME a c", "PEXPIREAT b 1900000000001", "MOVE a 1"] {
            #expect(other.line(command).errorText == nil)
            #expect(other("DEBUG", "DIGEST") != .status(digest), "\(command)")
            other("FLUSHALL")
            other("SET", "a", "1")
            other("SET", "b", "text", "PXAT", "1900000000000")
            #expect(other("DEBUG", "DIGEST") == .status(digest))
        }
        let values = client("DEBUG", "DIGEST-VALUE", "a", "none", "a").elements
        #expect(values.count == 3 && values[1] == .status(nothing) && values[0] == values[2] && values[0] != values[1])
    }

    @Test func pausedCycle() {
        let client = server.connect()
        client("SET", "k", "v", "PX", "10")
        server.advance(milliseconds: 20)
        #expect(client("DEBUG", "PAUSE-CRON", "1") == "OK")
        for _ in 0..<20 { server.cycle() }
        #expect(client("DBSIZE") == 1)
        #expect(client("DEBUG", "PAUSE-CRON", "0") == "OK")
        for _ in 0..<20 { server.cycle() }
        #expect(client("DBSIZE") == 0)
    }

    @Test func tableOfKey() {
        let client = server.connect()
        client("SET", "k", "v")
        #expect(client("DEBUG", "HTSTATS-KEY", "none") == .error("ERR no such key"))
        #expect(client("DEBUG", "HTSTATS-KEY", "k")
            == .error("ERR The value stored at the specified key is not represented using an hash table"))
        for command in ["SADD members a", "HSET fields a 1", "ZADD scored 1 a"] {
            client.line(command)
            let key = String(command.split(separator: " ")[1])
            #expect(client("DEBUG", "HTSTATS-KEY", key).errorText?.hasPrefix("ERR The value stored") == true)
        }
        for setting in ["set-max-listpack-entries", "hash-max-listpack-entries", "zset-max-listpack-entries"] {
            client("CONFIG", "SET", setting, "0")
        }
        for command in ["SADD members b", "HSET fields b 1", "ZADD scored 1 b"] {
            client.line(command)
            let key = String(command.split(separator: " ")[1])
            let report = client("DEBUG", "HTSTATS-KEY", key).text ?? ""
            #expect(report.hasPrefix("Hash table 0 stats (main hash table):\n table size: "), "\(key): \(report)")
            #expect(report.contains("\n number of elements: 2\n different slots: 1\n max chain length: 2\n"), "\(key): \(report)")
            #expect(report.contains("\n avg chain length (counted): 2.00\n avg chain length (computed): 2.00\n"))
            #expect(report.hasSuffix(" Chain length distribution:\n   2: 1 (100.00%)\n"), "\(key): \(report)")
            #expect(client("DEBUG", "HTSTATS-KEY", key, "full").text == report)
        }
        // A change of size that is under way shows both tables.
        var isResizing = false
        for index in 0..<5000 {
            client("SADD", "members", "member:\(index)")
            let report = client("DEBUG", "HTSTATS-KEY", "members").text ?? ""
            if report.contains("\nHash table 1 stats (rehashing target):\n table size: ") { isResizing = true }
        }
        #expect(isResizing)
        #expect(client("DEBUG", "STRUCTSIZE").text?.hasPrefix("bits:64 ") == true)
    }

    @Test func help() {
        let lines = server.connect()("DEBUG", "HELP").elements.compactMap(\.text)
        #expect(lines.first == "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(lines.suffix(2) == ["HELP", "    Prints this help."])
    }

    /// The same data has the same digest in every encoding.
    @Test func digestOfEveryEncoding() {
        let small = server.connect()
        let large = TestServer(seed: 9, partitionCount: 4).connect()
        for setting in [
            "hash-max-listpack-entries", "set-max-listpack-entries", "set-max-intset-entries", "zset-max-listpack-entries",
            "list-max-listpack-size",
        ] { #expect(large("CONFIG", "SET", setting, setting.hasPrefix("list") ? "1" : "0") == "OK") }
        let values: [(key: String, changes: [String], encodings: [String], other: String)] = [
            ("l", ["RPUSH l a 17 -3 c c"], ["listpack", "quicklist"], "RPUSH l a 17 -3 c"),
            ("s", ["SADD s a b 17 -3"], ["listpack", "hashtable"], "SADD s a b 17 -4"),
            ("i", ["SADD i 1 2 -70000"], ["intset", "hashtable"], "SADD i 1 2 -70001"),
            ("h", ["HSET h a 1 b text"], ["listpack", "hashtable"], "HSET h a text b 1"),
            (
                "x", ["HSET x a 1 b text c 5", "HPEXPIREAT x 1900000000000 FIELDS 1 b"], ["listpackex", "hashtable"],
                "HSET x a 1 b text c 5"
            ),
            ("z", ["ZADD z 1.5 a -inf b 1e20 c 0 d 17 e"], ["listpack", "skiplist"], "ZADD z 1.5 a -inf b 1e20 c 17 d 0 e"),
        ]
        for (key, changes, encodings, other) in values {
            for (client, encoding) in zip([small, large], encodings) {
                for change in changes { #expect(client.line(change).errorText == nil, "\(change)") }
                #expect(client("OBJECT", "ENCODING", key) == .bulk([UInt8](encoding)), "\(key)")
            }
            let digest = small("DEBUG", "DIGEST-VALUE", key)
            #expect(large("DEBUG", "DIGEST-VALUE", key) == digest, "\(key)")
            #expect(small("COPY", key, "copy", "REPLACE") == 1 && small("DEBUG", "DIGEST-VALUE", "copy") == digest, "\(key)")
            small("DEL", "copy")
            large("COPY", key, "kept")
            large("DEL", key)
            large.line(other)
            #expect(large("DEBUG", "DIGEST-VALUE", key) != digest, "\(key)")
            large("RENAME", "kept", key)
            #expect(large("DEBUG", "DIGEST") == small("DEBUG", "DIGEST"), "\(key)")
        }
        // A list has an order, and fields whose time is over do not count.
        small("RPUSH", "ab", "a", "b")
        small("RPUSH", "ba", "b", "a")
        small("HSET", "f", "a", "1")
        small("HSET", "g", "a", "1", "b", "2")
        small("HPEXPIRE", "g", "10", "FIELDS", "1", "b")
        server.advance(milliseconds: 20)
        let digests = small("DEBUG", "DIGEST-VALUE", "ab", "ba", "f", "g").elements
        #expect(digests.count == 4 && digests[0] != digests[1] && digests[2] == digests[3])
    }
}
