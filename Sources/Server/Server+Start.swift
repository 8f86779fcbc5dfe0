// From a configuration to a server that listens.

import Commands
import Engine
import Glibc
import Keyspace
import Networking
import Primitives
import System

extension Server {
    /// A server that listens. `program`: the name under which it was started.
    static func start(_ wanted: Configuration, file: String, program: String) throws(StartupError) -> Server {
        var configuration = wanted
        let time = TimeSource.machine()
        let directory = String(decoding: configuration.process.directory, as: UTF8.self)
        let failure = Process.changeDirectory(directory)
        guard failure == 0 else { throw StartupError("Can't chdir to '\(directory)': \(errorText(failure))") }
        configuration.process.directory = [UInt8](Process.currentDirectory)
        let logger = try Logger(configuration.log, time: time)
        let title = ProcessTitle(program: program, file: file)
        let supervisor = Supervisor.find(configuration.process.supervision, logger)
        if configuration.process.runsInBackground, supervisor == .none {
            let failure = Process.goToBackground()
            guard failure == 0 else { throw StartupError("Can't go to the background: \(errorText(failure))") }
            if configuration.process.pidFile.isEmpty { configuration.process.pidFile = [UInt8]("/var/run/redis.pid") }
        }
        supervisor.begin(logger)
        prepareProcess(&configuration, logger)
        let engine = Engine(
            Engine.Ingredients(
                configuration: configuration, commands: CommandTable(Families.all, renamed: configuration.process.renamedCommands), time: time,
                hashSeed: HashSeed(Process.randomWord(), Process.randomWord()), randomSeed: Process.randomWord()))
        var server = Server(
            engine: engine, loop: try makeLoop(time), logger: logger, supervisor: supervisor,
            title: title, control: HostControl(logger: logger))
        server.tellFacts(file)
        server.announce()
        do throws(StartupError) {
            try server.listen()
        } catch {
            logger.warning(error.message)
            throw error
        }
        server.writePidFile()
        title.show(configuration)
        try server.load()
        if !server.isStopping {
            logger.notice("Ready to accept connections")
            supervisor.ready(logger)
        }
        return server
    }

    /// What concerns the process as a whole, before there are threads and clients.
    private static func prepareProcess(_ configuration: inout Configuration, _ logger: Logger) {
        Process.ignoreBrokenPipes()
        CrashReport.setShowsInput(!configuration.log.hidesUserData)
        CrashReport.setEnabled(configuration.log.reportsCrashes)
        MemoryMeter.purgeInBackground()
        if configuration.process.disablesHugePages, hasHugePages {
            let failure = Process.disableHugePages()
            if failure != 0 { logger.warning("Can't disable transparent huge pages: \(errorText(failure))") }
        }
        let wanted = configuration.network.maximumClients
        let possible = HostControl.possibleClients(wanted)
        if possible < wanted {
            logger.warning("The limit of open files is too low: maxclients is lowered from \(wanted) to \(possible).")
            configuration.network.maximumClients = possible
        }
    }

    /// Whether the kernel gives huge pages to processes that did not ask for them.
    private static var hasHugePages: Bool {
        guard let text = try? File.read("/sys/kernel/mm/transparent_hugepage/enabled") else { return false }
        return String(decoding: text, as: UTF8.self).contains("[always]")
    }

    private static func makeLoop(_ time: TimeSource) throws(StartupError) -> EventLoop {
        do throws(NetworkError) {
            return try EventLoop(signals: [SIGTERM, SIGINT], time: time)
        } catch {
            throw StartupError("Can't create the event loop: \(error)")
        }
    }

    /// Forty hexadecimal digits.
    private static func randomName() -> String {
        Process.randomBytes(20).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private mutating func tellFacts(_ file: String) {
        let meter = meter
        let freed = freed
        let worker = lazyFree
        let control = control
        let logger = logger
        meter.addCurrentThread()
        if let counters = lazyFree.waitForThreadCounters() { meter.add(counters) }
        engine.context.host.processID = Process.identifier
        engine.context.host.runID = Self.randomName()
        engine.context.host.replicationID = Self.randomName()
        engine.context.host.executable = Process.executablePath
        engine.context.host.configurationFile = file
        engine.context.host.startMilliseconds = engine.context.now
        engine.context.host.systemName = Process.systemName
        engine.context.host.allocator = MemoryMeter.allocatorName
        engine.context.host.port = engine.context.configuration.network.port
        engine.context.host.memory = { MemoryReading(used: meter.used, resident: MemoryMeter.resident) }
        engine.context.host.cpuTime = {
            CPUReading(process: Process.cpuTime(), children: Process.cpuTime(of: .children), thread: Process.cpuTime(of: .thread))
        }
        engine.context.host.allocatorAccount.settings = Allocator()
        engine.context.host.allocatorAccount.report = { MemoryMeter.report }
        engine.context.host.allocatorAccount.reading = {
            AllocatorReading(
                allocated: MemoryMeter.statistic("stats.allocated"), active: MemoryMeter.statistic("stats.active"),
                resident: MemoryMeter.statistic("stats.resident"), systemMemory: Process.machineMemory)
        }
        engine.context.statistics.memory.startup = meter.used
        let bytesToFree = bytesToFree
        engine.context.host.lazyFree = { (worker.pending, freed.value, bytesToFree.value) }
        engine.context.host.configuration = DirectiveApplication.host(control)
        engine.context.host.snapshots = SnapshotFiles(logger, engine.context.time, control)
        let wakeDescriptor = loop.wakeDescriptor
        engine.context.host.appendOnly = AppendOnlyFiles(meter) { EventLoop.wake(wakeDescriptor) }
        engine.context.statistics.snapshots.lastSave = engine.context.now
        engine.context.host.sleep = { Process.sleep(microseconds: $0) }
        engine.context.host.links = BlockingLinks(engine.context.time)
        engine.context.host.fault = { Self.fail($0, logger) }
        CrashReport.setCommandNames(engine.context.commands.commands.map(\.fullName))
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
        if let limit = Self.systemBacklog, limit < configuration.network.backlog {
            logger.warning(
                "WARNING: The TCP backlog setting of \(configuration.network.backlog) cannot be enforced because "
                    + "/proc/sys/net/core/somaxconn is set to the lower value of \(limit).")
        }
        _ = control.adjustScore(configuration.process)
    }

    /// Connections that the kernel lets wait to be accepted.
    private static var systemBacklog: Int64? {
        guard let text = try? File.read("/proc/sys/net/core/somaxconn") else { return nil }
        return Int64(String(decoding: text.filter { $0 != 10 }, as: UTF8.self))
    }

    private mutating func listen() throws(StartupError) {
        let network = engine.context.configuration.network
        loop.acceptLimit = Int(clamping: network.acceptsPerTurn)
        do throws(Listening.Failure) {
            let sockets = try Listening.openTCP(network)
            for socket in sockets { loop.listen(on: socket) }
            control.setListening(sockets, network)
        } catch {
            logger.warning("Warning: \(error.message)")
            throw StartupError("Failed listening on port \(network.port) (tcp), aborting.")
        }
        do throws(Listening.Failure) {
            if let socket = try Listening.openUnixSocket(network) { loop.listen(on: socket) }
        } catch {
            throw StartupError(error.message)
        }
        guard loop.isListening else { throw StartupError("Configured to not listen anywhere, exiting.") }
    }

    private func writePidFile() {
        let path = String(decoding: engine.context.configuration.process.pidFile, as: UTF8.self)
        guard !path.isEmpty else { return }
        let failure = File.replace(path, with: [UInt8]("\(Process.identifier)\n"))
        if failure != 0 { logger.warning("Failed to write PID file: \(errorText(failure))") }
        CrashReport.setPidFile(path.hasPrefix("/") ? path : Process.currentDirectory + "/" + path)
    }
}
