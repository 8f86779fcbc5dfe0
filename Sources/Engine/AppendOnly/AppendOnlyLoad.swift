import BasicContainers
import Keyspace
import Persistence
import Primitives
import RESP

/// An append-only file that is being loaded, part by part.
public struct AppendOnlyLoad: ~Copyable {
    /// The parts in their order, and the one under way.
    let files: [AppendOnlyManifest.File]
    var index = 0
    var part: Part?
    /// Bytes of parts that are done.
    var doneBytes: Int64 = 0
    let begin: Int64

    /// One file.
    struct Part: ~Copyable {
        let path: String
        let file: Int32
        let bytes: Int
        let begin: Int64
        /// The snapshot in front of the commands, while it is read.
        var preamble: SnapshotLoader?
        var input = GrowingBytes(capacity: 1 << 18)
        /// Bytes in front of the input.
        var dropped = 0
        /// Bytes of the input that are understood.
        var consumed = 0
        /// Up to here the file is whole: between transactions.
        var whole = 0
        /// Bytes to ask for next: more when a command is long.
        var chunk = 1 << 18
        /// What waits for EXEC.
        var transaction: UniqueArray<OwnedArguments>?
        /// Whether room was the last that stood here, which is no part of what is whole.
        var followsRoom = false
        /// Sums up groups.
        let summing = CRC64(isWide: true)
        /// What the last SELECT has said.
        var database = DatabaseIndex(0)

        /// Where reading stands.
        var offset: Int { dropped + consumed }
    }

    init(_ files: [AppendOnlyManifest.File], begin: Int64) {
        self.files = files
        self.begin = begin
    }

    /// Whether a part follows the one under way.
    var isAtLast: Bool { index == files.count - 1 }
}
