import Engine
import Keyspace
import Primitives
import TestSupport
import Testing

@Suite struct KeysIterationTests {
    let server = KeysFixture.server()
    let client: TestClient

    init() { client = server.connect() }

    private func sorted(_ reply: Reply) -> [String] { reply.elements.map { $0.text ?? "?" }.sorted() }

    @Test func keysByPattern() {
        for key in ["abc", "abd", "xyz", "", "a*c", "\u{1}"] { client("SET", key, "v") }
        #expect(sorted(client("KEYS", "*")) == ["", "\u{1}", "a*c", "abc", "abd", "xyz"])
        #expect(sorted(client("KEYS", "ab?")) == ["abc", "abd"])
        #expect(sorted(client("KEYS", "ab[^d]")) == ["abc"])
        #expect(sorted(client("KEYS", "a\\*c")) == ["a*c"])
        #expect(client("KEYS", "") == [""])
        #expect(client("KEYS", "nothing*") == [])
        #expect(client("KEYS", String(repeating: "*", count: 10_000) + "q") == [])
        #expect(client("KEYS") == .error("ERR wrong number of arguments for 'keys' command"))
        client.run([[UInt8]("SET".utf8), [0, 255, 13, 10], [118]])
        #expect(client.run([[UInt8]("KEYS".utf8), [0, 42]]) == [.bulk([0, 255, 13, 10])])
    }

    @Test func keysSkipsExpired() {
        client("SET", "a", "v")
        client("SET", "b", "v")
        client("PEXPIRE", "a", "1")
        server.advance(milliseconds: 1)
        #expect(client("KEYS", "*") == ["b"])
        #expect(client("KEYS", "a") == [])
    }

    @Test func manyKeysOfAllPartitions() {
        let server = KeysFixture.server(partitionCount: 4)
        let client = server.connect()
        for i in 0..<5000 { client("SET", "key:\(i)", "v") }
        #expect(client("DBSIZE") == 5000)
        #expect(client("KEYS", "*").elements.count == 5000)
        #expect(client("KEYS", "key:77?").elements.count == 10)
    }

    @Test func randomKey() {
        #expect(client("RANDOMKEY") == nil)
        client("SET", "a", "v")
        #expect(client("RANDOMKEY") == "a")
        for i in 0..<100 { client("SET", "k\(i)", "v") }
        var seen: Set<String> = []
        for _ in 0..<2000 { seen.insert(client("RANDOMKEY").text ?? "?") }
        #expect(seen.count == 101)
    }

    @Test func randomKeyRemovesExpired() {
        for partitions in [1, 4] {
            let server = KeysFixture.server(partitionCount: partitions)
            let client = server.connect()
            for i in 0..<200 {
                client("SET", "k\(i)", "v")
                client("PEXPIRE", "k\(i)", "1")
            }
            client("SET", "alive", "v")
            server.advance(milliseconds: 1)
            for _ in 0..<50 { #expect(client("RANDOMKEY") == "alive") }
            client("PEXPIRE", "alive", "1")
            server.advance(milliseconds: 1)
            #expect(client("RANDOMKEY") == nil)
            #expect(client("DBSIZE") == 0)
        }
    }

    // MARK: SCAN

    /// All keys of a full scan in the order in which they came; `meanwhile` runs between the calls.
    private func scan(_ client: TestClient, _ options: [String] = [], meanwhile: () -> Void = {}) -> [String] {
        var cursor = "0"
        var found: [String] = []
        var calls = 0
        repeat {
            let reply = client.run((["SCAN", cursor] + options).map { [UInt8]($0.utf8) }).elements
            guard reply.count == 2 else { return ["not a scan reply"] }
            cursor = reply[0].text ?? "?"
            found += reply[1].elements.map { $0.text ?? "?" }
            calls += 1
            meanwhile()
        } while cursor != "0" && calls < 1_000_000
        return found
    }

    @Test func scanReturnsEveryKeyOnce() {
        for partitions in [1, 4, 16] {
            let server = KeysFixture.server(partitionCount: partitions)
            let client = server.connect()
            #expect(client("SCAN", "0") == ["0", []])
            let keys = (0..<1234).map { "key:\($0)" }
            for key in keys { client("SET", key, "v") }
            for count in ["1", "10", "1000", "9223372036854775807"] {
                #expect(scan(client, ["COUNT", count]).sorted() == keys.sorted())
            }
            #expect(client("SCAN", "0", "COUNT", "9223372036854775807").elements.first == "0")
        }
    }

    /// Keys that are there throughout come exactly once, whatever happens to the others and to the table's size.
    @Test(arguments: [1, 4]) func scanGuarantee(partitions: Int) {
        for seed in 1...2 as ClosedRange<UInt64> {
            let server = KeysFixture.server(partitionCount: partitions, seed: seed)
            let client = server.connect()
            let writer = server.connect()
            let permanent = (0..<500).map { "permanent:\($0)" }
            for key in permanent { writer("SET", key, "v") }
            var random = RandomGenerator(seed: seed)
            var next = 0
            var passing: [String] = []
            // Odd seeds grow the table during the scan, even ones shrink it.
            let grows = seed % 2 == 1
            if !grows {
                for i in 0..<4000 {
                    writer("SET", "passing:\(i)", "v")
                    passing.append("passing:\(i)")
                }
                next = 4000
            }
            let found = scan(client, ["COUNT", "7"]) {
                for _ in 0..<(grows ? 60 : 100) {
                    if random.below(10) < (grows ? 8 : 1) {
                        writer("SET", "passing:\(next)", "v")
                        passing.append("passing:\(next)")
                        next += 1
                        if next > 30_000 { break }
                    } else if !passing.isEmpty {
                        let index = random.below(passing.count)
                        writer("DEL", passing[index])
                        passing.swapAt(index, passing.count - 1)
                        passing.removeLast()
                    }
                }
                server.cycle()
            }
            #expect(found.filter { $0.hasPrefix("permanent:") }.sorted() == permanent.sorted())
            server.engine.context.checkKeyspace()
        }
    }

    @Test func scanFilters() {
        for i in 0..<100 { client("SET", "a\(i)", "v") }
        for i in 0..<100 { client("SET", "b\(i)", "v") }
        #expect(scan(client, ["MATCH", "a*"]).count == 100)
        #expect(scan(client, ["match", "a*", "MATCH", "b1?"]).count == 10)
        #expect(scan(client, ["MATCH", "*", "COUNT", "3"]).count == 200)
        #expect(scan(client, ["TYPE", "STRING", "MATCH", "a7*"]).count == 11)
        for type in ["list", "none", "nosuchtype", ""] { #expect(scan(client, ["TYPE", type]) == []) }
        #expect(scan(client, ["TYPE", "list", "TYPE", "string"]).count == 200)
        // A filtered portion is counted by what was looked at, not by what is left.
        #expect(client("SCAN", "0", "MATCH", "nothing", "COUNT", "5").elements.first != "0")
    }

    @Test func scanSkipsAndRemovesExpired() {
        for i in 0..<100 {
            client("SET", "k\(i)", "v")
            if i % 2 == 0 { client("PEXPIRE", "k\(i)", "1") }
        }
        server.advance(milliseconds: 1)
        server.recordEffects()
        #expect(scan(client).count == 50)
        #expect(client("DBSIZE") == 50)
        #expect(server.takeEffects().filter { $0[0] == "UNLINK" }.count == 50)
    }

    /// A call looks at a bounded part of a table, however sparse.
    @Test func sparseTables() {
        for i in 0..<20_000 { client("SET", "k\(i)", "v") }
        for i in 1..<20_000 { client("DEL", "k\(i)") }
        #expect(scan(client, ["COUNT", "1"]) == ["k0"])
        #expect(scan(client, ["COUNT", "1000"]) == ["k0"])
    }

    @Test func cursors() {
        client("SET", "a", "v")
        let all: Reply = ["0", ["a"]]
        for word in ["0", "00", "+0", "-0", ""] { #expect(client("SCAN", word) == all) }
        let invalid = Reply.error("ERR invalid cursor")
        for word in ["x", "0 ", " 0", "1.5", "0x10", "18446744073709551616", "-", "+", "--1", "-18446744073709551616"] {
            #expect(client("SCAN", word) == invalid)
            #expect(client("SCAN", word, "COUNT", "0") == invalid)
        }
        // Every number is a place to go on from.
        for word in ["18446744073709551615", "-1", "9223372036854775807", "9223372036854775808", "281474976710655", "281474976710656", "1"] {
            let reply = client("SCAN", word).elements
            #expect(reply.count == 2)
            #expect(reply.first == "0")
        }
    }

    @Test func scanErrors() {
        let syntax = Reply.error("ERR syntax error")
        for words in [["COUNT"], ["COUNT", "0"], ["COUNT", "-1"], ["COUNT", "-9223372036854775808"], ["MATCH"], ["TYPE"],
            ["FOO"], ["FOO", "bar"], ["COUNT", "1", "MATCH"], ["NOVALUES"]] {
            #expect(client.run((["SCAN", "0"] + words).map { [UInt8]($0.utf8) }) == syntax)
        }
        for word in ["x", "", "1.5", "9223372036854775808"] {
            #expect(client("SCAN", "0", "COUNT", word) == .error("ERR value is not an integer or out of range"))
        }
        #expect(client("SCAN") == .error("ERR wrong number of arguments for 'scan' command"))
    }
}
