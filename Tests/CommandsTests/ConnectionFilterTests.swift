import Testing
import TestSupport

@Suite struct ConnectionFilterTests {
    let server = TestServer()

    /// The numbers of the clients that CLIENT LIST shows.
    private func listed(_ client: TestClient, _ words: String...) -> [Int] {
        let text = client.run((["CLIENT", "LIST"] + words).map { [UInt8]($0) }).text ?? "id=-1 "
        return text.split(separator: "\n").compactMap { Int($0.dropFirst(3).prefix { $0 != " " }) }
    }

    private func refusal(_ client: TestClient, _ words: String...) -> String? {
        if case .error(let text) = client.run((["CLIENT", "KILL"] + words).map { [UInt8]($0) }) { return text }
        return nil
    }

    @Test func everyFilterAndItsOpposite() {
        let a = server.connect()
        let b = server.connect()
        server.advance(milliseconds: 10_000)
        let c = server.connect()
        a("PING")
        b("CLIENT", "SETNAME", "bob")
        b("CLIENT", "SETINFO", "LIB-NAME", "lib")
        b("CLIENT", "SETINFO", "LIB-VER", "1.2")
        b("CLIENT", "CAPA", "redirect", "more")
        b("CLIENT", "NO-TOUCH", "ON")
        b("SELECT", "3")
        c("SELECT", "2")
        let cases = [
            ("ID", "2"), ("NAME", "bob"), ("LIB-NAME", "lib"), ("LIB-VER", "1.2"), ("CAPA", "r"), ("FLAGS", "T"),
            ("DB", "3"), ("ADDR", "127.0.0.1:2"),
        ]
        for (option, value) in cases {
            #expect(listed(a, option, value) == [2], "\(option)")
            #expect(listed(a, "NOT-" + option, value) == [1, 3], "\(option)")
        }
        for (option, value) in [("TYPE", "normal"), ("USER", "default"), ("IP", "127.0.0.1"), ("LADDR", "127.0.0.1:6379")] {
            #expect(listed(a, option, value) == [1, 2, 3], "\(option)")
            #expect(listed(a, "not-" + option, value) == [], "\(option)")
        }
        #expect(listed(a, "MAXAGE", "10") == [1, 2])
        #expect(listed(a, "SKIPME", "yes") == [2, 3])
        #expect(listed(a, "SKIPME", "yes", "NOT-DB", "3") == [3])
        #expect(listed(a, "ID", "3", "1", "TYPE", "normal") == [3, 1])
        #expect(listed(a, "NOT-ID", "3", "1") == [2])
        #expect(listed(a, "DB", "3", "DB", "2") == [3])
        #expect(listed(a, "NAME", "") == [] && listed(a, "NOT-NAME", "") == [1, 2, 3])
        server.advance(milliseconds: 3000)
        a("PING")
        #expect(listed(a, "IDLE", "3") == [2, 3])
    }

    @Test func words() {
        let client = server.connect()
        #expect(refusal(client, "FLAGS", "xX") == "ERR Unknown flags found in the provided filter: xX")
        #expect(refusal(client, "CAPA", "z") == "ERR Unknown capa found in the provided filter: z")
        #expect(refusal(client, "DB", "x") == "ERR DB is not an integer or out of range")
        #expect(refusal(client, "DB", "16") == "ERR DB number should be between 0 and 15")
        #expect(refusal(client, "IDLE", "x") == "ERR idle is not an integer or out of range")
        #expect(refusal(client, "IDLE", "0") == "ERR idle should be greater than 0")
        #expect(refusal(client, "MAXAGE", "0") == "ERR maxage should be greater than 0")
        #expect(refusal(client, "ID", "str") == "ERR client-id should be greater than 0")
        #expect(refusal(client, "ID", "0") == "ERR client-id should be greater than 0")
        #expect(refusal(client, "ID", "7", "0") == "ERR client-id should be greater than 0")
        #expect(refusal(client, "ID", "7", "str") == "ERR syntax error")
        #expect(refusal(client, "NOT-TYPE", "foo") == "ERR Unknown client type 'foo'")
        #expect(refusal(client, "NOT-USER", "foo") == "ERR No such user 'foo'")
        #expect(refusal(client, "NOT-SKIPME", "yes") == "ERR syntax error")
        #expect(refusal(client, "NOT-MAXAGE", "4") == "ERR syntax error")
        #expect(refusal(client, "NOT-", "4") == "ERR syntax error")
        #expect(client("CLIENT", "CAPA") == .error("ERR wrong number of arguments for 'client|capa' command"))
    }

    @Test func killByFilters() {
        let client = server.connect()
        let others = (0..<4).map { _ in server.connect() }
        others[0]("SELECT", "5")
        others[1]("SELECT", "5")
        #expect(client("CLIENT", "KILL", "DB", "5", "NOT-ID", "2") == 1)
        #expect(client("CLIENT", "KILL", "ID", "2", "4", "4", "99") == 2)
        #expect(listed(client) == [1, 5])
    }
}
