import Engine
import System

/// Who started the process and waits to hear how it does.
enum Supervisor {
    case none, systemd, upstart

    /// The supervisor that the setting names, if its environment shows that it is there.
    static func find(_ wanted: Supervision, _ logger: Logger) -> Supervisor {
        let hasUpstart = Process.environment("UPSTART_JOB") != nil
        let hasSystemd = Process.environment("NOTIFY_SOCKET") != nil
        switch wanted {
        case .no: return .none
        case .upstart:
            if !hasUpstart { logger.warning("upstart supervision requested, but UPSTART_JOB not found!") }
            return hasUpstart ? .upstart : .none
        case .systemd:
            if !hasSystemd { logger.warning("systemd supervision error: NOTIFY_SOCKET not found!") }
            return hasSystemd ? .systemd : .none
        case .auto:
            if hasUpstart {
                logger.notice("Upstart supervision detected.")
                return .upstart
            }
            if hasSystemd { logger.notice("Systemd supervision detected.") }
            return hasSystemd ? .systemd : .none
        }
    }

    /// The process is about to start.
    func begin(_ logger: Logger) {
        guard self == .systemd else { return }
        logger.notice(
            "Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in "
                + "your service unit.")
        notify("STATUS=Needletail is loading...", logger)
    }

    /// The process serves clients from now on.
    func ready(_ logger: Logger) {
        switch self {
        case .none: break
        case .systemd:
            notify("STATUS=Ready to accept connections\nREADY=1", logger)
        case .upstart:
            logger.notice("supervised by upstart, will stop to signal readiness.")
            Process.stop()
            Process.removeFromEnvironment("UPSTART_JOB")
        }
    }

    /// The process is about to end.
    func stopping(_ logger: Logger) {
        if self == .systemd { notify("STATUS=Stopping\nSTOPPING=1", logger) }
    }

    private func notify(_ state: String, _ logger: Logger) {
        let failure = Process.notifySupervisor(state)
        if failure != 0 { logger.warning("systemd supervision error: sd_notify: \(FileError(number: failure).message)") }
    }
}
