import Engine
import Keyspace
import Primitives
import RESP

/// Commands on HyperLogLogs: strings that estimate how many different elements they were given.
public enum HyperLogLogs {
    /// All of them.
    public static var declarations: [CommandDeclaration] { elementDeclarations + examinationDeclarations }

    static var elementDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "pfadd", arity: -2, [.write, .denyOOM, .fast], .hyperloglog, keys: [.key(1, [.readWrite, .insert])],
                group: .hyperloglog, since: "2.8.9", complexity: "O(1) for each element.",
                summary: "Adds elements to a HyperLogLog.", syntax: "key [element [element ...]]", pfadd),
            CommandDeclaration(
                "pfcount", arity: -2, [.readonly, .mayReplicate], .hyperloglog,
                keys: [
                    KeySpecification(
                        .index(1), .range(last: -1, step: 1, limit: 0), [.readWrite, .access],
                        notes: "RW because it may change the internal representation of the key, and propagate to replicas")
                ],
                group: .hyperloglog, since: "2.8.9",
                complexity: "O(1) for one key, O(N) where N is the number of keys for several.",
                summary: "Estimates how many different elements HyperLogLogs were given.", syntax: "key [key ...]", pfcount),
            CommandDeclaration(
                "pfmerge", arity: -2, [.write, .denyOOM], .hyperloglog,
                keys: [.key(1, [.readWrite, .access, .insert]), .keys(from: 2, [.readOnly, .access])],
                group: .hyperloglog, since: "2.8.9", complexity: "O(N) where N is the number of HyperLogLogs.",
                summary: "Unites HyperLogLogs.", syntax: "destkey [sourcekey [sourcekey ...]]", pfmerge),
        ]
    }

    static func damage(_ context: inout CommandContext) -> CommandError {
        context.failure("INVALIDOBJ Corrupted HLL object detected")
    }

    /// Checks that an entry is a HyperLogLog; its registers may still be damaged.
    static func check(_ entry: Entry, _ context: inout CommandContext) throws(CommandError) {
        guard entry.isString else { throw .wrongType }
        guard entry.hyperLogLog != nil else {
            throw context.failure("WRONGTYPE Key is not a valid HyperLogLog string value.")
        }
    }

    static func sparseLimit(_ context: borrowing CommandContext) -> Int {
        Int(context.configuration.values.sparseHyperLogLogBytes)
    }

    // MARK: Elements

    static func pfadd(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let limit = sparseLimit(context)
        var (slot, entry, hasChanged) = try slotForAdding(key, &context)
        var isDamaged = false
        for index in 2..<arguments.count {
            let change = context[slot].addToHyperLogLog(&entry, slot.hash, arguments[index], limit: limit)
            if change == .changed { hasChanged = true }
            isDamaged = change == .damaged
            if isDamaged { break }
        }
        if hasChanged {
            context[slot].invalidateEstimate(&entry, slot.hash)
            context.keyModified(key, KeyEvent("pfadd", .string))
        }
        guard !isDamaged else { throw damage(&context) }
        context.reply.flag(hasChanged)
        return .done
    }

    /// The HyperLogLog of a key, which comes into being when there is none.
    private static func slotForAdding(
        _ key: RawSpan, _ context: inout CommandContext
    ) throws(CommandError) -> (slot: KeySlot, entry: Entry, isNew: Bool) {
        let slot = try context.slotForWriting(key, .string)
        guard let entry = slot.entry else {
            let access = context.freshAccess
            return (slot, context[slot].makeHyperLogLog(key, slot.hash, access), true)
        }
        try check(entry, &context)
        return (slot, entry, false)
    }

    static func pfmerge(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var registers = HyperLogLogRegisters()
        var isDense = false
        for index in 1..<arguments.count {
            if try merge(arguments[index], into: &registers, &context) { isDense = true }
        }
        var (slot, entry, _) = try slotForAdding(key, &context)
        let limit = sparseLimit(context)
        context[slot].unite(&entry, slot.hash, with: registers, isDense: isDense, limit: limit)
        context.keyModified(key, KeyEvent("pfadd", .string))
        context.reply.ok()
        return .done
    }

    /// Merges the HyperLogLog of a key, if there is one; whether it is dense.
    private static func merge(
        _ key: RawSpan, into registers: inout HyperLogLogRegisters, _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        guard let entry = context.lookupRead(key).entry else { return false }
        try check(entry, &context)
        guard let source = entry.hyperLogLog, registers.merge(source) else { throw damage(&context) }
        return source.isDense
    }

    // MARK: Estimates

    static func pfcount(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count > 2 else { return try countOne(&context, arguments) }
        var registers = HyperLogLogRegisters()
        for index in 1..<arguments.count { _ = try merge(arguments[index], into: &registers, &context) }
        context.reply.integer(registers.estimate())
        return .done
    }

    private static func countOne(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let slot = try context.slotForReading(arguments[1], .string)
        guard var entry = slot.entry else {
            context.reply.integer(0)
            return .done
        }
        if let cached = entry.hyperLogLog?.cachedEstimate {
            context.reply.integer(cached)
            return .done
        }
        try check(entry, &context)
        guard let estimate = entry.hyperLogLog?.estimate() else { throw damage(&context) }
        context[slot].cacheEstimate(&entry, slot.hash, estimate)
        // The bytes are others now, which is no event, but has to reach replicas.
        context.changed(1)
        context.reply.integer(estimate)
        return .done
    }
}
