import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var movingDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "rename", arity: 3, [.write], .keyspace,
                keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.overwrite, .update])],
                group: .generic, since: "1.0.0", summary: "Gives a value another key, replacing what was there.",
                syntax: "key newkey", rename),
            CommandDeclaration(
                "renamenx", arity: 3, [.write, .fast], .keyspace,
                keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.overwrite, .insert])],
                group: .generic, since: "1.0.0", summary: "Gives a value another key where that is free.",
                syntax: "key newkey",
                history: ["3.2.0": "Equal names are no error."], renameIfFree),
            CommandDeclaration(
                "copy", arity: -3, [.write, .denyOOM, .crossesDatabases], .keyspace,
                keys: [.key(1, [.readOnly, .access]), .key(2, [.overwrite, .update])],
                group: .generic, since: "6.2.0", complexity: "O(N) for a collection of N elements, O(1) for strings",
                summary: "Copies a value and its expiry to another key.",
                syntax: "source destination [DB destination-db] [REPLACE]", copy),
            CommandDeclaration(
                "move", arity: 3, [.write, .fast, .crossesDatabases], .keyspace, keys: [.key(1, [.readWrite, .access, .update])],
                group: .generic, since: "1.0.0", summary: "Moves a key to another database.", syntax: "key db", move),
            CommandDeclaration(
                "swapdb", arity: 3, [.write, .fast], [.keyspace, .dangerous], group: .server, since: "4.0.0",
                complexity: "O(N) for N clients that watch or wait for keys of the two databases",
                summary: "Exchanges the contents of two databases.", syntax: "index1 index2", swapDatabases),
        ]
    }

    static func rename(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        _ = try rename(&context, arguments, onlyIfFree: false)
        context.reply.ok()
        return .done
    }

    static func renameIfFree(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let renamed = try rename(&context, arguments, onlyIfFree: true)
        context.reply.flag(renamed)
        return .done
    }

    private static func rename(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, onlyIfFree: Bool
    ) throws(CommandError) -> Bool {
        let source = arguments[1]
        let target = arguments[2]
        guard context.lookupWrite(source).entry != nil else { throw .noSuchKey }
        guard !source.equals(target) else { return false }
        // Looked up in any case: an expired target has to be told as such.
        let old = context.lookupWrite(target).entry?.type
        if old != nil, onlyIfFree { return false }
        context.rename(source, to: target)
        context.keyModified(source, KeyEvent("rename_from", .generic))
        context.notice(target, KeyEvent("rename_to", .generic), context.session.database)
        context.noticeReplacement(target, old, context.session.database)
        return true
    }

    static func copy(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        var database = context.session.database
        var replaces = false
        var index = 3
        while index < arguments.count {
            let word = arguments[index]
            if word.matches("REPLACE") {
                replaces = true
            } else if word.matches("DB"), index + 1 < arguments.count {
                index += 1
                database = try Keys.database(&context, arguments[index])
            } else {
                throw .syntax
            }
            index += 1
        }
        let source = arguments[1]
        let target = arguments[2]
        if database == context.session.database, source.equals(target) { throw sameObject(&context) }
        guard context.lookupRead(source).entry != nil else {
            context.reply.flag(false)
            return .done
        }
        let slot = context.lookup(target, in: database)
        let old = slot.entry?.type
        if old != nil {
            guard replaces else {
                context.reply.flag(false)
                return .done
            }
            context.remove(target, slot)
        }
        context.copy(source, to: target, in: database)
        context.keyModified(target, KeyEvent("copy_to", .generic), in: database)
        context.noticeReplacement(target, old, database)
        context.reply.flag(true)
        return .done
    }

    static func move(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let source = context.session.database
        let target = try database(&context, arguments[2])
        if source == target { throw sameObject(&context) }
        guard context.lookupWrite(key).entry != nil, context.lookup(key, in: target).entry == nil,
            context.move(key, to: target)
        else {
            context.reply.flag(false)
            return .done
        }
        context.keyModified(key, KeyEvent("move_from", .generic), in: source)
        context.notice(key, KeyEvent("move_to", .generic), target)
        context.reply.flag(true)
        return .done
    }

    static func swapDatabases(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard isInt32(arguments[1]) else { throw context.failure("ERR invalid first DB index") }
        guard isInt32(arguments[2]) else { throw context.failure("ERR invalid second DB index") }
        let first = try database(&context, arguments[1])
        let second = try database(&context, arguments[2])
        if first != second {
            context.willReplace(first, with: second)
            context.willReplace(second, with: first)
        }
        context.swapDatabases(first, second)
        context.changed(1)
        context.reply.ok()
        return .done
    }

    private static func isInt32(_ word: RawSpan) -> Bool {
        guard let number = word.canonicalInteger else { return false }
        return Int32(exactly: number) != nil
    }
}
