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

/// Bytes as the allocator counts them.
public struct AllocatorReading: Sendable {
    /// Handed out to the program.
    public var allocated: Int64 = 0
    /// In pages that hold something of it.
    public var active: Int64 = 0
    /// In pages that are in physical memory.
    public var resident: Int64 = 0
    /// Of the machine.
    public var systemMemory: Int64 = 0

    public init(allocated: Int64 = 0, active: Int64 = 0, resident: Int64 = 0, systemMemory: Int64 = 0) {
        self.allocated = allocated
        self.active = active
        self.resident = resident
        self.systemMemory = systemMemory
    }
}

/// Microseconds of CPU: of the process, its ended children and the loop's thread.
public struct CPUReading: Sendable {
    /// All threads.
    public var process: (user: Int64, system: Int64)
    /// Children that have ended.
    public var children: (user: Int64, system: Int64)
    /// The thread that asks.
    public var thread: (user: Int64, system: Int64)

    public init(
        process: (user: Int64, system: Int64) = (0, 0), children: (user: Int64, system: Int64) = (0, 0),
        thread: (user: Int64, system: Int64) = (0, 0)
    ) {
        self.process = process
        self.children = children
        self.thread = thread
    }
}
