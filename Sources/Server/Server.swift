// The composition root: makes an engine, an event loop, workers and a log, and
// carries bytes and requests between them.

import Engine
import Networking
import Primitives
import System

public struct Server: ~Copyable {
    var engine: Engine
    var loop: EventLoop
    let logger: Logger
    let supervisor: Supervisor
    let title: ProcessTitle
    /// Applies settings that the system may refuse.
    let control: HostControl
    let time: TimeSource
    /// Frees what FLUSHALL ASYNC and the like left over.
    let lazyFree = Worker()
    let freed = Counter()
    /// Bytes on their way to the worker.
    let bytesToFree = Counter()
    let meter = MemoryMeter()
    var dirty: [SessionID] = []
    var outbound = Outbound()
    var isStopping = false
    var fanOut = FanOutPacing()
    /// Until when pushes are held back, monotonic nanoseconds; nil: they are not.
    var heldUntil: Int64?
    var nextCycle: Int64 = 0
    /// When the facts for a crash report are renewed, monotonic nanoseconds.
    var nextFacts: Int64 = 0

    /// Runs the program; returns its exit status.
    public static func main(_ arguments: [String]) -> Int32 {
        do throws(StartupError) {
            switch try Invocation.read(arguments) {
            case .checkSnapshot(let path): return SnapshotCheck.run(path)
            case .checkAppendOnlyFile(let check): return check.run()
            case .say(let text, let status):
                File.write([UInt8](text), to: status == 0 ? 1 : 2)
                return status
            case .serve(let configuration, let file):
                var server = try Server.start(configuration, file: file, program: arguments.first ?? "needletail-server")
                server.run()
                return 0
            }
        } catch {
            File.write([UInt8](error.message + "\n"), to: 2)
            return 1
        }
    }

    init(
        engine: consuming Engine, loop: consuming EventLoop, logger: Logger, supervisor: Supervisor, title: ProcessTitle,
        control: HostControl
    ) {
        time = engine.context.time
        self.engine = engine
        self.loop = loop
        self.logger = logger
        self.supervisor = supervisor
        self.title = title
        self.control = control
    }

    // MARK: Turns

    mutating func run() {
        nextCycle = time.monotonicNanoseconds
        while !isStopping {
            let isGathering = engine.context.statistics.appendOnly.isGathering
            if isGathering { loop.rest() }
            let moment = min(nextCycle, engine.nextDeadline ?? .max, heldUntil ?? .max)
            loop.wait(until: engine.hasYielded || isGathering ? 0 : moment)
            while let completion = loop.next() {
                handle(completion)
                // Everything is saved: what came now would be acknowledged and lost.
                if engine.context.requests.isShuttingDown {
                    serveRequests()
                    return finish()
                }
            }
            if engine.hasYielded { engine.resumeYielded() }
            engine.serveDeadlines()
            followSettings()
            serveLinks()
            engine.writeAppendOnlyFile()
            if engine.context.requests.isFailing { abandon() }
            holdPushes()
            sendOutput(withPushes: heldUntil == nil)
            engine.endTurn()
            cycleIfDue()
            serveRequests()
        }
        finish()
    }

    /// Between two renewals of the facts for a crash report, which take half a millisecond.
    private static var factsNanoseconds: Int64 { 5_000_000_000 }

    var cycleNanoseconds: Int64 { 1_000_000_000 / max(1, engine.context.configuration.hz) }

    /// One turn of a server that has other things to do: nobody waits for input.
    mutating func turnWhileLoading() {
        loop.wait(until: 0)
        while let completion = loop.next() { handle(completion) }
        if engine.hasYielded { engine.resumeYielded() }
        followSettings()
        sendOutput()
        engine.endTurn()
        engine.refreshTime()
        serveRequests()
        shutDownIfScheduled()
    }

    private mutating func handle(_ completion: EventLoop.Completion) {
        switch completion {
        case .received(_, let tag):
            if let link = Outbound.link(tag) {
                Self.deliver(loop, to: &engine, onLink: link)
            } else {
                Self.deliver(loop, to: &engine, SessionID(raw: tag))
            }
        case .accepted(let id, let listener, let descriptor):
            accept(id, listener, descriptor)
        case .sent(_, let tag, let count):
            if let link = Outbound.link(tag) { engine.linkSent(count, on: link) } else { engine.sent(count, on: SessionID(raw: tag)) }
        case .closed(_, let tag):
            if let link = Outbound.link(tag) { ended(link) } else { engine.close(SessionID(raw: tag)) }
        case .connected(_, let tag, let errno):
            if let link = Outbound.link(tag) { connected(link, errno: errno) }
        case .woken: takeAddresses()
        case .acceptFailed(let number):
            logger.warning("Accepting client connection: \(errorText(number))")
        case .signal(let number):
            stop(onSignal: number)
        }
    }

    private static func deliver(_ loop: borrowing EventLoop, to engine: inout Engine, _ session: SessionID) {
        engine.receive(loop.received, on: session)
    }

    /// Decides whether messages to many wait for further ones.
    private mutating func holdPushes() {
        let (receivers, pushes) = engine.pushes
        guard receivers >= FanOutPacing.fewest || heldUntil != nil else { return }
        heldUntil = fanOut.holds(receivers: receivers, pushes: pushes, now: time.monotonicNanoseconds)
    }

    /// Sends the replies of the turn, and what others are told.
    mutating func sendOutput(withPushes: Bool = true) {
        dirty.removeAll(keepingCapacity: true)
        engine.swapDirtySessions(&dirty, withPushes: withPushes)
        for id in dirty {
            var chain = ByteChain()
            guard let target = engine.takeOutput(id, into: &chain) else { continue }
            let sent = loop.send(chain, on: ConnectionID(raw: target.connection), closing: target.closing)
            engine.sent(sent, on: id)
        }
    }

    // MARK: Work between turns

    private mutating func cycleIfDue() {
        let now = time.monotonicNanoseconds
        guard now >= nextCycle else { return }
        nextCycle = max(nextCycle + cycleNanoseconds, now + cycleNanoseconds / 2)
        restartWatchdog()
        if now >= nextFacts {
            nextFacts = now + Self.factsNanoseconds
            tellCrashFacts()
        }
        engine.cycle(elapsedMilliseconds: cycleNanoseconds / 1_000_000)
        if !engine.context.host.debug.isCyclePaused { shutDownIfScheduled() }
        for id in engine.idleSessions() { drop(id) }
        sendOutput()
    }

    /// Closes a session from this side.
    mutating func drop(_ id: SessionID) {
        guard let connection = engine.connection(of: id) else { return }
        engine.close(id)
        loop.close(ConnectionID(raw: connection))
    }
}
