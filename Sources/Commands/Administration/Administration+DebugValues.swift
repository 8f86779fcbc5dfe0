// The parts of DEBUG that look into values.

import Engine
import Keyspace
import Primitives
import RESP

extension Administration {
    /// Runs a subcommand about the inside of values; false when it is none.
    static func debugValue(
        _ subcommand: String, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Bool {
        switch (subcommand, arguments.count) {
        case ("listpack", 3): try debugListpack(&context, arguments[2])
        case ("quicklist", 3), ("quicklist", 4): try debugQuickList(&context, arguments)
        case ("quicklist-packed-threshold", 3): try debugPackedThreshold(&context, arguments[2])
        default: return false
        }
        return true
    }

    static var debugValueHelp: [String] {
        [
            "LISTPACK <key>", "    Write to the log how the listpack of <key> is made up.",
            "QUICKLIST <key> [<0|1>]", "    Write to the log how the list <key> is made up, with 1 node by node.",
            "QUICKLIST-PACKED-THRESHOLD <size>",
            "    Give list elements of <size> bytes and more a node of their own; 0: those beyond a node's limit.",
        ]
    }

    /// Lines about one value that go to the log.
    private static var lineLimit: Int { 1000 }

    private static func debugListpack(_ context: inout CommandContext, _ key: RawSpan) throws(CommandError) {
        guard let entry = context.lookupWrite(key).entry else { throw .noSuchKey }
        guard entry.encoding == .listpack else { throw context.failure("ERR Not a listpack encoded object.") }
        var lines: [String] = []
        var count = 0
        entry.forEachWord { word in
            if count < lineLimit { lines.append("\(count): \(word.byteCount) bytes, \(word.slice(0, min(64, word.byteCount)).text)") }
            count += 1
        }
        context.requests.logLines.append("listpack of \(entry.bytes.byteCount) bytes, \(count) elements")
        context.requests.logLines += lines
        context.reply.simple("Listpack structure printed on stdout")
    }

    private static func debugQuickList(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        var isDetailed = false
        if arguments.count == 4 { isDetailed = try context.integer(arguments[3]).value != 0 }
        guard let entry = context.lookupWrite(arguments[2]).entry else { throw .noSuchKey }
        guard entry.encoding == .quicklist else { throw context.failure("ERR Not a quicklist encoded object.") }
        let nodes = entry.list.value.nodeCounts
        context.requests.logLines.append(
            "quicklist of \(entry.listCount) elements, \(nodes.all) nodes, \(nodes.compressed) compressed, "
                + "\(entry.list.value.memoryUsage) bytes")
        if isDetailed {
            for index in 0..<min(lineLimit, nodes.all) {
                context.requests.logLines.append("node \(index): \(entry.list.value.nodeDescription(index))")
            }
        }
        context.reply.simple("Quicklist structure printed on stdout")
    }

    private static func debugPackedThreshold(_ context: inout CommandContext, _ word: RawSpan) throws(CommandError) {
        guard let size = Directive.bytes(word.array), size <= 1 << 32 - 1 << 20 else {
            throw context.failure("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
        }
        context.host.debug.listPackedThreshold = Int(size)
        context.reply.ok()
    }
}
