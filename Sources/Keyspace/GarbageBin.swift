// What takes long to free is not freed by the command that lets go of it: it is
// collected here, and whoever runs the engine hands it to the lazy-free worker.

import BasicContainers
import Primitives

/// A value, or a whole database, that nothing refers to any more; dropping it frees it.
public enum Garbage: ~Copyable, Sendable {
    case database(Database)
    case value(DetachedEntry)

    /// Bytes that it takes, as far as they were counted: those of evicted values.
    public var bytes: Int64 {
        switch self {
        case .database: 0
        case .value(let entry): entry.bytes
        }
    }

    /// Keys that it was.
    public var count: Int {
        switch self {
        case .database(let database): database.count
        case .value: 1
        }
    }
}

/// An entry out of its tables.
@safe
public struct DetachedEntry: ~Copyable, @unchecked Sendable {
    // SAFETY: the partition gave the entry up; this value is its only owner.
    private let entry: Entry
    /// What freeing it gives back; 0: not counted.
    let bytes: Int64

    init(_ entry: Entry, bytes: Int64 = 0) {
        self.entry = entry
        self.bytes = bytes
    }

    deinit { unsafe entry.free() }
}

/// The garbage of all databases of a keyspace; shared by its partitions.
public final class GarbageBin {
    private var items = UniqueArray<Garbage>()

    public init() {}

    /// Bytes of the garbage, as far as they were counted.
    public private(set) var bytes: Int64 = 0

    /// Keeps a value until somebody takes it.
    public func add(_ garbage: consuming Garbage) {
        bytes += garbage.bytes
        items.append(garbage)
    }

    /// Hands out one value, which its new owner frees; nil when there is none.
    public func take() -> Garbage? {
        guard !items.isEmpty, let garbage = items.popLast() else { return nil }
        bytes -= garbage.bytes
        return garbage
    }

    /// Whether nothing waits to be freed.
    public var isEmpty: Bool { items.isEmpty }
}

extension Partition {
    /// Values of more elements than this are left to the worker.
    static var promptEffort: Int { 64 }

    /// Frees an entry that is out of the tables: at once when that is quick.
    func discard(_ entry: Entry) {
        if entry.freeingEffort > Self.promptEffort {
            bin.add(.value(DetachedEntry(entry)))
        } else {
            // SAFETY: out of the tables, so nothing refers to it.
            unsafe entry.free()
        }
    }
}
