// Looking into HyperLogLogs, for tests and the curious.

import Engine
import Keyspace
import Primitives
import RESP

extension HyperLogLogs {
    static var examinationDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "pfdebug", arity: 3, [.write, .denyOOM, .admin], .hyperloglog,
                keys: [.key(2, [.readWrite, .access])], group: .hyperloglog, since: "2.8.9",
                complexity: "O(N) where N is the number of registers.",
                summary: "Shows how a HyperLogLog is kept, or makes it dense.",
                syntax: "subcommand key", isInternal: true, pfdebug),
            CommandDeclaration(
                "pfselftest", arity: 1, [.admin], .hyperloglog, group: .hyperloglog, since: "2.8.9",
                complexity: "O(N) where N is the number of registers.",
                summary: "Checks that HyperLogLogs estimate as well as they should.", isInternal: true, pfselftest),
        ]
    }

    static func pfdebug(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let (word, key) = (arguments[1], arguments[2])
        let slot = try context.slotForWriting(key, .string)
        guard var entry = slot.entry else { throw context.failure("ERR The specified key does not exist") }
        try check(entry, &context)
        if word.matches("GETREG") {
            _ = try makeDense(&entry, slot, &context)
            try replyRegisters(entry, &context)
        } else if word.matches("DECODE") {
            try replyRuns(entry, &context)
        } else if word.matches("ENCODING") {
            context.reply.simple(entry.hyperLogLog?.isDense == true ? "dense" : "sparse")
        } else if word.matches("TODENSE") {
            context.reply.flag(try makeDense(&entry, slot, &context))
        } else {
            throw context.failure(bytes: [UInt8]("ERR Unknown PFDEBUG subcommand '") + word.array + [39])
        }
        return .done
    }

    /// Makes a sparse HyperLogLog dense; false when it was dense before.
    private static func makeDense(
        _ entry: inout Entry, _ slot: KeySlot, _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        guard entry.hyperLogLog?.isDense == false else { return false }
        guard context[slot].makeHyperLogLogDense(&entry, slot.hash) else { throw damage(&context) }
        // The elements are the same, which is no event, but the bytes are not.
        context.changed(1)
        return true
    }

    private static func replyRegisters(_ entry: Entry, _ context: inout CommandContext) throws(CommandError) {
        var registers = HyperLogLogRegisters()
        guard let view = entry.hyperLogLog, registers.merge(view) else { throw damage(&context) }
        context.reply.array(HyperLogLog.registers)
        for index in 0..<HyperLogLog.registers { context.reply.integer(Int64(registers[index])) }
    }

    private static func replyRuns(_ entry: Entry, _ context: inout CommandContext) throws(CommandError) {
        guard let view = entry.hyperLogLog, !view.isDense else { throw context.failure("ERR HLL encoding is not sparse") }
        var words: [String] = []
        view.forEachStoredRun { run in
            switch run.form {
            case .zeros: words.append("z:\(run.count)")
            case .manyZeros: words.append("Z:\(run.count)")
            case .value: words.append("v:\(run.value),\(run.count)")
            }
        }
        context.reply.bulk(words.joined(separator: " "))
    }

    static func pfselftest(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let problem = HyperLogLog.problemFoundBySelfTest() else {
            context.reply.ok()
            return .done
        }
        throw context.failure("TESTFAILED \(problem)")
    }
}
