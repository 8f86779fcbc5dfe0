// The composition root: makes an engine, an event loop, workers and a log, and
// carries bytes and requests between them.

import Commands
import Engine
import Glibc
import Keyspace
import Networking
import Primitives
import System

public struct Server: ~Copyable {
    var engine: Engine
    var loop: EventLoop
    var logger: Logger
    let time: TimeSource
    /// Frees what FLUSHALL ASYNC and the like left over.
    let lazyFree = Worker()
    let freed = Counter()
    let meter = MemoryMeter()
    var dirty: [SessionID] = []
    var isStopping = false
    var nextCycle: Int64 = 0

    /// Runs the program; returns its exit status.
    public static func main(_ arguments: [String]) -> Int32 {
        do throws(StartupError) {
            switch try Invocation.read(arguments) {
            case .say(let text, let status):
                File.write([UInt8](text), to: status == 0 ? 1 : 2)
                return status
            case .serve(let configuration, let file):
                var server = try Server.start(configuration, file: file)
                server.run()
                return 0
            }
        } catch {
            File.write([UInt8](error.message + "\n"), to: 2)
            return 1
        }
    }

    private init(engine: consuming Engine, loop: consuming EventLoop, logger: Logger, time: TimeSource) {
        self.engine = engine
        self.loop = loop
        self.logger = logger
        self.time = time
    }

    /// A server that listens.
    static func start(_ wanted: Configuration, file: String) throws(StartupError) -> Server {
        var configuration = wanted
        Process.ignoreBrokenPipes()
        MemoryMeter.purgeInBackground()
        let time = TimeSource.machine()
        let logger = try Logger(
            path: String(decoding: configuration.log.file, as: UTF8.self),
            level: configuration.log.level, time: time)
        let directory = String(decoding: configuration.process.directory, as: UTF8.self)
        let failure = Process.changeDirectory(directory)
        guard failure == 0 else { throw StartupError("Can't chdir to '\(directory)': \(errorText(failure))") }
        configuration.process.directory = [UInt8](Process.currentDirectory)
        raiseDescriptorLimit(&configuration, logger)
        let engine = Engine(
            Engine.Ingredients(
                configuration: configuration, commands: CommandTable(Families.all, renamed: configuration.process.renamedCommands), time: time,
                hashSeed: HashSeed(Process.randomWord(), Process.randomWord()), randomSeed: Process.randomWord()))
        var server = Server(engine: engine, loop: try makeLoop(time), logger: logger, time: time)
        server.tellFacts(file)
        server.announce()
        try server.listen()
        server.writePidFile()
        return server
    }

    private static func makeLoop(_ time: TimeSource) throws(StartupError) -> EventLoop {
        do throws(NetworkError) {
            return try EventLoop(signals: [SIGTERM, SIGINT], time: time)
        } catch {
            throw StartupError("Can't create the event loop: \(error)")
        }
    }

    /// Descriptors that are needed beside those of clients.
    static var reservedDescriptors: Int64 { 32 }

    private static func raiseDescriptorLimit(_ configuration: inout Configuration, _ logger: Logger) {
        let wanted = configuration.network.maximumClients.addingReportingOverflow(reservedDescriptors)
        let granted = Process.raiseDescriptorLimit(wanted.overflow ? Int64.max : wanted.partialValue)
        let possible = max(1, granted - reservedDescriptors)
        if possible < configuration.network.maximumClients {
            logger.warning(
                "The limit of open files is \(granted): maxclients is lowered from "
                    + "\(configuration.network.maximumClients) to \(possible).")
            configuration.network.maximumClients = possible
        }
    }

    private mutating func tellFacts(_ file: String) {
        let meter = meter
        let freed = freed
        let worker = lazyFree
        meter.addCurrentThread()
        if let counters = lazyFree.waitForThreadCounters() { meter.add(counters) }
        engine.context.host.processID = Process.identifier
        engine.context.host.runID = Process.randomBytes(20).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        engine.context.host.executable = Process.executablePath
        engine.context.host.configurationFile = file
        engine.context.host.startMilliseconds = engine.context.now
        engine.context.host.systemName = Process.systemName
        engine.context.host.allocator = MemoryMeter.allocatorName
        engine.context.host.port = engine.context.configuration.network.port
        engine.context.host.memory = { MemoryReading(used: meter.used, resident: MemoryMeter.resident) }
        engine.context.host.cpuTime = { Process.cpuTime }
        engine.context.host.configuration = DirectiveApplication.host
        engine.context.host.lazyFree = { (worker.pending, freed.value) }
    }

    private func announce() {
        let configuration = engine.context.configuration
        if configuration.process.showsLogo || configuration.log.file.isEmpty {
            logger.raw(
                """

                   Needletail \(Identity.version) (compatible with Redis \(Identity.compatibleVersion)), 64 bit
                   Running in standalone mode
                   Port: \(configuration.network.port)
                   PID: \(Process.identifier)


                """)
        }
        logger.notice("Server initialized")
        for line in engine.context.directives.promises(in: configuration) {
            logger.warning("WARNING: '\(line)' asks for a feature that is not there yet; needletail-ignore-unsupported is on.")
        }
    }

    private mutating func listen() throws(StartupError) {
        let network = engine.context.configuration.network
        let backlog = Int32(clamping: network.backlog)
        var listening = 0
        if network.port > 0 {
            for word in network.bind {
                let isOptional = word.hasPrefix("-")
                let address = isOptional ? String(word.dropFirst()) : word
                do throws(NetworkError) {
                    try loop.listen(onTCP: address, port: UInt16(network.port), backlog: backlog)
                    listening += 1
                } catch {
                    guard case .cannotListen(let message) = error else { continue }
                    if isOptional { continue }
                    logger.warning("Warning: Could not create server TCP listening socket \(address):\(network.port): \(message)")
                    logger.warning("Failed listening on port \(network.port) (tcp), aborting.")
                    throw StartupError("Failed listening on port \(network.port) (tcp), aborting.")
                }
            }
            guard listening > 0 else { throw StartupError("Failed listening on port \(network.port) (tcp), aborting.") }
        }
        if !network.unixSocket.isEmpty {
            let path = String(decoding: network.unixSocket, as: UTF8.self)
            do throws(NetworkError) {
                try loop.listen(onUnixSocket: path, mode: UInt32(network.unixSocketMode), backlog: backlog)
                listening += 1
            } catch {
                throw StartupError("Failed opening Unix socket: bind: \(error)")
            }
        }
        guard listening > 0 else { throw StartupError("Configured to not listen anywhere, exiting.") }
        logger.notice("Ready to accept connections")
    }

    private func writePidFile() {
        let path = String(decoding: engine.context.configuration.process.pidFile, as: UTF8.self)
        guard !path.isEmpty else { return }
        let failure = File.replace(path, with: [UInt8]("\(Process.identifier)\n"))
        if failure != 0 { logger.verbose("Could not write the pid file: \(errorText(failure))") }
    }

    // MARK: Turns

    mutating func run() {
        nextCycle = time.monotonicNanoseconds
        while !isStopping {
            loop.wait(until: engine.hasYielded ? 0 : nextCycle)
            while let completion = loop.next() { handle(completion) }
            if engine.hasYielded { engine.resumeYielded() }
            sendOutput()
            engine.endTurn()
            cycleIfDue()
            serveRequests()
        }
        finish()
    }

    private var cycleNanoseconds: Int64 { 1_000_000_000 / max(1, engine.context.configuration.hz) }

    private mutating func handle(_ completion: EventLoop.Completion) {
        switch completion {
        case .received(_, let tag):
            Self.deliver(loop, to: &engine, SessionID(raw: tag))
        case .accepted(let id, let listener, let descriptor):
            accept(id, listener, descriptor)
        case .sent(_, let tag, let count):
            engine.sent(count, on: SessionID(raw: tag))
        case .closed(_, let tag):
            engine.close(SessionID(raw: tag))
        case .acceptFailed(let number):
            logger.verbose("Error accepting a client connection: \(errorText(number))")
        case .signal(let number):
            logger.warning("Received \(number == SIGINT ? "SIGINT" : "SIGTERM") scheduling shutdown...")
            isStopping = true
        case .connected, .woken:
            break
        }
    }

    private static func deliver(_ loop: borrowing EventLoop, to engine: inout Engine, _ session: SessionID) {
        engine.receive(loop.received, on: session)
    }

    private mutating func accept(_ id: ConnectionID, _ listener: ListenerID, _ descriptor: Int32) {
        let network = engine.context.configuration.network
        guard engine.context.clients.count < Int(network.maximumClients) else {
            engine.context.statistics.rejectedConnections += 1
            return refuse(id, "-ERR max number of clients reached\r\n")
        }
        let isUnixSocket = loop.isUnixSocket(listener)
        let path = String(decoding: network.unixSocket, as: UTF8.self) + ":0"
        let peer = Peer(
            address: isUnixSocket ? path : socketName(descriptor, ofPeer: true),
            localAddress: isUnixSocket ? path : socketName(descriptor, ofPeer: false), isUnixSocket: isUnixSocket,
            descriptor: descriptor)
        if isProtected, !peer.isLocal {
            return refuse(
                id,
                "-DENIED Needletail is running in protected mode because protected mode is enabled and no password is "
                    + "set for the default user. In this mode connections are only accepted from the loopback interface. "
                    + "Set a password with requirepass, or disable protected mode with 'CONFIG SET protected-mode no' "
                    + "from the loopback interface.\r\n")
        }
        if !isUnixSocket, network.keepAliveSeconds > 0 {
            loop.keepAlive(descriptor, seconds: Int32(clamping: network.keepAliveSeconds))
        }
        let session = engine.open(connection: id.raw, peer: peer)
        loop.setTag(session.raw, of: id)
    }

    private var isProtected: Bool {
        engine.context.configuration.network.isProtected && engine.context.configuration.requiredPassword.isEmpty
            && engine.context.configuration.network.bind == NetworkSettings().bind
    }

    private mutating func refuse(_ id: ConnectionID, _ text: String) {
        var chain = ByteChain()
        chain.append([UInt8](text).rawSpan)
        _ = loop.send(chain, on: id)
        loop.close(id)
    }

    /// Sends the replies of the turn.
    private mutating func sendOutput() {
        dirty.removeAll(keepingCapacity: true)
        engine.swapDirtySessions(&dirty)
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
        engine.cycle(elapsedMilliseconds: cycleNanoseconds / 1_000_000)
        for id in engine.idleSessions() { drop(id) }
        sendOutput()
    }

    /// Closes a session from this side.
    private mutating func drop(_ id: SessionID) {
        guard let connection = engine.connection(of: id) else { return }
        engine.close(id)
        loop.close(ConnectionID(raw: connection))
    }

    /// Does what commands asked of the host.
    private mutating func serveRequests() {
        while let garbage = engine.takeGarbage() {
            let keys = Int64(garbage.count)
            let box = Garbage(garbage)
            let freed = freed
            lazyFree.submit {
                box.free()
                freed.add(keys)
            }
        }
        guard engine.hasRequests else { return }
        let requests = engine.takeRequests()
        for line in requests.logLines { logger.warning(line) }
        for id in requests.closing { drop(id) }
        if requests.resetStatistics { freed.reset() }
        if requests.purgeMemory { MemoryMeter.purge() }
        if requests.changedDirectives.contains("loglevel") { logger.level = engine.context.configuration.log.level }
        if requests.sleepMicroseconds > 0 { Process.sleep(microseconds: requests.sleepMicroseconds) }
        if requests.isShuttingDown {
            logger.warning("User requested shutdown...")
            isStopping = true
        }
    }

    private mutating func finish() {
        sendOutput()
        loop.closeListeners()
        let path = String(decoding: engine.context.configuration.network.unixSocket, as: UTF8.self)
        if !path.isEmpty { File.remove(path) }
        let pidFile = String(decoding: engine.context.configuration.process.pidFile, as: UTF8.self)
        if !pidFile.isEmpty { File.remove(pidFile) }
        logger.warning("Needletail is now ready to exit, bye bye...")
    }
}
