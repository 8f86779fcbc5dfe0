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
                let bytes = entry.contents(at: now)
                values[entry.key.array] = DigestedValue(type: "\(entry.type.name)", bytes: bytes, expiry: entry.expiry)
            }
            return values
        }
    }
}

extension Entry {
    /// The value as bytes that are the same for equal values, whatever their
    /// encoding; fields that are expired at `now` do not count.
    fileprivate func contents(at now: Milliseconds) -> [UInt8] {
        guard !isString else { return withString { $0.array } }
        var words: [[UInt8]] = []
        if type == .hash {
            forEachField { name, value, expiry in
                if let expiry, expiry <= now { return }
                words.append(name.array + value.array + [UInt8]("\(name.byteCount) \(value.byteCount) \(expiry ?? 0)"))
            }
        } else {
            forEachWord { words.append($0.array) }
        }
        if type == .set || type == .hash { words.sort { $0.lexicographicallyPrecedes($1) } }
        return words.flatMap { [UInt8]("\($0.count):") + $0 }
    }
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
