import Primitives

/// How recently or how often an entry was used: 24 bits of its header.
///
/// LRU policies keep seconds (wrapping after 194 days). LFU policies keep
/// minutes of the last decay in the high 16 bits and a logarithmic counter in
/// the low 8, the scheme that Redis documents for OBJECT FREQ.
public struct AccessBits: Sendable, BitwiseCopyable {
    /// The 24 bits as they stand in an entry's header.
    public let raw: UInt32

    @inlinable public init(raw: UInt32) { self.raw = raw & 0xff_ffff }

    /// The LRU clock at `now`.
    @inlinable public init(seconds now: Milliseconds) { self.init(raw: UInt32(truncatingIfNeeded: now / 1000)) }

    /// A new entry's LFU bits: a counter that survives its first minutes.
    @inlinable public init(frequencyAt now: Milliseconds, counter: UInt8 = 5) {
        self.init(raw: UInt32(truncatingIfNeeded: now / 60_000) << 8 | UInt32(counter))
    }

    /// Seconds since the last use, by the LRU clock.
    public func idleSeconds(at now: Milliseconds) -> Int64 {
        Int64((AccessBits(seconds: now).raw &- raw) & 0xff_ffff)
    }

    /// The LFU counter after decay: one step per `decayMinutes` since the last.
    public func frequency(at now: Milliseconds, decayMinutes: Int) -> UInt8 {
        let minutes = UInt32(truncatingIfNeeded: now / 60_000) & 0xffff
        let elapsed = (minutes &- (raw >> 8)) & 0xffff
        let steps = decayMinutes > 0 ? Int(elapsed) / decayMinutes : 0
        return UInt8(max(0, Int(raw & 0xff) - steps))
    }

    /// The bits after one more use: the counter rises with chance 1 / (counter above 5 x factor + 1).
    public func touchedFrequency(
        at now: Milliseconds, decayMinutes: Int, factor: Int, using random: inout RandomGenerator
    ) -> AccessBits {
        let decayed = frequency(at: now, decayMinutes: decayMinutes)
        var counter = decayed
        if counter < 255 {
            let base = Double(max(0, Int(counter) - 5))
            if Double(random.next() >> 11) / 9_007_199_254_740_992 < 1 / (base * Double(factor) + 1) { counter += 1 }
        }
        return AccessBits(frequencyAt: now, counter: counter)
    }
}

/// What the access bits of entries mean now, and how they are kept up.
public enum AccessPolicy: Sendable {
    /// When it was last used.
    case recency
    /// When it was last changed.
    case modification
    /// How often it is used.
    case frequency(decayMinutes: Int, factor: Int)

    /// The bits of an entry that is made at `now`.
    public func initial(at now: Milliseconds) -> AccessBits {
        switch self {
        case .recency, .modification: AccessBits(seconds: now)
        case .frequency: AccessBits(frequencyAt: now)
        }
    }
}
