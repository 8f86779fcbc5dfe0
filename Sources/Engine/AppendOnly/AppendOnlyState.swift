import Persistence
import Primitives

/// What has become of the append-only file, and what is going on.
public struct AppendOnlyState: Sendable {
    /// Whether changes are written.
    public enum Mode: Sendable {
        case off
        case on
        /// Switched on while the server ran: changes go to a file of their own until a first
        /// rewrite has written what was there before.
        case awaitingRewrite
    }

    /// Whether, and how, changes are written.
    public internal(set) var mode = Mode.off
    /// The files there are.
    var manifest = AppendOnlyManifest()
    /// The increment that is written to.
    var increment = OpenIncrement()
    /// Bytes of all files.
    public internal(set) var bytes: Int64 = 0
    /// Those at the last rewrite or start.
    public internal(set) var baseBytes: Int64 = 0

    // Writing.
    /// Up to here the journal is in the file.
    var written: JournalPosition = 0
    /// Up to here it is on the disk.
    public internal(set) var synced: JournalPosition = 0
    /// The sync under way.
    var isSyncing = false
    /// Whether the next sync waits for more requests, and why.
    var gathering = SyncGathering()
    /// Whether it does so in this turn; the host is not to sleep long then.
    public internal(set) var isGathering = false
    /// When the last sync began, and since when writing waits for one; monotonic nanoseconds.
    var lastSync: Int64 = 0
    var waitsSince: Int64?
    /// Writes that did not wait any longer.
    public internal(set) var delayedSyncs: Int64 = 0
    /// Why the last write failed; 0: it did not.
    public internal(set) var writeFailure: Int32 = 0
    /// Why a sync failed; 0: none did, or a base that was written since holds what that sync may have lost.
    public internal(set) var syncFailure: Int32 = 0
    /// Whether the last sync failed: it is tried again, even if nothing was written since.
    var retriesSync = false
    /// When a failed write was tried last.
    var lastAttempt: Int64 = 0

    /// Rewrites, the one under way and those before.
    public internal(set) var rewriting = AppendOnlyRewriting()
    /// The backup that is made of it.
    public internal(set) var backup = Backup()

    /// Whether what happens cannot be written now.
    var failsToWrite: Bool { writeFailure != 0 || syncFailure != 0 }

    /// Whether a rewrite is due because a sync has failed: the next one says that all is well, although the
    /// kernel may have dropped what it could not write.
    var needsMending: Bool { syncFailure != 0 && !retriesSync && mode == .on }

    /// What failed is of no account any more.
    mutating func forgetFailures() { (writeFailure, syncFailure, retriesSync) = (0, 0, false) }

    /// A sync is under way in the background.
    public var isSyncPending: Bool { isSyncing }
}

/// What has become of rewrites of the append-only file.
public struct AppendOnlyRewriting: Sendable {
    /// The child that rewrites.
    public internal(set) var child: RewriteChild?
    /// Whether a rewrite is to begin as soon as that is possible.
    public internal(set) var isScheduled = false
    /// Seconds that the last rewrite took; -1: there was none.
    public internal(set) var lastSeconds: Int64 = -1
    /// Whether the last one went well.
    public internal(set) var isLastGood = true
    /// Rewrites that went well.
    public internal(set) var count: Int64 = 0
    /// Failures since the last that went well.
    public internal(set) var consecutiveFailures: Int64 = 0
    /// Bytes that the last child did not share with its parent.
    public internal(set) var lastCopiedBytes: Int64 = 0
    /// The increment of before, still open; negative: none. It is closed in the background, and only when the child is on
    /// its way: a thread at work while the process forks may hold a lock of Swift's runtime, which the child would wait for
    /// for ever.
    var replaced: Int32 = -1
    /// When rewrites that failed again and again may begin by themselves, and the last such rest's length.
    var restsUntil: Milliseconds?
    var restMinutes: Int64 = 0
}

/// A child process that rewrites the append-only file.
public struct RewriteChild: Sendable {
    /// Its process.
    public let process: Int32
    /// When it began.
    public let begin: Milliseconds
    /// Keys that it has to write.
    public let keys: Int64
    /// What it has told last.
    public var report = SnapshotReport(keys: 0, copiedBytes: 0)
    /// Whether it was told to end.
    var isStopped = false
    /// Whether its base holds all that a failed sync may have lost: none has failed since it began.
    var mends = true
}
