import Keyspace
import TestSupport
import Testing

/// No command frees a large value itself, however it lets go of it: the value comes
/// to the garbage in one piece, which the lazy-free worker takes. This counts work, not time.
@Suite struct BigValueTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connect() }

    private static let types = ["list", "set", "hash", "zset"]
    private static let size = 1000

    private func makeBig(_ type: String, _ key: String) {
        let numbers = (0..<Self.size).map(String.init)
        let words: [String] = switch type {
        case "list": ["RPUSH", key] + numbers.map { "element-\($0)-" + String(repeating: "x", count: 20) }
        case "set": ["SADD", key] + numbers.map { "m\($0)" }
        case "hash": ["HSET", key] + numbers.flatMap { ["f\($0)", "v"] }
        default: ["ZADD", key] + numbers.flatMap { [$0, "m\($0)"] }
        }
        #expect(client.run(words.map { [UInt8]($0.utf8) }).errorText == nil)
    }

    /// Values in the garbage, which is empty then.
    private func takeGarbage() -> Int {
        var count = 0
        while let garbage = server.engine.takeGarbage() { count += garbage.count }
        return count
    }

    /// Requests that end the value at `big`; `@` lines are done by the test itself.
    private static let ends = [
        "DEL big", "UNLINK big", "EXPIRE big -1", "PEXPIREAT big 1", "SET big v", "SETEX big 10 v", "MSET big v other w",
        "RENAME other big", "COPY other big REPLACE", "BITOP NOT big other", "SORT numbers STORE big",
        "SORT nothing STORE big", "SUNIONSTORE big few", "SINTERSTORE big nothing few", "SDIFFSTORE big few",
        "ZUNIONSTORE big 1 few", "ZINTERSTORE big 2 few nothing", "ZDIFFSTORE big 1 few", "ZRANGESTORE big scored 0 -1",
        "GEORADIUS places 10 45 100 km STORE big", "GEOSEARCHSTORE big places FROMLONLAT 10 45 BYRADIUS 100 km",
        "@restore", "@expired, asked for", "@expired, found by the cycle",
    ]

    @Test(arguments: types) func isLeftToTheWorker(type: String) {
        for end in Self.ends {
            for line in [
                "SET other v", "RPUSH numbers 3 1 2", "SADD few a b", "ZADD scored 1 a 2 b", "GEOADD places 10 45 here",
            ] { #expect(client.line(line).errorText == nil) }
            makeBig(type, "big")
            #expect(takeGarbage() == 0, "\(type) before \(end)")
            switch end {
            case "@restore":
                guard case .bulk(let payload) = client("DUMP", "other") else { break }
                let words = ["RESTORE", "big", "0"].map { [UInt8]($0.utf8) } + [payload, [UInt8]("REPLACE".utf8)]
                #expect(client.run(words) == "OK")
            case "@expired, asked for":
                client("PEXPIRE", "big", "5")
                server.advance(milliseconds: 10)
                #expect(client("EXISTS", "big") == 0)
            case "@expired, found by the cycle":
                client("PEXPIRE", "big", "5")
                server.advance(milliseconds: 10)
                for _ in 0..<20 { server.cycle() }
                #expect(server.engine.context.statistics.expiry.removedKeys > 0)
            default:
                let reply = client.line(end)
                #expect(reply.errorText == nil, "\(end): \(reply)")
            }
            #expect(takeGarbage() == 1, "\(type): \(end)")
            client("FLUSHALL", "SYNC")
        }
    }

    /// The members that SPOP hands out are the whole set.
    @Test func popOfEverything() {
        makeBig("set", "big")
        #expect(client("SPOP", "big", "1000").elements.count == Self.size)
        #expect(takeGarbage() == 1)
    }

    /// Small values are freed at once: the way to the worker would cost more.
    @Test func smallValuesAreFreedAtOnce() {
        for line in ["RPUSH big a", "SADD big a", "HSET big f v", "ZADD big 1 a", "SET big v"] {
            client.line(line)
            client("DEL", "big")
            #expect(takeGarbage() == 0, "\(line)")
        }
    }
}
