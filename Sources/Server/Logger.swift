// The log: who writes it and where. `LogLine` has its shapes.
//
// swift-log stays out: its front adds a metadata dictionary and a bootstrap
// that is global, for a format that is fixed anyway.

import Engine
import Primitives
import Synchronization
import System

/// Writes the log to a file or standard output, and to the system's log where wanted.
/// A file is opened for every line: one that was moved away is begun anew.
final class Logger: Sendable {
    private let kept: Mutex<LogSettings>
    private let path: String
    private let time: TimeSource

    /// An empty file name means standard output; a relative one counts from the present
    /// directory. Throws when the file cannot be opened.
    init(_ settings: LogSettings, time: TimeSource) throws(StartupError) {
        let name = String(decoding: settings.file, as: UTF8.self)
        path = name.isEmpty || name.hasPrefix("/") ? name : Process.currentDirectory + "/" + name
        self.time = time
        kept = Mutex(settings)
        if !path.isEmpty {
            let failure = File.append([], to: path)
            guard failure == 0 else { throw StartupError("Can't open the log file: \(FileError(number: failure).message)") }
        }
        if settings.usesSyslog {
            let facility = SyslogFacility.allCases.firstIndex(of: settings.syslogFacility) ?? 0
            SystemLog.open(identity: String(decoding: settings.syslogIdentity, as: UTF8.self), facility: facility - 1)
        }
        CrashReport.setLog(path)
    }

    /// Level, format and the like, as they are to be from now on; the file stays.
    var settings: LogSettings {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }

    func debug(_ message: @autoclosure () -> String) { write(.debug, message) }
    func verbose(_ message: @autoclosure () -> String) { write(.verbose, message) }
    func notice(_ message: @autoclosure () -> String) { write(.notice, message) }
    func warning(_ message: @autoclosure () -> String) { write(.warning, message) }

    /// Writes text as it is, where the format is for people; programs get no such text.
    func raw(_ text: String) {
        if settings.format == .legacy { put(text) }
    }

    private func write(_ level: LogLevel, _ message: () -> String) {
        let settings = settings
        guard level.rank >= settings.level.rank else { return }
        let text = message()
        let stamp = LogLine.timestamp(time.wallMicroseconds, settings.timestamps)
        put(LogLine.text(level, text, pid: Process.identifier, timestamp: stamp, settings.format))
        if settings.usesSyslog { SystemLog.write(text, level: level.rank) }
    }

    private func put(_ text: String) {
        let bytes = [UInt8](text)
        if path.isEmpty { File.write(bytes, to: 1) } else { File.append(bytes, to: path) }
    }
}

extension LogLevel {
    /// The place in the order of gravity, 0 for debug.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
