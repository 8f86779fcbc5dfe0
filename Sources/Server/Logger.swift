import Engine
import Primitives
import System

/// Writes the log in the shape that Redis's users parse:
/// `pid:role day month year hour:minute:second.milliseconds mark message`.
///
/// swift-log stays out: its front adds a metadata dictionary and a bootstrap
/// that is global, for a format that is fixed anyway.
struct Logger {
    private let descriptor: Int32
    private let pid: Int32
    private let time: TimeSource
    var level: LogLevel

    /// An empty path means standard output. Throws when the file cannot be opened.
    init(path: String, level: LogLevel, time: TimeSource) throws(StartupError) {
        if path.isEmpty {
            descriptor = 1
        } else {
            descriptor = File.openForAppending(path)
            guard descriptor >= 0 else { throw StartupError("Can't open the log file: \(path)") }
        }
        pid = Process.identifier
        self.time = time
        self.level = level
    }

    func debug(_ message: @autoclosure () -> String) { write(.debug, ".", message) }
    func verbose(_ message: @autoclosure () -> String) { write(.verbose, "-", message) }
    func notice(_ message: @autoclosure () -> String) { write(.notice, "*", message) }
    func warning(_ message: @autoclosure () -> String) { write(.warning, "#", message) }

    /// Writes text as it is.
    func raw(_ text: String) { File.write([UInt8](text), to: descriptor) }

    private func write(_ level: LogLevel, _ mark: String, _ message: () -> String) {
        guard Self.rank(level) >= Self.rank(self.level) else { return }
        raw("\(pid):M \(timestamp()) \(mark) \(message())\n")
    }

    private static func rank(_ level: LogLevel) -> Int { LogLevel.allCases.firstIndex(of: level) ?? 0 }

    private func timestamp() -> String {
        let milliseconds = time.wallMicroseconds / 1000
        let seconds = milliseconds / 1000
        let date = CivilDate(seconds: seconds + Process.localOffset(at: seconds))
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(padded(date.day, 2)) \(date.monthName) \(date.year) "
            + "\(padded(date.hour, 2)):\(padded(date.minute, 2)):\(padded(date.second, 2)).\(padded(milliseconds % 1000, 3))"
    }
}

/// A date of the Gregorian calendar from seconds since 1970 (Howard Hinnant's
/// days-to-civil algorithm, "chrono-Compatible Low-Level Date Algorithms").
struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64

    init(seconds: Int64) {
        let days = seconds / 86400
        let rest = seconds % 86400
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var monthName: String {
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][Int(month - 1)]
    }
}
