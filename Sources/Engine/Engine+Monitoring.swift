// What is noted of a command once it has run: counts and times always, and the
// command itself when it was slow or large.

import Primitives
import RESP

/// From where on something is noted; kept ready, so that a command costs one comparison each.
struct Watch: BitwiseCopyable {
    /// Nanoseconds of execution from which slow log or latency monitor take note.
    var nanoseconds = Int64.max
    /// Bytes of a request or reply from which the command log takes note.
    var bytes = Int.max
    var tracksLatency = true

    init(_ settings: MonitoringSettings) {
        func threshold(_ kind: CommandLogKind) -> Int64 {
            let value = settings.thresholds[kind.rawValue]
            return value < 0 || settings.lengths[kind.rawValue] == 0 ? Int64.max : value
        }
        func nanoseconds(_ value: Int64, _ unit: Int64) -> Int64 {
            let (product, overflow) = value.multipliedReportingOverflow(by: unit)
            return overflow ? Int64.max : product
        }
        let monitored = settings.latencyThreshold > 0 ? settings.latencyThreshold : Int64.max
        self.nanoseconds = min(nanoseconds(threshold(.slow), 1000), nanoseconds(monitored, 1_000_000))
        bytes = Int(min(threshold(.largeRequest), threshold(.largeReply)))
        tracksLatency = settings.tracksLatency
    }
}

extension Engine {
    /// Counts a command that has run for `nanoseconds` and wrote `replyBytes`.
    @inline(__always)
    mutating func account(_ id: CommandID, _ arguments: borrowing Arguments, _ nanoseconds: Int64, replyBytes: Int) {
        let watch = context.statistics.watch
        context.statistics.commands[id].add(nanoseconds: nanoseconds, toHistogram: watch.tracksLatency)
        if nanoseconds >= watch.nanoseconds || max(requestBytes, replyBytes) >= watch.bytes {
            note(id, arguments, nanoseconds, replyBytes)
        }
        context.statistics.totalCommands &+= 1
        context.session.commandCount &+= 1
    }

    @inline(never)
    private mutating func note(_ id: CommandID, _ arguments: borrowing Arguments, _ nanoseconds: Int64, _ replyBytes: Int) {
        let settings = context.configuration.monitoring
        let flags = context.commands.commands[id].flags
        context.noteLatency(flags.contains(.fast) ? .fastCommand : .command, nanoseconds: nanoseconds)
        guard !flags.contains(.skipSlowlog) else { return }
        let measures = [nanoseconds / 1000, Int64(requestBytes), Int64(replyBytes)]
        let wanted = CommandLogKind.allCases.filter { kind in
            let threshold = settings.thresholds[kind.rawValue]
            return threshold >= 0 && measures[kind.rawValue] >= threshold && settings.lengths[kind.rawValue] > 0
        }
        guard !wanted.isEmpty else { return }
        let words = context.statistics.commandLog.kept(arguments, of: context.statistics.totalCommands, settings)
        let seconds = context.time.wallMicroseconds / 1_000_000
        for kind in wanted {
            context.statistics.commandLog.add(
                kind, measure: measures[kind.rawValue], seconds: seconds, words: words, context.session.identity,
                limit: settings.lengths[kind.rawValue])
        }
    }

    /// Bytes of a request as it is sent: words and their heads.
    static func bytes(of arguments: borrowing Arguments) -> Int {
        func digits(_ value: Int) -> Int { DecimalText(Int64(value)).count }
        var total = digits(arguments.count) + 3
        for i in 0..<arguments.count {
            let count = arguments[i].byteCount
            total += digits(count) + count + 5
        }
        return total
    }
}

extension CommandContext {
    /// Tells the latency monitor how long something took; short times are dropped.
    public mutating func noteLatency(_ event: LatencyEvent, nanoseconds: Int64) {
        let threshold = configuration.monitoring.latencyThreshold
        let milliseconds = nanoseconds / 1_000_000
        guard threshold > 0, milliseconds >= threshold else { return }
        statistics.latency.add(event, milliseconds, at: time.wallMicroseconds / 1_000_000)
    }
}
