import CSystem

/// What the process has allocated, from jemalloc's counters per thread: free
/// to keep, and it includes what the Swift runtime allocates.
@safe
public struct MemoryMeter: ~Copyable {
    // SAFETY: the pointers lead to counters that jemalloc keeps for the life of
    // their thread; the threads registered here live as long as the process.
    private var counters: [(allocated: UnsafePointer<UInt64>, deallocated: UnsafePointer<UInt64>)] = unsafe []

    public init() {}

    /// Counts the calling thread from now on.
    public mutating func addCurrentThread() {
        if let allocated = unsafe cs_thread_allocated_counter(), let deallocated = unsafe cs_thread_deallocated_counter() {
            unsafe counters.append((allocated, deallocated))
        }
    }

    /// Counts a worker's thread.
    public mutating func add(_ thread: ThreadCounters) {
        if let allocated = unsafe thread.allocated, let deallocated = unsafe thread.deallocated {
            unsafe counters.append((allocated, deallocated))
        }
    }

    /// Bytes allocated and not freed.
    public var used: Int64 {
        var total: Int64 = 0
        for unsafe counter in unsafe counters {
            unsafe total &+= Int64(bitPattern: cs_load_relaxed(counter.allocated) &- cs_load_relaxed(counter.deallocated))
        }
        return max(0, total)
    }

    /// Bytes of the process in physical memory.
    public static var resident: Int64 { Int64(clamping: cs_resident_bytes()) }

    public static func statistic(_ name: String) -> Int64 {
        cs_allocator_refresh()
        return Int64(clamping: unsafe cs_allocator_statistic(name))
    }

    public static func purge() { cs_allocator_purge() }

    public static var allocatorName: String { "jemalloc-" + (unsafe String(cString: cs_allocator_version()).prefix { $0 != "-" }) }
}

/// The counters of one thread, handed from it to the meter.
@safe
public struct ThreadCounters: @unchecked Sendable {
    // SAFETY: as of MemoryMeter.
    let allocated: UnsafePointer<UInt64>?
    let deallocated: UnsafePointer<UInt64>?

    init() {
        unsafe allocated = unsafe cs_thread_allocated_counter()
        unsafe deallocated = unsafe cs_thread_deallocated_counter()
    }
}
