import Persistence
import Primitives

/// What has become of snapshots, and what is going on.
public struct SnapshotState: Sendable {
    /// When all data was last saved, or the start.
    public var lastSave: Milliseconds = 0
    /// Whether the last save in the background went well.
    public var isLastSaveGood = true
    /// When one was last tried.
    var lastAttempt: Milliseconds = 0
    /// Seconds that the last one in the background took; -1: there was none.
    public var lastSeconds: Int64 = -1
    /// Snapshots that were written.
    public var saves: Int64 = 0
    /// Bytes that the last child did not share with its parent at its end.
    public var lastCopiedBytes: Int64 = 0
    /// The most that any child has not shared.
    public var peakCopiedBytes: Int64 = 0
    /// How long the last fork took.
    public var lastForkMicroseconds: Int64 = 0
    /// Children that were made.
    public var forks: Int64 = 0
    /// The child that is writing.
    public var child: BackgroundSave?
    /// Whether one is to be started as soon as that is possible.
    public var isScheduled = false

    /// What stood in the loaded file beside keys, to be written again.
    public var extras = SnapshotExtras()
    /// The version of the loaded file.
    public var loadedVersion: SnapshotVersion?
    /// Keys of the last file that was loaded.
    public var loadedKeys: Int64 = 0
    /// Keys of it that were left out because their time was over.
    public var expiredKeys: Int64 = 0
    /// The load under way.
    public var loading: LoadingProgress?
}

/// A child that writes a snapshot.
public struct BackgroundSave: Sendable {
    /// Its process.
    public let process: Int32
    /// When it began.
    public let begin: Milliseconds
    /// Changes that it has with it.
    let changes: Int64
    /// Keys that it has to write.
    public let keys: Int64
    /// What it has told last.
    public var report = SnapshotReport(keys: 0, copiedBytes: 0)
    /// When it has told that.
    public var reportTime: Milliseconds = 0
    /// Whether it was told to end.
    var isStopped = false
}

/// How far loading has come.
public struct LoadingProgress: Sendable {
    /// When it began.
    public let begin: Milliseconds
    /// Bytes of the file.
    public let total: Int64
    /// Bytes read.
    public var loaded: Int64 = 0
}
