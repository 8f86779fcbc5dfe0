import CSystem

/// A moment of wall time: milliseconds since 1970.
public typealias Milliseconds = Int64

/// Where the engine's time comes from: the machine's clocks, or a simulated
/// clock that a test moves by hand.
public struct TimeSource: Sendable {
    private let simulated: SimulatedClock?
    /// Nanoseconds per cycle of the time-stamp counter as 32.32 fixed point; 0: use the clock call.
    private let nanosecondsPerCycle: UInt64
    private let cycleOrigin: UInt64
    private let nanosecondOrigin: Int64

    private init(simulated: SimulatedClock?, rate: UInt64, cycles: UInt64, nanoseconds: Int64) {
        self.simulated = simulated
        nanosecondsPerCycle = rate
        cycleOrigin = cycles
        nanosecondOrigin = nanoseconds
    }

    /// The machine's clocks. Where the cycle counter is invariant it is
    /// calibrated against the monotonic clock for `calibrationNanoseconds`.
    public static func machine(calibrationNanoseconds: Int64 = 3_000_000) -> TimeSource {
        guard cs_cycles_are_invariant() else {
            return TimeSource(simulated: nil, rate: 0, cycles: 0, nanoseconds: 0)
        }
        let startNanoseconds = cs_monotonic_nanoseconds()
        let startCycles = cs_cycles()
        var now = startNanoseconds
        while now - startNanoseconds < calibrationNanoseconds { now = cs_monotonic_nanoseconds() }
        let cycles = cs_cycles() - startCycles
        let rate = cycles == 0 ? 0 : UInt64(Double(now - startNanoseconds) / Double(cycles) * 4_294_967_296)
        return TimeSource(simulated: nil, rate: rate, cycles: startCycles, nanoseconds: startNanoseconds)
    }

    public static func simulated(_ clock: SimulatedClock) -> TimeSource {
        TimeSource(simulated: clock, rate: 0, cycles: 0, nanoseconds: 0)
    }

    /// Nanoseconds on a clock that never goes back; cheap enough for every command.
    @inline(__always)
    public var monotonicNanoseconds: Int64 {
        if nanosecondsPerCycle != 0 {
            let elapsed = (cs_cycles() &- cycleOrigin).multipliedFullWidth(by: nanosecondsPerCycle)
            return nanosecondOrigin &+ Int64(truncatingIfNeeded: elapsed.high << 32 | elapsed.low >> 32)
        }
        return simulated?.nanoseconds ?? cs_monotonic_nanoseconds()
    }

    /// The monotonic clock, in words.
    public var clockName: String {
        nanosecondsPerCycle == 0
            ? "POSIX clock_gettime" : "X86 TSC @ \(UInt64(4_294_967_296_000 / Double(nanosecondsPerCycle))) ticks/us"
    }

    /// Microseconds since 1970.
    public var wallMicroseconds: Int64 {
        if let simulated { return simulated.nanoseconds / 1000 }
        return cs_wall_microseconds()
    }
}

/// A clock that stands still until it is told to move. One test, one thread, one clock.
public final class SimulatedClock: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulated engine.
    public private(set) var nanoseconds: Int64

    public init(milliseconds: Milliseconds = 1_700_000_000_000) {
        nanoseconds = milliseconds * 1_000_000
    }

    public func advance(milliseconds: Milliseconds) { nanoseconds += milliseconds * 1_000_000 }
}
