import Foundation
import Testing

/// What is filled and emptied leaves nothing behind: `used_memory` of a live server
/// comes back to where it was, for every type and encoding and every way out.
@Suite(.serialized) struct MemoryReturnTests {
    /// What may stay for a while and does not grow with the data: room for the requests and
    /// replies of the batch before. Less than the table of the 3,000 elements of a large value.
    private static let tolerance: Int64 = 32 << 10

    /// A value, as the requests that make it, and those that take all elements out again.
    struct Shape: CustomTestStringConvertible, Sendable {
        let name: String
        let settings: [String]
        let fill: @Sendable (Int) -> String
        let elements: Int
        /// Requests that empty the value element by element, for the number of an element.
        let drain: @Sendable (Int) -> String
        var testDescription: String { name }

        init(
            _ name: String, _ elements: Int, _ settings: [String] = [], fill: @escaping @Sendable (Int) -> String,
            drain: @escaping @Sendable (Int) -> String
        ) {
            (self.name, self.settings, self.fill, self.elements, self.drain) = (name, settings, fill, elements, drain)
        }
    }

    static let shapes: [Shape] = [
        Shape("many strings", 3000, fill: { "SET s:\($0) value-of-some-thirty-bytes-\($0)" }, drain: { "DEL s:\($0)" }),
        Shape("strings with expiry", 3000, fill: { "SET s:\($0) v EX 1000" }, drain: { "GETDEL s:\($0)" }),
        Shape("a large string", 1, fill: { _ in "SETRANGE key 3000000 x" }, drain: { _ in "SET key 1 XX GET PX 1" }),
        Shape("bitmap", 1000, fill: { "SETBIT key \($0 * 8000) 1" }, drain: { $0 == 999 ? "DEL key" : "SETBIT key \($0 * 8000) 0" }),
        Shape("sparse HyperLogLog", 50, fill: { "PFADD key \($0)" }, drain: { _ in "GETDEL key" }),
        Shape("dense HyperLogLog", 2900, fill: { "PFADD key \($0)" }, drain: { _ in "GETDEL key" }),
        Shape("small list", 100, fill: { "RPUSH key \($0)" }, drain: { _ in "RPOP key" }),
        Shape("large list", 3000, fill: { "RPUSH key element-of-the-list-\($0)" }, drain: { $0 % 2 == 0 ? "LPOP key" : "RPOP key" }),
        Shape(
            "compressed list", 2900, ["list-compress-depth 1"], fill: { "LPUSH key element-of-the-list-\($0)" },
            drain: { _ in "RPOP key" }),
        Shape("list of large elements", 20, fill: { "RPUSH key \(String(repeating: "x", count: 10_000 + $0))" }, drain: { _ in "LPOP key" }),
        Shape("intset", 500, fill: { "SADD key \($0)" }, drain: { "SREM key \($0)" }),
        Shape("small set", 100, fill: { "SADD key m\($0)" }, drain: { _ in "SPOP key" }),
        Shape("large set", 3000, fill: { "SADD key member-\($0)" }, drain: { $0 % 2 == 0 ? "SREM key member-\($0)" : "SPOP key" }),
        Shape("small hash", 100, fill: { "HSET key f\($0) v\($0)" }, drain: { "HDEL key f\($0)" }),
        Shape("large hash", 3000, fill: { "HSET key field-\($0) value-\($0)" }, drain: { "HDEL key field-\($0)" }),
        Shape("small hash with expiries", 100, fill: { "HSETEX key EX 1000 FIELDS 1 f\($0) v" }, drain: { "HDEL key f\($0)" }),
        Shape(
            "large hash with expiries", 3000, fill: { "HSETEX key EX \(1000 + $0) FIELDS 1 f\($0) v" },
            drain: { $0 % 2 == 0 ? "HDEL key f\($0)" : "HPEXPIRE key 0 FIELDS 1 f\($0)" }),
        Shape("small sorted set", 100, fill: { "ZADD key \($0).5 m\($0)" }, drain: { _ in "ZPOPMIN key" }),
        Shape("large sorted set", 3000, fill: { "ZADD key \($0 % 100) member-\($0)" }, drain: { "ZREM key member-\($0)" }),
        Shape("geo index", 1000, fill: { "GEOADD key \(Double($0) / 10) 45 place-\($0)" }, drain: { _ in "ZPOPMAX key" }),
    ]

    /// How a value comes to its end.
    static let ends = ["drain", "DEL", "UNLINK", "expire", "FLUSHALL SYNC", "FLUSHALL ASYNC"]

    private struct Session {
        let server: LiveServer
        let client: LiveClient

        init() throws {
            server = try LiveServer(["--enable-debug-command", "yes"])
            client = try LiveClient(server.port)
        }

        /// Runs requests, a batch at a time, whose replies are of no interest.
        func run(_ requests: [String]) throws {
            for start in stride(from: 0, to: requests.count, by: 200) {
                let batch = requests[start..<min(requests.count, start + 200)]
                client.send(batch.joined(separator: "\r\n") + "\r\nECHO done\r\n")
                var tail = ""
                while !tail.hasSuffix("$4\r\ndone\r\n") {
                    guard let text = client.read() else { throw LiveServer.Failure(text: "the connection ended") }
                    tail = String((tail + text).suffix(64))
                }
            }
        }

        func number(_ name: String) throws -> Int64 {
            for section in ["memory", "keyspace", "stats"] {
                let text = try client.ask("INFO \(section)\r\n")
                guard let range = text.range(of: "\n\(name):") else { continue }
                return Int64(text[range.upperBound...].prefix { $0.isNumber }) ?? -1
            }
            throw LiveServer.Failure(text: "no \(name)")
        }

        /// Waits until what expires is gone and the worker has nothing left to free.
        func waitUntilEmpty() throws {
            for _ in 0..<400 {
                if try client.ask("DBSIZE\r\n") == ":0\r\n", try number("lazyfree_pending_objects") == 0 { return }
                usleep(10_000)
            }
        }

        /// Waits until the memory is at most `limit` above zero, some seconds at the longest; what it is then.
        func settled(below limit: Int64) throws -> Int64 {
            var used = try number("used_memory")
            for _ in 0..<400 where used > limit {
                usleep(50_000)
                used = try number("used_memory")
            }
            return used
        }
    }

    @Test(arguments: shapes) func comesBack(shape: Shape) throws {
        let session = try Session()
        try session.run(shape.settings.map { "CONFIG SET \($0)" })
        let fill = (0..<shape.elements).map(shape.fill)
        let keys = shape.elements > 1 && shape.name.hasPrefix("many") || shape.name.hasPrefix("strings")
            ? (0..<shape.elements).map { "s:\($0)" } : ["key"]
        let drain = (0..<shape.elements).map(shape.drain)
        var start: Int64 = 0
        // The first round makes what stays once and for all, such as the statistics of each command.
        for round in 0..<2 {
            if round == 1 { start = try session.number("used_memory") }
            for end in Self.ends {
                try session.run(fill)
                let full = try session.number("used_memory")
                switch end {
                case "drain": try session.run(drain)
                case "DEL", "UNLINK": try session.run(keys.map { "\(end) \($0)" })
                case "expire": try session.run(keys.map { "PEXPIRE \($0) 1" })
                default: try session.run([end])
                }
                try session.waitUntilEmpty()
                guard round == 1 else { continue }
                if shape.elements >= 3000 { #expect(full > start + Self.tolerance, "\(shape.name): \(full - start)") }
                let used = try session.settled(below: start + Self.tolerance)
                #expect(used <= start + Self.tolerance, "\(shape.name), \(end): \(used - start) of \(full - start) bytes stay")
            }
        }
        #expect(try session.client.ask("DBSIZE\r\n") == ":0\r\n")
    }

    /// Tables of a database give back what many keys needed though some keys stay.
    @Test func tableOfKeysShrinks() throws {
        let session = try Session()
        try session.run((0..<100).map { "SET kept:\($0) 1" })
        var start: Int64 = 0
        for round in 0..<2 {
            if round == 1 { start = try session.number("used_memory") }
            try session.run(["DEBUG POPULATE 50000"])
            let full = try session.number("used_memory")
            try session.run((0..<50_000).map { "DEL key:\($0)" })
            guard round == 1 else { continue }
            #expect(full > start + (2 << 20))
            let used = try session.settled(below: start + Self.tolerance)
            #expect(used <= start + Self.tolerance, "\(used - start) of \(full - start) bytes stay")
        }
        #expect(try session.client.ask("DBSIZE\r\n") == ":100\r\n")
    }
}
