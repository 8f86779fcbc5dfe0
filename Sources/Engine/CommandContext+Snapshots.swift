// Saving and loading all data, by commands, by the cycle and at start and end.

import Keyspace
import Persistence
import Primitives

/// Why data was not saved.
public enum SaveFailure: Error, Sendable {
    /// There are no files here, or no name for one.
    case noFile
    case failed
}

extension CommandContext {
    /// What decoders have to know of the settings.
    public var loadLimits: LoadLimits {
        let values = configuration.values
        return LoadLimits(
            intsetEntries: values.setIntsetEntries, setEntries: values.setEntries, setBytes: values.setBytes,
            hashEntries: values.hashEntries, hashBytes: values.hashBytes,
            sortedSets: PackedLimits(count: values.sortedSetEntries, bytes: values.sortedSetBytes),
            lists: ListLimits(
                node: values.listNode, compressDepth: values.listCompressDepth,
                packedThreshold: host.debug.listPackedThreshold),
            seed: hashSeed)
    }

    /// The file of snapshots.
    public var snapshotName: String { String(decoding: configuration.persistence.fileName, as: UTF8.self) }

    /// Whose words are used for what only new versions hold.
    public var snapshotDialect: SnapshotVersion {
        configuration.persistence.version.version ?? statistics.snapshots.loadedVersion ?? .usual
    }

    /// The version in which a file is written now; nil when that would lose what must not be lost.
    var snapshotVersion: SnapshotVersion? {
        let needsExpiries = hasFieldExpiries
        if let wanted = configuration.persistence.version.version {
            return needsExpiries && !wanted.hasFieldExpiries && !configuration.persistence.dropsFieldExpiries ? nil : wanted
        }
        let version = (statistics.snapshots.loadedVersion ?? .usual).writable
        return needsExpiries && !version.hasFieldExpiries ? .fieldExpiries : version
    }

    /// Whether a field of any hash has an expiry.
    private var hasFieldExpiries: Bool {
        for index in 0..<keyspace.databaseCount {
            for partition in 0..<keyspace[DatabaseIndex(index)].partitionCount
            where keyspace[DatabaseIndex(index)][partition: partition].fieldExpiringCount > 0 {
                return true
            }
        }
        return false
    }

    // MARK: Saving

    /// Writes all data to the file of snapshots, while everybody waits.
    public mutating func saveSnapshot() throws(SaveFailure) {
        try writeSnapshot(inChild: false)
        noteSaved(changes: statistics.dirty)
    }

    /// Notes that a snapshot with so many changes is on the disk.
    mutating func noteSaved(changes: Int64) {
        statistics.dirty -= min(changes, statistics.dirty)
        statistics.snapshots.lastSave = now
        statistics.snapshots.isLastSaveGood = true
        statistics.snapshots.saves += 1
    }

    /// Writes the file under a name of its own first.
    private func writeSnapshot(inChild: Bool) throws(SaveFailure) {
        guard let files = host.snapshots, !snapshotName.isEmpty else { throw .noFile }
        guard let version = snapshotVersion else {
            files.log(
                .warning, "Data not saved: hashes have field expiries, which rdb-version "
                    + "\(configuration.persistence.version.rawValue) cannot hold (see rdb-downgrade-drop-ttl)")
            throw .failed
        }
        let temporary = temporaryName(files.process)
        let file = files.create(temporary)
        guard file >= 0 else {
            files.log(.warning, "Failed opening the temp RDB file \(temporary) (in server root dir) for saving: \(files.describe(-file))")
            throw .failed
        }
        var failure = write(file, version, files, inChild)
        if failure == 0 { failure = files.finish(file, temporary, as: snapshotName) } else { files.discard(file, temporary) }
        guard failure == 0 else {
            files.log(.warning, "Write error while saving DB to the disk: \(files.describe(failure))")
            throw .failed
        }
        files.log(.notice, "DB saved on disk")
    }

    /// A process's name for a file that is not whole yet.
    private func temporaryName(_ process: Int32) -> String { "temp-\(process).rdb" }

    /// `isBase`: of an append-only file.
    func write(
        _ file: Int32, _ version: SnapshotVersion, _ files: any SnapshotHost, _ inChild: Bool, isBase: Bool = false
    ) -> Int32 {
        let settings = configuration.persistence
        var format = SnapshotSettings()
        format.version = version
        format.compresses = settings.compresses
        format.checks = settings.checks
        format.now = now
        let policy = configuration.maximumMemoryPolicy
        format.writesFrequencies = policy.isFrequency
        format.writesIdleTimes = policy == .allKeysLRU || policy == .volatileLRU
        format.lfuDecayMinutes = Int(configuration.lfuDecayMinutes)
        var unpushed = 0
        var writer = SnapshotWriter(format) { bytes in
            let failure = files.write(file, bytes)
            unpushed += bytes.byteCount
            if settings.pushesOut, unpushed >= Self.pushBytes {
                files.pushOut(file)
                unpushed = 0
            }
            return failure
        }
        let sleep = host.sleep
        return writer.write(keyspace, snapshotExtras(isBase: isBase)) { keys in
            if settings.saveDelay != 0 { Self.delay(settings.saveDelay, keys, sleep) }
            if inChild, keys & Self.reportMask == 0 { files.report(keys: keys) }
            return true
        }
    }

    /// After so many bytes the file is sent on its way to the disk.
    static var pushBytes: Int { 4 << 20 }
    /// The child reports every 1024 keys; the host decides what is told.
    static var reportMask: Int { 1023 }

    /// Waits so many microseconds; negative: one for so many keys.
    static func delay(_ microseconds: Int64, _ keys: Int, _ sleep: (Int64) -> Void) {
        if microseconds > 0 { sleep(microseconds) } else if keys % Int(-microseconds) == 0 { sleep(1) }
    }

    private func snapshotExtras(isBase: Bool) -> SnapshotExtras {
        var extras = statistics.snapshots.extras
        extras.fields = [
            ("redis-ver", host.snapshots?.version ?? ""), ("redis-bits", "64"), ("ctime", "\(now / 1000)"),
            ("used-mem", "\(host.memory().used)"), ("aof-base", isBase ? "1" : "0"),
        ]
        return extras
    }

    // MARK: In the background

    /// Whether a child is writing a snapshot.
    public var isSavingInBackground: Bool { statistics.snapshots.child != nil }

    /// Has a copy of the process write all data.
    public mutating func startBackgroundSave() throws(SaveFailure) {
        guard let files = host.snapshots, !snapshotName.isEmpty else { throw .noFile }
        statistics.snapshots.isScheduled = false
        statistics.snapshots.lastAttempt = now
        let begin = time.monotonicNanoseconds
        let process = files.fork()
        if process == 0 {
            var status: Int32 = 0
            do throws(SaveFailure) {
                try writeSnapshot(inChild: true)
            } catch {
                status = 1
            }
            return files.leave(status)
        }
        guard process > 0 else {
            statistics.snapshots.isLastSaveGood = false
            files.log(.warning, "Can't save in background: fork: \(files.describe(-process))")
            throw .failed
        }
        noteLatency(.fork, nanoseconds: time.monotonicNanoseconds - begin)
        statistics.snapshots.lastForkMicroseconds = (time.monotonicNanoseconds - begin) / 1000
        statistics.snapshots.forks += 1
        files.log(.notice, "Background saving started by pid \(process)")
        var keys = 0
        for index in 0..<databaseCount { keys += keyCount(DatabaseIndex(index)) }
        statistics.snapshots.child = BackgroundSave(
            process: process, begin: now, changes: statistics.dirty, keys: Int64(keys))
    }

    /// Has the cycle start one when it can.
    public mutating func scheduleBackgroundSave() { statistics.snapshots.isScheduled = true }

    /// Ends a child that writes data nobody wants any more.
    public mutating func stopBackgroundSave() {
        statistics.snapshots.isScheduled = false
        guard let child = statistics.snapshots.child, let files = host.snapshots else { return }
        statistics.snapshots.child?.isStopped = true
        files.stop(child.process)
    }

    /// All data is gone: what a child still writes is out of date, and so is the file, which
    /// is written anew where there are save points. Whether it was.
    public mutating func saveFlush() -> Bool {
        guard host.snapshots != nil, !configuration.persistence.savePoints.isEmpty else {
            stopBackgroundSave()
            return false
        }
        // Gone before the file is written: it must not give its own the name afterwards.
        endBackgroundSaveNow()
        do throws(SaveFailure) {
            try saveSnapshot()
            return true
        } catch {
            return false
        }
    }

    /// Ends the child and waits until it is gone.
    mutating func endBackgroundSaveNow() {
        guard let files = host.snapshots, let child = statistics.snapshots.child else { return }
        stopBackgroundSave()
        while true {
            if let end = files.reap(child.process) {
                if let stopped = statistics.snapshots.child { finishBackgroundSave(stopped, end, files) }
                return
            }
            host.sleep(1000)
        }
    }

    /// Looks after the child, and starts one where that is due. Called by the cycle.
    mutating func followSnapshots() {
        guard let files = host.snapshots else { return }
        // There is one child at a time.
        guard statistics.appendOnly.rewriting.child == nil else { return }
        if let child = statistics.snapshots.child {
            if let report = files.latestReport() { note(report) }
            if let end = files.reap(child.process) { finishBackgroundSave(child, end, files) }
            return
        }
        guard statistics.snapshots.loading == nil else { return }
        if statistics.snapshots.isScheduled {
            _ = try? startBackgroundSave()
            return
        }
        let sinceSave = (now - statistics.snapshots.lastSave) / 1000
        let isRested = statistics.snapshots.isLastSaveGood || now - statistics.snapshots.lastAttempt > Self.restMilliseconds
        guard isRested, statistics.dirty > 0 else { return }
        for point in configuration.persistence.savePoints where statistics.dirty >= point.changes && sinceSave > point.seconds {
            files.log(.notice, "\(point.changes) changes in \(point.seconds) seconds. Saving...")
            _ = try? startBackgroundSave()
            return
        }
    }

    /// How long save points rest after a failure.
    private static var restMilliseconds: Int64 { 5000 }

    private mutating func note(_ report: SnapshotReport) {
        if report.keys >= 0 { statistics.snapshots.child?.report = report }
        statistics.snapshots.child?.reportTime = now
        statistics.snapshots.peakCopiedBytes = max(statistics.snapshots.peakCopiedBytes, report.copiedBytes)
        statistics.snapshots.lastCopiedBytes = report.copiedBytes
    }

    private mutating func finishBackgroundSave(_ child: BackgroundSave, _ end: ChildEnd, _ files: any SnapshotHost) {
        statistics.snapshots.child = nil
        statistics.snapshots.lastSeconds = (now - child.begin) / 1000
        switch end {
        case .exited(0):
            files.log(.notice, "Background saving terminated with success")
            noteSaved(changes: child.changes)
        case .exited:
            files.log(.warning, "Background saving error")
            statistics.snapshots.isLastSaveGood = false
        case .killed(let signal):
            files.log(.warning, "Background saving terminated by signal \(signal)")
            files.discard(-1, temporaryName(child.process))
            if !child.isStopped { statistics.snapshots.isLastSaveGood = false }
        }
    }
}
