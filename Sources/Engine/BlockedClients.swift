// Who waits for which keys. Adding and removing a waiter costs the same however
// many there are: one that has gone stays in its queues and in the heap of
// deadlines as a stale ticket, dropped when it comes up or when half are stale.

import Keyspace
import Primitives

/// The clients that wait for keys, first come first served, and the keys that
/// were touched since they were last served.
struct BlockedClients: ~Copyable {
    struct Key: Hashable {
        let database: DatabaseIndex
        let bytes: [UInt8]
    }

    struct Waiter {
        let session: SessionID
        /// Later ones have higher numbers.
        let ticket: UInt64
        /// The type of value that is of use; nil: any change is.
        let type: ValueType?
    }

    private var queues: [Key: WaitQueue] = [:]
    private var ready: [Key] = []
    /// Keys of `ready` that were taken.
    private var taken = 0
    private var deadlines = DeadlineHeap()
    /// By the slots of sessions: the ticket of one that waits, else 0.
    private var tickets: [UInt64] = []
    /// The ticket of the client that came last.
    private(set) var lastTicket: UInt64 = 0

    var isEmpty: Bool { queues.isEmpty }
    var hasReady: Bool { taken < ready.count }
    /// Keys for which somebody waits.
    var keyCount: Int { queues.count }
    var nextDeadline: Milliseconds? { deadlines.first }

    // MARK: Waiters

    mutating func add(_ id: SessionID, _ request: borrowing WaitRequest, _ database: DatabaseIndex) {
        lastTicket += 1
        let slot = Int(id.slot)
        if slot >= tickets.count { tickets += repeatElement(0, count: slot + 1 - tickets.count) }
        tickets[slot] = lastTicket
        let waiter = Waiter(session: id, ticket: lastTicket, type: request.type)
        for bytes in request.keys {
            queues[Key(database: database, bytes: bytes), default: WaitQueue()].append(waiter)
        }
        if let deadline = request.deadline { deadlines.insert(deadline, waiter) }
    }

    mutating func remove(_ id: SessionID, _ command: borrowing BlockedCommand) {
        tickets[Int(id.slot)] = 0
        for bytes in command.keys {
            let key = Key(database: command.database, bytes: bytes)
            guard let index = queues.index(forKey: key) else { continue }
            queues.values[index].dropOne(tickets)
            if queues.values[index].isEmpty { queues.remove(at: index) }
        }
        if command.deadline != nil { deadlines.dropOne(tickets) }
    }

    /// The first waiter for a key whose ticket is above `ticket` and at most `limit`.
    func waiter(for key: Key, behind ticket: UInt64, upTo limit: UInt64) -> Waiter? {
        guard let waiter = queues[key]?.first(behind: ticket, tickets), waiter.ticket <= limit else { return nil }
        return waiter
    }

    /// Whether a key that is gone may still be of use to somebody.
    func wantsAnyChange(of key: Key) -> Bool { queues[key]?.holdsUntyped ?? false }

    /// A session whose time is over at `now`.
    mutating func takeExpired(_ now: Milliseconds) -> SessionID? { deadlines.takeExpired(now) }

    // MARK: Ready keys

    /// Notes the touched keys for which somebody waits.
    mutating func collectReady(_ notices: [Notice]) {
        for notice in notices { touch(Key(database: notice.database, bytes: notice.key)) }
    }

    /// All keys of a database may hold something else now.
    mutating func touchAll(of database: DatabaseIndex) {
        for key in queues.keys.filter({ $0.database.value == database.value }) { touch(key) }
    }

    private mutating func touch(_ key: Key) {
        guard let index = queues.index(forKey: key), !queues.values[index].isReady else { return }
        queues.values[index].isReady = true
        ready.append(key)
    }

    /// The next touched key.
    mutating func takeReady() -> Key? {
        guard hasReady else { return nil }
        let key = ready[taken]
        taken += 1
        if taken == ready.count {
            ready.removeAll(keepingCapacity: taken <= 1024)
            taken = 0
        }
        if let index = queues.index(forKey: key) { queues.values[index].isReady = false }
        return key
    }
}

/// The waiters for one key in the order in which they came.
struct WaitQueue {
    /// Ascending by ticket; stale ones among them.
    private var waiters: [BlockedClients.Waiter] = []
    /// Where the queue begins: never with a stale ticket.
    private var head = 0
    /// Waiters that have not gone.
    private var count = 0
    /// Whether the key is among those to be served.
    var isReady = false
    /// Whether a waiter came whom any change concerns.
    private(set) var holdsUntyped = false

    var isEmpty: Bool { count == 0 }

    mutating func append(_ waiter: BlockedClients.Waiter) {
        waiters.append(waiter)
        count += 1
        if waiter.type == nil { holdsUntyped = true }
    }

    /// One of the waiters has given back its ticket.
    mutating func dropOne(_ tickets: [UInt64]) {
        count -= 1
        while head < waiters.count, waiters[head].isStale(tickets) { head += 1 }
        if waiters.count > 2 * count + 16 {
            waiters.removeAll { $0.isStale(tickets) }
            head = 0
        }
    }

    func first(behind ticket: UInt64, _ tickets: [UInt64]) -> BlockedClients.Waiter? {
        var index = head
        var end = waiters.count
        while index < end {
            let middle = index + (end - index) / 2
            if waiters[middle].ticket <= ticket { index = middle + 1 } else { end = middle }
        }
        while index < waiters.count, waiters[index].isStale(tickets) { index += 1 }
        return index < waiters.count ? waiters[index] : nil
    }
}

/// Deadlines of waiters, the earliest first.
struct DeadlineHeap {
    private var entries: [(moment: Milliseconds, waiter: BlockedClients.Waiter)] = []
    /// Waiters with a deadline that have not gone.
    private var count = 0

    /// The earliest deadline.
    var first: Milliseconds? { entries.first?.moment }

    mutating func insert(_ moment: Milliseconds, _ waiter: BlockedClients.Waiter) {
        count += 1
        var place = entries.count
        entries.append((moment, waiter))
        while place > 0, entries[(place - 1) / 2].moment > moment {
            entries[place] = entries[(place - 1) / 2]
            place = (place - 1) / 2
        }
        entries[place] = (moment, waiter)
    }

    /// One of the waiters has given back its ticket.
    mutating func dropOne(_ tickets: [UInt64]) {
        count -= 1
        while let first = entries.first, first.waiter.isStale(tickets) { removeFirst() }
        if entries.count > 2 * count + 16 {
            entries.removeAll { $0.waiter.isStale(tickets) }
            entries.sort { $0.moment < $1.moment }
        }
    }

    /// The session of the earliest deadline if that is over.
    mutating func takeExpired(_ now: Milliseconds) -> SessionID? {
        guard let first = entries.first, first.moment <= now else { return nil }
        removeFirst()
        return first.waiter.session
    }

    private mutating func removeFirst() {
        let moved = entries.removeLast()
        guard !entries.isEmpty else { return }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].moment < entries[child].moment { child += 1 }
            guard entries[child].moment < moved.moment else { break }
            entries[hole] = entries[child]
            hole = child
        }
        entries[hole] = moved
    }
}

extension BlockedClients.Waiter {
    /// Whether the session has been served, has given up or is gone.
    fileprivate func isStale(_ tickets: [UInt64]) -> Bool { tickets[Int(session.slot)] != ticket }
}
