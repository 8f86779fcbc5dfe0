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
        var exchange = box.unwrap()
        let database = context.session.database
        if !exchange.heldKeys.isEmpty {
            links.held.hold(exchange.heldKeys, in: database)
            context.clients.control.attention.insert(.held)
        }
        let id = links.link(to: exchange.peer, exchange.credentials, reusing: reusing)
        context.statistics.blocking.restingLinks = links.resting.count
        guard var link = links.slab.take(id) else { return }
        let preludes = Self.addPrelude(to: &link.value, exchange)
        link.value.running = Box(
            RunningExchange(
                session: session, arguments: arguments, database: database, heldKeys: exchange.heldKeys,
                preludes: preludes, expected: preludes + exchange.count,
                answer: ExchangeAnswer(subjects: exchange.subjects)))
        link.value.patience = exchange.patience
        exchange.requests.cut(into: &link.value.output)
        link.value.unsentBytes = link.value.output.count
        if link.value.isOpen { links.work.append(.send(id)) }
        links.slab.put(link, back: id)
        renewDeadline(of: id)
    }

    /// AUTH, since a password may have changed while the link rested, and SELECT where another
    /// database is selected; how many requests these are.
    private static func addPrelude(to link: inout Link, _ exchange: borrowing Exchange) -> Int {
        var writer = ByteWriter()
        var count = 0
        if !link.credentials.isEmpty {
            writer.appendHeader(42, link.credentials.count + 1)
            writer.appendBulk(RawSpan(literal: "AUTH"))
            for word in link.credentials { writer.appendBulk(word.rawSpan) }
            count += 1
        }
        if link.database != exchange.database {
            let number = DecimalText(exchange.database)
            writer.appendHeader(42, 2)
            writer.appendBulk(RawSpan(literal: "SELECT"))
            writer.appendBulk(number.bytes)
            count += 1
        }
        writer.cut(into: &link.output)
        link.database = exchange.database
        return count
    }

    /// Something has happened on a link: it is given as much time again.
    private mutating func renewDeadline(of id: LinkID) {
        let now = context.now
        let moment = links.slab.with(id) { link in
            guard !link.isResting else { return link.deadline }
            let (sum, overflow) = now.addingReportingOverflow(link.patience)
            link.deadline = overflow ? .max : sum
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
        swap(&chain, &link.value.output)
        links.slab.put(link, back: id)
    }

    /// A link's connection is made.
    public mutating func linkOpened(_ id: LinkID) {
        refreshTime()
        guard var link = links.slab.take(id) else { return }
        link.value.isOpen = true
        links.slab.put(link, back: id)
        links.work.append(.send(id))
        renewDeadline(of: id)
    }

    /// The network has sent `count` bytes of a link.
    public mutating func linkSent(_ count: Int, on id: LinkID) {
        guard count > 0 else { return }
        refreshTime()
        _ = links.slab.with(id) { $0.unsentBytes = max(0, $0.unsentBytes - count) }
        renewDeadline(of: id)
    }

    /// A link's connection is gone, or was never made.
    public mutating func linkEnded(_ id: LinkID, _ end: LinkEnd) {
        refreshTime()
        giveUp(id, isClosed: true) { link in
            end == .unreachable ? .connecting : !link.isOpen || link.unsentBytes > 0 ? .writing : .reading
        }
    }

    /// Bytes have arrived on a link.
    public mutating func linkReceived(_ bytes: RawSpan, on id: LinkID) {
        refreshTime()
        guard var link = links.slab.take(id) else { return }
        let linesToCome = link.value.linesToCome
        let isDone = Self.read(bytes, &link.value)
        let isLineShort = link.value.linesToCome == linesToCome
        let isAtRest = link.value.isResting
        let hasMore = !link.value.input.isEmpty
        links.slab.put(link, back: id)
        if isDone {
            finish(id, keeping: !hasMore)
        } else if isAtRest {
            // Nobody has asked for anything.
            links.close(id)
            context.statistics.blocking.restingLinks = links.resting.count
        } else if !isLineShort {
            // Bytes alone are no progress: a line might never end.
            renewDeadline(of: id)
        }
    }

    /// Takes the lines in `bytes`; whether the exchange came to its end. What stands behind stays in the input.
    private static func read(_ bytes: RawSpan, _ link: inout Link) -> Bool {
        var index = 0
        while index < bytes.byteCount {
            let byte = bytes.byte(index)
            index += 1
            guard byte == 10 else {
                if link.input.count < Links.lineBytes { link.input.append(byte) }
                continue
            }
            if link.input.last == 13 { link.input.removeLast() }
            let line = link.input
            link.input = []
            guard case .some(var running) = link.running.take() else { return false }
            let isLast = running.value.take(line)
            link.running = consume running
            if isLast {
                link.input = bytes.suffix(from: index).array
                return true
            }
        }
        return false
    }

    // MARK: Ends

    /// Gives up the exchanges, and ends the rest of links, whose time is over.
    mutating func timeOutLinks() {
        for id in links.overdue(context.now) {
            giveUp(id, isClosed: false) { link in
                !link.isOpen ? .connecting : link.unsentBytes > 0 ? .writing : .reading
            }
        }
    }

    /// Ends a link, and what it was there for. One that was broken when it was used again
    /// had perhaps been closed while it rested: then a new one is tried.
    private mutating func giveUp(_ id: LinkID, isClosed: Bool, _ reason: (borrowing Link) -> ExchangeFailure) {
        guard var link = links.slab.take(id) else { return }
        let failure = reason(link.value)
        let isReused = link.value.isReused
        let running = link.value.running.take()
        links.slab.put(link, back: id)
        if isClosed { links.remove(id) } else { links.close(id) }
        context.statistics.blocking.restingLinks = links.resting.count
        guard let running else { return }
        var exchange = running.unwrap()
        let isWorthAnother = isClosed && isReused && exchange.isUnanswered
        exchange.answer.failure = failure
        conclude(exchange, isAnswered: !isWorthAnother)
    }

    /// The exchange of a link was answered to the end.
    private mutating func finish(_ id: LinkID, keeping: Bool) {
        guard var link = links.slab.take(id) else { return }
        let running = link.value.running.take()
        links.slab.put(link, back: id)
        guard let running else { return }
        let exchange = running.unwrap()
        let isRefused = exchange.answer.refusal != nil
        if exchange.answer.lines.contains(where: { $0.first == 45 }) { _ = links.slab.with(id) { $0.database = nil } }
        if keeping, !isRefused { links.rest(id, context.now) } else { links.close(id) }
        context.statistics.blocking.restingLinks = links.resting.count
        conclude(exchange, isAnswered: true)
    }

    /// Runs the command again that waits for an exchange: with its answer, or from the start over a new link.
    private mutating func conclude(_ exchange: consuming RunningExchange, isAnswered: Bool) {
        release(exchange.heldKeys, in: exchange.database)
        turnStart = lastTick
        let id = exchange.session
        guard var box = takeExchanging(id) else {
            var nobody = Box(CommandContext.nobody())
            nobody.value.database = exchange.database
            swap(&context.served, &nobody)
            runAgain(exchange, for: id, isAnswered)
            context.reply.bytes.discard()
            swap(&context.served, &nobody)
            return serveOthers()
        }
        swap(&context.served, &box)
        context.reply.version = context.session.version
        context.session.flags.subtract([.blocked, .exchanging])
        context.statistics.blocking.clients -= 1
        runAgain(exchange, for: id, isAnswered)
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

    private mutating func runAgain(_ exchange: consuming RunningExchange, for session: SessionID, _ isAnswered: Bool) {
        if isAnswered { context.blocking.answer = exchange.answer }
        let arguments = exchange.arguments.arguments
        requestBytes = Self.bytes(of: arguments)
        if let command = context.commands.resolve(arguments) {
            let outcome = call(command, arguments, behind: 0)
            endUnit()
            if case .exchange = outcome {
                if session == context.session.id {
                    beginExchange(arguments, reusing: false)
                } else {
                    start(OwnedArguments(copying: arguments), for: session, reusing: false)
                }
            }
        }
        context.blocking.answer = nil
        // The monitors were shown the command when it came.
        context.clients.control.redacted.removeAll(keepingCapacity: true)
        context.clients.control.attention.remove(.redacted)
    }
}
