// DEBUG's subcommands about the process: its end, its allocator, and what needs a live one.

import Engine
import Primitives
import RESP

extension Administration {
    /// Runs a subcommand that concerns the process; false when it is none of these.
    static func debugProcess(
        _ subcommand: String, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Bool {
        switch (subcommand, arguments.count) {
        case ("segfault", 2): context.host.fault(.segmentation)
        case ("panic", 2): context.host.fault(.panic)
        case ("assert", 2): context.host.fault(.assertion)
        case ("oom", 2): context.host.fault(.outOfMemory)
        case ("restart", 2...3): try debugRestart(&context, arguments, inOrder: true)
        case ("crash-and-recover", 2...3): try debugRestart(&context, arguments, inOrder: false)
        case ("leak", 3):
            context.host.debug.leaked.append(arguments[2].array)
            context.reply.ok()
        case ("change-repl-id", 2):
            let digits = [UInt8]("0123456789abcdef".utf8)
            context.host.replicationID = String((0..<40).map { _ in Character(Unicode.Scalar(digits[context.random.below(16)])) })
            context.requests.logLines.append("Changing replication IDs after receiving change-repl-id")
            context.reply.ok()
        case ("mallctl", 3...4): try debugAllocatorNumber(&context, arguments)
        case ("mallctl-str", 3...4): try debugAllocatorText(&context, arguments)
        case ("loadaof", 2): try debugLoadAppendOnlyFile(&context)
        case ("aof-flush-sleep", 3):
            context.host.debug.appendOnlyDelay = max(0, min(60_000_000, try context.integer(arguments[2]).value))
            context.reply.ok()
        case ("client-eviction", 2): try debugClientEviction(&context)
        case ("stringmatch-test", 2): debugPatterns(&context)
        default: return false
        }
        return true
    }

    static var debugProcessHelp: [String] {
        [
            "AOF-FLUSH-SLEEP <microseconds>", "    Wait in front of each write to the append-only file.",
            "ASSERT", "    Crash by an assertion that does not hold.",
            "CHANGE-REPL-ID", "    Take a new replication ID.",
            "CLIENT-EVICTION", "    Show how many clients hold how much memory.",
            "CRASH-AND-RECOVER [<milliseconds>]", "    Stop at once, and start again after the delay.",
            "LEAK <string>", "    Keep a copy of <string> for good.",
            "LOADAOF", "    Load the append-only file again.",
            "MALLCTL <name> [<value>]", "    Show or set a number of the allocator.",
            "MALLCTL-STR <name> [VOID]", "    Show a text of the allocator; VOID: have it do what <name> says.",
            "OOM", "    Crash as if memory had run out.",
            "PANIC", "    Crash as if a bug had been noticed.",
            "RESTART [<milliseconds>]", "    Save settings and data, and start again after the delay.",
            "SEGFAULT", "    Crash by writing to memory that cannot be written.",
            "STRINGMATCH-TEST", "    Match random strings with random patterns.",
        ]
    }

    private static func debugRestart(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, inOrder: Bool
    ) throws(CommandError) {
        let delay = arguments.count == 3 ? try context.integer(arguments[2]).value : 0
        if inOrder {
            if !context.host.configurationFile.isEmpty { try writeConfiguration(&context, everything: false) }
            guard context.prepareShutdown(ShutdownWish(saves: nil, isForced: false)) else {
                throw context.failure("ERR failed to restart the server. Check server logs.")
            }
        }
        context.host.fault(.restart(milliseconds: max(0, min(3_600_000, delay))))
        throw context.failure("ERR failed to restart the server. Check server logs.")
    }

    private static func debugAllocatorNumber(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        let name = arguments[2].text
        let (old, problem) = context.host.allocatorAccount.settings.number(name)
        if let problem { throw context.failure("ERR \(problem)") }
        if arguments.count == 4 {
            let new = try context.integer(arguments[3]).value
            if let problem = context.host.allocatorAccount.settings.setNumber(name, new) { throw context.failure("ERR \(problem)") }
        }
        context.reply.integer(old)
    }

    private static func debugAllocatorText(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        let name = arguments[2].text
        if arguments.count == 4 {
            guard arguments[3].matches("VOID") else { throw context.failure("ERR Operation not permitted") }
            if let problem = context.host.allocatorAccount.settings.perform(name) { throw context.failure("ERR \(problem)") }
            return context.reply.ok()
        }
        let (text, problem) = context.host.allocatorAccount.settings.text(name)
        if let problem { throw context.failure("ERR \(problem)") }
        context.reply.bulk([UInt8](text).rawSpan)
    }

    /// Clients by the memory that they hold, in powers of two from 32 KiB to 4 GiB.
    private static func debugClientEviction(_ context: inout CommandContext) throws(CommandError) {
        guard context.configuration.limits.totalClientMemory != 0 else { throw context.failure("ERR maxmemory-clients is disabled.") }
        let first = 15, last = 32
        var buckets = [(bytes: Int, clients: Int)](repeating: (0, 0), count: last - first + 2)
        context.forEachSession { session in
            let bytes = session.memoryUsage
            let bucket = max(0, min(last - first + 1, Int.bitWidth - max(1, bytes).leadingZeroBitCount - first))
            buckets[bucket] = (buckets[bucket].bytes &+ bytes, buckets[bucket].clients + 1)
        }
        var text = ""
        for (index, bucket) in buckets.enumerated() {
            let from = padded(index == 0 ? 0 : 1 << (first + index - 1))
            let range = index == buckets.count - 1 ? "\(from)+            " : "\(from) - \(padded((1 << (first + index)) - 1))"
            text += "bucket \(range): tot-mem: \(padded(bucket.bytes)), clients: \(bucket.clients)\n"
        }
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
    }

    /// In ten columns.
    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }

    private static func debugPatterns(_ context: inout CommandContext) {
        let letters = [UInt8]("ab*?[]^-\\".utf8)
        for _ in 0..<10_000 {
            let pattern = (0..<context.random.below(32)).map { _ in letters[context.random.below(letters.count)] }
            let text = (0..<context.random.below(32)).map { _ in letters[context.random.below(letters.count)] }
            _ = Glob.matches(pattern.rawSpan, text.rawSpan)
        }
        context.reply.status([UInt8]("Apparently the server did not crash: test passed").rawSpan)
    }
}
