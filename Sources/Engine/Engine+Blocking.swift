import BasicContainers
import Keyspace
import Primitives
import RESP

/// Who waits for which keys, first come first served, and since the last unit
/// which of these keys were touched.
struct BlockedClients: ~Copyable {
    private struct Key: Hashable {
        let database: Int
        let bytes: [UInt8]
    }

    private var waiters: [Key: [SessionID]] = [:]
    private var ready: [Key] = []
    /// Deadlines in ascending order; entries of served clients are skipped when they come up.
    private var deadlines: [(moment: Milliseconds, session: SessionID)] = []

    var isEmpty: Bool { waiters.isEmpty }
    var hasReady: Bool { !ready.isEmpty }
    /// Keys for which somebody waits.
    var keyCount: Int { waiters.count }
    var nextDeadline: Milliseconds? { deadlines.first?.moment }

    mutating func add(_ id: SessionID, _ keys: [[UInt8]], _ database: DatabaseIndex, _ deadline: Milliseconds?) {
        for key in keys { waiters[Key(database: database.value, bytes: key), default: []].append(id) }
        guard let deadline else { return }
        let index = deadlines.firstIndex { $0.moment > deadline } ?? deadlines.count
        deadlines.insert((deadline, id), at: index)
    }

    mutating func remove(_ id: SessionID, _ keys: [[UInt8]], _ database: DatabaseIndex) {
        for bytes in keys {
            let key = Key(database: database.value, bytes: bytes)
            waiters[key]?.removeAll { $0 == id }
            if waiters[key]?.isEmpty == true { waiters[key] = nil }
        }
        deadlines.removeAll { $0.session == id }
    }

    /// Drops a session that vanishes.
    mutating func forget(_ id: SessionID, _ context: inout CommandContext) {
        guard var box = context.clients.slab.take(id) else { return }
        if let blocked = box.value.blocked.take() {
            let command = blocked.unwrap()
            remove(id, command.keys, command.database)
            context.statistics.blockedClients -= 1
            context.statistics.blockingKeys = Int64(keyCount)
            if isEmpty { context.notices.interest.remove(.blockedClients) }
        }
        context.clients.slab.put(box, back: id)
    }

    /// Notes the touched keys for which somebody waits.
    mutating func collectReady(_ notices: [Notice]) {
        for notice in notices {
            let key = Key(database: notice.database.value, bytes: notice.key)
            if waiters[key] != nil, !ready.contains(key) { ready.append(key) }
        }
    }

    /// The waiters of the next ready key, in order.
    mutating func takeReady() -> [SessionID]? {
        guard !ready.isEmpty else { return nil }
        return waiters[ready.removeFirst()] ?? []
    }

    /// A session whose time is over at `now`.
    mutating func takeExpired(_ now: Milliseconds) -> SessionID? {
        guard let first = deadlines.first, first.moment <= now else { return nil }
        return deadlines.removeFirst().session
    }
}

extension Engine {
    /// The served session waits with its command.
    mutating func block(_ arguments: borrowing Arguments) {
        guard let request = context.blocking.waiting else { return }
        context.blocking.waiting = nil
        context.session.flags.insert(.blocked)
        context.statistics.blockedClients += 1
        context.session.blocked = Box(
            BlockedCommand(
                arguments: OwnedArguments(copying: arguments), database: context.session.database, keys: request.keys,
                deadline: request.deadline, timeoutReply: request.reply))
        blocked.add(context.session.id, request.keys, context.session.database, request.deadline)
        context.notices.interest.insert(.blockedClients)
        context.statistics.blockingKeys = Int64(blocked.keyCount)
    }

    /// Runs the commands of clients whose keys were touched, each a unit of its
    /// own. This happens between two units of a session's input as well: what is
    /// that session's (replies, large words, protocol) is set aside meanwhile.
    mutating func serveBlockedClients() {
        guard blocked.hasReady else { return }
        let version = context.reply.version
        var largeWords = UniqueArray<PendingRequest.LargeWord>()
        swap(&largeWords, &context.largeWords)
        if context.reply.bytes.count > 0 {
            context.reply.bytes.cut(into: &context.served.value.output)
            outputAllowance = outputAllowanceOfServed()
        }
        while let waiters = blocked.takeReady() {
            for id in waiters { retry(id) }
        }
        swap(&largeWords, &context.largeWords)
        context.reply.version = version
    }

    private mutating func retry(_ id: SessionID) {
        guard var box = context.clients.slab.take(id) else { return }
        guard !box.value.flags.contains(.killed) else { return context.clients.slab.put(box, back: id) }
        swap(&context.served, &box)
        context.reply.version = context.session.version
        if let held = context.session.blocked.take() {
            if runBlocked(held.value) {
                unblock(held.value)
                finishReply(behind: 0)
            } else {
                // Still nothing for it: it keeps its place in the queue.
                context.blocking.waiting = nil
                context.session.blocked = consume held
            }
            endUnit()
        }
        if !context.session.flags.contains(.blocked) { goOnLater() }
        _ = finishServing(box)
    }

    /// Runs a blocked command again; false when it has to wait on.
    private mutating func runBlocked(_ command: borrowing BlockedCommand) -> Bool {
        let arguments = command.arguments.arguments
        guard let name = context.commands.resolve(arguments) else { return true }
        requestBytes = 0
        if case .block = call(name, arguments, behind: context.reply.bytes.count) { return false }
        return true
    }

    private mutating func unblock(_ command: borrowing BlockedCommand) {
        context.session.flags.remove(.blocked)
        context.statistics.blockedClients -= 1
        blocked.remove(context.session.id, command.keys, command.database)
        context.statistics.blockingKeys = Int64(blocked.keyCount)
        if blocked.isEmpty { context.notices.interest.remove(.blockedClients) }
    }

    /// Answers blocked clients whose time is over.
    mutating func timeOutBlockedClients() {
        while let id = blocked.takeExpired(context.now) { giveUp(id, .timeout) }
    }

    /// Wakes the blocked clients that commands named.
    mutating func unblockAsRequested() {
        while !context.blocking.unblocking.isEmpty {
            let next = context.blocking.unblocking.removeFirst()
            giveUp(next.session, next.how)
        }
    }

    /// Answers a blocked client that gets nothing.
    private mutating func giveUp(_ id: SessionID, _ how: Unblocking) {
        guard var box = context.clients.slab.take(id) else { return }
        guard !box.value.flags.contains(.killed) else { return context.clients.slab.put(box, back: id) }
        swap(&context.served, &box)
        context.reply.version = context.session.version
        if let held = context.session.blocked.take() {
            let command = held.unwrap()
            let id = context.commands.resolve(command.arguments.arguments)
            requestBytes = 0
            switch how {
            case .timeout: command.timeoutReply == .null ? context.reply.null() : context.reply.nullArray()
            case .error:
                countError([UInt8]("UNBLOCKED"))
                if let id { context.statistics.commands[id].failed &+= 1 }
                context.reply.error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
            }
            if let id { account(id, command.arguments.arguments, 0, replyBytes: 0) }
            unblock(command)
            finishReply(behind: 0)
            goOnLater()
        }
        _ = finishServing(box)
    }

    /// What the served session sent while it was blocked is run in the next turn.
    private mutating func goOnLater() {
        if context.session.pendingInputBytes > 0 { yielded.append(context.session.id) }
    }
}
