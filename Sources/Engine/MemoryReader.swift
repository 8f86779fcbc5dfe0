/// What the process holds, as an injected meter tells it.
public struct MemoryReading: Sendable {
    /// Bytes allocated and not freed.
    public var used: Int64
    /// Bytes in physical memory.
    public var resident: Int64

    public init(used: Int64, resident: Int64) {
        self.used = used
        self.resident = resident
    }
}

/// Reads the meter; called when somebody asks, not per request.
public typealias MemoryReader = @Sendable () -> MemoryReading
