// The process as its operator sees it: in the background, supervised, titled,
// scored for the out-of-memory killer.

import CSystem
import Glibc

extension Process {
    /// Goes on in a child without a terminal, while the process that was started ends
    /// well. Only before there are threads. An errno, 0 for success.
    public static func goToBackground() -> Int32 { -cs_daemonize() }

    /// What `ps` shows for the process.
    public static func setTitle(_ title: String) { unsafe cs_set_process_title(title) }

    /// Tells systemd a state, such as `READY=1`. An errno, 0 for success.
    @discardableResult
    public static func notifySupervisor(_ state: String) -> Int32 { -(unsafe cs_notify_supervisor(state)) }

    /// Stops the process until somebody continues it, as upstart expects of one that is ready.
    public static func stop() { raise(SIGSTOP) }

    /// Switches transparent huge pages off for the process. An errno, 0 for success.
    public static func disableHugePages() -> Int32 { -cs_disable_huge_pages() }

    /// A variable of the environment.
    public static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Takes a variable out of the environment.
    public static func removeFromEnvironment(_ name: String) { _ = unsafe unsetenv(name) }

    private static var scorePath: String { "/proc/self/oom_score_adj" }

    /// How much the out-of-memory killer prefers the process, -1000 to 1000; nil when unknown.
    public static var outOfMemoryScore: Int64? {
        guard let text = try? File.read(scorePath) else { return nil }
        return Int64(String(decoding: text.filter { $0 != 10 }, as: UTF8.self))
    }

    /// An errno, 0 for success.
    public static func setOutOfMemoryScore(_ score: Int64) -> Int32 {
        let descriptor = unsafe open(scorePath, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return cs_errno() }
        defer { close(descriptor) }
        return File.write(Array(String(score).utf8), to: descriptor)
    }
}

/// The system's log.
public enum SystemLog {
    /// `facility`: 0 to 7 for local0 to local7, anything else for user.
    public static func open(identity: String, facility: Int) {
        unsafe cs_syslog_open(identity, Int32(clamping: facility))
    }

    /// `level`: 0 debug to 3 warning.
    public static func write(_ text: String, level: Int) { unsafe cs_syslog_write(Int32(clamping: level), text) }
}
