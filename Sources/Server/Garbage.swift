import Keyspace
import Synchronization

/// A database or a large value on its way to the worker that frees it.
final class GarbageBox: Sendable {
    private let contents: Mutex<Garbage?>

    init(_ garbage: consuming sending Garbage) { contents = Mutex(garbage) }

    /// Frees everything, on the calling thread.
    func free() { contents.withLock { $0 = nil } }
}

/// A number that threads share.
final class Counter: Sendable {
    private let number = Atomic<Int64>(0)

    var value: Int64 { number.load(ordering: .relaxed) }
    func add(_ amount: Int64) { number.add(amount, ordering: .relaxed) }
    func reset() { number.store(0, ordering: .relaxed) }
}
