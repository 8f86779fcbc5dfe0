import BasicContainers
import Keyspace
import Primitives
import RESP

extension Engine {
    /// The served session waits with its command.
    mutating func block(_ arguments: borrowing Arguments) {
        guard let request = context.blocking.waiting else { return }
        context.blocking.waiting = nil
        context.session.flags.insert(.blocked)
        context.statistics.blocking.clients += 1
        let database = request.database ?? context.session.database
        context.session.blocked = Box(
            BlockedCommand(
                arguments: OwnedArguments(copying: arguments), database: database, keys: request.keys,
                deadline: request.deadline, timeoutReply: request.reply))
        blocked.add(context.session.id, request, database)
        context.notices.interest.insert(.blockedClients)
        for key in request.keys { context.notices.awaited.insert(context.keyspace.hash(key.rawSpan)) }
        context.statistics.blocking.keys = Int64(blocked.keyCount)
    }

    /// Runs the commands of clients whose keys were touched, each a unit of its
    /// own. This happens between two units of a session's input as well: what is
    /// that session's (replies, large words, protocol) is set aside meanwhile.
    mutating func serveBlockedClients() {
        while let database = context.blocking.changedDatabases.popLast() { blocked.touchAll(of: database) }
        guard blocked.hasReady else { return }
        let version = context.reply.version
        var largeWords = UniqueArray<PendingRequest.LargeWord>()
        swap(&largeWords, &context.largeWords)
        if context.reply.bytes.count > 0 {
            context.reply.bytes.cut(into: &context.served.value.output)
            outputAllowance = outputAllowanceOfServed()
        }
        while let key = blocked.takeReady() { serve(key) }
        swap(&largeWords, &context.largeWords)
        context.reply.version = version
    }

    /// Runs the commands of those who wait for a key, as long as it holds what they want.
    private mutating func serve(_ key: BlockedClients.Key) {
        let limit = blocked.lastTicket
        var ticket: UInt64 = 0
        while let waiter = blocked.waiter(for: key, behind: ticket, upTo: limit) {
            ticket = waiter.ticket
            if let type = waiter.type {
                guard let found = typeOfValue(at: key) else {
                    if blocked.wantsAnyChange(of: key) { continue }
                    return
                }
                guard found == type else { continue }
            }
            if !isHeldBack(waiter.session) { retry(waiter.session) }
        }
    }

    /// What a key holds; an expired one is removed, as a unit of its own.
    private mutating func typeOfValue(at key: BlockedClients.Key) -> ValueType? {
        let type = context.lookup(key.bytes.rawSpan, in: key.database).entry?.type
        if type == nil { endUnit() }
        return type
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
        // There may have been room when it began to wait.
        if isOutOfMemory(for: name) { return true }
        if case .block = call(name, arguments, behind: context.reply.bytes.count) { return false }
        return true
    }

    private mutating func unblock(_ command: borrowing BlockedCommand) {
        context.session.flags.remove(.blocked)
        release(context.session.id, command)
    }

    private mutating func release(_ id: SessionID, _ command: borrowing BlockedCommand) {
        blocked.remove(id, command)
        for key in command.keys { context.notices.awaited.remove(context.keyspace.hash(key.rawSpan)) }
        context.statistics.blocking.clients -= 1
        context.statistics.blocking.keys = Int64(blocked.keyCount)
        if blocked.isEmpty { context.notices.interest.remove(.blockedClients) }
    }

    /// Drops the waiting command of a session that vanishes.
    mutating func forgetBlocked(_ id: SessionID) {
        guard var box = context.clients.slab.take(id) else { return }
        if let held = box.value.blocked.take() { release(id, held.value) }
        context.clients.slab.put(box, back: id)
    }

    // MARK: Deadlines

    /// When `serveDeadlines` has work although nothing arrives, monotonic nanoseconds.
    public var nextDeadline: Int64? {
        var next = blocked.nextDeadline
        if let moment = links.nextDeadline { next = min(moment, next ?? moment) }
        guard let deadline = next else { return nil }
        let (wall, overflow) = deadline.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : max(1, wall &- wallOrigin)
    }

    /// Answers the blocked clients, and ends the links, whose time is over. To be called once a turn.
    public mutating func serveDeadlines() {
        guard let deadline = nextDeadline, deadline <= context.time.monotonicNanoseconds else { return }
        refreshTime()
        timeOutBlockedClients()
        timeOutLinks()
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
            case .timeout: answerTimeout(command)
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

    private mutating func answerTimeout(_ command: borrowing BlockedCommand) {
        switch command.timeoutReply {
        case .null: context.reply.null()
        case .nullArray: context.reply.nullArray()
        case .lastRun:
            context.blocking.isLastRun = true
            _ = runBlocked(command)
            context.blocking.isLastRun = false
        }
    }

    /// Brings what the turn has changed into the append-only file, and serves those who wait for the
    /// disk. To be called at the end of every turn, ahead of the replies.
    public mutating func writeAppendOnlyFile() {
        context.writeAppendOnlyFile()
        guard context.blocking.hasSynced else { return }
        context.blocking.hasSynced = false
        blocked.touchAll(of: BlockingRequests.disk)
        serveBlockedClients()
    }

    /// What the served session sent while it was blocked is run in the next turn.
    mutating func goOnLater() {
        if context.session.pendingInputBytes > 0 { yielded.append(context.session.id) }
    }
}
