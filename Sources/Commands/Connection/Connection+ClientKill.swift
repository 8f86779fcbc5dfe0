// CLIENT KILL and UNBLOCK: what one client may do to others.

import Engine
import Primitives
import RESP

extension Connection {
    static func clientKill(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count > 3 else {
            let filter = ClientFilter(address: arguments[2].array)
            guard kill(filter, &context) > 0 else { throw context.failure("ERR No such client") }
            context.reply.ok()
            return .done
        }
        var filter = ClientFilter(sparesServed: true)
        try filter.read(arguments, invalidNumber: "ERR client-id should be greater than 0", &context)
        let killed = kill(filter, &context)
        context.reply.integer(killed)
        return .done
    }

    private static func kill(_ filter: ClientFilter, _ context: inout CommandContext) -> Int {
        let served = context.session.id
        let now = context.now
        var found: [SessionID] = []
        context.forEachSession(in: filter.numbers) { session in
            if filter.matches(session, served: served, now: now), !found.contains(session.id) { found.append(session.id) }
        }
        for id in found { context.endConnection(id) }
        return found.count
    }

    static func clientUnblock(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var how = Unblocking.timeout
        // Words beyond the reason are not looked at, nor is the reason then; so do the peers.
        if arguments.count == 4 {
            if arguments[3].matches("error") {
                how = .error
            } else if !arguments[3].matches("timeout") {
                throw context.failure("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        }
        let number = try context.integer(arguments[2]).value
        let id = context.clients.find(number: number)
        let isWoken = id.map { context.unblock($0, how) } ?? false
        context.reply.flag(isWoken)
        return .done
    }
}
