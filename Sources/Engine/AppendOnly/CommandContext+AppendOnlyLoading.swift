// Making the data what an append-only file says: its base, then its increments, command by command.

import BasicContainers
import Keyspace
import Persistence
import Primitives
import RESP

extension CommandContext {
    /// Learns of the files of an earlier life, which a server without an append-only file does not load: when it gets
    /// one, numbers go on and those files go.
    public mutating func takeOverAppendOnlyFiles() throws(LoadFailure) {
        statistics.appendOnly.manifest = try readManifest() ?? AppendOnlyManifest()
        deleteHistory()
    }

    /// Reads the manifest, takes over a file of the days when there was but one, and gets ready
    /// to load. `.missing`: there is no append-only file.
    public mutating func beginLoadingAppendOnlyFile() throws(LoadFailure) -> AppendOnlyLoad {
        guard let disk = host.appendOnly else { throw .missing }
        var manifest = try readManifest() ?? AppendOnlyManifest()
        try adoptOldFile(&manifest, disk)
        statistics.appendOnly.manifest = manifest
        let files = (manifest.base.map { [$0] } ?? []) + manifest.increments
        guard !files.isEmpty else { throw .missing }
        var total: Int64 = 0
        for file in files {
            let path = appendOnlyPath(file.name)
            guard let bytes = disk.size(path) else {
                throw .failed("The AOF file \(String(decoding: file.name, as: UTF8.self)) can't be read: No such file or directory")
            }
            total += Int64(bytes)
        }
        statistics.appendOnly.bytes = total
        statistics.appendOnly.baseBytes = total
        statistics.snapshots.loading = LoadingProgress(begin: now, total: total)
        return AppendOnlyLoad(files, begin: time.monotonicNanoseconds)
    }

    /// Has the append-only file hold everything that was changed; false when that fails.
    public mutating func completeAppendOnlyFile() -> Bool { writeAppendOnlyFileNow() == 0 }

    /// Loads the append-only file, which is complete, into an empty keyspace while everybody waits.
    public mutating func reloadAppendOnlyFile() throws(LoadFailure) {
        var load = try beginLoadingAppendOnlyFile()
        var failure: LoadFailure?
        do throws(LoadFailure) {
            while try !continueLoading(&load, bytes: 1 << 26) {}
        } catch {
            failure = error
        }
        endLoading(load)
        if let failure { throw failure }
        // What is loaded is no change.
        notices.begin()
        statistics.dirty = 0
    }

    /// Before Redis 7 there was one file, in the server's directory: it becomes the base.
    private mutating func adoptOldFile(_ manifest: inout AppendOnlyManifest, _ disk: any AppendOnlyHost) throws(LoadFailure) {
        let name = configuration.appendOnly.prefix
        let old = String(decoding: name, as: UTF8.self)
        let isInterrupted = manifest.base?.name == name && manifest.increments.isEmpty && disk.size(appendOnlyPath(name)) == nil
        let isNew = manifest.base == nil && manifest.increments.isEmpty
        guard isNew || isInterrupted, disk.size(old) != nil else { return }
        var failure = disk.makeDirectory(appendOnlyDirectory)
        if failure == 0, isNew {
            manifest.adoptBase(named: name)
            failure = disk.replace(appendOnlyPath(name + [UInt8](".manifest")), manifest.text)
        }
        if failure == 0 { failure = disk.rename(old, appendOnlyPath(name)) }
        guard failure == 0 else { throw .failed("Can't move the old AOF file \(old) into \(appendOnlyDirectory): \(describe(failure))") }
        log(.notice, "Successfully migrated an old-style AOF configuration (\(old)) into the AOF directory (\(appendOnlyDirectory)).")
    }

    /// Loads about so many bytes more; true when all is loaded.
    public mutating func continueLoading(_ load: inout AppendOnlyLoad, bytes: Int) throws(LoadFailure) -> Bool {
        guard load.index < load.files.count else { return true }
        if load.part == nil { load.part = try openPart(appendOnlyPath(load.files[load.index].name)) }
        guard var part = load.part.take() else { return true }
        do throws(LoadFailure) {
            let isDone = part.preamble != nil ? try loadPreamble(&part, bytes) : try loadCommands(&part, bytes, isLast: load.isAtLast)
            statistics.snapshots.loading?.loaded = load.doneBytes + Int64(part.offset)
            guard isDone else {
                load.part = consume part
                return false
            }
            load.doneBytes += Int64(part.bytes)
            endPart(part, isBase: load.index == 0 && statistics.appendOnly.manifest.base != nil)
            load.index += 1
            return load.index == load.files.count
        } catch {
            load.part = consume part
            throw error
        }
    }

    /// Ends a load, whether or not it has come to its end.
    public mutating func endLoading(_ load: consuming AppendOnlyLoad) {
        if load.index == load.files.count {
            log(.notice, "DB loaded from append only file: \(Self.seconds(time.monotonicNanoseconds - load.begin)) seconds")
        }
        if let part = load.part.take() { host.snapshots?.close(part.file) }
        statistics.snapshots.loading = nil
    }

    private mutating func endPart(_ part: borrowing AppendOnlyLoad.Part, isBase: Bool) {
        host.snapshots?.close(part.file)
        guard part.bytes > 0 else { return }
        let name = part.path.split(separator: "/").last.map(String.init) ?? part.path
        log(.notice, "DB loaded from \(isBase ? "base" : "incr") file \(name): \(Self.seconds(time.monotonicNanoseconds - part.begin)) seconds")
    }

    /// With three decimals.
    private static func seconds(_ nanoseconds: Int64) -> String {
        let rest = String(nanoseconds / 1_000_000 % 1000)
        return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private mutating func openPart(_ path: String) throws(LoadFailure) -> AppendOnlyLoad.Part {
        guard let files = host.snapshots else { throw .missing }
        let (file, bytes) = files.open(path)
        guard file >= 0 else { throw .failed("Can't open the append-only file \(path): \(describe(-file))") }
        var part = AppendOnlyLoad.Part(path: path, file: file, bytes: bytes ?? 0, begin: time.monotonicNanoseconds)
        _ = files.read(file, &part.input, 16)
        let head = part.input.bytes.array
        if head.starts(with: [UInt8]("REDIS".utf8)) || head.starts(with: [UInt8]("VALKEY".utf8)) {
            log(.notice, "Reading RDB base file on AOF loading...")
            part.preamble = preamble(of: file, read: head, bytes, files)
            part.input.truncate(to: 0)
        }
        return part
    }

    private func preamble(of file: Int32, read head: [UInt8], _ bytes: Int?, _ files: any SnapshotHost) -> SnapshotLoader {
        var options = LoadOptions()
        options.now = now
        options.accessPolicy = configuration.accessPolicy
        options.checksSum = configuration.persistence.checks
        options.acceptsAnyVersion = configuration.persistence.versionChecking == .relaxed
        var isFirst = true
        let source = ByteSource(total: bytes, checks: options.checksSum) { buffer, count in
            guard isFirst else { return files.read(file, &buffer, count) }
            isFirst = false
            buffer.append(head.rawSpan)
            return head.count
        }
        return SnapshotLoader(source, loadLimits, options)
    }

    /// Loads the snapshot in front of the commands; never the end of the part.
    private mutating func loadPreamble(_ part: inout AppendOnlyLoad.Part, _ bytes: Int) throws(LoadFailure) -> Bool {
        guard var loader = part.preamble.take() else { return false }
        let delay = configuration.persistence.loadDelay
        let sleep = host.sleep
        var keys = 0
        do throws(SnapshotError) {
            let isDone = try loader.step(into: &keyspace, bytes: bytes) {
                keys += 1
                if delay != 0 { Self.delay(delay, keys, sleep) }
            }
            part.dropped = loader.offset
            guard isDone else {
                part.preamble = consume loader
                return false
            }
        } catch {
            throw .failed("Error reading the RDB preamble of the AOF file \(part.path), AOF loading aborted: \(error.description)")
        }
        let found = loader.file
        statistics.snapshots.loadedVersion = found.version
        statistics.snapshots.extras = found.extras
        part.whole = part.dropped
        var rest = loader.takeRest()
        swap(&part.input, &rest)
        return false
    }
}
