// Settings of snapshots, and the directives that name them.

import Persistence
import Primitives

/// When to save: after so many seconds, if there were so many changes.
public struct SavePoint: Sendable, Equatable {
    /// Since the last snapshot.
    public let seconds: Int64
    /// At least.
    public let changes: Int64
}

/// The version in which files are written.
public enum SnapshotVersionSetting: String, Sendable, CaseIterable {
    /// That of the file which was loaded at the start, or what the data needs.
    case auto
    case nine = "9"
    case ten = "10"
    case eleven = "11"
    case twelve = "12"
    case valkey80

    /// Nil for `auto`.
    var version: SnapshotVersion? {
        switch self {
        case .auto: nil
        case .nine: .redis(9)
        case .ten: .redis(10)
        case .eleven: .redis(11)
        case .twelve: .redis(12)
        case .valkey80: .valkey80
        }
    }
}

/// Whose payloads are looked at more closely.
public enum PayloadChecking: String, Sendable, CaseIterable { case no, yes, clients }

/// Whether files of unknown versions are tried.
public enum VersionChecking: String, Sendable, CaseIterable { case strict, relaxed }

/// How data is saved and loaded.
public struct PersistenceSettings: Sendable {
    /// When a snapshot is made by itself; none: never.
    public var savePoints = [
        SavePoint(seconds: 3600, changes: 1), SavePoint(seconds: 300, changes: 100), SavePoint(seconds: 60, changes: 10_000),
    ]
    /// In the server's directory; empty: data is neither saved nor loaded.
    public var fileName = [UInt8]("dump.rdb")
    /// Whether long strings are compressed.
    public var compresses = true
    /// Whether files have checksums, and these are looked at.
    public var checks = true
    /// In which version files are written.
    public var version = SnapshotVersionSetting.auto
    /// Whether field expiries may be lost when the version has none.
    public var dropsFieldExpiries = false
    /// What becomes of files of unknown versions.
    public var versionChecking = VersionChecking.strict
    /// Whether writes are refused after a save that failed.
    public var stopsWritesOnError = true
    /// Whether the file goes to the disk bit by bit while it is written.
    public var pushesOut = true
    /// Microseconds to wait behind each key that is written, for tests; negative: so many keys a microsecond.
    public var saveDelay: Int64 = 0
    /// The same for each key that is loaded.
    public var loadDelay: Int64 = 0
    /// Bytes of a file between two looks at what clients want.
    public var loadingStepBytes: Int64 = 2 << 20
    /// The append-only file.
    public var appendOnly = AppendOnlySettings()
    /// Payloads and files are always checked whole here; kept for CONFIG.
    public var payloadChecking = PayloadChecking.no
}

extension DirectiveTable {
    static var persistence: [Directive] {
        let signed = Int64(Int32.min)...Int64(Int32.max)
        return [
            Directive("save", savePoints, [.several, .additive]),
            Directive("dbfilename", .text(\.persistence.fileName, check: checkFileName), .protected),
            Directive("rdbcompression", .flag(\.persistence.compresses)),
            Directive("rdbchecksum", .flag(\.persistence.checks), .immutable),
            Directive("rdb-version", Directive.choice(\.persistence.version)),
            Directive("rdb-downgrade-drop-ttl", .flag(\.persistence.dropsFieldExpiries)),
            Directive("rdb-version-check", Directive.choice(\.persistence.versionChecking)),
            Directive("rdb-key-save-delay", .integer(\.persistence.saveDelay, signed), .hidden),
            Directive("rdb-save-incremental-fsync", .flag(\.persistence.pushesOut)),
            Directive("stop-writes-on-bgsave-error", .flag(\.persistence.stopsWritesOnError)),
            Directive("sanitize-dump-payload", Directive.choice(\.persistence.payloadChecking)),
            Directive("key-load-delay", .integer(\.persistence.loadDelay, signed), .hidden),
            Directive(
                "loading-process-events-interval-bytes", .integer(\.persistence.loadingStepBytes, 1024...Int64(Int32.max)),
                .hidden),
        ]
    }

    private static var savePoints: Directive.Kind {
        .composed(
            get: { $0.persistence.savePoints.map { "\($0.seconds) \($0.changes)" }.joined(separator: " ") },
            set: { (configuration, words) throws(Refusal) in
                let text = try KeptDirectives.savePoints(words)
                let numbers = text.split(separator: 32).compactMap { Directive.looseInteger(Array($0)) }
                configuration.persistence.savePoints = stride(from: 0, to: numbers.count - 1, by: 2).map {
                    SavePoint(seconds: numbers[$0], changes: numbers[$0 + 1])
                }
            })
    }

    @Sendable
    private static func checkFileName(_ word: [UInt8]) throws(Refusal) {
        _ = try KeptDirectives.fileName("dbfilename", mayBeEmpty: true)([word])
    }
}
