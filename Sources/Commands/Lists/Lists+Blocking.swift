// The commands that wait for a list. What they do when there is one is what
// their sisters that do not wait do, and is propagated as theirs.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var blockingDeclarations: [CommandDeclaration] {
        [
            popper("blpop", "Takes the first element off the first of several lists that has any, or waits for one.", blpop),
            popper("brpop", "Takes the last element off the first of several lists that has any, or waits for one.", brpop),
            CommandDeclaration(
                "blmpop", arity: -5, [.write, .blocking, .movableKeys], .list,
                keys: [
                    KeySpecification(.index(2), .keynum(index: 0, first: 1, step: 1), [.readWrite, .access, .delete])
                ],
                group: .list, since: "7.0.0", complexity: "O(N+M) for N keys and M elements taken.",
                summary: "Takes elements off the first of several lists that has any, or waits for one.",
                syntax: "timeout=double numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]", blmpop),
            mover(
                "blmove", arity: 6, since: "6.2.0", "Moves an element from one list to another, or waits for one.",
                syntax: "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> timeout=double", blmove),
            mover(
                "brpoplpush", arity: 4, since: "2.2.0",
                "Moves the last element of a list to the front of another, or waits for one.",
                syntax: "source destination timeout=double",
                deprecated: .init(since: "6.2.0", replacement: "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
                history: ["6.0.0": "`timeout` is a double, no longer an integer."], brpoplpush),
            mover(
                "blmovem", arity: -6, since: "8.10.0", "Moves several elements from one list to another, or waits for them.",
                complexity: "O(N) where N is the number of elements moved.",
                syntax: """
                    source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> timeout=double \
                    [<COUNT count | EXACTLY exactly> <OBO | BULK>]
                    """, blmovem),
        ]
    }

    private static func popper(_ name: StaticString, _ summary: StaticString, _ handler: @escaping Handler) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -3, [.write, .blocking], .list,
            keys: [KeySpecification(.index(1), .range(last: -2, step: 1, limit: 0), [.readWrite, .access, .delete])],
            group: .list, since: "2.0.0", complexity: "O(N) where N is the number of keys.", summary: summary,
            syntax: "key [key ...] timeout=double", history: ["6.0.0": "`timeout` is a double, no longer an integer."], handler)
    }

    private static func mover(
        _ name: StaticString, arity: Int, since: StaticString, _ summary: StaticString, complexity: StaticString = "O(1)",
        syntax: StaticString, deprecated: CommandDeclaration.Deprecation? = nil,
        history: KeyValuePairs<StaticString, StaticString> = [:], _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, [.write, .denyOOM, .blocking], .list,
            keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.readWrite, .insert])], group: .list, since: since,
            complexity: complexity, summary: summary, syntax: syntax, history: history, deprecated: deprecated, handler)
    }

    // MARK: Taking

    static func blpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try popOrWait(&context, arguments, .head)
    }

    static func brpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try popOrWait(&context, arguments, .tail)
    }

    private static func popOrWait(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ end: ListEnd
    ) throws(CommandError) -> Outcome {
        let keys = 1..<arguments.count - 1
        let deadline = try context.deadline(arguments[keys.upperBound])
        guard let found = try context.firstForWriting(keys, of: arguments, .list) else {
            return context.wait(for: keys, of: arguments, .list, until: deadline)
        }
        let key = arguments[found.index]
        context.reply.array(2)
        context.reply.bulk(key)
        take(&context, key, found.slot, found.entry, end, 1)
        context.effects.begin(2)
        context.effects.word(end == .head ? "LPOP" : "RPOP")
        context.effects.word(key)
        return .done
    }

    static func blmpop(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try PopRequest(arguments, at: 2, &context)
        let deadline = try context.deadline(arguments[1])
        guard let found = try context.firstForWriting(request.keys, of: arguments, .list) else {
            return context.wait(for: request.keys, of: arguments, .list, until: deadline)
        }
        take(&context, arguments[found.index], found.slot, found.entry, request)
        return .done
    }

    // MARK: Moving

    static func blmove(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let from = try end(arguments[3])
        let to = try end(arguments[4])
        let deadline = try context.deadline(arguments[5])
        guard try moveOne(&context, arguments[1], from, arguments[2], to) else {
            return waitForSource(&context, arguments, deadline)
        }
        propagate("LMOVE", &context, arguments, leavingOut: 5)
        return .done
    }

    static func brpoplpush(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let deadline = try context.deadline(arguments[3])
        guard try moveOne(&context, arguments[1], .tail, arguments[2], .head) else {
            return waitForSource(&context, arguments, deadline)
        }
        propagate("RPOPLPUSH", &context, arguments, leavingOut: 3)
        return .done
    }

    static func blmovem(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try MoveRequest(arguments, ends: 3, options: 6, &context)
        let deadline = try context.deadline(arguments[5])
        switch try moveMany(&context, arguments[1], arguments[2], request) {
        case .moved: propagate("LMOVEM", &context, arguments, leavingOut: 5)
        case .nothing where context.mayNotWait: context.reply.array(0)
        case .nothing, .tooFew: return context.wait(for: 1..<2, of: arguments, .list, until: deadline)
        }
        return .done
    }

    /// Where it may not wait, a move of one element answers as its sister does.
    private static func waitForSource(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ deadline: Milliseconds?
    ) -> Outcome {
        guard context.mayNotWait else { return context.wait(for: 1..<2, of: arguments, .list, until: deadline) }
        context.reply.null()
        return .done
    }

    /// Propagates the request under the name of the command that does not wait, without its timeout.
    private static func propagate(
        _ name: StaticString, _ context: inout CommandContext, _ arguments: borrowing Arguments, leavingOut timeout: Int
    ) {
        context.effects.begin(arguments.count - 1)
        context.effects.word(name)
        for index in 1..<arguments.count where index != timeout { context.effects.word(arguments[index]) }
    }
}
