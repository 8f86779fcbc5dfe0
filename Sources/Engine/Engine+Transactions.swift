import BasicContainers
import Primitives
import RESP

extension Engine {
    mutating func enqueue(_ arguments: borrowing Arguments, _ command: CommandID) {
        let owned = OwnedArguments(copying: arguments)
        if var transaction = context.session.transaction.take() {
            transaction.value.flags.formUnion(context.commands.commands[command].flags)
            transaction.value.bytes += owned.memoryUsage
            transaction.value.queue.append(owned)
            context.session.transaction = consume transaction
        }
        context.reply.simple("QUEUED")
    }

    mutating func abortTransaction() {
        if var transaction = context.session.transaction.take() {
            transaction.value.isAborted = true
            context.session.transaction = consume transaction
        }
    }

    /// Runs the queue as part of the unit under way.
    mutating func executeTransaction() {
        guard let box = context.session.transaction.take() else { return }
        let transaction = box.unwrap()
        if transaction.isAborted {
            countError([UInt8]("EXECABORT"))
            if let exec = context.session.lastCommand { context.statistics.commands[exec].failed &+= 1 }
            context.reply.error("EXECABORT Transaction discarded because of previous errors.")
            return
        }
        // Queued when there was room; now the whole of it is refused, or nothing.
        if transaction.flags.contains(.denyOOM), context.configuration.maximumMemory > 0, eviction.isExhausted {
            let text = [UInt8]("EXECABORT Transaction discarded because of: ") + RawSpan(literal: CommandError.outOfMemory.text).array
            context.reply.error(text.rawSpan)
            return
        }
        context.reply.array(transaction.count)
        context.session.flags.insert(.executing)
        for i in 0..<transaction.count {
            let arguments = transaction.queue[i].arguments
            guard let id = context.commands.resolve(arguments) else { continue }
            switch call(id, arguments, behind: context.reply.bytes.count) {
            case .block:
                // Inside a transaction nothing waits: the command gives up at once.
                let reply = context.blocking.waiting?.reply ?? .null
                context.blocking.waiting = nil
                reply == .nullArray ? context.reply.nullArray() : context.reply.null()
            case .exchange: exchangeNow(id, arguments)
            case .done, .close, .executeTransaction: break
            }
            if !context.clients.control.attention.isEmpty { showExecuted(id, arguments) }
        }
        context.session.flags.remove(.executing)
    }
}
