import Engine
import System

/// The shapes of a line of the log.
enum LogLine {
    /// The whole line, its end included.
    static func text(_ level: LogLevel, _ message: String, pid: Int32, timestamp: String, _ format: LogFormat) -> String {
        switch format {
        case .legacy: "\(pid):M \(timestamp) \(mark(level)) \(message)\n"
        case .logfmt:
            "pid=\(pid) role=primary timestamp=\"\(timestamp)\" level=\(name(level)) message=\"\(escaped(message))\"\n"
        case .json:
            "{\"pid\":\(pid),\"role\":\"primary\",\"timestamp\":\"\(timestamp)\",\"level\":\"\(name(level))\","
                + "\"message\":\"\(escaped(message))\"}\n"
        }
    }

    /// A moment, in microseconds since 1970, in local time.
    static func timestamp(_ microseconds: Int64, _ shape: LogTimestamps) -> String {
        let milliseconds = microseconds / 1000
        if shape == .milliseconds { return String(milliseconds) }
        let offset = Process.localOffset(at: milliseconds / 1000)
        let date = CivilDate(seconds: milliseconds / 1000 + offset)
        let clock =
            "\(padded(date.hour, 2)):\(padded(date.minute, 2)):\(padded(date.second, 2)).\(padded(milliseconds % 1000, 3))"
        if shape == .legacy { return "\(padded(date.day, 2)) \(date.monthName) \(date.year) \(clock)" }
        let minutes = abs(offset) / 60
        let zone = "\(offset < 0 ? "-" : "+")\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
        return "\(date.year)-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock)\(zone)"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func mark(_ level: LogLevel) -> String {
        switch level {
        case .debug: "."
        case .verbose: "-"
        case .notice: "*"
        case .warning, .nothing: "#"
        }
    }

    private static func name(_ level: LogLevel) -> String { level == .verbose ? "info" : level.rawValue }

    /// As JSON has it within quotes; logfmt's readers understand the same.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
