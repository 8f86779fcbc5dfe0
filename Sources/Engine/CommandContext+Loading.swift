// Making the keyspace what a file says.

import Keyspace
import Persistence
import Primitives

/// A file that is being loaded.
public struct SnapshotLoad: ~Copyable {
    var loader: SnapshotLoader
    let file: Int32
}

/// Why a file was not loaded.
public enum LoadFailure: Error, Sendable {
    /// There is none.
    case missing
    /// A sentence for the log.
    case failed(String)
}

extension CommandContext {
    /// Opens the file of snapshots. The commands that follow find a server that is loading.
    public mutating func beginLoading(replacing: Bool = false) throws(LoadFailure) -> SnapshotLoad {
        guard let files = host.snapshots, !snapshotName.isEmpty else { throw .missing }
        let (file, bytes) = files.open(snapshotName)
        guard file >= 0 else {
            if file == Self.missingFile { throw .missing }
            throw .failed("Fatal error loading the DB, check server logs. Can't open \(snapshotName): \(files.describe(-file))")
        }
        if bytes == 0 {
            // A start that was interrupted before anything was written.
            files.close(file)
            throw .missing
        }
        var options = LoadOptions()
        options.dropsExpiredAt = now
        options.now = now
        options.replacesKeys = replacing
        options.accessPolicy = configuration.accessPolicy
        options.checksSum = configuration.persistence.checks
        options.acceptsAnyVersion = configuration.persistence.versionChecking == .relaxed
        let source = ByteSource(total: bytes, checks: options.checksSum) { files.read(file, &$0, $1) }
        statistics.snapshots.loading = LoadingProgress(begin: now, total: Int64(bytes ?? 0))
        return SnapshotLoad(loader: SnapshotLoader(source, loadLimits, options), file: file)
    }

    /// ENOENT, negated.
    private static var missingFile: Int32 { -2 }

    /// Loads about so many bytes more; true when all is loaded.
    public mutating func continueLoading(_ load: inout SnapshotLoad, bytes: Int) throws(LoadFailure) -> Bool {
        let delay = configuration.persistence.loadDelay
        let sleep = host.sleep
        var keys = 0
        do throws(SnapshotError) {
            let isDone = try load.loader.step(into: &keyspace, bytes: bytes) {
                keys += 1
                if delay != 0 { Self.delay(delay, keys, sleep) }
            }
            statistics.snapshots.loading?.loaded = Int64(load.loader.offset)
            return isDone
        } catch {
            throw .failed(error.isTruncation ? "Short read or OOM loading DB: \(error.description)" : error.description)
        }
    }

    /// Ends a load, whether or not it has come to its end.
    public mutating func endLoading(_ load: consuming SnapshotLoad) {
        let found = load.loader.file
        host.snapshots?.close(load.file)
        statistics.snapshots.loading = nil
        statistics.snapshots.loadedVersion = found.version
        statistics.snapshots.extras = found.extras
        statistics.snapshots.loadedKeys = Int64(found.keys)
        statistics.snapshots.expiredKeys = Int64(found.expired)
        tell(found)
    }

    private func tell(_ found: LoadedFile) {
        guard let files = host.snapshots else { return }
        func field(_ name: String) -> String? { found.fields.first { $0.name == name }?.value }
        if let version = field("redis-ver") ?? field("valkey-ver") { files.log(.notice, "Loading RDB produced by version \(version)") }
        if let moment = field("ctime").flatMap({ Int64($0) }) { files.log(.notice, "RDB age \(max(0, now / 1000 &- moment)) seconds") }
        for key in found.emptyKeys { files.log(.notice, "rdbLoadObject read an empty value, skipping empty key: \(key)") }
        for module in found.modules { files.log(.warning, "Data of the module '\(module)' is kept as it is: modules are not supported") }
        if !found.extras.functions.isEmpty {
            files.log(.warning, "\(found.extras.functions.count) libraries of functions are kept as they are: functions are not there yet")
        }
        files.log(
            .notice,
            "Done loading RDB, keys loaded: \(found.keys), keys expired: \(found.expired)"
                + (found.empty > 0 ? ", empty keys skipped: \(found.empty)." : "."))
    }

    /// Loads the whole file of snapshots, while everybody waits.
    public mutating func loadSnapshot(replacing: Bool = false) throws(LoadFailure) {
        var load = try beginLoading(replacing: replacing)
        while true {
            do throws(LoadFailure) {
                if try continueLoading(&load, bytes: 1 << 26) { break }
            } catch {
                endLoading(load)
                throw error
            }
        }
        endLoading(load)
    }

    /// Whether a payload holds a value.
    public func isRestorable(_ payload: RawSpan) -> Bool {
        var decoder = Payload.decoder(for: payload, loadLimits)
        do throws(SnapshotError) {
            _ = try Payload.value(&decoder)
            return true
        } catch {
            return false
        }
    }

    /// Reads a value and gives it to a key in place of what was there; false when the payload is damaged.
    public mutating func restore(
        _ payload: RawSpan, at key: RawSpan, _ slot: KeySlot, _ expiry: Milliseconds?, _ access: AccessBits
    ) -> Bool {
        var decoder = Payload.decoder(for: payload, loadLimits)
        do throws(SnapshotError) {
            let value = try Payload.value(&decoder)
            let isStored = decoder.store(
                value, at: key, slot.hash, existing: slot.entry, expiry, access, in: &keyspace[slot.database][slot.hash])
            if isStored { comesAnew(key, slot.database) }
            return isStored
        } catch {
            host.snapshots?.log(.warning, "RESTORE: Bad data format: \(error.description)")
            return false
        }
    }
}
