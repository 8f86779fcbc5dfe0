// How the process ends: in order, or by a fault that DEBUG asks for.

import Commands
import Engine
import Glibc
import Keyspace
import Networking
import Primitives
import System

extension Server {
    /// SIGTERM or SIGINT asks for what `shutdown-on-sigterm` or `shutdown-on-sigint` says.
    mutating func stop(onSignal number: Int32) {
        let name = number == SIGINT ? "SIGINT" : "SIGTERM"
        logger.warning("Received \(name) scheduling shutdown...")
        let process = engine.context.configuration.process
        let words = String(
            decoding: number == SIGINT ? process.shutdownOnInterrupt : process.shutdownOnTermination, as: UTF8.self
        ).lowercased().split(separator: " ")
        logger.notice("User requested shutdown...")
        let wish = ShutdownWish(
            saves: words.contains("save") ? true : words.contains("nosave") ? false : nil, isForced: words.contains("force"))
        if !engine.context.prepareShutdown(wish) {
            logger.warning("\(name) received but errors trying to shut down the server, check the logs for more information")
            return
        }
        isStopping = true
    }

    /// Ends the process at once: replies that are on their way would tell of what may be lost.
    mutating func abandon() {
        for line in engine.takeRequests().logLines { logger.warning(line) }
        Process.leave(1)
    }

    /// What is left to do when the last turn is over.
    mutating func finish() {
        sendOutput()
        supervisor.stopping(logger)
        loop.closeListeners()
        let configuration = engine.context.configuration
        let pidFile = String(decoding: configuration.process.pidFile, as: UTF8.self)
        if !pidFile.isEmpty {
            logger.notice("Removing the pid file.")
            File.remove(pidFile)
        }
        let path = String(decoding: configuration.network.unixSocket, as: UTF8.self)
        if !path.isEmpty {
            logger.notice("Removing the unix socket file.")
            File.remove(path)
        }
        logger.warning("Needletail is now ready to exit, bye bye...")
    }

    /// Breaks the process as DEBUG asks. The report is that of the signal which follows.
    static func fail(_ fault: Fault, _ logger: Logger) {
        switch fault {
        case .segmentation: CrashReport.fault()
        case .panic:
            logger.warning("------------------------------------------------")
            logger.warning("!!! Software Failure. Press left mouse button to continue")
            logger.warning("Guru Meditation: Panic called by DEBUG PANIC #\(#fileID):\(#line)")
            logger.warning("------------------------------------------------")
            Process.abandon()
        case .assertion:
            logger.warning("=== ASSERTION FAILED ===")
            logger.warning("==> \(#fileID):\(#line) 'DEBUG ASSERT' is not true")
            Process.abandon()
        case .outOfMemory:
            logger.warning("Out Of Memory allocating \(Int.max) bytes!")
            logger.warning("------------------------------------------------")
            logger.warning("!!! Software Failure. Press left mouse button to continue")
            logger.warning("Guru Meditation: Needletail aborting for OUT OF MEMORY. #\(#fileID):\(#line)")
            logger.warning("------------------------------------------------")
            Process.abandon()
        case .restart(let milliseconds):
            logger.warning("Restarting after \(milliseconds) milliseconds")
            let failure = Process.startAgain(afterMilliseconds: milliseconds)
            logger.warning("Can't start again: \(errorText(failure))")
        }
    }

    /// Renews what a crash report tells about the server.
    mutating func tellCrashFacts() { CrashReport.setFacts(CrashFacts.text(&engine.context)) }
}
