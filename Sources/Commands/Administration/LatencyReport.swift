// What LATENCY GRAPH and LATENCY DOCTOR say.

import Engine

enum LatencyReport {
    // MARK: Graph

    /// A column a sample, the latest to the right; beneath, how long ago it was.
    static func graph(_ event: LatencyEvent, _ history: LatencySamples, at now: Int64) -> String {
        let samples = history.samples.suffix(columns)
        let high = samples.map(\.milliseconds).max() ?? 0
        let low = samples.map(\.milliseconds).min() ?? 0
        var rows = [[Character]](repeating: [], count: rowCount)
        var ages: [[Character]] = []
        for sample in samples {
            let steps = level(sample.milliseconds, low, high)
            for row in 0..<rowCount { rows[rowCount - 1 - row].append(mark(steps - row * marks.count)) }
            ages.append(Array(age(now - sample.seconds)))
        }
        let depth = ages.map(\.count).max() ?? 0
        let foot = (0..<depth).map { line in ages.map { line < $0.count ? $0[line] : " " } }
        let head = "\(event.rawValue) - high \(high) ms, low \(low) ms (all time high \(history.worst) ms)\n"
        let rule = String(repeating: "-", count: columns) + "\n"
        return head + rule + rows.map { String($0) + "\n" }.joined() + "\n" + foot.map { String($0) + "\n" }.joined()
    }

    private static var columns: Int { 80 }
    private static var rowCount: Int { 4 }
    /// From the foot of a row to its head.
    private static var marks: [Character] { ["_", "o", "#"] }

    /// Steps of a sample's column, at least one.
    private static func level(_ value: Int64, _ low: Int64, _ high: Int64) -> Int {
        guard high > low else { return 1 }
        return 1 + Int(Double(value - low) / Double(high - low) * Double(rowCount * marks.count - 1))
    }

    /// What stands in a row that `steps` steps reach into.
    private static func mark(_ steps: Int) -> Character {
        if steps <= 0 { return " " }
        return steps > marks.count ? "|" : marks[steps - 1]
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3600: "\(seconds / 60)m"
        case ..<86400: "\(seconds / 3600)h"
        default: "\(seconds / 86400)d"
        }
    }

    // MARK: Advice

    /// What was observed, and what may be done about it.
    static func advice(_ monitor: LatencyMonitor, _ settings: MonitoringSettings, at now: Int64) -> String {
        guard settings.latencyThreshold > 0 else {
            return "Latency monitoring is off, so there is nothing to report. "
                + "CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n"
        }
        let events = monitor.observed
        guard !events.isEmpty else {
            return "No latency spike of \(settings.latencyThreshold) ms or more was observed since the samples were last reset.\n"
        }
        var text = "Latency spikes of \(settings.latencyThreshold) ms or more were observed:\n\n"
        for (number, event) in events.enumerated() { text += "\(number + 1). " + summary(event, monitor[event], at: now) + "\n" }
        text += "\nWhat may help:\n\n"
        for line in events.flatMap({ advice($0, settings) }) { text += "- \(line)\n" }
        return text
    }

    private static func summary(_ event: LatencyEvent, _ history: LatencySamples, at now: Int64) -> String {
        let values = history.samples.map { Double($0.milliseconds) }
        let average = values.reduce(0, +) / Double(values.count)
        let deviation = values.reduce(0) { $0 + ($1 - average).magnitude } / Double(values.count)
        let first = history.samples.first?.seconds ?? now
        let period = Double(max(0, now - first)) / Double(values.count)
        return "\(event.rawValue): \(values.count) latency spikes "
            + "(average \(Administration.twoDecimals(average)) ms, mean deviation \(Administration.twoDecimals(deviation)) ms, "
            + "period \(Administration.twoDecimals(period)) sec). Worst all time event \(history.worst) ms."
    }

    private static func advice(_ event: LatencyEvent, _ settings: MonitoringSettings) -> [String] {
        switch event {
        case .command:
            let slow = settings.thresholds[CommandLogKind.slow.rawValue]
            let isKept = slow >= 0 && slow / 1000 <= settings.latencyThreshold && settings.lengths[CommandLogKind.slow.rawValue] > 0
            return [
                isKept
                    ? "See with SLOWLOG GET which commands were slow."
                    : "Lower slowlog-log-slower-than to \(settings.latencyThreshold) ms or less (it is in microseconds), "
                        + "so that SLOWLOG GET names the slow commands.",
                "Commands whose work grows with the data hold up all clients: walk large keys in parts (SCAN and its kin), "
                    + "and free them with UNLINK.",
            ]
        case .fastCommand:
            return [
                "Commands of constant cost were slow, so the machine rather than the command is to blame: "
                    + "look for swapping, a busy processor, or a virtual machine that is short of time."
            ]
        case .expireCycle:
            return [
                "Many keys expire at the same time: spread their expiries, or lower active-expire-effort."
            ]
        case .fork:
            return ["Copying the process took long: give it less memory, or a machine that copies page tables faster."]
        case .appendOnlyWrite:
            return [
                "Writing to the append-only file took long: the disk is busy or slow. appendfsync everysec or no, and "
                    + "no-appendfsync-on-rewrite, ask less of it."
            ]
        case .evictionCycle:
            return [
                "Keys are evicted while clients wait: raise maxmemory, or lower maxmemory-eviction-tenacity."
            ]
        }
    }
}
