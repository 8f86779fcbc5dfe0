// DEBUG DIGEST and DEBUG DIGEST-VALUE: 160 bits that are the same wherever the
// same data is, whatever its order and encoding.

import Engine
import Keyspace
import Primitives
import RESP

/// The exclusive or of what entries hash to; all zero for no data.
struct DatasetDigest {
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    /// Arbitrary, but for ever the same: digests of different servers are compared.
    private static var seeds: [HashSeed] {
        [
            HashSeed(0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9), HashSeed(0x94d0_49bb_1331_11eb, 0xd6e8_feb8_6659_fd93),
            HashSeed(0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db),
        ]
    }

    private mutating func add(_ bytes: [UInt8]) {
        let seeds = Self.seeds
        words.0 ^= bytes.rawSpan.hash(seeds[0])
        words.1 ^= bytes.rawSpan.hash(seeds[1])
        words.2 ^= bytes.rawSpan.hash(seeds[2])
    }

    /// Forty hexadecimal digits.
    private var text: String {
        func digits(_ word: UInt64) -> String {
            let text = String(word, radix: 16)
            return String(repeating: "0", count: max(0, 16 - text.count)) + text
        }
        return digits(words.0) + digits(words.1) + digits(words.2).suffix(8)
    }

    /// What an entry holds: type, expiry, value.
    private static func content(_ entry: Entry) -> [UInt8] {
        var bytes = [UInt8]("\(entry.type.name) \(entry.expiry ?? -1) ")
        if entry.isString { entry.withString { bytes += $0.array } }
        return bytes
    }

    static func reply(_ context: inout CommandContext) {
        var digest = DatasetDigest()
        let now = context.now
        for database in 0..<context.databaseCount {
            context.forEachEntry(in: DatabaseIndex(database)) { entry in
                if let expiry = entry.expiry, expiry <= now { return }
                digest.add([UInt8]("\(database) \(entry.key.byteCount) ") + entry.key.array + content(entry))
            }
        }
        context.reply.status([UInt8](digest.text).rawSpan)
    }

    static func reply(_ context: inout CommandContext, ofValues arguments: borrowing Arguments) {
        context.reply.array(arguments.count - 2)
        for i in 2..<arguments.count {
            var digest = DatasetDigest()
            if let entry = context.lookupWrite(arguments[i]).entry { digest.add(content(entry)) }
            context.reply.status([UInt8](digest.text).rawSpan)
        }
    }
}
