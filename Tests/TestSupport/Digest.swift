import Engine
import Keyspace
import Primitives
import RESP

/// What a key holds, whatever its encoding.
public struct DigestedValue: Equatable, Sendable, CustomStringConvertible {
    public var type: String
    public var bytes: [UInt8]
    public var expiry: Milliseconds?

    public var description: String {
        let shown = String(decoding: bytes.prefix(60), as: UTF8.self)
        return "\(type) of \(bytes.count) bytes '\(shown)'" + (expiry.map { " until \($0)" } ?? "")
    }
}

/// All databases: key to value, by database.
public typealias Digest = [[[UInt8]: DigestedValue]]

extension Engine {
    /// What the databases hold at `now`; keys that are expired but not yet removed do not count.
    public func digest(at now: Milliseconds) -> Digest {
        (0..<context.databaseCount).map { database in
            var values: [[UInt8]: DigestedValue] = [:]
            context.forEachEntry(in: DatabaseIndex(database)) { entry in
                if let expiry = entry.expiry, expiry <= now { return }
                let bytes = entry.isString ? entry.withString { $0.array } : words(of: entry)
                values[entry.key.array] = DigestedValue(type: "\(entry.type.name)", bytes: bytes, expiry: entry.expiry)
            }
            return values
        }
    }
}

/// What a value is made of, each word behind its length. Members of a set have
/// no order of their own; those of a sorted set do.
private func words(of entry: Entry) -> [UInt8] {
    var words: [[UInt8]] = []
    entry.forEachWord { words.append($0.array) }
    if entry.type == .set { words.sort { $0.rawSpan.compare($1.rawSpan) < 0 } }
    return words.flatMap { [UInt8]("\($0.count):") + $0 }
}

extension TestServer {
    /// What the databases hold at the clock's moment.
    public var digest: Digest { engine.digest(at: clock.nanoseconds / 1_000_000) }
}

/// The first few differences between two digests, in words; empty when they are equal.
public func differences(_ a: Digest, _ b: Digest) -> [String] {
    var found: [String] = []
    for database in 0..<max(a.count, b.count) {
        let first = database < a.count ? a[database] : [:]
        let second = database < b.count ? b[database] : [:]
        for key in Set(first.keys).union(second.keys) where first[key] != second[key] {
            let values = [first[key], second[key]].map { $0.map(\.description) ?? "nothing" }
            found.append("database \(database), key '\(String(decoding: key, as: UTF8.self))': \(values[0]) | \(values[1])")
        }
    }
    return Array(found.sorted().prefix(10))
}
