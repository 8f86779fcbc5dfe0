import Engine
import Keyspace
import Primitives
import RESP

extension Sets {
    static var randomDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "spop", arity: -2, [.write, .fast], .set, keys: [.key(1, [.readWrite, .access, .delete])], group: .set,
                since: "1.0.0", complexity: "O(N) where N is the number of members wanted",
                summary: "Removes members chosen by chance, and returns them.", syntax: "key [count@3.2.0]",
                history: ["3.2.0": "A count."],
                tips: ["nondeterministic_output"], pop),
            CommandDeclaration(
                "srandmember", arity: -2, [.readonly], .set, keys: [.key(1, [.readOnly, .access])], group: .set,
                since: "1.0.0", complexity: "O(N) where N is the number of members wanted",
                summary: "Returns members chosen by chance.", syntax: "key [count@2.6.0]",
                history: ["2.6.0": "A count, negative ones for repetitions."], tips: ["nondeterministic_output"], random),
        ]
    }

    // MARK: SPOP

    static func pop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else { throw .syntax }
        let key = arguments[1]
        guard arguments.count == 3 else {
            try popOne(key, &context)
            return .done
        }
        guard let wanted = arguments[2].canonicalInteger, wanted >= 0 else {
            throw context.failure("ERR value is out of range, must be positive")
        }
        let slot = try context.slotForWriting(key, .set)
        guard let entry = slot.entry, wanted > 0 else {
            context.reply.set(0)
            return .done
        }
        let count = entry.memberCount
        if wanted >= Int64(count) {
            popAll(key, slot, entry, &context)
        } else {
            popSome(Int(wanted), key, slot, entry, &context)
        }
        context.changed(min(count, Int(wanted)) - 1)
        return .done
    }

    private static func popOne(_ key: RawSpan, _ context: inout CommandContext) throws(CommandError) {
        let slot = try context.slotForWriting(key, .set)
        guard var entry = slot.entry,
            let member = entry.withRandomMember(using: &context.random, { $0.array })
        else { return context.reply.null() }
        _ = context[slot].removeMember(member.rawSpan, from: &entry, slot.hash)
        context.keyModified(key, KeyEvent("spop", .set))
        context.effects.begin(3)
        context.effects.word("SREM")
        context.effects.word(key)
        context.effects.word(member.rawSpan)
        context.removeIfEmpty(key, slot, entry)
        context.reply.bulk(member)
    }

    /// The whole set: what is propagated is the end of its key.
    private static func popAll(_ key: RawSpan, _ slot: KeySlot, _ entry: Entry, _ context: inout CommandContext) {
        context.reply(members: entry)
        context.keyModified(key, KeyEvent("spop", .set))
        context.remove(key, slot)
        context.notice(key, KeyEvent("del", .generic), slot.database)
        context.effects.begin(2)
        context.effects.word("UNLINK")
        context.effects.word(key)
    }

    /// Members of one SREM that is propagated.
    private static var membersPerEffect: Int { 1024 }

    private static func popSome(
        _ wanted: Int, _ key: RawSpan, _ slot: KeySlot, _ set: Entry, _ context: inout CommandContext
    ) {
        var entry = set
        var members: [[UInt8]] = []
        members.reserveCapacity(wanted)
        entry.forEachRandomMember(wanted, using: &context.random) { members.append($0.array) }
        context.reply.set(members.count)
        for start in stride(from: 0, to: members.count, by: membersPerEffect) {
            let slice = members[start..<min(members.count, start + membersPerEffect)]
            context.effects.begin(2 + slice.count)
            context.effects.word("SREM")
            context.effects.word(key)
            for member in slice {
                _ = context[slot].removeMember(member.rawSpan, from: &entry, slot.hash)
                context.effects.word(member.rawSpan)
                context.reply.bulk(member)
            }
        }
        context.keyModified(key, KeyEvent("spop", .set))
    }

    // MARK: SRANDMEMBER

    static func random(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else { throw .syntax }
        guard arguments.count == 3 else {
            let entry = try context.slotForReading(arguments[1], .set).entry
            guard let entry else {
                context.reply.null()
                return .done
            }
            _ = entry.withRandomMember(using: &context.random) { context.reply.bulk($0) }
            return .done
        }
        let count = try context.randomCount(arguments[2])
        guard let entry = try context.slotForReading(arguments[1], .set).entry else {
            context.reply.array(0)
            return .done
        }
        let allowance = try context.allowance(forRepetitions: count)
        let wanted = Int(count)
        if wanted < 0 {
            context.reply.array(-wanted)
            for _ in 0..<(-wanted) {
                guard context.reply.bytes.count <= allowance else { break }
                _ = entry.withRandomMember(using: &context.random) { context.reply.bulk($0) }
            }
        } else {
            context.reply.array(min(wanted, entry.memberCount))
            entry.forEachRandomMember(wanted, using: &context.random) { context.reply.bulk($0) }
        }
        context.endReply(allowed: allowance)
        return .done
    }
}
