import Keyspace
import Synchronization

/// The contents of a database on their way to the worker that frees them.
final class Garbage: Sendable {
    private let contents: Mutex<Database?>

    init(_ database: consuming sending Database) { contents = Mutex(database) }

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
