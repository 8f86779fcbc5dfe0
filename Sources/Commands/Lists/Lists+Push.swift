// Putting elements on lists.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var pushDeclarations: [CommandDeclaration] {
        [
            push("lpush", "Puts elements in front of a list, which is made if need be.", since: "1.0.0", lpush),
            push("rpush", "Puts elements behind a list, which is made if need be.", since: "1.0.0", rpush),
            push("lpushx", "Puts elements in front of a list that exists.", since: "2.2.0", lpushx),
            push("rpushx", "Puts elements behind a list that exists.", since: "2.2.0", rpushx),
        ]
    }

    private static func push(
        _ name: StaticString, _ summary: StaticString, since: StaticString, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -3, [.write, .denyOOM, .fast], .list, keys: [.key(1, [.readWrite, .insert])], group: .list,
            since: since, complexity: "O(N) where N is the number of elements to add.", summary: summary,
            syntax: "key element [element ...]", handler)
    }

    static func lpush(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try push(&context, arguments, .head, makes: true)
    }

    static func rpush(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try push(&context, arguments, .tail, makes: true)
    }

    static func lpushx(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try push(&context, arguments, .head, makes: false)
    }

    static func rpushx(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try push(&context, arguments, .tail, makes: false)
    }

    private static func push(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ end: ListEnd, makes: Bool
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForWriting(key, .list)
        guard makes || slot.entry != nil else {
            context.reply.integer(0)
            return .done
        }
        let limits = context.listLimits
        var entry = slot.entry ?? context[slot].makeList(key, slot.hash, context.freshAccess)
        var bytes = 0
        for index in 2..<arguments.count { bytes += arguments[index].byteCount }
        context[slot].growList(&entry, slot.hash, by: arguments.count - 2, bytes: bytes, limits)
        for index in 2..<arguments.count {
            context[slot].pushListElement(&entry, slot.hash, arguments[index], end, limits)
        }
        context.reply.integer(entry.listCount)
        context.keyModified(key, pushed(end))
        return .done
    }

    static func pushed(_ end: ListEnd) -> KeyEvent { KeyEvent(end == .head ? "lpush" : "rpush", .list) }
}
