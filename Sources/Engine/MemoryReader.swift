/// What the process holds, as an injected meter tells it.
public struct MemoryReading: Sendable {
    /// Bytes allocated and not freed.
    public var used: Int64
    /// Bytes in physical memory.
    public var resident: Int64 { readResident() }
    private let readResident: @Sendable () -> Int64

    /// `resident` is asked of the system, and only when somebody wants it.
    public init(used: Int64, resident: @escaping @autoclosure @Sendable () -> Int64) {
        self.used = used
        readResident = resident
    }
}

/// Reads the meter; called when somebody asks, and before writes where memory has a limit.
public typealias MemoryReader = @Sendable () -> MemoryReading
