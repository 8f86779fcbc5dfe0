// Whether the loop rests a moment before it sleeps.
//
// Under load a turn ends while the next requests are already on their way. A loop
// that sleeps at once is woken by the first of them, serves a handful and sleeps
// again: waking costs more than serving. Resting for a fixed moment lets several
// requests gather, as network cards moderate their interrupts. It pays where
// clients keep the server busy, and costs throughput where every client waits for
// its reply with nothing else to do; so both are tried in turn, in short windows,
// and what serves more requests is kept.

/// A pure state machine: it is told of every turn, and answers whether to rest.
struct TurnPacing {
    /// How long a rest lasts, in nanoseconds.
    static let rest: Int64 = 50_000
    /// A turn of fewer events is not under load.
    static let busyEvents = 4
    /// A trial lasts this long, in nanoseconds.
    static let window: Int64 = 4_000_000
    /// Windows in a round: one without rests, one with, and the others as these two suggest.
    static let round = 32
    /// A window that took this many times its length was no load at all.
    private static let slack: Int64 = 4

    private var windowStart: Int64 = 0
    private var events = 0
    private var index = 0
    private var plainRate = 0.0
    /// How much more is served with rests, as a smoothed part of what is served without.
    private(set) var gain = 0.0

    private var isResting: Bool {
        switch index {
        case 0: false
        case 1: true
        default: gain > -0.01
        }
    }

    /// After a turn of `count` events that ended at `now` (monotonic nanoseconds): whether to rest before sleeping.
    mutating func rests(after count: Int, now: Int64) -> Bool {
        guard count >= Self.busyEvents else {
            events += count
            return false
        }
        events += count
        let elapsed = now - windowStart
        if elapsed >= Self.window { close(elapsed, at: now) }
        return isResting
    }

    private mutating func close(_ elapsed: Int64, at now: Int64) {
        let rate = Double(events) / Double(elapsed)
        windowStart = now
        events = 0
        guard elapsed < Self.window * Self.slack else {
            index = 0
            return
        }
        if index == 0 { plainRate = rate }
        if index == 1, plainRate > 0 { gain += (rate / plainRate - 1 - gain) / 4 }
        index = (index + 1) % Self.round
    }
}
