// Settings of the append-only file, and the directives that name them.

/// When what was written is brought onto the disk.
public enum SyncPolicy: String, Sendable, CaseIterable {
    /// Once a second, in the background.
    case everysec
    /// Before a reply tells of it.
    case always
    /// When the kernel likes to.
    case no
}

/// How the append-only file is kept.
public struct AppendOnlySettings: Sendable {
    /// Whether there is one.
    public var isEnabled = false
    /// What names of its files begin with.
    public var prefix = [UInt8]("appendonly.aof")
    /// Its directory, in that of the server.
    public var directory = [UInt8]("appendonlydir")
    /// When it is synced.
    public var sync = SyncPolicy.everysec
    /// Whether syncs wait while a child writes much to the disk.
    public var restsWhileRewriting = false
    /// Whether files that a rewrite made needless stay.
    public var keepsHistory = false
    /// Whether a cut off end is cut off cleanly at the start, and the rest used.
    public var loadsTruncated = true
    /// Bytes of damage at the end that are treated like a cut off end.
    public var damagedTailBytes: Int64 = 0
    /// Whether lines with the moment stand between commands.
    public var annotatesMoments = false
    /// Whether a base is a snapshot; else it is commands.
    public var basesAreSnapshots = true
    /// Whether a rewrite goes to the disk bit by bit.
    public var pushesOut = true
    /// Growth in percent after which it is rewritten; 0: never by itself.
    public var rewriteGrowth: Int64 = 100
    /// Bytes below which it is not rewritten by itself.
    public var rewriteBytes: Int64 = 64 << 20
    /// The directory of backups, in that of the server.
    public var backupDirectory = [UInt8]("backupdir")
    /// Seconds after which a sealed backup is removed; 0: never by itself.
    public var sealedBackupSeconds: Int64 = 0
    /// When room is made ahead in increments; no directive: tests have less patience.
    public var room = RoomSettings()
}

/// When room ahead in an increment pays.
public struct RoomSettings: Sendable {
    /// Small groups in quick succession after which it does.
    public var fewestGroups = 128
    /// Bytes that are made at a time.
    public var piece: Int64 = 1 << 20
    /// A larger group costs more to write twice than it would save; at most `AppendOnlyGroup.largest`.
    public var largestGroup = 48 << 10
}

extension DirectiveTable {
    static var appendOnly: [Directive] {
        [
            Directive("appendonly", .flag(\.appendOnly.isEnabled), .fixedWhileLoading),
            Directive("appendfilename", .text(\.appendOnly.prefix, check: fileName), .immutable),
            Directive("appenddirname", .text(\.appendOnly.directory, check: directoryName), .immutable),
            Directive("appendfsync", Directive.choice(\.appendOnly.sync)),
            Directive("no-appendfsync-on-rewrite", .flag(\.appendOnly.restsWhileRewriting)),
            Directive("aof-disable-auto-gc", .flag(\.appendOnly.keepsHistory), .hidden),
            Directive("aof-load-truncated", .flag(\.appendOnly.loadsTruncated)),
            Directive("aof-load-corrupt-tail-max-size", .memory(\.appendOnly.damagedTailBytes, 0...Int64.max)),
            Directive("aof-timestamp-enabled", .flag(\.appendOnly.annotatesMoments)),
            Directive("aof-use-rdb-preamble", .flag(\.appendOnly.basesAreSnapshots)),
            Directive("aof-rewrite-incremental-fsync", .flag(\.appendOnly.pushesOut)),
            Directive("auto-aof-rewrite-percentage", .integer(\.appendOnly.rewriteGrowth, 0...Int64(Int32.max))),
            Directive("auto-aof-rewrite-min-size", .memory(\.appendOnly.rewriteBytes, 0...Int64.max)),
            Directive("backupdirname", .text(\.appendOnly.backupDirectory, check: backupDirectoryName)),
            Directive("backup-sealed-ttl", .integer(\.appendOnly.sealedBackupSeconds, 0...Int64(Int32.max))),
        ]
    }

    @Sendable
    private static func fileName(_ word: [UInt8]) throws(Refusal) {
        _ = try KeptDirectives.fileName("appendfilename")([word])
    }

    @Sendable
    private static func directoryName(_ word: [UInt8]) throws(Refusal) {
        _ = try KeptDirectives.fileName("appenddirname", kind: "dirname")([word])
    }

    @Sendable
    private static func backupDirectoryName(_ word: [UInt8]) throws(Refusal) {
        _ = try KeptDirectives.fileName("backupdirname", kind: "dirname")([word])
    }
}
