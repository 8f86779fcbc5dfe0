// The journal on its way into the append-only file, and onto the disk.
//
//   journal.pending --write--> increment --sync (worker)--> disk
//          position         written              synced = journal.durable
//
// Under `always` replies wait in their sessions until what they tell of is durable:
// while one sync is under way the next requests gather, and share the sync that follows.

import Keyspace
import Primitives

extension CommandContext {
    /// How long writing waits for a sync under way before it risks to be held up by it.
    private static var patience: Int64 { 2_000_000_000 }
    private static var second: Int64 { 1_000_000_000 }

    /// Nobody waits for the disk because of a backup, or ahead of the first base: a crash would lose all the same.
    private var appendOnlyPolicy: SyncPolicy {
        let policy = configuration.appendOnly.sync
        return policy == .always && (statistics.appendOnly.backup.isTemporary || statistics.appendOnly.mode != .on) ? .everysec : policy
    }

    /// Whether the setting wants syncs to rest now.
    private var syncsRest: Bool {
        configuration.appendOnly.restsWhileRewriting && (statistics.appendOnly.rewriting.child != nil || statistics.snapshots.child != nil)
    }

    /// Whether every group is on the disk before the next is written: only then a torn one is the last.
    private var usesRoom: Bool { appendOnlyPolicy == .always && !syncsRest }

    /// Whether what the served session has written is on the disk.
    public var isSessionSynced: Bool {
        statistics.appendOnly.mode == .on && statistics.appendOnly.syncFailure == 0
            && session.delivery.lastWrite <= statistics.appendOnly.synced
    }

    /// Lets the command wait until more of the journal is on the disk; it runs again then, and once more when its time is over.
    public mutating func waitForDisk(until deadline: Milliseconds?) {
        blocking.wantsSync = true
        blocking.waiting = WaitRequest(keys: [[]], database: BlockingRequests.disk, type: nil, deadline: deadline, reply: .lastRun)
    }

    /// Whether a command that waits must answer now: in a transaction, or because its time is over.
    public var mustAnswerNow: Bool { session.isExecuting || blocking.isLastRun }

    /// To be called at the end of every turn.
    mutating func writeAppendOnlyFile() {
        guard statistics.appendOnly.increment.file >= 0, let disk = host.appendOnly else { return }
        journal.second = configuration.appendOnly.annotatesMoments ? now / 1000 : nil
        noteSync(disk)
        statistics.appendOnly.isGathering = gathers()
        if !statistics.appendOnly.isGathering {
            if journal.pendingBytes > 0 {
                if !waitsForSync(), !leavesRoom(disk) { writePending(disk) }
            } else if statistics.appendOnly.written < journal.position {
                passOver()
            }
            beginSyncIfDue(disk)
        }
        gateReplies()
    }

    /// What is in no file (messages to whoever listens) needs none: it is as durable as what stands in front of it.
    private mutating func passOver() {
        if statistics.appendOnly.synced == statistics.appendOnly.written {
            statistics.appendOnly.synced = journal.position
            blocking.hasSynced = true
        }
        statistics.appendOnly.written = journal.position
    }

    /// Replies wait for the disk under `always` only, and only for what is to be synced.
    mutating func gateReplies() {
        let waits = appendOnlyPolicy == .always && !syncsRest && statistics.appendOnly.mode == .on
        journal.durable = waits ? statistics.appendOnly.synced : nil
    }

    /// Whether the next sync waits for requests that are on their way.
    private mutating func gathers() -> Bool {
        guard appendOnlyPolicy == .always, !statistics.appendOnly.isSyncing else { return false }
        return statistics.appendOnly.gathering.waits(clients: clients.answeredCount, now: time.monotonicNanoseconds)
    }

    /// Looks whether a sync has ended.
    private mutating func noteSync(_ disk: any AppendOnlyHost) {
        guard statistics.appendOnly.isSyncing, let result = disk.takeSyncResult() else { return }
        statistics.appendOnly.isSyncing = false
        if statistics.appendOnly.increment.room.isBeingMade, result.roomEnd == nil { statistics.appendOnly.increment.room.isRefused() }
        statistics.appendOnly.increment.room.isBeingMade = false
        if let end = result.roomEnd { statistics.appendOnly.increment.room.end = end }
        statistics.appendOnly.gathering.syncEnds(clients: clients.answeredCount, now: time.monotonicNanoseconds)
        guard result.failure == 0 else { return noteSyncFailure(result.failure) }
        statistics.appendOnly.retriesSync = false
        statistics.appendOnly.synced = max(statistics.appendOnly.synced, result.mark)
        blocking.hasSynced = true
    }

    private mutating func noteSyncFailure(_ failure: Int32) {
        let isFirst = statistics.appendOnly.syncFailure == 0
        statistics.appendOnly.syncFailure = failure
        statistics.appendOnly.retriesSync = true
        statistics.appendOnly.rewriting.child?.mends = false
        let text = host.snapshots?.describe(failure) ?? "\(failure)"
        if appendOnlyPolicy == .always {
            fail("Can't persist AOF for fsync error when the AOF fsync policy is 'always': \(text). Exiting...")
        } else if isFirst {
            requests.logLines.append("Fail to fsync the AOF file: \(text)")
        }
    }

    /// A base that was begun after the last sync that failed is on the disk.
    mutating func noteMended() {
        // Who waits for the disk looks again.
        blocking.hasSynced = true
        guard statistics.appendOnly.syncFailure != 0 else { return }
        statistics.appendOnly.syncFailure = 0
        requests.logLines.append("AOF fsync error looks solved, the new base holds everything. The server can write again.")
    }

    /// Ends the process: what was acknowledged could be lost otherwise.
    private mutating func fail(_ text: String) {
        requests.logLines.append(text)
        requests.isFailing = true
    }

    /// Whether what is pending waits for a sync under way, which the write would otherwise have to.
    private mutating func waitsForSync() -> Bool {
        // What is written now would come to where room is made.
        if statistics.appendOnly.increment.room.isBeingMade { return true }
        guard statistics.appendOnly.isSyncing, appendOnlyPolicy != .no else {
            statistics.appendOnly.waitsSince = nil
            return false
        }
        if appendOnlyPolicy == .always { return true }
        let tick = time.monotonicNanoseconds
        guard let since = statistics.appendOnly.waitsSince else {
            statistics.appendOnly.waitsSince = tick
            return true
        }
        guard tick - since >= Self.patience else { return true }
        statistics.appendOnly.delayedSyncs += 1
        statistics.appendOnly.waitsSince = nil
        requests.logLines.append(
            "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to "
                + "complete, this may slow down Redis.")
        return false
    }

    private mutating func writePending(_ disk: any AppendOnlyHost) {
        let tick = time.monotonicNanoseconds
        // A disk that fails is not asked with every turn.
        guard statistics.appendOnly.writeFailure == 0 || tick - statistics.appendOnly.lastAttempt >= Self.second else { return }
        statistics.appendOnly.lastAttempt = tick
        if host.debug.appendOnlyDelay > 0 { host.sleep(host.debug.appendOnlyDelay) }
        statistics.appendOnly.waitsSince = nil
        let position = journal.position
        let bytes = journal.takePending()
        if appendOnlyPolicy == .always { statistics.appendOnly.increment.room.note(bytes.count, configuration.appendOnly.room, now: tick) }
        let (content, count, failure) = write(bytes, disk)
        guard let content else {
            return undoWrite(bytes, count, failure, disk)
        }
        statistics.appendOnly.increment.bytes += Int64(content)
        statistics.appendOnly.bytes += Int64(content)
        statistics.appendOnly.written = position
        if statistics.appendOnly.writeFailure != 0 {
            statistics.appendOnly.writeFailure = 0
            requests.logLines.append("AOF write error looks solved. The server can write again.")
        }
        noteLatency(.appendOnlyWrite, nanoseconds: time.monotonicNanoseconds - tick)
    }

    /// Puts bytes behind the increment's content, in room where there is enough. How much longer the content is then, nil:
    /// not all could be written, but so many bytes, and why.
    private mutating func write(_ bytes: borrowing ByteChain, _ disk: any AppendOnlyHost) -> (content: Int?, count: Int, failure: Int32) {
        let (file, end) = (statistics.appendOnly.increment.file, statistics.appendOnly.increment.bytes)
        if usesRoom, statistics.appendOnly.increment.room.holds(bytes.count, configuration.appendOnly.room, behind: end) {
            var group = ByteChain()
            let content = statistics.appendOnly.increment.room.frame(bytes, behind: end, into: &group)
            let (count, failure) = disk.write(file, group, at: end)
            return (count == group.count ? content : nil, count, failure)
        }
        giveUpRoom(disk)
        let (count, failure) = disk.write(file, bytes, at: end)
        return (count == bytes.count ? count : nil, count, failure)
    }

    /// Where what is pending does not go into the room, that is given up first, and for good: what is written over room that
    /// comes back after a crash could not be told from damage.
    private mutating func leavesRoom(_ disk: any AppendOnlyHost) -> Bool {
        let increment = statistics.appendOnly.increment
        let fits = usesRoom && increment.room.holds(journal.pendingBytes, configuration.appendOnly.room, behind: increment.bytes)
        guard increment.room.end != nil, !fits, !statistics.appendOnly.isSyncing else { return false }
        giveUpRoomForGood(disk)
        return true
    }

    /// Gives the room up, and has that be on the disk before anything else is written.
    private mutating func giveUpRoomForGood(_ disk: any AppendOnlyHost) {
        giveUpRoom(disk)
        statistics.appendOnly.isSyncing = true
        disk.beginSync(statistics.appendOnly.increment.file, mark: statistics.appendOnly.written, room: nil)
    }

    /// Cuts the increment off behind its content.
    private mutating func giveUpRoom(_ disk: any AppendOnlyHost) {
        guard statistics.appendOnly.increment.room.end != nil else { return }
        statistics.appendOnly.increment.room.end = nil
        let failure = disk.truncate(statistics.appendOnly.increment.file, to: statistics.appendOnly.increment.bytes)
        // Annotations in the file are a nuisance to whoever looks at it, and no damage.
        if failure != 0 { log(.warning, "Can't remove the room at the end of the append-only file: \(describe(failure))") }
    }

    /// Called by the cycle: nobody needs the room of a server that has nothing to write.
    mutating func giveUpIdleRoom() {
        guard statistics.appendOnly.increment.room.isIdle(at: time.monotonicNanoseconds), !statistics.appendOnly.isSyncing,
            let disk = host.appendOnly
        else { return }
        giveUpRoomForGood(disk)
    }

    /// Part of the bytes is in the file: it is taken back, so that no torn command stands in front of what follows.
    private mutating func undoWrite(
        _ bytes: consuming ByteChain, _ count: Int, _ failure: Int32, _ disk: any AppendOnlyHost
    ) {
        let text = host.snapshots?.describe(failure) ?? "\(failure)"
        if statistics.appendOnly.writeFailure == 0 {
            requests.logLines.append(
                count > 0
                    ? "Short write while writing to the AOF file: (nwritten=\(count), expected=\(bytes.count)): \(text)"
                    : "Error writing to the AOF file: \(text)")
        }
        statistics.appendOnly.writeFailure = failure
        // A group is not the bytes that it was made of; the process ends, since room is there under `always` only.
        let wasInRoom = statistics.appendOnly.increment.room.end != nil
        statistics.appendOnly.increment.room.end = nil
        var rest = bytes
        if count > 0, disk.truncate(statistics.appendOnly.increment.file, to: statistics.appendOnly.increment.bytes) != 0, !wasInRoom {
            requests.logLines.append("Could not remove short write from the append-only file. What follows continues it.")
            statistics.appendOnly.increment.bytes += Int64(count)
            statistics.appendOnly.bytes += Int64(count)
            rest.removeFirst(count)
        }
        journal.putBack(rest)
        if appendOnlyPolicy == .always {
            fail("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
        }
    }

    private mutating func beginSyncIfDue(_ disk: any AppendOnlyHost) {
        let retries = statistics.appendOnly.retriesSync
        guard statistics.appendOnly.written > statistics.appendOnly.synced || retries, !statistics.appendOnly.isSyncing, !syncsRest else { return }
        let tick = time.monotonicNanoseconds
        let isSecondOver = tick - statistics.appendOnly.lastSync >= Self.second
        switch appendOnlyPolicy {
        case .no: guard blocking.wantsSync || retries && isSecondOver else { return }
        case .everysec: guard isSecondOver else { return }
        case .always: break
        }
        blocking.wantsSync = false
        statistics.appendOnly.lastSync = tick
        statistics.appendOnly.gathering.syncBegins(clients: clients.answeredCount, now: tick)
        statistics.appendOnly.isSyncing = true
        let increment = statistics.appendOnly.increment
        let room = usesRoom ? increment.room.wanted(configuration.appendOnly.room, behind: increment.bytes) : nil
        disk.beginSync(increment.file, mark: statistics.appendOnly.written, room: room)
        statistics.appendOnly.increment.room.isBeingMade = room != nil
    }

    /// Writes everything, and has it be on the disk, while everybody waits; an errno, 0 for success.
    @discardableResult
    mutating func writeAppendOnlyFileNow() -> Int32 {
        guard statistics.appendOnly.increment.file >= 0, let disk = host.appendOnly else { return 0 }
        while statistics.appendOnly.isSyncing {
            noteSync(disk)
            if statistics.appendOnly.isSyncing { host.sleep(200) }
        }
        // A sync that failed under `always` ends the process: the next one would only seem to make up for it.
        guard !requests.isFailing else { return max(statistics.appendOnly.syncFailure, statistics.appendOnly.writeFailure) }
        statistics.appendOnly.lastAttempt = 0
        if statistics.appendOnly.increment.room.end != nil {
            giveUpRoom(disk)
            _ = disk.sync(statistics.appendOnly.increment.file)
        }
        if journal.pendingBytes > 0 { writePending(disk) }
        guard journal.pendingBytes == 0 else { return statistics.appendOnly.writeFailure }
        let failure = disk.sync(statistics.appendOnly.increment.file)
        guard failure == 0 else {
            noteSyncFailure(failure)
            return failure
        }
        statistics.appendOnly.retriesSync = false
        statistics.appendOnly.written = journal.position
        statistics.appendOnly.synced = journal.position
        blocking.hasSynced = true
        gateReplies()
        return 0
    }

    /// The error that writes are refused with, while the file cannot be written.
    var appendOnlyRefusal: String? {
        guard statistics.appendOnly.mode != .off else { return nil }
        let failure = statistics.appendOnly.writeFailure != 0 ? statistics.appendOnly.writeFailure : statistics.appendOnly.syncFailure
        guard failure != 0 else { return nil }
        return "MISCONF Errors writing to the AOF file: \(host.snapshots?.describe(failure) ?? "\(failure)")"
    }
}
