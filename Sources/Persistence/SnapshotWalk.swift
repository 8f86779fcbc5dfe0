// How a snapshot gets at the keys. A walk visits every partition of every
// database in the order of hashes, a bucket at a time, and can rest between two
// buckets. Today nothing changes meanwhile: a child process walks its copy of the
// memory, or the loop waits. A walk beside a running server will need to be told
// of buckets that change before it has come to them.

import Keyspace
import Primitives

/// A place in the walk through all keys.
public struct SnapshotWalk {
    private var database = 0
    private var partition = 0
    private var position: UInt64 = 0
    private var isInside = false

    /// What a step has come to.
    public enum Step {
        /// The keys of this database follow.
        case begin(DatabaseIndex)
        /// A bucket was visited.
        case bucket
        case end
    }

    /// Buckets whose keys are on their way from memory while one is visited.
    private static var ahead: Int { 3 }

    /// The beginning.
    public init() {}

    /// Goes on to the next bucket and visits its keys, or to the next database that has keys.
    public mutating func step(in keyspace: borrowing Keyspace, _ body: (Entry) -> Void) -> Step {
        if !isInside {
            while database < keyspace.databaseCount, keyspace[DatabaseIndex(database)].count == 0 { database += 1 }
            guard database < keyspace.databaseCount else { return .end }
            isInside = true
            return .begin(DatabaseIndex(database))
        }
        if let next = keyspace[DatabaseIndex(database)][partition: partition].scan(from: position, ahead: Self.ahead, body) {
            position = next
            return .bucket
        }
        position = 0
        partition += 1
        if partition == keyspace[DatabaseIndex(database)].partitionCount {
            partition = 0
            database += 1
            isInside = false
        }
        return .bucket
    }
}
