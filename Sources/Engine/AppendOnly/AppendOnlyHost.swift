import Primitives

/// The disk of the append-only file. Paths are below the server's directory; numbers of
/// failures are errnos, 0 for success.
public protocol AppendOnlyHost: AnyObject, Sendable {
    /// Makes a directory unless it is there.
    func makeDirectory(_ path: String) -> Int32
    /// Bytes of a plain file; nil when there is none.
    func size(_ path: String) -> Int?
    /// A whole small file.
    func contents(_ path: String) -> (bytes: [UInt8], failure: Int32)
    /// Replaces a small file so that, whatever happens, the old or the new one is there.
    func replace(_ path: String, _ bytes: [UInt8]) -> Int32
    /// Gives a file another name, for good.
    func rename(_ old: String, _ new: String) -> Int32
    /// Gives a file a second name, for good.
    func link(_ old: String, _ new: String) -> Int32
    /// Whether nothing is in a directory.
    func isEmptyDirectory(_ path: String) -> Bool
    /// Removes a directory if nothing is in it.
    func removeDirectory(_ path: String)
    /// Removes a file, in the background where that takes time.
    func remove(_ path: String)
    /// Opens a file to write to it, creating it; `empties`: without what is there, for good, and with its name on the
    /// disk, so that a manifest may tell of it. A descriptor or a negated errno.
    func openForWriting(_ path: String, empties: Bool) -> Int32
    /// Writes bytes from `offset` on: how many, and why not all.
    func write(_ file: Int32, _ bytes: borrowing ByteChain, at offset: Int64) -> (count: Int, failure: Int32)
    /// Cuts an open file off behind so many bytes.
    func truncate(_ file: Int32, to bytes: Int64) -> Int32
    /// Brings what was written onto the disk, while everybody waits.
    func sync(_ file: Int32) -> Int32
    /// Begins to do so in the background, one at a time; `mark` tells it from others. `room`: what the file is to be
    /// lengthened by before, as `AppendOnlyRoom` says; it begins at the file's end.
    func beginSync(_ file: Int32, mark: JournalPosition, room: Range<Int64>?)
    /// The end of what was begun, once.
    func takeSyncResult() -> SyncResult?
    /// Syncs and closes in the background.
    func close(_ file: Int32)
}

/// How a sync in the background has ended.
public struct SyncResult: Sendable {
    /// Which one.
    public let mark: JournalPosition
    /// An errno; 0 for success.
    public let failure: Int32
    /// Where room that was asked for ends; nil: none was, or it could not be made.
    public let roomEnd: Int64?

    /// All of it.
    public init(mark: JournalPosition, failure: Int32, roomEnd: Int64?) {
        self.mark = mark
        self.failure = failure
        self.roomEnd = roomEnd
    }
}
