import Engine
import Keyspace
import Primitives
import RESP

/// The commands of sets. One member at a time here; choosing by chance in
/// Sets+Random, several sets in Sets+Algebra.
enum Sets {
    static var declarations: [CommandDeclaration] { memberDeclarations + randomDeclarations + algebraDeclarations }

    private static var memberDeclarations: [CommandDeclaration] { changes + looks }

    private static var changes: [CommandDeclaration] {
        [
            CommandDeclaration(
                "sadd", arity: -3, [.write, .denyOOM, .fast], .set, keys: [.key(1, [.readWrite, .insert])], group: .set,
                since: "1.0.0", complexity: "O(N) where N is the number of members", summary: "Adds members to a set.",
                syntax: "key member [member ...]", add),
            CommandDeclaration(
                "srem", arity: -3, [.write, .fast], .set, keys: [.key(1, [.readWrite, .delete])], group: .set,
                since: "1.0.0", complexity: "O(N) where N is the number of members",
                summary: "Removes members from a set, and the set with its last one.", syntax: "key member [member ...]", remove),
            CommandDeclaration(
                "smove", arity: 4, [.write, .fast], .set,
                keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.readWrite, .insert])], group: .set,
                since: "1.0.0", summary: "Moves a member from one set to another.", syntax: "source destination member", move),
        ]
    }

    private static var looks: [CommandDeclaration] {
        let key = [KeySpecification.key(1, .readOnly)]
        let reading = [KeySpecification.key(1, [.readOnly, .access])]
        return [
            CommandDeclaration(
                "scard", arity: 2, [.readonly, .fast], .set, keys: key, group: .set, since: "1.0.0",
                summary: "Returns the number of members of a set.", syntax: "key", count),
            CommandDeclaration(
                "sismember", arity: 3, [.readonly, .fast], .set, keys: key, group: .set, since: "1.0.0",
                summary: "Tells whether a member is in a set.", syntax: "key member", contains),
            CommandDeclaration(
                "smismember", arity: -3, [.readonly, .fast], .set, keys: reading, group: .set, since: "6.2.0",
                complexity: "O(N) where N is the number of members", summary: "Tells of several members whether they are in a set.",
                syntax: "key member [member ...]", containsMany),
            CommandDeclaration(
                "smembers", arity: 2, [.readonly], .set, keys: reading, group: .set, since: "1.0.0",
                complexity: "O(N) where N is the number of members", summary: "Returns all members of a set.", syntax: "key",
                tips: ["nondeterministic_output_order"], members),
            CommandDeclaration(
                "sscan", arity: -3, [.readonly], .set, keys: reading, group: .set, since: "2.8.0",
                complexity: "O(1) a call, O(N) for all N members", summary: "Returns the members of a set in small portions.",
                syntax: "key cursor [MATCH pattern] [COUNT count]", tips: ["nondeterministic_output"], scan),
        ]
    }

    // MARK: Changes

    static func add(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .set)
        let added = context.addMembers(of: arguments, from: 2, to: key, slot)
        if added > 0 {
            context.keyModified(key, KeyEvent("sadd", .set))
            context.changed(added - 1)
        }
        context.reply.integer(added)
        return .done
    }

    static func remove(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .set)
        var removed = 0
        if var entry = slot.entry {
            var index = 2
            while index < arguments.count, entry.memberCount > 0 {
                if context[slot].removeMember(arguments[index], from: &entry, slot.hash) { removed += 1 }
                index += 1
            }
            if removed > 0 {
                context.keyModified(key, KeyEvent("srem", .set))
                context.changed(removed - 1)
                context.removeIfEmpty(key, slot, entry)
            }
        }
        context.reply.integer(removed)
        return .done
    }

    static func move(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let member = arguments[3]
        let source = context.lookupWrite(arguments[1])
        guard var entry = source.entry else {
            context.reply.flag(false)
            return .done
        }
        let target = context.lookupWrite(arguments[2])
        guard entry.type == .set, (target.entry?.type ?? .set) == .set else { throw .wrongType }
        if arguments[1].equals(arguments[2]) {
            context.reply.flag(entry.containsMember(member))
            return .done
        }
        guard context[source].removeMember(member, from: &entry, source.hash) else {
            context.reply.flag(false)
            return .done
        }
        context.keyModified(arguments[1], KeyEvent("srem", .set))
        context.removeIfEmpty(arguments[1], source, entry)
        // The target is looked up again: the partition has changed.
        if context.addMembers(of: arguments, from: 3, to: arguments[2], context.lookupWrite(arguments[2])) > 0 {
            context.keyModified(arguments[2], KeyEvent("sadd", .set))
        }
        context.reply.flag(true)
        return .done
    }

    // MARK: Looks

    static func count(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.slotForReading(arguments[1], .set).entry
        context.reply.integer(entry?.memberCount ?? 0)
        return .done
    }

    static func contains(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.slotForReading(arguments[1], .set).entry
        context.reply.flag(entry?.containsMember(arguments[2]) ?? false)
        return .done
    }

    static func containsMany(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.slotForReading(arguments[1], .set).entry
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count { context.reply.flag(entry?.containsMember(arguments[index]) ?? false) }
        return .done
    }

    static func members(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.reply(members: try context.slotForReading(arguments[1], .set).entry)
        return .done
    }

    static func scan(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard let position = Keys.scanPosition(arguments[2]) else { throw .invalidCursor }
        let entry = try context.slotForReading(arguments[1], .set).entry
        guard let entry else {
            context.reply.emptyScan()
            return .done
        }
        let options = try ElementScan(&context, arguments, from: 3)
        var found: [[UInt8]] = []
        let next = entry.scanMembers(from: position, count: options.count) { member in
            if options.accepts(member) { found.append(member.array) }
        }
        context.reply.array(2)
        context.reply.bulk(String(next))
        context.reply.array(found.count)
        for member in found { context.reply.bulk(member) }
        return .done
    }
}

extension CommandContext {
    /// How large a set may be in its small encodings, by the configuration.
    var setLimits: SetLimits {
        let limits = configuration.values
        return SetLimits(
            intsetEntries: limits.setIntsetEntries, listpackEntries: limits.setEntries, listpackBytes: limits.setBytes)
    }

    /// Adds the arguments from `first` on to the set at a key, which may come into being; returns how many are new.
    mutating func addMembers(of arguments: borrowing Arguments, from first: Int, to key: RawSpan, _ slot: KeySlot) -> Int {
        let limits = setLimits
        let expected = arguments.count - first
        guard var entry = slot.entry else {
            let access = freshAccess
            var entry = self[slot].makeSet(key, slot.hash, first: arguments[first], expected: expected, limits, access)
            return 1 + add(arguments, from: first + 1, to: &entry, slot, limits)
        }
        self[slot].prepareSet(&entry, slot.hash, expecting: expected, limits)
        return add(arguments, from: first, to: &entry, slot, limits)
    }

    private mutating func add(
        _ arguments: borrowing Arguments, from first: Int, to entry: inout Entry, _ slot: KeySlot, _ limits: SetLimits
    ) -> Int {
        var added = 0
        for index in first..<max(first, arguments.count)
        where self[slot].insertMember(arguments[index], into: &entry, slot.hash, limits) {
            added += 1
        }
        return added
    }

    /// Removes the key of a set that has lost its last member.
    mutating func removeIfEmpty(_ key: RawSpan, _ slot: KeySlot, _ entry: Entry) {
        guard entry.memberCount == 0 else { return }
        remove(key, slot)
        notice(key, KeyEvent("del", .generic), slot.database)
    }

    /// Replies with all members; nil is the empty set.
    mutating func reply(members entry: Entry?) {
        guard let entry else { return reply.set(0) }
        reply.set(entry.memberCount)
        entry.forEachWord { reply.bulk($0) }
    }
}
