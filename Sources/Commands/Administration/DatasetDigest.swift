// DEBUG DIGEST and DEBUG DIGEST-VALUE: 160 bits that are the same wherever the
// same data is, whatever its order and encoding.

import Engine
import Keyspace
import Primitives
import RESP

/// Three 64-bit hashes side by side. Words are appended one after the other;
/// what has no order is united.
private struct Fingerprint {
    private(set) var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    /// Arbitrary, but for ever the same: digests of different servers are compared.
    private static let seeds = (
        HashSeed(0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9), HashSeed(0x94d0_49bb_1331_11eb, 0xd6e8_feb8_6659_fd93),
        HashSeed(0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db)
    )

    /// Every bit of the result depends on the word and on what precedes it.
    private static func chained(_ state: UInt64, _ word: UInt64) -> UInt64 {
        var mixed = ((state << 23 | state >> 41) ^ word) &* 0x9fb2_1c65_1e98_df25
        mixed ^= mixed >> 32
        return mixed &* 0xd6e8_feb8_6659_fd93
    }

    mutating func append(_ bytes: RawSpan) {
        words.0 = Self.chained(words.0, bytes.hash(Self.seeds.0))
        words.1 = Self.chained(words.1, bytes.hash(Self.seeds.1))
        words.2 = Self.chained(words.2, bytes.hash(Self.seeds.2))
    }

    mutating func append(_ number: Int64) {
        let text = DecimalText(number)
        append(text.bytes)
    }

    mutating func append(_ other: Fingerprint) {
        words.0 = Self.chained(words.0, other.words.0)
        words.1 = Self.chained(words.1, other.words.1)
        words.2 = Self.chained(words.2, other.words.2)
    }

    /// Sums, so that the order does not count.
    mutating func unite(_ other: Fingerprint) {
        words.0 &+= other.words.0
        words.1 &+= other.words.1
        words.2 &+= other.words.2
    }

    /// Forty hexadecimal digits.
    var text: String {
        func digits(_ word: UInt64) -> String {
            let text = String(word, radix: 16)
            return String(repeating: "0", count: max(0, 16 - text.count)) + text
        }
        return digits(words.0) + digits(words.1) + digits(words.2).suffix(8)
    }
}

/// Digests of entries and of all of them together; all zero for no data.
enum DatasetDigest {
    /// What an entry holds: type, expiry, value.
    private static func content(_ entry: Entry, at now: Milliseconds) -> Fingerprint {
        var digest = Fingerprint()
        digest.append(RawSpan(literal: entry.type.name))
        digest.append(entry.expiry ?? -1)
        switch entry.type {
        case .hash: digest.append(fields(entry, at: now))
        case .set, .sortedSet: digest.append(members(entry))
        default: entry.forEachWord { digest.append($0) }
        }
        return digest
    }

    /// The fields of a hash, each with its value and expiry; those that are over do not count.
    private static func fields(_ entry: Entry, at now: Milliseconds) -> Fingerprint {
        var all = Fingerprint()
        entry.forEachField { name, value, expiry in
            if let expiry, expiry <= now { return }
            var field = Fingerprint()
            field.append(name)
            field.append(value)
            field.append(expiry ?? -1)
            all.unite(field)
        }
        return all
    }

    /// The members of a set, or of a sorted set each with its score.
    private static func members(_ entry: Entry) -> Fingerprint {
        var all = Fingerprint()
        guard entry.type == .sortedSet else {
            entry.forEachWord { word in
                var member = Fingerprint()
                member.append(word)
                all.unite(member)
            }
            return all
        }
        entry.forEachScored(0..<entry.scoredCount) { word, score in
            var member = Fingerprint()
            member.append(word)
            let text = DoubleText(score)
            member.append(text.bytes)
            all.unite(member)
        }
        return all
    }

    static func reply(_ context: inout CommandContext) {
        var digest = Fingerprint()
        let now = context.now
        for database in 0..<context.databaseCount {
            context.forEachEntry(in: DatabaseIndex(database)) { entry in
                if let expiry = entry.expiry, expiry <= now { return }
                var one = Fingerprint()
                one.append(Int64(database))
                one.append(entry.key)
                one.append(content(entry, at: now))
                digest.unite(one)
            }
        }
        context.reply.status([UInt8](digest.text).rawSpan)
    }

    static func reply(_ context: inout CommandContext, ofValues arguments: borrowing Arguments) {
        context.reply.array(arguments.count - 2)
        let now = context.now
        for i in 2..<arguments.count {
            let entry = context.lookupWrite(arguments[i]).entry
            let digest = entry.map { content($0, at: now) } ?? Fingerprint()
            context.reply.status([UInt8](digest.text).rawSpan)
        }
    }
}
