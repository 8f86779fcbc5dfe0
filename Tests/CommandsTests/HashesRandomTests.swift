import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// HRANDFIELD and HSCAN, over all encodings.
@Suite struct HashesRandomTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connect() }

    /// A hash of `count` fields f0, f1 ... with values v0, v1 ...
    private func fill(_ key: String, _ count: Int) {
        for i in 0..<count { client("HSET", key, "f\(i)", "v\(i)") }
    }

    private func texts(_ reply: Reply) -> [String] { reply.elements.compactMap(\.text) }

    @Test(arguments: ["512", "0"])
    func randomFields(limit: String) {
        client("CONFIG", "SET", "hash-max-listpack-entries", limit)
        fill("h", 40)
        for _ in 0..<50 { #expect(client("HRANDFIELD", "h").text?.hasPrefix("f") == true) }
        for count in [1, 5, 12, 14, 20, 39, 40, 100] {
            let fields = texts(client("HRANDFIELD", "h", "\(count)"))
            #expect(fields.count == min(40, count) && Set(fields).count == fields.count, "\(count)")
            let pairs = texts(client("HRANDFIELD", "h", "\(count)", "WITHVALUES"))
            #expect(pairs.count == 2 * min(40, count))
            for i in stride(from: 0, to: pairs.count, by: 2) { #expect(pairs[i].dropFirst() == pairs[i + 1].dropFirst()) }
        }
        let repeated = texts(client("HRANDFIELD", "h", "-1000"))
        #expect(repeated.count == 1000 && Set(repeated).count == 40)
        #expect(texts(client("HRANDFIELD", "h", "-5", "withvalues")).count == 10)
        #expect(client("HRANDFIELD", "h", "0") == [])
    }

    @Test(arguments: ["512", "0"])
    func everyFieldHasItsChance(limit: String) {
        client("CONFIG", "SET", "hash-max-listpack-entries", limit)
        fill("h", 20)
        var seen: [String: Int] = [:]
        for _ in 0..<2000 { for field in texts(client("HRANDFIELD", "h", "3")) { seen[field, default: 0] += 1 } }
        #expect(seen.count == 20 && seen.values.allSatisfy { $0 > 200 && $0 < 400 })
    }

    @Test func randomFieldErrors() {
        fill("h", 3)
        #expect(client("HRANDFIELD", "missing") == nil)
        #expect(client("HRANDFIELD", "missing", "5") == [])
        let range = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
        #expect(client("HRANDFIELD", "h", "-9223372036854775808") == .error(range))
        #expect(client("HRANDFIELD", "h", "-9223372036854775807") == .error("ERR value is out of range"))
        #expect(client("HRANDFIELD", "h", "-4611686018427387904", "WITHVALUES") == .error("ERR value is out of range"))
        #expect(client("HRANDFIELD", "h", "9223372036854775807").elements.count == 3)
        #expect(client("HRANDFIELD", "h", "x") == .error("ERR value is not an integer or out of range"))
        #expect(client("HRANDFIELD", "h", "1", "NOPE") == .error("ERR syntax error"))
        #expect(client("HRANDFIELD", "h", "1", "WITHVALUES", "x") == .error("ERR syntax error"))
    }

    @Test(arguments: ["512", "0"])
    func scanning(limit: String) {
        client("CONFIG", "SET", "hash-max-listpack-entries", limit)
        fill("h", 300)
        var cursor = "0"
        var found: [String] = []
        repeat {
            let reply = client("HSCAN", "h", cursor, "COUNT", "7")
            cursor = reply.elements[0].text ?? "0"
            found += texts(reply.elements[1])
        } while cursor != "0"
        #expect(found.count == 600 && Set(found).count == 600)
        let matching = client("HSCAN", "h", "0", "MATCH", "f1?", "COUNT", "10000", "NOVALUES").elements[1]
        #expect(Set(texts(matching)) == Set((10..<20).map { "f\($0)" }))
        #expect(client("HSCAN", "h", "0", "MATCH", "f42", "COUNT", "10000") == ["0", ["f42", "v42"]])
        #expect(client("HSCAN", "missing", "0") == ["0", []])
        #expect(client("HSCAN", "h", "x") == .error("ERR invalid cursor"))
        #expect(client("HSCAN", "h", "0", "COUNT", "0") == .error("ERR syntax error"))
        #expect(client("HSCAN", "h", "0", "NOPE") == .error("ERR syntax error"))
        for strange in ["18446744073709551615", "281474976710656", "-1"] {
            #expect(client("HSCAN", "h", strange).elements.count == 2)
        }
    }
}
