// Exchanges with other servers: the command that asked for one waits, everybody
// else goes on. When the answer is there (or will not come), the command runs
// again through the same handler, as a unit of its own. It does so even when its
// client has gone meanwhile: what the other server has taken must not stay here too.

import Primitives
import RESP

extension Engine {
    /// The served session waits for what another server answers to its command. `reusing`: a link at rest will do.
    mutating func beginExchange(_ arguments: borrowing Arguments, reusing: Bool = true) {
        let session = context.session.id
        let owned = OwnedArguments(copying: arguments)
        context.session.flags.formUnion([.blocked, .exchanging])
        context.statistics.blocking.clients += 1
        start(owned, for: session, reusing: reusing)
    }

    private mutating func start(_ arguments: consuming OwnedArguments, for session: SessionID, reusing: Bool) {
        guard let box = context.blocking.exchange.take() else { return }
        let exchange = box.unwrap()
        let database = context.session.database
        if !exchange.heldKeys.isEmpty {
            links.held.hold(exchange.heldKeys, in: database)
            context.clients.control.attention.insert(.held)
        }
        let id = links.link(to: exchange.peer, exchange.credentials, reusing: reusing)
        context.statistics.blocking.restingLinks = links.resting.count
        guard var link = links.slab.take(id) else { return }
        link.value.waiting = Box(
            ExchangingCommand(
                session: session, arguments: arguments, database: database, heldKeys: exchange.heldKeys))
        link.value.begin(exchange)
        if link.value.isOpen { links.work.append(.send(id)) }
        links.slab.put(link, back: id)
        renewDeadline(of: id)
    }

    /// Something has happened on a link: it is given as much time again.
    private mutating func renewDeadline(of id: LinkID) {
        let now = context.now
        let moment = links.slab.with(id) { link in
            guard !link.isResting else { return link.deadline }
            link.deadline = now + link.patience
            return link.deadline
        }
        if let moment { links.expect(moment) }
    }

    // MARK: What the host tells

    /// What the host is to do for links.
    public mutating func takeLinkWork() -> [LinkWork] {
        guard !links.work.isEmpty else { return [] }
        defer { links.work = [] }
        return links.work
    }

    /// Moves what a link has to send to the host.
    public mutating func takeOutput(of id: LinkID, into chain: inout ByteChain) {
        guard var link = links.slab.take(id) else { return }
        link.value.takeOutput(into: &chain)
        links.slab.put(link, back: id)
    }

    /// A link's connection is made.
    public mutating func linkOpened(_ id: LinkID) {
        refreshTime()
        guard var link = links.slab.take(id) else { return }
        link.value.open()
        links.slab.put(link, back: id)
        links.work.append(.send(id))
        renewDeadline(of: id)
    }

    /// The network has sent `count` bytes of a link.
    public mutating func linkSent(_ count: Int, on id: LinkID) {
        guard count > 0 else { return }
        refreshTime()
        _ = links.slab.with(id) { $0.sent(count) }
        renewDeadline(of: id)
    }

    /// A link's connection is gone, or was never made.
    public mutating func linkEnded(_ id: LinkID, _ end: LinkEnd) {
        refreshTime()
        giveUp(id, end)
    }

    /// Bytes have arrived on a link.
    public mutating func linkReceived(_ bytes: RawSpan, on id: LinkID) {
        refreshTime()
        guard var link = links.slab.take(id) else { return }
        let progress = link.value.receive(bytes)
        let isAtRest = link.value.isResting
        let hasMore = !link.value.input.isEmpty
        links.slab.put(link, back: id)
        if isAtRest {
            // Nobody has asked for anything.
            links.close(id)
            context.statistics.blocking.restingLinks = links.resting.count
            return
        }
        switch progress {
        case .none: break
        case .line: renewDeadline(of: id)
        case .end: finish(id, keeping: !hasMore)
        }
    }

    // MARK: Ends

    /// Gives up the exchanges, and ends the rest of links, whose time is over.
    mutating func timeOutLinks() {
        for id in links.overdue(context.now) { giveUp(id, .late) }
    }

    /// Ends a link, and what it was there for. One that was broken when it was used again
    /// had perhaps been closed while it rested: then a new one is tried.
    private mutating func giveUp(_ id: LinkID, _ end: LinkEnd) {
        guard var link = links.slab.take(id) else { return }
        let isReused = link.value.isReused
        let isUnanswered = link.value.running?.isUnanswered ?? false
        let answer = link.value.takeAnswer(end)
        let waiting = link.value.waiting.take()
        links.slab.put(link, back: id)
        if end == .late { links.close(id) } else { links.remove(id) }
        context.statistics.blocking.restingLinks = links.resting.count
        guard let answer, let waiting else { return }
        let isWorthAnother = end == .closed && isReused && isUnanswered
        conclude(waiting.unwrap(), isWorthAnother ? nil : answer)
    }

    /// The exchange of a link was answered to the end.
    private mutating func finish(_ id: LinkID, keeping: Bool) {
        guard var link = links.slab.take(id) else { return }
        let answer = link.value.takeAnswer(nil)
        let waiting = link.value.waiting.take()
        links.slab.put(link, back: id)
        guard let answer, let waiting else { return }
        if answer.lines.contains(where: { $0.first == 45 }) { _ = links.slab.with(id) { $0.database = nil } }
        if keeping, answer.refusal == nil { links.rest(id, context.now) } else { links.close(id) }
        context.statistics.blocking.restingLinks = links.resting.count
        conclude(waiting.unwrap(), answer)
    }

    /// Runs the command again that waits for an exchange: with its answer, or, without one, from the
    /// start over a new link.
    private mutating func conclude(_ command: consuming ExchangingCommand, _ answer: ExchangeAnswer?) {
        release(command.heldKeys, in: command.database)
        turnStart = lastTick
        let id = command.session
        guard var box = takeExchanging(id) else {
            var nobody = Box(CommandContext.nobody())
            nobody.value.database = command.database
            swap(&context.served, &nobody)
            runAgain(command, answer)
            context.reply.bytes.discard()
            swap(&context.served, &nobody)
            return serveOthers()
        }
        swap(&context.served, &box)
        context.reply.version = context.session.version
        context.session.flags.subtract([.blocked, .exchanging])
        context.statistics.blocking.clients -= 1
        runAgain(command, answer)
        finishReply(behind: 0)
        if !context.session.flags.contains(.blocked) { goOnLater() }
        _ = finishServing(box)
        serveOthers()
    }

    /// The session that waits for an exchange; nil when it is gone.
    private mutating func takeExchanging(_ id: SessionID) -> Box<Session>? {
        guard let box = context.clients.slab.take(id) else { return nil }
        if box.value.flags.contains(.exchanging), !box.value.flags.contains(.killed) { return box }
        context.clients.slab.put(box, back: id)
        return nil
    }

    private mutating func runAgain(_ waiting: consuming ExchangingCommand, _ answer: ExchangeAnswer?) {
        context.blocking.answer = answer
        let arguments = waiting.arguments.arguments
        requestBytes = Self.bytes(of: arguments)
        if let command = context.commands.resolve(arguments) {
            let outcome = call(command, arguments, behind: 0)
            endUnit()
            if case .exchange = outcome {
                if waiting.session == context.session.id {
                    beginExchange(arguments, reusing: false)
                } else {
                    start(OwnedArguments(copying: arguments), for: waiting.session, reusing: false)
                }
            }
        }
        context.blocking.answer = nil
        // The monitors were shown the command when it came.
        context.clients.control.redacted.removeAll(keepingCapacity: true)
        context.clients.control.attention.remove(.redacted)
    }

    // MARK: While everybody waits

    /// Brings the exchange that a command has asked for to its end, over a link of its own, and runs
    /// the command again with the answer: for commands that may not wait while others go on.
    mutating func exchangeNow(_ command: CommandID, _ arguments: borrowing Arguments) {
        guard let box = context.blocking.exchange.take() else { return }
        let exchange = box.unwrap()
        var link = Link(to: exchange.peer, exchange.credentials)
        link.begin(exchange)
        var end: LinkEnd? = .unreachable
        let start = context.time.monotonicNanoseconds
        if let host = context.host.links { end = host.carryOut(&link, context.configuration.network) }
        links.extendDeadlines(by: (context.time.monotonicNanoseconds - start) / 1_000_000)
        context.blocking.answer = link.takeAnswer(end)
        _ = call(command, arguments, behind: context.reply.bytes.count)
        context.blocking.answer = nil
    }
}
