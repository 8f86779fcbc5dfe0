import Persistence
import Primitives

/// A backup of all data, as the commands of Redis 8.10 make it: hard links of a base and of the
/// increment that follows it, and a manifest of their own. It is what the append-only file is at
/// the moment of the seal, and is restored by starting a server with it as its append-only file.
///
///     idle --START--> pending --> snapshotting --> incrementing --SEAL--> sealed --CLEANUP--> idle
///                        \------------- ABORT, errors ---------> failed --CLEANUP or START--> ...
public struct Backup: Sendable {
    /// Where it stands; the words of BACKUP STATUS.
    public enum State: String, Sendable {
        /// There is none.
        case idle
        /// It waits until a rewrite can begin that writes its base.
        case pending
        /// A rewrite writes its base.
        case snapshotting
        /// The base is linked, and the increment grows.
        case incrementing
        /// All files are there, and change no more.
        case sealed
        /// It was aborted, or could not go on.
        case failed
    }

    /// Where it stands.
    public internal(set) var state = State.idle
    /// Why it failed; else empty.
    public internal(set) var error = ""
    /// When it was begun; nil: there is none.
    public internal(set) var begin: Milliseconds?
    /// When it was sealed; nil: it is not.
    public internal(set) var end: Milliseconds?
    /// Its directory, from the root on.
    var directory = ""
    /// Names of the files that are complete, in its directory.
    var files: [[UInt8]] = []
    /// Whether the append-only file is kept for this backup only, and goes with its seal.
    var isTemporary = false
    /// Whether the directory of that append-only file was made for it.
    var ownsDirectory = false

    /// Whether it is neither complete nor given up.
    public var isInProgress: Bool { state == .pending || state == .snapshotting || state == .incrementing }

    /// Whether nobody else's rewrite may begin: the next one is the backup's, or would begin an
    /// increment that the backup does not have.
    public var holdsRewrites: Bool { state == .pending || state == .incrementing }

    /// Paths of the files that are complete.
    public var paths: [[UInt8]] { files.map { [UInt8](path($0)) } }

    func path(_ name: [UInt8]) -> String { directory + "/" + String(decoding: name, as: UTF8.self) }
}

/// Why a command about the backup did nothing, or ended it.
public struct BackupRefusal: Error, Sendable {
    /// For the client.
    public let text: String
}
