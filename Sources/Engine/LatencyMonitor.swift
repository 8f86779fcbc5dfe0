// Moments in which the server kept its clients waiting: what LATENCY shows.

import Primitives

/// What may take long.
public enum LatencyEvent: String, Sendable, CaseIterable {
    case command
    case fastCommand = "fast-command"
    case expireCycle = "expire-cycle"
    case fork
    case evictionCycle = "eviction-cycle"
    case appendOnlyWrite = "aof-write"
}

/// The latest samples of one event: at most one a second, the worst of it.
public struct LatencySamples: Sendable {
    /// The worst of one second.
    public struct Sample: Sendable {
        /// Since 1970.
        public let seconds: Int64
        /// How long it took.
        public internal(set) var milliseconds: Int64
    }

    /// In the order of time.
    public private(set) var samples: [Sample] = []
    /// The worst since the event was last reset, in milliseconds.
    public private(set) var worst: Int64 = 0

    /// Samples kept.
    static var limit: Int { 160 }

    mutating func add(_ milliseconds: Int64, at seconds: Int64) {
        worst = max(worst, milliseconds)
        if let last = samples.last, last.seconds == seconds {
            samples[samples.count - 1].milliseconds = max(last.milliseconds, milliseconds)
            return
        }
        if samples.count == Self.limit { samples.removeFirst() }
        samples.append(Sample(seconds: seconds, milliseconds: milliseconds))
    }
}

/// The samples of all events.
public struct LatencyMonitor: Sendable {
    private var events = [LatencySamples](repeating: LatencySamples(), count: LatencyEvent.allCases.count)

    init() {}

    /// The samples of an event.
    public subscript(_ event: LatencyEvent) -> LatencySamples { events[Self.index(event)] }

    /// Events with samples.
    public var observed: [LatencyEvent] { LatencyEvent.allCases.filter { !self[$0].samples.isEmpty } }

    private static func index(_ event: LatencyEvent) -> Int { LatencyEvent.allCases.firstIndex(of: event) ?? 0 }

    mutating func add(_ event: LatencyEvent, _ milliseconds: Int64, at seconds: Int64) {
        events[Self.index(event)].add(milliseconds, at: seconds)
    }

    /// Forgets an event's samples; false when there were none.
    public mutating func reset(_ event: LatencyEvent) -> Bool {
        defer { events[Self.index(event)] = LatencySamples() }
        return !self[event].samples.isEmpty
    }
}
