import CSystem
import Glibc
import Synchronization

/// What the process has allocated, from jemalloc's counters per thread: free
/// to keep, and it includes what the Swift runtime allocates.
public final class MemoryMeter: Sendable {
    private let counters = Mutex<[ThreadCounters]>([])

    public init() {}

    /// Counts the calling thread from now on.
    public func addCurrentThread() { add(ThreadCounters()) }

    /// Counts a worker's thread.
    public func add(_ thread: ThreadCounters) { counters.withLock { $0.append(thread) } }

    /// Bytes allocated and not freed.
    public var used: Int64 { counters.withLock { $0.reduce(0) { $0 &+ $1.balance } } }

    /// Bytes of the process in physical memory.
    public static var resident: Int64 { Int64(clamping: cs_resident_bytes()) }

    public static func statistic(_ name: String) -> Int64 {
        cs_allocator_refresh()
        return Int64(clamping: unsafe cs_allocator_statistic(name))
    }

    /// A setting or figure of the allocator that is a number or a flag; or why it cannot be read, as an errno.
    public static func allocatorValue(_ name: String) -> (value: Int64, failure: Int32) {
        cs_allocator_refresh()
        var value: UInt64 = 0
        let failure = unsafe cs_allocator_read(name, &value)
        return (Int64(clamping: value), failure)
    }

    /// Sets a number or a flag of the allocator, of those that harm nothing; 0 or an errno.
    public static func setAllocatorValue(_ name: String, _ value: Int64) -> Int32 {
        let failure = allocatorValue(name).failure
        guard failure == 0 else { return failure }
        let harmless = ["background_thread", "thread.tcache.enabled"]
        guard harmless.contains(name) || name.hasSuffix("_decay_ms") else { return EPERM }
        return unsafe cs_allocator_write(name, UInt64(bitPattern: value))
    }

    /// A setting of the allocator that is a text; or why it cannot be read, as an errno.
    public static func allocatorText(_ name: String) -> (text: String, failure: Int32) {
        let failure = allocatorValue(name).failure
        guard failure == 0 else { return ("", failure) }
        let texts = ["version", "config.malloc_conf", "opt.dss", "opt.metadata_thp", "opt.percpu_arena", "opt.thp", "opt.junk"]
        guard texts.contains(name), let text = unsafe cs_allocator_text(name) else { return ("", EINVAL) }
        return (unsafe String(cString: text), 0)
    }

    /// Has the allocator do something that takes and gives nothing, of what harms nothing; 0 or an errno.
    public static func tellAllocator(_ name: String) -> Int32 {
        let harmless = ["thread.tcache.flush", "thread.idle"]
        guard harmless.contains(name) || name.hasSuffix(".decay") || name.hasSuffix(".purge") else {
            return allocatorValue(name).failure == 0 ? EPERM : ENOENT
        }
        return unsafe cs_allocator_do(name)
    }

    /// jemalloc's account of itself, as text; cut off at 1 MiB.
    public static var report: [UInt8] {
        let limit = 1 << 20
        // SAFETY: the C function writes at most `limit` bytes and returns how many.
        return unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = unsafe cs_allocator_report(buffer.baseAddress, limit)
        }
    }

    /// Has freed pages given back while the process is idle, too.
    public static func purgeInBackground() { cs_allocator_purge_in_background() }

    public static func purge() { cs_allocator_purge() }

    public static var allocatorName: String { "jemalloc-" + (unsafe String(cString: cs_allocator_version()).prefix { $0 != "-" }) }
}

/// The counters of one thread, handed from it to the meter.
@safe
public struct ThreadCounters: @unchecked Sendable {
    // SAFETY: the pointers lead to counters that jemalloc keeps for the life of
    // their thread; only threads that live as long as the process are counted.
    let allocated: UnsafePointer<UInt64>?
    let deallocated: UnsafePointer<UInt64>?

    var balance: Int64 {
        guard let allocated = unsafe allocated, let deallocated = unsafe deallocated else { return 0 }
        return unsafe Int64(bitPattern: cs_load_relaxed(allocated) &- cs_load_relaxed(deallocated))
    }

    init() {
        unsafe allocated = unsafe cs_thread_allocated_counter()
        unsafe deallocated = unsafe cs_thread_deallocated_counter()
    }
}
