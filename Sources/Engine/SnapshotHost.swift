import Primitives

/// Files and child processes, as snapshots need them. Names are those of files in the
/// server's directory; numbers of failures are errnos.
public protocol SnapshotHost: AnyObject, Sendable {
    /// The version of Redis that a file names as its maker.
    var version: String { get }
    /// The process that asks: a child has another number than its parent.
    var process: Int32 { get }
    /// Creates a file to be written, empty: a descriptor, or a negated errno.
    func create(_ name: String) -> Int32
    /// Appends all bytes; an errno, 0 for success.
    func write(_ file: Int32, _ bytes: RawSpan) -> Int32
    /// Has what was written so far be on its way to the disk.
    func pushOut(_ file: Int32)
    /// Makes the file durable and gives it its name, in place of what had it; an errno, 0 for success.
    func finish(_ file: Int32, _ temporary: String, as name: String) -> Int32
    /// Closes and removes a file that is not wanted; `file` negative: it is not open.
    func discard(_ file: Int32, _ temporary: String)
    /// Opens a file to be read: a descriptor or a negated errno, and its size where it has one.
    func open(_ name: String) -> (file: Int32, bytes: Int?)
    /// Appends up to `count` bytes of the file: how many, 0 at the end, or a negated errno.
    func read(_ file: Int32, _ buffer: inout GrowingBytes, _ count: Int) -> Int
    /// Closes a file that was read.
    func close(_ file: Int32)

    /// Makes a copy of the process: 0 in the copy, its number in the original, or a negated errno.
    func fork() -> Int32
    /// In the child: tells how many keys are written.
    func report(keys: Int)
    /// In the child: ends it. Not declared as one that never returns: Swift would free all data ahead of
    /// the call, since nobody could need it any more, which takes time and makes the child copy pages.
    func leave(_ status: Int32)
    /// What the child has told last.
    func latestReport() -> SnapshotReport?
    /// Asks the child to end.
    func stop(_ child: Int32)
    /// How the child has ended; nil while it has not.
    func reap(_ child: Int32) -> ChildEnd?

    /// Writes a line into the log.
    func log(_ level: LogLevel, _ text: String)
    /// An errno in words.
    func describe(_ failure: Int32) -> String
}

/// What a child tells about itself.
public struct SnapshotReport: Sendable {
    /// Keys written.
    public var keys: Int64
    /// Bytes of memory that it does not share with its parent.
    public var copiedBytes: Int64

    /// Both numbers.
    public init(keys: Int64, copiedBytes: Int64) {
        self.keys = keys
        self.copiedBytes = copiedBytes
    }
}

/// How a child process has ended.
public enum ChildEnd: Sendable {
    case exited(Int32)
    case killed(signal: Int32)
}
