// What commands ask of the host: done between turns.

import Engine
import Networking
import Primitives
import System

extension Server {
    mutating func serveRequests() {
        while let garbage = engine.takeGarbage() {
            let keys = Int64(garbage.count)
            let bytes = garbage.bytes
            let box = GarbageBox(garbage)
            let freed = freed
            let bytesToFree = bytesToFree
            bytesToFree.add(bytes)
            lazyFree.submit {
                box.free()
                freed.add(keys)
                bytesToFree.add(-bytes)
            }
        }
        guard engine.hasRequests else { return }
        let requests = engine.takeRequests()
        for line in requests.logLines { logger.warning(line) }
        if requests.isFailing { Process.leave(1) }
        for id in requests.closing { drop(id) }
        if requests.resetStatistics { freed.reset() }
        if requests.purgeMemory { MemoryMeter.purge() }
        if requests.isShuttingDown {
            logger.notice("User requested shutdown...")
            isStopping = true
        }
    }

    /// Makes changed settings count that nobody reads at the moment they are needed; before
    /// the replies of the turn tell that they do.
    mutating func followSettings() {
        if engine.context.requests.forgetsSignals {
            engine.context.requests.forgetsSignals = false
            CrashReport.forgetSignals()
        }
        let changed = engine.context.requests.changedDirectives
        guard !changed.isEmpty else { return }
        engine.context.requests.changedDirectives = []
        let configuration = engine.context.configuration
        logger.settings = configuration.log
        loop.acceptLimit = Int(clamping: configuration.network.acceptsPerTurn)
        if let sockets = control.takeReplacement() {
            loop.replaceTCPListeners(sockets)
            engine.context.host.port = configuration.network.port
        }
        if !Set(changed).isDisjoint(with: ["port", "bind", "proc-title-template"]) { title.show(configuration) }
        if changed.contains("crash-log-enabled") { CrashReport.setEnabled(configuration.log.reportsCrashes) }
        if changed.contains("hide-user-data-from-log") { CrashReport.setShowsInput(!configuration.log.hidesUserData) }
        if changed.contains("watchdog-period") { restartWatchdog(isNew: true) }
    }

    /// Gives the watchdog another period to wait for the next call, which must be longer than two cycles.
    mutating func restartWatchdog(isNew: Bool = false) {
        let wanted = engine.context.configuration.log.watchdogMilliseconds
        guard wanted > 0 || isNew else { return }
        CrashReport.watch(milliseconds: wanted > 0 ? max(wanted, 2 * cycleNanoseconds / 1_000_000) : 0)
    }
}
