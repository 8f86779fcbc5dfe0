// Intersections, unions and differences: as replies, as counts, as new sets.

import Engine
import Keyspace
import Primitives
import RESP

extension Sets {
    static var algebraDeclarations: [CommandDeclaration] { replies + counts + stores }

    private static var replies: [CommandDeclaration] {
        let keys = [KeySpecification.keys(from: 1, [.readOnly, .access])]
        return [
            CommandDeclaration(
                "sinter", arity: -2, [.readonly], .set, keys: keys, group: .set, since: "1.0.0",
                complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
                summary: "Returns the members that all sets have.", syntax: "key [key ...]",
                tips: ["nondeterministic_output_order"], intersection),
            CommandDeclaration(
                "sunion", arity: -2, [.readonly], .set, keys: keys, group: .set, since: "1.0.0",
                complexity: "O(N) where N is the number of members of all sets",
                summary: "Returns the members that any of the sets has.", syntax: "key [key ...]",
                tips: ["nondeterministic_output_order"], union),
            CommandDeclaration(
                "sdiff", arity: -2, [.readonly], .set, keys: keys, group: .set, since: "1.0.0",
                complexity: "O(N) where N is the number of members of all sets",
                summary: "Returns the members of the first set that no other has.", syntax: "key [key ...]",
                tips: ["nondeterministic_output_order"], difference),
        ]
    }

    private static var counts: [CommandDeclaration] {
        let keys = [KeySpecification(.index(1), .keynum(index: 0, first: 1, step: 1), [.readOnly, .access])]
        let syntax: StaticString = "numkeys key [key ...] [LIMIT limit]"
        return [
            CommandDeclaration(
                "sintercard", arity: -3, [.readonly, .movableKeys], .set, keys: keys, group: .set, since: "7.0.0",
                complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
                summary: "Counts the members that all sets have.", syntax: syntax, intersectionCount),
            CommandDeclaration(
                "sunioncard", arity: -3, [.readonly, .movableKeys], .set, keys: keys, group: .set, since: "8.10.0",
                complexity: "O(N) where N is the number of members of all sets",
                summary: "Counts the members that any of the sets has.", syntax: "numkeys key [key ...] [APPROX] [LIMIT limit]",
                unionCount),
            CommandDeclaration(
                "sdiffcard", arity: -3, [.readonly, .movableKeys], .set, keys: keys, group: .set, since: "8.10.0",
                complexity: "O(N) where N is the number of members of all sets",
                summary: "Counts the members of the first set that no other has.", syntax: syntax, differenceCount),
        ]
    }

    private static var stores: [CommandDeclaration] {
        let keys = [
            KeySpecification.key(1, [.overwrite, .update]), KeySpecification.keys(from: 2, [.readOnly, .access]),
        ]
        let syntax: StaticString = "destination key [key ...]"
        return [
            CommandDeclaration(
                "sinterstore", arity: -3, [.write, .denyOOM], .set, keys: keys, group: .set, since: "1.0.0",
                complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
                summary: "Stores the members that all sets have.", syntax: syntax, storeIntersection),
            CommandDeclaration(
                "sunionstore", arity: -3, [.write, .denyOOM], .set, keys: keys, group: .set, since: "1.0.0",
                complexity: "O(N) where N is the number of members of all sets",
                summary: "Stores the members that any of the sets has.", syntax: syntax, storeUnion),
            CommandDeclaration(
                "sdiffstore", arity: -3, [.write, .denyOOM], .set, keys: keys, group: .set, since: "1.0.0",
                complexity: "O(N) where N is the number of members of all sets",
                summary: "Stores the members of the first set that no other has.", syntax: syntax, storeDifference),
        ]
    }

    // MARK: Replies

    static func intersection(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let sets = try context.sets(arguments, 1..<arguments.count)
        let mark = context.reply.deferredAggregate()
        var count = 0
        sets.intersection { member in
            context.reply.bulk(member)
            count += 1
            return true
        }
        context.reply.closeSet(mark, count: count)
        return .done
    }

    static func union(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let sets = try context.sets(arguments, 1..<arguments.count)
        var builder = SetBuilder(context.setLimits, seed: context.hashSeed)
        sets.union(into: &builder)
        context.reply.set(builder.count)
        builder.forEach { context.reply.bulk($0) }
        return .done
    }

    static func difference(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let sets = try context.sets(arguments, 1..<arguments.count)
        let mark = context.reply.deferredAggregate()
        var count = 0
        sets.difference(context.setLimits, context.hashSeed) { member in
            context.reply.bulk(member)
            count += 1
            return true
        }
        context.reply.closeSet(mark, count: count)
        return .done
    }

    // MARK: Counts

    static func intersectionCount(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let (sets, limit) = try context.countedSets(arguments)
        var count = 0
        sets.intersection { _ in
            count += 1
            return count < limit
        }
        context.reply.integer(count)
        return .done
    }

    static func unionCount(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let (sets, limit) = try context.countedSets(arguments, approximate: "APPROX")
        context.reply.integer(sets.unionCount(limit: limit))
        return .done
    }

    static func differenceCount(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let (sets, limit) = try context.countedSets(arguments)
        var count = 0
        sets.difference(context.setLimits, context.hashSeed) { _ in
            count += 1
            return count < limit
        }
        context.reply.integer(count)
        return .done
    }

    // MARK: Stores

    static func storeIntersection(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let sets = try context.sets(arguments, 2..<arguments.count)
        var builder = SetBuilder(context.setLimits, seed: context.hashSeed)
        sets.intersection { member in
            builder.insert(member)
            return true
        }
        context.store(builder, at: arguments[1], KeyEvent("sinterstore", .set))
        return .done
    }

    static func storeUnion(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let sets = try context.sets(arguments, 2..<arguments.count)
        var builder = SetBuilder(context.setLimits, seed: context.hashSeed)
        sets.union(into: &builder)
        context.store(builder, at: arguments[1], KeyEvent("sunionstore", .set))
        return .done
    }

    static func storeDifference(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let sets = try context.sets(arguments, 2..<arguments.count)
        var builder = SetBuilder(context.setLimits, seed: context.hashSeed)
        sets.difference(context.setLimits, context.hashSeed) { member in
            builder.insert(member)
            return true
        }
        context.store(builder, at: arguments[1], KeyEvent("sdiffstore", .set))
        return .done
    }
}

extension CommandContext {
    /// The sets at the keys in `range`; nil where there is none.
    fileprivate mutating func sets(
        _ arguments: borrowing Arguments, _ range: Range<Int>
    ) throws(CommandError) -> SetOperands {
        var entries: [Entry?] = []
        entries.reserveCapacity(range.count)
        for index in range { entries.append(try slotForReading(arguments[index], .set).entry) }
        return SetOperands(entries)
    }

    /// `numkeys key ... [LIMIT limit]`. Where an approximation is asked for, the
    /// exact count is given all the same: it needs no memory here.
    fileprivate mutating func countedSets(
        _ arguments: borrowing Arguments, approximate: StaticString? = nil
    ) throws(CommandError) -> (SetOperands, limit: Int) {
        guard let wanted = arguments[1].canonicalInteger, wanted > 0 else {
            throw failure("ERR numkeys should be greater than 0")
        }
        guard wanted <= Int64(arguments.count - 2) else {
            throw failure("ERR Number of keys can't be greater than number of args")
        }
        let end = 2 + Int(wanted)
        var limit = Int.max
        var index = end
        while index < arguments.count {
            if let approximate, arguments[index].matches(approximate) {
                index += 1
                continue
            }
            guard arguments[index].matches("LIMIT"), index + 1 < arguments.count else { throw .syntax }
            guard let value = arguments[index + 1].canonicalInteger, value >= 0 else {
                throw failure("ERR LIMIT can't be negative")
            }
            limit = value == 0 ? .max : Int(value)
            index += 2
        }
        return (try sets(arguments, 2..<end), limit)
    }

    /// Gives a computed set to a key and replies with its size; an empty one leaves no key.
    fileprivate mutating func store(_ builder: consuming SetBuilder, at key: RawSpan, _ event: KeyEvent) {
        let count = builder.count
        let slot = lookupWrite(key)
        if count > 0 {
            let access = freshAccess
            let old = slot.entry?.type
            self[slot].storeSet(builder, at: key, slot.hash, existing: slot.entry, .clear, access)
            keyModified(key, event, replacing: old)
        } else if slot.entry != nil {
            remove(key, slot)
            keyModified(key, KeyEvent("del", .generic))
        }
        reply.integer(count)
    }
}
