// Keys that wait for the answer of another server. Whoever else would change one
// of them is held back, as by CLIENT PAUSE, until the answer is there; reading
// goes on.

import Keyspace
import Primitives
import RESP

/// Keys that exchanges hold, and how many hold each.
struct HeldKeys {
    private var databases: [[UInt8]: [DatabaseIndex]] = [:]
    /// Clients whose commands wait for a key, in order; some may be gone.
    var waiting: [SessionID] = []

    var isEmpty: Bool { databases.isEmpty }

    mutating func hold(_ keys: [[UInt8]], in database: DatabaseIndex) {
        for key in keys { databases[key, default: []].append(database) }
    }

    mutating func release(_ keys: [[UInt8]], in database: DatabaseIndex) {
        for key in keys {
            guard let place = databases[key]?.firstIndex(of: database) else { continue }
            databases[key]?.remove(at: place)
            if databases[key]?.isEmpty == true { databases[key] = nil }
        }
    }

    /// Whether a key is held; `database` nil: in any database.
    func holds(_ key: RawSpan, in database: DatabaseIndex?) -> Bool {
        guard let found = databases[key.array] else { return false }
        return database.map { found.contains($0) } ?? true
    }
}

extension Engine {
    /// Whether a command of the served session has to wait until an exchange releases a key.
    mutating func isHeldBack(_ command: CommandID, _ arguments: borrowing Arguments) -> Bool {
        guard !links.held.isEmpty else { return false }
        let flags = context.commands.commands[command].flags
        if flags.contains(.runsQueue) { return wouldChangeHeldKeys(context.session.transaction) }
        if context.session.hasTransaction, !flags.contains(.immediate) { return false }
        return wouldChangeHeldKeys(command, arguments, in: context.session.database)
    }

    /// A queue may select databases on its way, so that names alone count.
    private func wouldChangeHeldKeys(_ queue: borrowing Box<Transaction>?) -> Bool {
        switch queue {
        case .none: return false
        case .some(let transaction):
            for index in 0..<transaction.value.queue.count {
                if wouldChangeHeldKeys(transaction.value.queue[index], in: nil) { return true }
            }
            return false
        }
    }

    /// Whether a command may change a held key. Those that change keys without naming them (FLUSHALL) may.
    func wouldChangeHeldKeys(_ id: CommandID, _ arguments: borrowing Arguments, in database: DatabaseIndex?) -> Bool {
        let command = context.commands.commands[id]
        guard command.flags.contains(.write) else { return false }
        guard !command.declaration.keys.isEmpty else { return true }
        // Words that contradict the declaration are an error, which may be told at once.
        guard let keys = command.keys(of: arguments) else { return false }
        let place = command.flags.contains(.crossesDatabases) ? nil : database
        for key in keys where !key.flags.contains(.readOnly) {
            if links.held.holds(arguments[key.index], in: place) { return true }
        }
        return false
    }

    /// Whether the command of a blocked client may change a held key.
    mutating func isHeldBack(_ id: SessionID) -> Bool {
        guard !links.held.isEmpty, let box = context.clients.slab.take(id) else { return false }
        let isHeld = switch box.value.blocked {
        case .none: false
        case .some(let held): wouldChangeHeldKeys(held.value.arguments, in: held.value.database)
        }
        context.clients.slab.put(box, back: id)
        return isHeld
    }

    private func wouldChangeHeldKeys(_ request: borrowing OwnedArguments, in database: DatabaseIndex?) -> Bool {
        let arguments = request.arguments
        guard let id = context.commands.resolve(arguments) else { return false }
        return wouldChangeHeldKeys(id, arguments, in: database)
    }

    /// Gives keys free, and has those go on who were held back.
    mutating func release(_ keys: [[UInt8]], in database: DatabaseIndex) {
        guard !keys.isEmpty else { return }
        links.held.release(keys, in: database)
        if links.held.isEmpty { context.clients.control.attention.remove(.held) }
        yielded += links.held.waiting
        links.held.waiting = []
        if !blocked.isEmpty { blocked.touchAll(of: database) }
    }
}
