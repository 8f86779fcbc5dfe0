// CLIENT PAUSE: commands that have to wait are kept, unexecuted, with what the
// client sends behind them, and cost nothing until the pause ends.

import Keyspace
import Primitives
import RESP

extension Engine {
    /// Whether a command of the served session has to wait for the end of the pause.
    mutating func isPaused(_ command: CommandID) -> Bool {
        guard let pause = context.clients.control.pause else { return false }
        guard pause.end > context.now else {
            context.unpauseClients()
            return false
        }
        guard pause.scope == .write else { return true }
        var flags = context.commands.commands[command].flags
        if flags.contains(.runsQueue) { flags.formUnion(context.session.queuedFlags) }
        return !flags.isDisjoint(with: [.write, .mayReplicate])
    }

    /// Keeps the command of the served session until the pause ends, or until a held key is released.
    mutating func postpone(_ arguments: borrowing Arguments, isPaused: Bool) {
        context.session.flags.formUnion([.blocked, .postponed])
        context.session.postponed = Box(OwnedArguments(copying: arguments))
        context.statistics.blocking.clients += 1
        let id = context.session.id
        if isPaused { context.clients.control.postponed.append(id) } else { links.held.waiting.append(id) }
    }

    /// Ends a pause whose time is over.
    mutating func endPauseIfDue() {
        guard let pause = context.clients.control.pause, pause.end <= context.now else { return }
        context.unpauseClients()
    }

    /// Has the clients go on, in the order in which they were held back, when the pause is over.
    mutating func releasePostponed() {
        guard !context.clients.control.postponed.isEmpty, context.clients.control.pause == nil else { return }
        yielded += context.clients.control.postponed
        context.clients.control.postponed = []
    }

    /// Runs the command that the served session was held back with.
    mutating func runPostponed() {
        guard let held = context.session.postponed.take() else { return }
        context.session.flags.subtract([.blocked, .postponed])
        context.statistics.blocking.clients -= 1
        run(held.unwrap())
    }
}
