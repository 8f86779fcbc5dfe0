// What has to happen to the data before the process ends.

import Primitives

/// What whoever ends the server wants.
public struct ShutdownWish: Sendable {
    /// Nil: save when there are save points.
    public var saves: Bool?
    /// Whether the process ends although saving fails.
    public var isForced: Bool

    /// Both wishes.
    public init(saves: Bool?, isForced: Bool) {
        self.saves = saves
        self.isForced = isForced
    }
}

extension CommandContext {
    /// Has what the append-only file should hold be on the disk; false when the process must not end.
    private mutating func prepareAppendOnlyFile(_ wish: ShutdownWish) -> Bool {
        if statistics.appendOnly.mode == .awaitingRewrite {
            if wish.isForced {
                log(.warning, "Writing initial AOF. Exit anyway.")
            } else {
                log(.warning, "Writing initial AOF, can't exit.")
                return false
            }
        }
        if statistics.appendOnly.rewriting.child != nil {
            log(.warning, "There is a child rewriting the AOF. Killing it!")
            endRewriteNow()
        }
        guard statistics.appendOnly.increment.file >= 0 else { return true }
        log(.notice, "Calling fsync() on the AOF file.")
        let failure = writeAppendOnlyFileNow()
        if failure != 0 { log(.warning, "Fail to fsync the AOF file: \(describe(failure))") }
        let isWhole = failure == 0 && (statistics.appendOnly.syncFailure == 0 || rewriteNow())
        return isWhole || wish.isForced
    }

    /// Has the next cycle end the process.
    public mutating func scheduleShutdown(_ wish: ShutdownWish) { clients.control.shutdown = wish }

    /// The end that is due now, if there is one; it is asked for no more.
    public mutating func takeScheduledShutdown() -> ShutdownWish? {
        defer { clients.control.shutdown = nil }
        return clients.control.shutdown
    }

    /// Takes a scheduled end back; false when there is none.
    public mutating func abortShutdown() -> Bool {
        guard takeScheduledShutdown() != nil else { return false }
        host.snapshots?.log(.notice, "Shutdown manually aborted.")
        requests.forgetsSignals = true
        return true
    }

    /// Saves the data if that is wanted; false when the process must not end.
    public mutating func prepareShutdown(_ wish: ShutdownWish) -> Bool {
        guard let files = host.snapshots else { return wish.saves != true || wish.isForced }
        failBackup("the server was shut down")
        guard prepareAppendOnlyFile(wish) else { return false }
        if statistics.snapshots.child != nil {
            files.log(.warning, "There is a child saving an .rdb. Killing it!")
            endBackgroundSaveNow()
        }
        guard wish.saves ?? !configuration.persistence.savePoints.isEmpty, statistics.snapshots.loading == nil else { return true }
        files.log(.notice, "Saving the final RDB snapshot before exiting.")
        do throws(SaveFailure) {
            try saveSnapshot()
            return true
        } catch {
            files.log(.warning, "Error trying to save the DB, can't exit.")
            if wish.isForced { files.log(.warning, "The end was forced: it goes on without the data being saved.") }
            return wish.isForced
        }
    }
}
