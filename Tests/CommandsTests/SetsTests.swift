import TestSupport
import Testing

struct SetsTests {
    private func texts(_ reply: Reply) -> [String] { reply.elements.isEmpty ? [reply.text].compactMap { $0 } : reply.elements.compactMap(\.text) }

    private func isError(_ reply: Reply, _ start: String) -> Bool {
        if case .error(let text) = reply { text.hasPrefix(start) } else { false }
    }

    private func sorted(_ reply: Reply) -> [String] { texts(reply).sorted() }

    @Test func membersComeAndGo() {
        let server = TestServer()
        let client = server.connect()
        #expect(client.line("SADD s a b c a") == .integer(3))
        #expect(client.line("SADD s c d") == .integer(1))
        #expect(client.line("SCARD s") == .integer(4))
        #expect(client.line("SISMEMBER s a") == .integer(1))
        #expect(client.line("SISMEMBER s x") == .integer(0))
        #expect(client.line("SMISMEMBER s a x d") == .array([.integer(1), .integer(0), .integer(1)]))
        #expect(sorted(client.line("SMEMBERS s")) == ["a", "b", "c", "d"])
        #expect(client.line("SREM s a b x") == .integer(2))
        #expect(client.line("SREM s c d") == .integer(2))
        #expect(client.line("EXISTS s") == .integer(0))
        #expect(client.line("SCARD s") == .integer(0))
    }

    @Test func encodingsFollowSizeAndContent() {
        let server = TestServer()
        let client = server.connect()
        client.line("SADD s 1 2 3")
        #expect(client.line("OBJECT ENCODING s") == "intset")
        client.line("SADD s x")
        #expect(client.line("OBJECT ENCODING s") == "listpack")
        client.line("SADD s \(String(repeating: "y", count: 65))")
        #expect(client.line("OBJECT ENCODING s") == "hashtable")
        #expect(sorted(client.line("SMEMBERS s")).count == 5)
        for i in 0..<512 { client.line("SADD ints \(i)") }
        #expect(client.line("OBJECT ENCODING ints") == "intset")
        client.line("SADD ints 512")
        #expect(client.line("OBJECT ENCODING ints") == "hashtable")
        for i in 0..<200 { client.line("SADD many \(i)") }
        client.line("SADD many x")
        #expect(client.line("OBJECT ENCODING many") == "hashtable")
        client.line("CONFIG SET set-max-listpack-entries 2")
        client.line("SADD few a b")
        #expect(client.line("OBJECT ENCODING few") == "listpack")
        client.line("SADD few c")
        #expect(client.line("OBJECT ENCODING few") == "hashtable")
    }

    @Test func wrongTypesAreRefused() {
        let server = TestServer()
        let client = server.connect()
        client.line("SET text x")
        for command in [
            "SADD text a", "SREM text a", "SCARD text", "SMEMBERS text", "SPOP text", "SRANDMEMBER text", "SINTER text s",
            "SUNIONSTORE d text", "SSCAN text 0", "SISMEMBER text a",
        ] {
            #expect(isError(client.line(command), "WRONGTYPE"), "\(command)")
        }
        client.line("SADD s a")
        #expect(isError(client.line("GET s"), "WRONGTYPE"))
        #expect(isError(client.line("SMOVE s text a"), "WRONGTYPE"))
    }

    @Test func movesMembers() {
        let server = TestServer()
        let client = server.connect()
        client.line("SADD a x y")
        #expect(client.line("SMOVE a b x") == .integer(1))
        #expect(client.line("SMOVE a b x") == .integer(0))
        #expect(client.line("SMOVE a a y") == .integer(1))
        #expect(client.line("SMOVE a b y") == .integer(1))
        #expect(client.line("EXISTS a") == .integer(0))
        #expect(sorted(client.line("SMEMBERS b")) == ["x", "y"])
    }

    @Test(arguments: [5, 100, 1000])
    func choosesByChance(size: Int) {
        let server = TestServer()
        let client = server.connect()
        let all = Set((0..<size).map { "m\($0)" })
        client.line("SADD s " + all.joined(separator: " "))
        let some = texts(client.line("SRANDMEMBER s \(size / 2)"))
        #expect(some.count == size / 2 && Set(some).count == some.count && all.isSuperset(of: some))
        #expect(Set(texts(client.line("SRANDMEMBER s \(size + 5)"))) == all)
        let repeated = texts(client.line("SRANDMEMBER s -\(size * 2)"))
        #expect(repeated.count == size * 2 && all.isSuperset(of: repeated))
        #expect(all.contains(texts(client.line("SRANDMEMBER s"))[0]))
        let popped = texts(client.line("SPOP s \(size / 2)"))
        #expect(popped.count == size / 2 && client.line("SCARD s") == .integer(Int64(size - size / 2)))
        let rest = texts(client.line("SPOP s \(size)"))
        #expect(Set(popped).union(rest) == all && client.line("EXISTS s") == .integer(0))
        #expect(client.line("SPOP s") == .null)
        #expect(client.line("SPOP s 3") == .array([]))
        #expect(client.line("SRANDMEMBER s -9223372036854775807") == .array([]))
        client.line("SADD s a")
        // Peers take the first and fill the memory; the second is refused by all.
        #expect(isError(client.line("SRANDMEMBER s -9223372036854775807"), "ERR value is out of range"))
        #expect(isError(client.line("SRANDMEMBER s -9223372036854775808"), "ERR value is out of range, value must between"))
    }

    @Test(arguments: [10, 300])
    func combinesSets(size: Int) {
        let server = TestServer()
        let client = server.connect()
        client.line("SADD a " + (0..<size).map { "m\($0)" }.joined(separator: " "))
        client.line("SADD b " + stride(from: 0, to: size, by: 2).map { "m\($0)" }.joined(separator: " "))
        client.line("SADD c " + stride(from: 0, to: size, by: 3).map { "m\($0)" }.joined(separator: " "))
        let sixes = Set(stride(from: 0, to: size, by: 6).map { "m\($0)" })
        #expect(Set(texts(client.line("SINTER a b c"))) == sixes)
        #expect(client.line("SINTERCARD 3 a b c") == .integer(Int64(sixes.count)))
        #expect(client.line("SINTERCARD 3 a b c LIMIT 1") == .integer(1))
        let odd = Set(stride(from: 1, to: size, by: 2).map { "m\($0)" })
        #expect(Set(texts(client.line("SDIFF a b"))) == odd)
        #expect(client.line("SDIFFCARD 2 a b") == .integer(Int64(odd.count)))
        let either = Set((0..<size).filter { $0 % 2 == 0 || $0 % 3 == 0 }.map { "m\($0)" })
        #expect(Set(texts(client.line("SUNION b c"))) == either)
        #expect(client.line("SUNIONCARD 2 b c APPROX LIMIT 0") == .integer(Int64(either.count)))
        #expect(client.line("SUNIONCARD 3 a b c LIMIT 4") == .integer(4))
        #expect(client.line("SUNIONSTORE u b c nokey") == .integer(Int64(either.count)))
        #expect(Set(texts(client.line("SMEMBERS u"))) == either)
        #expect(client.line("SDIFFSTORE a a b") == .integer(Int64(odd.count)))
        #expect(client.line("SINTERSTORE u a nokey") == .integer(0))
        #expect(client.line("EXISTS u") == .integer(0))
        #expect(client.line("SDIFF a b c u a") == .array([]))
    }

    @Test func scansMembers() {
        let server = TestServer()
        let client = server.connect()
        for i in 0..<1000 { client.line("SADD s m\(i)") }
        var seen: Set<String> = []
        var cursor = "0"
        repeat {
            let parts = client.line("SSCAN s \(cursor) COUNT 50").elements
            cursor = parts[0].text ?? "0"
            seen.formUnion(texts(parts[1]))
        } while cursor != "0"
        #expect(seen.count == 1000)
        client.line("SADD small a b c")
        #expect(client.line("SSCAN small 0 MATCH [ab] COUNT 1") == .array([.bulk([48]), .array([.bulk([97]), .bulk([98])])]))
        #expect(isError(client.line("SSCAN s x"), "ERR invalid cursor"))
        #expect(isError(client.line("SSCAN s 0 COUNT 0"), "ERR syntax error"))
    }

    @Test func randomChoicesArePropagatedAsRemovals() {
        let server = TestServer()
        let client = server.connect()
        server.recordEffects()
        client.line("SADD s a")
        client.line("SPOP s")
        #expect(server.takeEffects().last == ["SREM", "s", "a"])
        client.line("SADD s a b c")
        client.line("SPOP s 5")
        #expect(server.takeEffects().last == ["UNLINK", "s"])
    }
}
