// CLIENT LIST and INFO: one line per connection.

import Engine
import Primitives
import RESP

extension Connection {
    static func clientInfo(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let line = ClientLines(context, arguments).line(of: context.session) + [10]
        context.reply.verbatim(line.rawSpan, format: "txt")
        return .done
    }

    static func clientList(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var filter = ClientFilter(sparesServed: false)
        try filter.read(arguments, invalidNumber: "ERR Invalid client ID", &context)
        let lines = ClientLines(context, arguments)
        let served = context.session.id
        let now = context.now
        var text: [UInt8] = []
        context.forEachSession(in: filter.numbers) { session in
            if filter.matches(session, served: served, now: now) { text += lines.line(of: session) + [10] }
        }
        context.reply.verbatim(text.rawSpan, format: "txt")
        return .done
    }
}

extension CommandContext {
    /// Visits the sessions with these client numbers in their order, or all of them.
    mutating func forEachSession(in numbers: [Int64]?, _ body: (borrowing Session) -> Void) {
        guard let numbers else { return forEachSession(body) }
        for number in numbers { _ = withSession(number: number, body) }
    }
}
