import CSystem
import Glibc
import Synchronization

/// A thread that runs jobs of one class, one after another. One worker per
/// class, so that a long free never delays an fsync.
public final class Worker: Sendable {
    public typealias Job = @Sendable () -> Void

    private let jobs = Mutex<[Job]>([])
    private let counters = Mutex<ThreadCounters?>(nil)
    private let unfinished = Atomic<Int64>(0)
    private let wake: Int32

    /// Starts the thread; it lives as long as the process.
    public init() {
        wake = cs_semaphore_descriptor()
        var thread = pthread_t()
        // SAFETY: the thread takes over the reference that is passed to it.
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        _ = unsafe pthread_create(&thread, nil, { context in
            if let context = unsafe context {
                unsafe Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run()
            }
            return nil
        }, context)
    }

    /// Jobs handed over and not finished.
    public var pending: Int64 { unfinished.load(ordering: .relaxed) }

    /// The thread's allocation counters, once it runs.
    public var threadCounters: ThreadCounters? { counters.withLock { $0 } }

    /// The thread's allocation counters; waits until it has started.
    public func waitForThreadCounters() -> ThreadCounters? {
        for _ in 0..<1000 {
            if let counters = threadCounters { return counters }
            usleep(100)
        }
        return nil
    }

    public func submit(_ job: @escaping Job) {
        unfinished.add(1, ordering: .relaxed)
        jobs.withLock { $0.append(job) }
        cs_wake(wake)
    }

    private func run() -> Never {
        counters.withLock { $0 = ThreadCounters() }
        while true {
            cs_wait_semaphore(wake)
            let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { continue }
            next()
            unfinished.subtract(1, ordering: .relaxed)
        }
    }
}
