// How long the calls of a command took: counts in log-linear buckets, as
// HdrHistogram keeps them with two significant digits.

import BasicContainers

/// Counts of durations up to `limit` nanoseconds, each bucket no wider than
/// 1/128 of its values. Grows to the highest bucket that was needed, 24 KiB at most.
public struct LatencyHistogram: ~Copyable {
    // Bucket of v: v itself below 256; beyond, with `shift` so that v >> shift
    // has eight bits, 128 * shift + (v >> shift).
    private var counters = UniqueArray<Int64>()
    /// Durations recorded.
    public private(set) var count: Int64 = 0

    /// Longer durations count as this long: 1000 seconds.
    static var limit: Int64 { 1_000_000_000_000 }

    init() {}

    /// Notes a duration in nanoseconds, not negative.
    @inline(__always)
    mutating func record(_ nanoseconds: Int64) {
        count &+= 1
        let bucket = Self.bucket(nanoseconds)
        if bucket < counters.count { counters[bucket] &+= 1 } else { grow(to: bucket) }
    }

    @inline(__always)
    private static func bucket(_ nanoseconds: Int64) -> Int {
        let value = min(UInt64(truncatingIfNeeded: nanoseconds), UInt64(limit))
        let shift = 56 &- (value | 255).leadingZeroBitCount
        return shift &<< 7 &+ Int(truncatingIfNeeded: value &>> UInt64(truncatingIfNeeded: shift))
    }

    @inline(never)
    private mutating func grow(to bucket: Int) {
        // To the end of its octave, so that a command grows a few times only.
        let wanted = (bucket / 128 + 1) * 128
        counters.reserveCapacity(wanted)
        while counters.count < wanted { counters.append(0) }
        counters[bucket] += 1
    }

    /// The lowest and the highest duration of a bucket.
    private static func bounds(_ bucket: Int) -> (low: Int64, high: Int64) {
        let shift = max(0, bucket / 128 - 1)
        let low = Int64(bucket - shift * 128) << Int64(shift)
        return (low, low + (1 << Int64(shift)) - 1)
    }

    /// The duration in nanoseconds that `percent` of the calls did not exceed:
    /// the upper end of its bucket, the lower one for 0 percent.
    public func value(atPercentile percent: Double) -> Int64 {
        let share = min(max(percent, 0), 100) / 100
        let wanted = max(1, Int64(share * Double(count) + 0.5))
        var sum: Int64 = 0
        for bucket in 0..<counters.count where counters[bucket] > 0 {
            sum += counters[bucket]
            if sum >= wanted { return percent == 0 ? Self.bounds(bucket).low : Self.bounds(bucket).high }
        }
        return 0
    }

    /// For durations of 1024 ns and each doubling of it, as far as there are
    /// calls: microseconds, and how many calls took no longer. Steps that add no call are left out.
    public var cumulative: [(microseconds: Int64, calls: Int64)] {
        var steps: [(microseconds: Int64, calls: Int64)] = []
        var level: Int64 = 1024
        var sum: Int64 = 0
        var next = 0
        while sum < count {
            let end = Self.bucket(level)
            let before = sum
            while next <= end, next < counters.count {
                sum += counters[next]
                next += 1
            }
            if sum > before { steps.append((Self.bounds(end).high / 1000, sum)) }
            guard next < counters.count else { break }
            level *= 2
        }
        return steps
    }
}
