// The subcommands of DEBUG that look at the data or make some.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension Administration {
    static func debugObject(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        guard let entry = context.lookupWrite(arguments[2]).entry else { throw .noSuchKey }
        let address = entry.addressText
        let isFast = arguments.count == 4 && arguments[3].matches("fast")
        let length = isFast ? "" : "serializedlength:\(entry.stringCount + 1) "
        context.reply.status(
            [UInt8](
                "Value at:\(address) refcount:1 encoding:\(entry.encoding.name) "
                    + "\(length)lru:\(entry.access.raw) "
                    + "lru_seconds_idle:\(entry.access.idleSeconds(at: context.now))"
            ).rawSpan)
    }

    static func debugStringLength(_ context: inout CommandContext, _ key: RawSpan) throws(CommandError) {
        guard let entry = context.lookupWrite(key).entry else { throw .noSuchKey }
        guard entry.isString, entry.integer == nil else { throw context.failure("ERR Not an sds encoded string.") }
        context.reply.status(
            [UInt8](
                "key_sds_len:\(key.byteCount), key_sds_avail:0, key_zmalloc: \(entry.memoryUsage), "
                    + "val_sds_len:\(entry.stringCount), val_sds_avail:0, val_zmalloc: \(entry.memoryUsage)"
            ).rawSpan)
    }

    static func debugTables(_ context: inout CommandContext, _ word: RawSpan) throws(CommandError) {
        guard let number = word.canonicalInteger else { throw .notInteger }
        guard number >= 0, number < Int64(context.databaseCount) else {
            throw context.failure("ERR Out of range database")
        }
        let index = DatabaseIndex(Int(number))
        let spreads = context.tableSpreads(index)
        let text = "[Dictionary HT]\n\(spreads.keys.report)[Expires HT]\n\(spreads.expiring.report)"
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
    }

    static func debugTableOfKey(_ context: inout CommandContext, _ key: RawSpan) throws(CommandError) {
        guard let entry = context.lookupWrite(key).entry else { throw .noSuchKey }
        guard let spread = entry.tableSpread else {
            throw context.failure("ERR The value stored at the specified key is not represented using an hash table")
        }
        context.reply.verbatim([UInt8](spread.report).rawSpan, format: "txt")
    }

    /// More keys than that are taken for a slip: they would stop the server for hours.
    private static var populationLimit: Int64 { 1 << 32 }

    static func debugPopulate(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        let notPositive = "ERR value is out of range, must be positive"
        guard let count = arguments[2].canonicalInteger, count >= 0, count <= populationLimit else {
            throw context.failure(notPositive)
        }
        let prefix = arguments.count > 3 ? arguments[3].array : [UInt8]("key")
        var size = 0
        if arguments.count > 4 {
            guard let wanted = arguments[4].canonicalInteger, wanted >= 0 else { throw context.failure(notPositive) }
            size = Int(wanted)
        }
        try context.checkStringCount(size)
        for i in 0..<count {
            let key = prefix + [58] + [UInt8](String(i))
            let slot = context.lookupWrite(key.rawSpan)
            guard slot.entry == nil else { continue }
            var value = [UInt8]("value:\(i)")
            if size > 0 { value = Array(value.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - value.count)) }
            context.setString(key.rawSpan, slot, value.rawSpan, .clear)
            context.keyModified(key.rawSpan, KeyEvent("set", .string))
        }
        context.effects.suppress()
        context.reply.ok()
    }

    static func debugSizes(_ context: inout CommandContext) {
        let sizes = [
            ("bits", 64), ("entry_header", 8), ("bucket", 64), ("session", MemoryLayout<Session>.size),
            ("command_statistics", MemoryLayout<CommandStatistics>.size),
        ]
        context.reply.status([UInt8](sizes.map { "\($0.0):\($0.1)" }.joined(separator: " ")).rawSpan)
    }
}

extension TableSpread {
    /// What DEBUG HTSTATS tells of a table, in Redis's form: a bucket stands for its
    /// slot, the elements in a bucket for the chain.
    fileprivate var report: String {
        Self.report(0, "main hash table", main) + (target.map { Self.report(1, "rehashing target", $0) } ?? "")
    }

    private static func report(_ number: Int, _ title: String, _ fill: Fill) -> String {
        let head = "Hash table \(number) stats (\(title)):\n"
        let elements = fill.elementCount
        guard elements > 0 else { return head + "No stats available for empty dictionaries\n" }
        let buckets = fill.bucketCount
        let used = buckets - fill.buckets[0]
        let mean = Administration.twoDecimals(Double(elements) / Double(used))
        var text = head + " table size: \(buckets)\n number of elements: \(elements)\n different slots: \(used)\n"
        text += " max chain length: \(fill.buckets.lastIndex { $0 > 0 } ?? 0)\n"
        text += " avg chain length (counted): \(mean)\n avg chain length (computed): \(mean)\n"
        text += " Chain length distribution:\n"
        for (length, count) in fill.buckets.enumerated() where count > 0 {
            text += "   \(length): \(count) (\(Administration.twoDecimals(100 * Double(count) / Double(buckets)))%)\n"
        }
        return text
    }
}
