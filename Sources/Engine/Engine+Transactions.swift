import BasicContainers
import Primitives
import RESP

extension Engine {
    mutating func enqueue(_ arguments: borrowing Arguments) {
        let owned = OwnedArguments(copying: arguments)
        if var transaction = context.session.transaction.take() {
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
        context.reply.array(transaction.count)
        for i in 0..<transaction.count {
            let arguments = transaction.queue[i].arguments
            guard let id = context.commands.resolve(arguments) else { continue }
            if case .block = call(id, arguments, behind: context.reply.bytes.count) {
                // Inside a transaction nothing waits: the command gives up at once.
                let reply = context.blocking.waiting?.reply ?? .null
                context.blocking.waiting = nil
                reply == .null ? context.reply.null() : context.reply.nullArray()
            }
        }
    }
}
