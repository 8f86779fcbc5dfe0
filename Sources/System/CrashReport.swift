import CSystem

/// What the handlers of signals write when the process cannot speak for itself:
/// the report of a crash, and the stack of a main thread that is late.
public enum CrashReport {
    /// Where they write: a path, empty for standard output.
    public static func setLog(_ path: String) { unsafe cs_crash_log_path(path) }

    /// A file that a crash leaves behind no more; empty for none.
    public static func setPidFile(_ path: String) { unsafe cs_crash_pid_file(path) }

    /// Whether fatal signals are reported before they end the process.
    public static func setEnabled(_ enabled: Bool) { cs_crash_reports(enabled) }

    /// Whether reports may show what clients sent.
    public static func setShowsInput(_ shows: Bool) { cs_crash_shows_input(shows) }

    /// Sections about the server for the report, at most 64 KiB; only from the main thread.
    public static func setFacts(_ text: [UInt8]) {
        unsafe text.withUnsafeBytes { unsafe cs_crash_facts($0.baseAddress, $0.count) }
    }

    /// The names of commands, by the numbers that `RunningCommand.note` gets.
    public static func setCommandNames(_ names: [String]) {
        let text = names.joined(separator: "\0") + "\0"
        unsafe cs_crash_command_names(text, text.utf8.count)
    }

    /// Has the main thread's stack logged unless this is called again within so many milliseconds; 0: never.
    public static func watch(milliseconds: Int64) { cs_watchdog(milliseconds) }

    /// Writes to memory that cannot be written, which is a segmentation fault.
    public static func fault() { cs_fault() }
}
