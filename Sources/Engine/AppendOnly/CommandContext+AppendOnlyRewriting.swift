// Rewriting the append-only file: a child writes the data as it is into a new base, while
// what changes meanwhile goes to a new increment. The manifest changes when both are whole.

import Keyspace
import Persistence
import Primitives

/// Why a rewrite did not begin.
public enum RewriteFailure: Error, Sendable {
    /// The log says why.
    case failed
}

extension CommandContext {
    // MARK: Names

    var appendOnlyDirectory: String { String(decoding: configuration.appendOnly.directory, as: UTF8.self) }

    func appendOnlyPath(_ name: [UInt8]) -> String { appendOnlyDirectory + "/" + String(decoding: name, as: UTF8.self) }

    var manifestPath: String { appendOnlyPath(configuration.appendOnly.prefix + [UInt8](".manifest")) }

    /// The increment of the time until the first rewrite is done.
    private var temporaryIncrement: String { appendOnlyPath([UInt8]("temp-") + configuration.appendOnly.prefix + [UInt8](".incr")) }

    private func temporaryBase(_ process: Int32) -> String { "temp-rewriteaof-bg-\(process).aof" }

    /// Whether a child is at work, of whichever kind.
    public var hasChild: Bool { statistics.snapshots.child != nil || statistics.appendOnly.rewriting.child != nil }

    func log(_ level: LogLevel, _ text: String) { host.snapshots?.log(level, text) }

    func describe(_ failure: Int32) -> String { host.snapshots?.describe(failure) ?? "error \(failure)" }

    /// Makes a manifest the one that counts; an errno, 0 for success.
    private mutating func publish(_ manifest: AppendOnlyManifest) -> Int32 {
        guard let disk = host.appendOnly else { return 0 }
        let failure = disk.replace(manifestPath, manifest.text)
        if failure == 0 {
            statistics.appendOnly.manifest = manifest
        } else {
            log(.warning, "Can't write the AOF manifest \(manifestPath): \(describe(failure))")
        }
        return failure
    }

    /// The manifest on the disk; nil when there is none.
    mutating func readManifest() throws(LoadFailure) -> AppendOnlyManifest? {
        guard let disk = host.appendOnly, disk.size(manifestPath) != nil else { return nil }
        let (bytes, failure) = disk.contents(manifestPath)
        guard failure == 0 else { throw .failed("Can't read the AOF manifest \(manifestPath): \(describe(failure))") }
        do throws(AppendOnlyManifest.Damage) {
            return try AppendOnlyManifest(bytes)
        } catch {
            log(.warning, "*** FATAL AOF MANIFEST FILE ERROR ***")
            log(.warning, "Reading the manifest file, at line \(error.line)")
            log(.warning, ">>> '\(String(decoding: error.words, as: UTF8.self))'")
            throw .failed(error.text)
        }
    }

    // MARK: On and off

    /// Follows the setting when CONFIG SET has changed it; false when that is not possible.
    public mutating func followAppendOnlySetting() -> Bool {
        guard host.appendOnly != nil else { return !configuration.appendOnly.isEnabled }
        if keepTemporaryFile() { return true }
        switch (configuration.appendOnly.isEnabled, statistics.appendOnly.mode) {
        case (true, .off): return startAppendOnlyFile()
        case (false, .on), (false, .awaitingRewrite): stopAppendOnlyFile()
        default: break
        }
        return true
    }

    private mutating func startAppendOnlyFile() -> Bool {
        statistics.appendOnly.mode = .awaitingRewrite
        statistics.appendOnly.forgetFailures()
        if statistics.snapshots.child != nil || session.flags.contains(.executing) {
            statistics.appendOnly.rewriting.isScheduled = true
            log(
                .notice, "AOF was enabled but there is already another background operation. "
                    + "An AOF background was scheduled to start when possible.")
            return true
        }
        if statistics.appendOnly.rewriting.child != nil {
            log(.notice, "AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.")
            endRewriteNow()
        }
        do throws(RewriteFailure) {
            try startRewrite()
            return true
        } catch {
            stopAppendOnlyFile()
            log(.warning, "The server needs to enable the AOF but can't trigger a background AOF rewrite operation.")
            return false
        }
    }

    mutating func stopAppendOnlyFile() {
        failBackup("appendonly is stopped")
        if let child = statistics.appendOnly.rewriting.child {
            log(.notice, "Killing running AOF rewrite child: \(child.process)")
            endRewriteNow()
        }
        writeAppendOnlyFileNow()
        closeIncrement()
        if statistics.appendOnly.mode == .awaitingRewrite { removeTemporaryIncrement() }
        statistics.appendOnly.mode = .off
        statistics.appendOnly.rewriting.isScheduled = false
        journal.stopConsuming()
        // Who waits for the disk waits in vain.
        blocking.hasSynced = true
    }

    private mutating func closeIncrement() {
        if statistics.appendOnly.increment.file >= 0 { host.appendOnly?.close(statistics.appendOnly.increment.file) }
        statistics.appendOnly.increment.replace(-1, bytes: 0)
        statistics.appendOnly.isSyncing = false
    }

    /// Closes the increment that another has replaced.
    mutating func closeReplaced() {
        if statistics.appendOnly.rewriting.replaced >= 0 { host.appendOnly?.close(statistics.appendOnly.rewriting.replaced) }
        statistics.appendOnly.rewriting.replaced = -1
    }

    /// Gives what follows in the journal a file of its own; `closeReplaced` is to be called then.
    private mutating func writeInto(_ file: Int32, bytes: Int64) {
        closeReplaced()
        statistics.appendOnly.rewriting.replaced = statistics.appendOnly.increment.file
        statistics.appendOnly.isSyncing = false
        statistics.appendOnly.increment.replace(file, bytes: bytes)
        statistics.appendOnly.written = journal.position
        statistics.appendOnly.synced = journal.position
        statistics.appendOnly.lastSync = time.monotonicNanoseconds
        journal.startConsuming()
    }

    /// Begins to write behind what was loaded at the start, or with nothing; false when that is not possible.
    public mutating func openAppendOnlyFile() -> Bool {
        guard let disk = host.appendOnly else { return false }
        var failure = disk.makeDirectory(appendOnlyDirectory)
        guard failure == 0 else {
            log(.warning, "Can't open or create append-only dir \(appendOnlyDirectory): \(describe(failure))")
            return false
        }
        var manifest = statistics.appendOnly.manifest
        if manifest.base == nil, manifest.increments.isEmpty {
            guard createFirstBase(&manifest) else { return false }
        }
        let isNew = manifest.increments.isEmpty
        if isNew { _ = manifest.addIncrement(prefix: configuration.appendOnly.prefix) }
        guard let increment = manifest.increments.last else { return false }
        let path = appendOnlyPath(increment.name)
        let bytes = isNew ? 0 : Int64(disk.size(path) ?? 0)
        let file = disk.openForWriting(path, empties: isNew)
        guard file >= 0 else {
            log(.warning, "Can't open the append-only file \(path): \(describe(-file))")
            return false
        }
        log(.notice, "\(isNew ? "Creating" : "Opening") AOF incr file \(String(decoding: increment.name, as: UTF8.self)) on server start")
        if isNew { failure = publish(manifest) }
        guard failure == 0 else { return false }
        writeInto(file, bytes: bytes)
        statistics.appendOnly.mode = .on
        deleteHistory()
        return true
    }

    /// The base of data that no append-only file holds yet.
    private mutating func createFirstBase(_ manifest: inout AppendOnlyManifest) -> Bool {
        guard let files = host.snapshots else { return false }
        let base = manifest.replaceBase(prefix: configuration.appendOnly.prefix, isSnapshot: configuration.appendOnly.basesAreSnapshots)
        log(.notice, "Creating AOF base file \(String(decoding: base.name, as: UTF8.self)) on server start")
        let temporary = temporaryBase(files.process)
        let failure = writeBase(temporary, as: appendOnlyPath(base.name), inChild: false)
        statistics.appendOnly.bytes = Int64(host.appendOnly?.size(appendOnlyPath(base.name)) ?? 0)
        statistics.appendOnly.baseBytes = statistics.appendOnly.bytes
        return failure == 0
    }

    /// Writes all data to a file, and gives it a name when it is durable; nil: it keeps the one that it has.
    private func writeBase(_ temporary: String, as name: String?, inChild: Bool) -> Int32 {
        guard let files = host.snapshots else { return Self.noHost }
        let file = files.create(temporary)
        guard file >= 0 else {
            files.log(.warning, "Opening the temp file for AOF rewrite: \(describe(-file))")
            return -file
        }
        var failure = configuration.appendOnly.basesAreSnapshots
            ? writeSnapshotBase(file, files, inChild) : writeCommands(file, files, inChild)
        if failure == 0 { failure = files.finish(file, temporary, as: name ?? temporary) } else { files.discard(file, temporary) }
        if failure != 0 { files.log(.warning, "Write error writing append only file on disk: \(describe(failure))") }
        return failure
    }

    /// ENOSYS: there are no files here.
    private static var noHost: Int32 { 38 }
    /// EINVAL: the version that is set cannot hold the data.
    private static var badVersion: Int32 { 22 }

    private func writeSnapshotBase(_ file: Int32, _ files: any SnapshotHost, _ inChild: Bool) -> Int32 {
        guard let version = snapshotVersion else { return Self.badVersion }
        return write(file, version, files, inChild, isBase: true)
    }

    private func writeCommands(_ file: Int32, _ files: any SnapshotHost, _ inChild: Bool) -> Int32 {
        let (settings, delay, sleep) = (configuration.appendOnly, configuration.persistence.saveDelay, host.sleep)
        var unpushed = 0
        var writer = AppendOnlyBaseWriter { bytes in
            let failure = files.write(file, bytes)
            unpushed += bytes.byteCount
            if settings.pushesOut, unpushed >= Self.pushBytes {
                files.pushOut(file)
                unpushed = 0
            }
            return failure
        }
        return writer.write(keyspace, moment: settings.annotatesMoments ? now / 1000 : nil) { keys in
            if delay != 0 { Self.delay(delay, keys, sleep) }
            if inChild, keys & Self.reportMask == 0 { files.report(keys: keys) }
        }
    }

    // MARK: Rewriting

    /// Has the cycle begin one when it can.
    public mutating func scheduleRewrite() { statistics.appendOnly.rewriting.isScheduled = true }

    /// Has a copy of the process write all data as a new base.
    public mutating func startRewrite() throws(RewriteFailure) {
        guard let files = host.snapshots, let disk = host.appendOnly else { throw .failed }
        statistics.appendOnly.rewriting.isScheduled = false
        let failure = disk.makeDirectory(appendOnlyDirectory)
        guard failure == 0 else {
            log(.warning, "Can't open or create append-only dir \(appendOnlyDirectory): \(describe(failure))")
            throw noteRewriteFailure()
        }
        defer { closeReplaced() }
        guard openIncrementForRewrite(disk) else { throw noteRewriteFailure() }
        let begin = time.monotonicNanoseconds
        let process = files.fork()
        if process == 0 {
            return files.leave(writeRewrittenBase() == 0 ? 0 : 1)
        }
        guard process > 0 else {
            log(.warning, "Can't rewrite append only file in background: fork: \(describe(-process))")
            throw noteRewriteFailure()
        }
        noteLatency(.fork, nanoseconds: time.monotonicNanoseconds - begin)
        statistics.snapshots.lastForkMicroseconds = (time.monotonicNanoseconds - begin) / 1000
        statistics.snapshots.forks += 1
        log(.notice, "Background append only file rewriting started by pid \(process)")
        var keys = 0
        for index in 0..<databaseCount { keys += keyCount(DatabaseIndex(index)) }
        statistics.appendOnly.rewriting.child = RewriteChild(process: process, begin: now, keys: Int64(keys))
    }

    /// What the child does: all data goes into a file named after the process; an errno, 0 for success.
    public func writeRewrittenBase() -> Int32 { writeBase(temporaryBase(host.snapshots?.process ?? 0), as: nil, inChild: true) }

    /// Failures in a row from which on rewrites by themselves become rare, and the longest pause between them in minutes.
    private static var failureLimit: Int64 { 3 }
    private static var longestRest: Int64 { 60 }

    private mutating func noteRewriteFailure() -> RewriteFailure {
        statistics.appendOnly.rewriting.isLastGood = false
        statistics.appendOnly.rewriting.consecutiveFailures += 1
        return .failed
    }

    /// What changes from here on is not in the base that is about to be written.
    private mutating func openIncrementForRewrite(_ disk: any AppendOnlyHost) -> Bool {
        guard statistics.appendOnly.mode != .off else { return true }
        let failure = writeAppendOnlyFileNow()
        if statistics.appendOnly.mode == .awaitingRewrite {
            let file = disk.openForWriting(temporaryIncrement, empties: true)
            guard file >= 0 else {
                log(.warning, "Can't open the append-only file \(temporaryIncrement): \(describe(-file))")
                return false
            }
            log(.notice, "Creating AOF incr file \(temporaryIncrement) on background rewrite")
            // What could not be written so far will be in the base.
            journal.stopConsuming()
            statistics.appendOnly.forgetFailures()
            writeInto(file, bytes: 0)
            return true
        }
        // What is not in the old increment would come into the new one, behind a base that holds it already.
        guard failure == 0 else {
            log(.warning, "Can't rewrite the append-only file before it is written: \(describe(failure))")
            return false
        }
        return openNextIncrement(disk, for: "background rewrite")
    }

    /// Ends the increment that is written to, all of which is in its file, and begins the next one.
    mutating func openNextIncrement(_ disk: any AppendOnlyHost, for reason: String) -> Bool {
        var manifest = statistics.appendOnly.manifest
        let increment = manifest.addIncrement(prefix: configuration.appendOnly.prefix)
        let file = disk.openForWriting(appendOnlyPath(increment.name), empties: true)
        guard file >= 0 else {
            log(.warning, "Can't open the append-only file \(appendOnlyPath(increment.name)): \(describe(-file))")
            return false
        }
        log(.notice, "Creating AOF incr file \(String(decoding: increment.name, as: UTF8.self)) on \(reason)")
        guard publish(manifest) == 0 else {
            // It stays, empty: the manifest that names it may be on the disk although that is not certain.
            disk.close(file)
            return false
        }
        writeInto(file, bytes: 0)
        return true
    }

    /// Ends the child and waits until it is gone.
    mutating func endRewriteNow() {
        guard let files = host.snapshots, let child = statistics.appendOnly.rewriting.child else { return }
        statistics.appendOnly.rewriting.child?.isStopped = true
        files.stop(child.process)
        while true {
            if let end = files.reap(child.process) { return finishRewrite(child, end) }
            host.sleep(1000)
        }
    }

    /// The child has come to its end.
    private mutating func finishRewrite(_ child: RewriteChild, _ end: ChildEnd) {
        let isStopped = statistics.appendOnly.rewriting.child?.isStopped == true
        let mends = statistics.appendOnly.rewriting.child?.mends == true
        statistics.appendOnly.rewriting.child = nil
        statistics.appendOnly.rewriting.lastSeconds = (now - child.begin) / 1000
        var isGood = false
        defer { noteBackupBase(isWhole: isGood) }
        switch end {
        case .exited(0):
            log(.notice, "Background AOF rewrite terminated with success")
            isGood = adopt(temporaryBase(child.process))
            if isGood { log(.notice, "Background AOF rewrite finished successfully") }
            if isGood, mends { noteMended() }
        case .exited: log(.warning, "Background AOF rewrite terminated with error")
        case .killed(let signal): log(.warning, "Background AOF rewrite terminated by signal \(signal)")
        }
        if isGood {
            statistics.appendOnly.rewriting.isLastGood = true
            statistics.appendOnly.rewriting.count += 1
            statistics.appendOnly.rewriting.consecutiveFailures = 0
            return
        }
        host.appendOnly?.remove(temporaryBase(child.process))
        if !isStopped { _ = noteRewriteFailure() }
        if statistics.appendOnly.mode == .awaitingRewrite {
            removeTemporaryIncrement()
            statistics.appendOnly.rewriting.isScheduled = !isStopped && !statistics.appendOnly.backup.isTemporary
        }
    }

    private mutating func removeTemporaryIncrement() {
        guard statistics.appendOnly.increment.file >= 0 || host.appendOnly?.size(temporaryIncrement) != nil else { return }
        closeIncrement()
        journal.stopConsuming()
        statistics.appendOnly.forgetFailures()
        log(.notice, "Removing the temp incr aof file \(temporaryIncrement)")
        host.appendOnly?.remove(temporaryIncrement)
    }

    /// Makes a file that is complete the base.
    private mutating func adopt(_ temporary: String) -> Bool {
        guard let disk = host.appendOnly else { return false }
        let settings = configuration.appendOnly
        var manifest = statistics.appendOnly.manifest
        let base = manifest.replaceBase(prefix: settings.prefix, isSnapshot: settings.basesAreSnapshots)
        var failure = disk.rename(temporary, appendOnlyPath(base.name))
        if failure == 0, statistics.appendOnly.mode == .awaitingRewrite {
            let increment = manifest.addIncrement(prefix: settings.prefix)
            failure = disk.rename(temporaryIncrement, appendOnlyPath(increment.name))
            if failure == 0 { log(.notice, "Successfully renamed the temporary AOF incr file \(temporaryIncrement)") }
        }
        guard failure == 0 else {
            log(.warning, "Error trying to rename the temporary AOF files: \(describe(failure))")
            return false
        }
        manifest.retireIncrements(keeping: statistics.appendOnly.mode == .off ? 0 : 1)
        guard publish(manifest) == 0 else {
            // A full disk needs the room, unless the new manifest is in its place and only not for certain.
            if disk.contents(manifestPath).bytes != manifest.text { disk.remove(appendOnlyPath(base.name)) }
            return false
        }
        if statistics.appendOnly.mode == .awaitingRewrite {
            statistics.appendOnly.mode = .on
            gateReplies()
        }
        statistics.appendOnly.bytes = Int64(disk.size(appendOnlyPath(base.name)) ?? 0) + statistics.appendOnly.increment.bytes
        statistics.appendOnly.baseBytes = statistics.appendOnly.bytes
        deleteHistory()
        return true
    }

    /// Rewrites while everybody waits, so that what a failed sync may have lost is on the disk; false when that fails.
    mutating func rewriteNow() -> Bool {
        guard let files = host.snapshots, let disk = host.appendOnly else { return false }
        defer { closeReplaced() }
        guard openIncrementForRewrite(disk) else { return false }
        log(.notice, "What a failed fsync should have brought onto the disk may be lost: rewriting the AOF.")
        let temporary = temporaryBase(files.process)
        guard writeBase(temporary, as: nil, inChild: false) == 0, adopt(temporary) else { return false }
        noteMended()
        return true
    }

    /// Removes files that nobody needs any more, unless they are to stay.
    public mutating func deleteHistory() {
        guard let disk = host.appendOnly, !configuration.appendOnly.keepsHistory else { return }
        var manifest = statistics.appendOnly.manifest
        guard !manifest.history.isEmpty else { return }
        for file in manifest.history {
            log(.notice, "Removing the history file \(String(decoding: file.name, as: UTF8.self)) in the background")
            disk.remove(appendOnlyPath(file.name))
        }
        manifest.history = []
        _ = publish(manifest)
    }

    // MARK: The cycle

    /// Looks after the child, and starts one where that is due.
    mutating func followAppendOnlyFile() {
        guard let files = host.snapshots, host.appendOnly != nil else { return }
        if let child = statistics.appendOnly.rewriting.child {
            if let report = files.latestReport() {
                if report.keys >= 0 { statistics.appendOnly.rewriting.child?.report = report }
                statistics.appendOnly.rewriting.lastCopiedBytes = report.copiedBytes
            }
            if let end = files.reap(child.process) { finishRewrite(child, end) }
        }
        guard !hasChild, statistics.snapshots.loading == nil, !statistics.appendOnly.backup.holdsRewrites else { return }
        if statistics.appendOnly.rewriting.isScheduled || statistics.appendOnly.needsMending ? !rewritesRest() : isRewriteDue() {
            if statistics.appendOnly.needsMending {
                log(.notice, "What a failed fsync should have brought onto the disk may be lost: rewriting the AOF.")
            }
            do throws(RewriteFailure) { try startRewrite() } catch {
                // Who waits for a first rewrite goes on trying.
                statistics.appendOnly.rewriting.isScheduled = statistics.appendOnly.mode == .awaitingRewrite
            }
        }
    }

    /// Whether rewrites by themselves rest, because they have failed again and again.
    private mutating func rewritesRest() -> Bool {
        guard statistics.appendOnly.rewriting.consecutiveFailures >= Self.failureLimit else {
            (statistics.appendOnly.rewriting.restsUntil, statistics.appendOnly.rewriting.restMinutes) = (nil, 0)
            return false
        }
        if let end = statistics.appendOnly.rewriting.restsUntil {
            if now >= end { statistics.appendOnly.rewriting.restsUntil = nil }
            return now < end
        }
        let minutes = min(Self.longestRest, max(1, statistics.appendOnly.rewriting.restMinutes * 2))
        (statistics.appendOnly.rewriting.restsUntil, statistics.appendOnly.rewriting.restMinutes) = (now + minutes * 60_000, minutes)
        log(.warning, "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in \(minutes) minutes")
        return true
    }

    private mutating func isRewriteDue() -> Bool {
        let settings = configuration.appendOnly
        let state = statistics.appendOnly
        guard state.mode == .on, settings.rewriteGrowth > 0, state.bytes > settings.rewriteBytes else { return false }
        let base = max(1, state.baseBytes)
        let growth = Double(state.bytes) * 100 / Double(base) - 100
        guard growth >= Double(settings.rewriteGrowth) else { return false }
        guard !rewritesRest() else { return false }
        log(.notice, "Starting automatic rewriting of AOF on \(Int64(growth))% growth")
        return true
    }
}
