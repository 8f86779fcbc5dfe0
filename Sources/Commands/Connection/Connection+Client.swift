// CLIENT: what a client tells about itself, and what it may switch.

import Engine
import Primitives
import RESP

extension Connection {
    static var client: CommandDeclaration {
        CommandDeclaration(
            container: "client", group: .connection, since: "2.4.0", summary: "Groups the commands about connections.",
            subcommands: clientOwn + clientSwitches + clientOthers + clientPauses + clientTrackings)
    }

    static var flags: CommandFlags { [.noScript, .loading, .stale] }
    static var busyFlags: CommandFlags { flags.union(.allowBusy) }
    static var adminFlags: CommandFlags { [.admin, .noScript, .loading, .stale] }

    private static var clientOwn: [CommandDeclaration] {
        let everywhere: [StaticString] = ["request_policy:all_nodes", "response_policy:all_succeeded"]
        return [
            CommandDeclaration(
                "id", arity: 2, flags, .connection, group: .connection, since: "5.0.0",
                summary: "Tells the number of the connection.", clientID),
            CommandDeclaration(
                "info", arity: 2, flags, .connection, group: .connection, since: "6.2.0",
                summary: "Tells what is known about the connection.", tips: ["nondeterministic_output"], clientInfo),
            CommandDeclaration(
                "getname", arity: 2, flags, .connection, group: .connection, since: "2.6.9",
                summary: "Tells the name of the connection.", clientGetName),
            CommandDeclaration(
                "setname", arity: 3, busyFlags, .connection, group: .connection, since: "2.6.9",
                summary: "Names the connection.", syntax: "connection-name", tips: everywhere, clientSetName),
            CommandDeclaration(
                "setinfo", arity: 4, busyFlags, .connection, group: .connection, since: "7.2.0",
                summary: "Tells which library the client uses.", syntax: "<attr: LIB-NAME libname | LIB-VER libver>",
                tips: everywhere, clientSetInfo),
        ]
    }

    private static var clientSwitches: [CommandDeclaration] {
        [
            CommandDeclaration(
                // Not in a transaction, whose reply is one array: none of its elements can be left out.
                "reply", arity: 3, busyFlags.union(.noMulti), .connection, group: .connection, since: "3.2.0",
                summary: "Switches replies off or on.", syntax: "<action: ON | OFF | SKIP>", clientReply),
            CommandDeclaration(
                "no-evict", arity: 3, adminFlags, .connection, group: .connection, since: "7.0.0",
                summary: "Protects the connection from eviction of clients.", syntax: "<enabled: ON | OFF>", clientNoEvict),
            CommandDeclaration(
                "no-touch", arity: 3, busyFlags, .connection, group: .connection, since: "7.2.0",
                summary: "Switches off that reading a key counts as its use.", syntax: "<enabled: ON | OFF>", clientNoTouch),
            CommandDeclaration(
                "capa", arity: -3, busyFlags, .connection, group: .connection, since: "8.0.0",
                summary: "Tells what the client can do.", syntax: "capability [capability ...]", clientCapabilities),
            .help(of: "client", .connection, group: .connection, since: "5.0.0"),
        ]
    }

    private static var clientOthers: [CommandDeclaration] {
        [
            CommandDeclaration(
                "list", arity: -2, adminFlags, .connection, group: .connection, since: "2.4.0",
                complexity: "O(N) where N is the number of connections", summary: "Lists the connections.",
                syntax: ClientFilter.listSyntax,
                tips: ["nondeterministic_output"], clientList),
            CommandDeclaration(
                "kill", arity: -3, adminFlags, .connection, group: .connection, since: "2.4.0",
                complexity: "O(N) where N is the number of connections", summary: "Closes connections.",
                syntax: ClientFilter.killSyntax,
                clientKill),
            CommandDeclaration(
                "unblock", arity: -3, adminFlags, .connection, group: .connection, since: "5.0.0",
                complexity: "O(log N) where N is the number of connections",
                summary: "Wakes a client that a command has blocked.", syntax: "client-id [unblock-type: TIMEOUT | ERROR]",
                clientUnblock),
        ]
    }

    // MARK: The connection's own facts

    static func clientID(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let number = context.session.identity.number
        context.reply.integer(number)
        return .done
    }

    static func clientGetName(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let name = context.session.identity.name
        name.isEmpty ? context.reply.null() : context.reply.bulk(name)
        return .done
    }

    static func clientSetName(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try checkName(arguments[2], &context)
        context.session.identity.name = arguments[2].array
        context.reply.ok()
        return .done
    }

    static func clientSetInfo(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let isName = arguments[2].matches("lib-name")
        guard isName || arguments[2].matches("lib-ver") else {
            throw context.failure("ERR Unrecognized option '", quoting: arguments[2])
        }
        guard isPlainWord(arguments[3]) else {
            throw context.failure(
                "ERR ", quoting: arguments[2], " cannot contain spaces, newlines or special characters.")
        }
        if isName {
            context.session.identity.libraryName = arguments[3].array
        } else {
            context.session.identity.libraryVersion = arguments[3].array
        }
        context.reply.ok()
        return .done
    }

    // MARK: Switches

    static func clientReply(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        if arguments[2].matches("on") {
            context.setReplyMode(.on)
            context.reply.ok()
        } else if arguments[2].matches("off") {
            context.setReplyMode(.off)
        } else if arguments[2].matches("skip") {
            context.setReplyMode(.skipNext)
        } else {
            throw .syntax
        }
        return .done
    }

    private static func isOn(_ word: RawSpan) throws(CommandError) -> Bool {
        if word.matches("on") { return true }
        guard word.matches("off") else { throw .syntax }
        return false
    }

    static func clientNoEvict(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try setFlag(.noEvict, isOn(arguments[2]), &context)
    }

    static func clientNoTouch(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try setFlag(.noTouch, isOn(arguments[2]), &context)
    }

    private static func setFlag(_ flag: SessionFlags, _ isOn: Bool, _ context: inout CommandContext) -> Outcome {
        if isOn { context.session.flags.insert(flag) } else { context.session.flags.remove(flag) }
        context.reply.ok()
        return .done
    }

    static func clientCapabilities(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        // Words that are not known may be those of a later version, and are no error.
        for i in 2..<arguments.count where arguments[i].matches("redirect") {
            context.session.flags.insert(.redirectable)
        }
        context.reply.ok()
        return .done
    }
}
