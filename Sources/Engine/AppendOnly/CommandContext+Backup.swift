// The steps of a backup. Its base is written by a rewrite of the append-only file, and what
// changes afterwards is what that writes anyway; a server without one keeps one meanwhile.

import Keyspace
import Persistence
import Primitives

extension CommandContext {
    private var backup: Backup {
        _read { yield statistics.appendOnly.backup }
        _modify { yield &statistics.appendOnly.backup }
    }

    // MARK: Commands

    /// Begins a backup, at once or as soon as there is no other child.
    public mutating func startBackup() throws(BackupRefusal) {
        guard let disk = host.appendOnly else { throw BackupRefusal(text: "There is no disk for backups") }
        guard !backup.isInProgress else { throw BackupRefusal(text: "A backup is already in progress") }
        guard backup.state != .sealed else { throw BackupRefusal(text: "A sealed backup is still there, use BACKUP CLEANUP first") }
        let directory = String(decoding: configuration.process.directory + [47] + configuration.appendOnly.backupDirectory, as: UTF8.self)
        let failure = disk.makeDirectory(directory)
        guard failure == 0 else { throw BackupRefusal(text: "Can't create the backup directory \(directory): \(describe(failure))") }
        guard disk.isEmptyDirectory(directory) else { throw BackupRefusal(text: "Backup directory \(directory) is not empty") }
        backup = Backup()
        backup.begin = now
        backup.directory = directory
        backup.state = .pending
        log(.notice, "Backup started in \(directory)")
        if canShareRewrite {
            backup.state = .snapshotting
        } else if !hasChild, !session.isExecuting {
            // What a transaction has changed so far is not in the journal yet: it would be in the base and behind it.
            try writeBackupBase()
        }
    }

    /// Completes the backup with what has changed up to now.
    public mutating func sealBackup() throws(BackupRefusal) {
        guard backup.state == .incrementing, let disk = host.appendOnly else { throw BackupRefusal(text: "No backup ready to seal") }
        do throws(BackupRefusal) {
            try linkIncrement(disk)
        } catch {
            failBackup(error.text)
            throw error
        }
        backup.state = .sealed
        backup.end = now
        log(.notice, "Backup sealed in \(backup.directory)")
        if backup.isTemporary { closeTemporaryFile() }
    }

    /// Gives up a backup that is not sealed.
    public mutating func abortBackup() throws(BackupRefusal) {
        guard backup.isInProgress else { throw BackupRefusal(text: "No backup in progress") }
        failBackup("aborted by user")
    }

    /// Removes the files of a backup that is sealed, and forgets one that failed.
    public mutating func cleanUpBackup() throws(BackupRefusal) {
        guard !backup.isInProgress else { throw BackupRefusal(text: "A backup is in progress, use BACKUP ABORT first") }
        removeBackupFiles()
        backup = Backup()
    }

    // MARK: The base

    /// Whether a rewrite is under way whose base and increment belong together.
    private var canShareRewrite: Bool { statistics.appendOnly.rewriting.child != nil && statistics.appendOnly.mode != .off }

    /// Has a child write the base, and what changes from here on be written behind it.
    private mutating func writeBackupBase() throws(BackupRefusal) {
        do throws(RewriteFailure) {
            if statistics.appendOnly.mode == .off { try openTemporaryFile() }
            try startRewrite()
        } catch {
            // Who waits for a first rewrite goes on trying.
            statistics.appendOnly.rewriting.isScheduled = statistics.appendOnly.mode == .awaitingRewrite && !backup.isTemporary
            let refusal = BackupRefusal(text: "Can't start the AOF rewrite of the backup")
            failBackup(refusal.text)
            throw refusal
        }
        backup.state = .snapshotting
    }

    /// Has the server keep an append-only file although the setting does not want one.
    private mutating func openTemporaryFile() throws(RewriteFailure) {
        guard let disk = host.appendOnly else { throw .failed }
        let failure = disk.makeDirectory(appendOnlyDirectory)
        guard failure == 0 else {
            log(.warning, "Can't open or create append-only dir \(appendOnlyDirectory): \(describe(failure))")
            throw .failed
        }
        backup.ownsDirectory = disk.isEmptyDirectory(appendOnlyDirectory)
        backup.isTemporary = true
        statistics.appendOnly.mode = .awaitingRewrite
        statistics.appendOnly.forgetFailures()
    }

    /// A rewrite has come to its end. The base is linked at once: a later rewrite removes it.
    mutating func noteBackupBase(isWhole: Bool) {
        guard backup.state == .snapshotting else { return }
        guard isWhole, let base = statistics.appendOnly.manifest.base else { return failBackup("AOF rewrite failed") }
        do throws(BackupRefusal) {
            try link(base.name)
            backup.state = .incrementing
        } catch {
            failBackup(error.text)
        }
    }

    // MARK: Files

    /// Gives a file of the append-only file a second name in the backup's directory.
    private mutating func link(_ name: [UInt8]) throws(BackupRefusal) {
        let path = appendOnlyPath(name)
        let failure = host.appendOnly?.link(path, backup.path(name)) ?? 0
        guard failure == 0 else { throw BackupRefusal(text: "Can't link \(path) into the backup: \(describe(failure))") }
        backup.files.append(name)
    }

    /// Ends the increment here, and completes the backup with it and a manifest.
    private mutating func linkIncrement(_ disk: any AppendOnlyHost) throws(BackupRefusal) {
        var manifest = AppendOnlyManifest()
        manifest.base = statistics.appendOnly.manifest.base
        manifest.increments = Array(statistics.appendOnly.manifest.increments.suffix(1))
        var failure = writeAppendOnlyFileNow()
        // What a failed sync may have lost is in no file of the backup.
        if failure == 0 { failure = statistics.appendOnly.syncFailure }
        guard failure == 0 else { throw BackupRefusal(text: "Can't write the increment of the backup: \(describe(failure))") }
        defer { closeReplaced() }
        if !backup.isTemporary, !openNextIncrement(disk, for: "BACKUP SEAL") {
            throw BackupRefusal(text: "Can't begin a new increment behind that of the backup")
        }
        for increment in manifest.increments { try link(increment.name) }
        let name = configuration.appendOnly.prefix + [UInt8](".manifest")
        failure = disk.replace(backup.path(name), manifest.text)
        guard failure == 0 else { throw BackupRefusal(text: "Can't write the manifest of the backup: \(describe(failure))") }
        backup.files.append(name)
    }

    /// Removes what the backup has put into its directory, and nothing else.
    private mutating func removeBackupFiles() {
        for name in backup.files { host.appendOnly?.remove(backup.path(name)) }
        backup.files = []
    }

    /// Ends the append-only file that only the backup needed. A directory that was there before keeps its files, as in Redis.
    private mutating func closeTemporaryFile() {
        let isScheduled = statistics.appendOnly.rewriting.isScheduled
        backup.isTemporary = false
        stopAppendOnlyFile()
        statistics.appendOnly.rewriting.isScheduled = isScheduled
        if backup.ownsDirectory { removeAppendOnlyFiles() }
    }

    /// Removes the whole append-only file, which is switched off, and its directory unless something else is in it.
    private mutating func removeAppendOnlyFiles() {
        guard let disk = host.appendOnly else { return }
        let manifest = statistics.appendOnly.manifest
        for file in (manifest.base.map { [$0] } ?? []) + manifest.history + manifest.increments { disk.remove(appendOnlyPath(file.name)) }
        disk.remove(manifestPath)
        disk.removeDirectory(appendOnlyDirectory)
        statistics.appendOnly.manifest = AppendOnlyManifest()
    }

    /// The backup cannot go on.
    mutating func failBackup(_ text: String) {
        guard backup.isInProgress else { return }
        backup.state = .failed
        backup.error = text
        log(.warning, "Backup failed: \(text)")
        if backup.isTemporary { closeTemporaryFile() }
        removeBackupFiles()
    }

    // MARK: Meanwhile

    /// An append-only file that a backup has opened stays when the setting wants one by now; false: there is none.
    mutating func keepTemporaryFile() -> Bool {
        guard backup.isTemporary else { return false }
        if configuration.appendOnly.isEnabled {
            backup.isTemporary = false
            log(.notice, "AOF was enabled: that of the backup stays.")
        }
        return true
    }

    /// Called by the cycle: begins what waits, and removes a sealed backup whose time is over.
    mutating func followBackup() {
        switch backup.state {
        case .pending:
            if canShareRewrite {
                backup.state = .snapshotting
            } else if !hasChild, statistics.snapshots.loading == nil {
                try? writeBackupBase()
            }
        case .snapshotting, .incrementing:
            // A full disk refuses the writes of a server that relies on its append-only file, but not for a backup.
            // What a failed sync may have lost is in no file of a backup, and the rewrite that brings it back is none of its.
            guard backup.isTemporary ? statistics.appendOnly.failsToWrite : statistics.appendOnly.syncFailure != 0 else { return }
            failBackup("Can't write the increment of the backup")
        case .sealed:
            let limit = configuration.appendOnly.sealedBackupSeconds
            guard limit > 0, let end = backup.end, (now - end) / 1000 >= limit else { return }
            log(.notice, "Backup removed: it was sealed more than \(limit) seconds ago")
            try? cleanUpBackup()
        case .idle, .failed: return
        }
    }
}
