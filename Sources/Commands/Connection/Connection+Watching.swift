// CLIENT PAUSE and MONITOR: what one client does to all of them.

import Engine
import Keyspace
import Primitives
import RESP

extension Connection {
    static var monitor: CommandDeclaration {
        CommandDeclaration(
            "monitor", arity: 1, adminFlags, group: .server, since: "1.0.0",
            summary: "Feeds the connection every command that the server executes.", monitor)
    }

    static var clientPauses: [CommandDeclaration] {
        [
            CommandDeclaration(
                "pause", arity: -3, adminFlags, .connection, group: .connection, since: "3.0.0",
                summary: "Has clients wait for a time.", syntax: "timeout [mode@6.2.0: WRITE | ALL]",
                history: ["6.2.0": "WRITE and ALL."], clientPause),
            CommandDeclaration(
                "unpause", arity: 2, adminFlags, .connection, group: .connection, since: "6.2.0",
                complexity: "O(N) where N is the number of clients that wait",
                summary: "Ends the pause of the clients.", clientUnpause),
        ]
    }

    static func clientPause(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var scope = PauseScope.all
        // With more words the mode is not looked at; so do the peers.
        if arguments.count == 4 {
            guard arguments[3].matches("write") || arguments[3].matches("all") else {
                throw context.failure("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
            if arguments[3].matches("write") { scope = .write }
        }
        guard let timeout = arguments[2].canonicalInteger else {
            throw context.failure("ERR timeout is not an integer or out of range")
        }
        guard timeout >= 0 else { throw context.failure("ERR timeout is negative") }
        let (end, isTooLarge) = context.now.addingReportingOverflow(timeout)
        guard !isTooLarge else { throw context.failure("ERR timeout is out of range") }
        context.pauseClients(until: end, scope)
        context.reply.ok()
        return .done
    }

    static func clientUnpause(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.unpauseClients()
        context.reply.ok()
        return .done
    }

    static func monitor(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard !context.session.flags.contains(.executing) else {
            throw context.failure("ERR MONITOR isn't allowed for DENY BLOCKING client")
        }
        // One that is fed already gets no second reply.
        if context.startMonitoring() { context.reply.ok() }
        return .done
    }
}
