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

    // MARK: Commands

    /// Replays commands until about so many bytes are read; true at the end of the file.
    private mutating func loadCommands(
        _ part: inout AppendOnlyLoad.Part, _ bytes: Int, isLast: Bool
    ) throws(LoadFailure) -> Bool {
        guard let files = host.snapshots else { throw .missing }
        let goal = part.offset.addingReportingOverflow(bytes)
        while goal.overflow || part.offset < goal.partialValue {
            try replayInput(&part, isLast: isLast)
            part.input.removeFirst(part.consumed)
            part.dropped += part.consumed
            part.consumed = 0
            // A length in the file asks for no more memory than the file can fill.
            let left = part.bytes - part.dropped - part.input.count
            let got = files.read(part.file, &part.input, min(part.chunk, max(left, 1 << 16)))
            if got < 0 { throw .failed("Unrecoverable error reading the append only file \(part.path): \(describe(Int32(-got)))") }
            if got == 0 { return try endCommands(&part, isLast: isLast) }
        }
        return false
    }

    /// The file is at its end, which should be one of a command outside of transactions.
    private mutating func endCommands(_ part: inout AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) -> Bool {
        guard part.input.count > 0 || part.transaction != nil else { return true }
        let hint = "You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. "
            + "2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server."
        guard configuration.appendOnly.loadsTruncated, isLast else {
            throw .failed("Unexpected end of file reading the append only file \(part.path). \(hint)")
        }
        log(.warning, "!!! Warning: short read while loading the AOF file \(part.path)!!!")
        log(.warning, "AOF loaded anyway because aof-load-truncated is enabled")
        try cutOff(part)
        return true
    }

    /// Removes what stands behind the whole part of the file.
    private mutating func cutOff(_ part: borrowing AppendOnlyLoad.Part) throws(LoadFailure) {
        log(.warning, "Truncating the AOF \(part.path) at offset \(part.whole)")
        guard let disk = host.appendOnly else { return }
        let file = disk.openForAppending(part.path, empties: false)
        var failure = file < 0 ? -file : disk.truncate(file, to: Int64(part.whole))
        if failure == 0 { failure = disk.sync(file) }
        if file >= 0 { disk.close(file) }
        guard failure == 0 else { throw .failed("Error truncating the AOF file \(part.path): \(describe(failure))") }
        statistics.appendOnly.bytes -= Int64(part.bytes - part.whole)
        statistics.appendOnly.baseBytes = statistics.appendOnly.bytes
    }

    /// The bytes are no commands. A little of that at the end may be the trace of a crash.
    private mutating func refuse(_ part: inout AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) {
        let rest = part.bytes - part.whole
        guard isLast, rest <= configuration.appendOnly.damagedTailBytes else {
            throw .failed(
                "Bad file format reading the append only file \(part.path), at offset \(part.offset): make a backup of your AOF file, "
                    + "then use ./redis-check-aof --fix <filename.manifest>")
        }
        log(.warning, "AOF \(part.path) has \(rest) damaged bytes at its end, not more than aof-load-corrupt-tail-max-size")
        try cutOff(part)
        part.transaction = nil
        part.consumed = part.input.count
    }

    /// Replays the commands that are complete in the input.
    private mutating func replayInput(_ part: inout AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) {
        var served = Box(Self.nobody())
        swap(&served, &self.served)
        session.database = part.database
        let moment = now
        (present, now) = (moment, 0)
        // Arguments point into the input, which therefore is not in the part meanwhile.
        var input = GrowingBytes(capacity: 0)
        swap(&input, &part.input)
        var end = InputEnd.incomplete
        var failure: LoadFailure?
        do throws(LoadFailure) {
            end = try replayCommands(input.bytes, &part)
        } catch {
            failure = error
        }
        // A command that is not all there needs a larger piece than the last.
        part.chunk = part.consumed == 0 && input.count > 0 ? min(part.chunk * 2, 1 << 28) : 1 << 18
        swap(&input, &part.input)
        (present, now) = (nil, moment)
        part.database = session.database
        swap(&served, &self.served)
        if let failure { throw failure }
        if case .damaged = end { try refuse(&part, isLast: isLast) }
    }

    private enum InputEnd { case incomplete, damaged }

    private mutating func replayCommands(_ input: RawSpan, _ part: inout AppendOnlyLoad.Part) throws(LoadFailure) -> InputEnd {
        var words = WordBuffer(capacity: 64)
        let limits = RequestLimits(maximumBulkBytes: Int(Int32.max), isAuthenticated: true)
        var offset = 0
        let kept = reply.bytes.count
        while offset < input.byteCount {
            switch input.byte(offset) {
            case 35:
                guard let end = input.firstIndex(of: 10, from: offset) else { return .incomplete }
                offset = end + 1
            case 42:
                var next = offset
                var parser = RequestParser()
                words.removeAll()
                guard let status = try? parser.advance(input, &next, &words, limits) else { return .damaged }
                guard status == .complete else { return .incomplete }
                guard Self.linesEnd(input, offset, words.words(0..<words.count)) else { return .damaged }
                offset = next
                if words.count > 0 { try replay(words.words(0..<words.count), &part) }
                reply.bytes.discard(behind: kept)
            default: return .damaged
            }
            part.consumed = offset
            if part.transaction == nil { part.whole = part.offset }
        }
        return .incomplete
    }

    /// Whether all lines of a command that begins at `start` end as they should. Clients are not asked for
    /// that, but where a crash has left zeros in a file the length in front of them may have survived.
    private static func linesEnd(_ input: RawSpan, _ start: Int, _ words: borrowing Arguments) -> Bool {
        var place = start
        for index in 0..<words.count {
            // Behind the number of words, and behind every word's length.
            for _ in 0..<(index == 0 ? 2 : 1) {
                guard let end = input.firstIndex(of: 13, from: place), end + 1 < input.byteCount, input.byte(end + 1) == 10 else { return false }
                place = end + 2
            }
            place += words[index].byteCount
            guard place + 1 < input.byteCount, input.byte(place) == 13, input.byte(place + 1) == 10 else { return false }
            place += 2
        }
        return true
    }

    /// Runs a command, or queues it.
    private mutating func replay(_ arguments: borrowing Arguments, _ part: inout AppendOnlyLoad.Part) throws(LoadFailure) {
        if arguments[0].matches("MULTI"), part.transaction == nil {
            part.transaction = UniqueArray<OwnedArguments>()
            return
        }
        if arguments[0].matches("EXEC") {
            guard let queue = part.transaction.take() else { return }
            for index in 0..<queue.count { try replay(queue[index].arguments, part.path) }
            return
        }
        guard var queue = part.transaction.take() else { return try replay(arguments, part.path) }
        queue.append(OwnedArguments(copying: arguments))
        part.transaction = consume queue
    }

    private mutating func replay(_ arguments: borrowing Arguments, _ path: String) throws(LoadFailure) {
        guard let id = commands.resolve(arguments), let handler = commands.commands[id].handler else {
            throw .failed("Unknown command '\(Self.shown(arguments[0]))' reading the append only file \(path)")
        }
        guard commands.commands[id].accepts(arguments.count) else {
            throw .failed("Wrong number of arguments for '\(Self.shown(arguments[0]))' reading the append only file \(path)")
        }
        // Nothing else changes the data; and who would subscribe, or be shut down?
        guard commands.commands[id].flags.contains(.write) || Self.replayed.contains(commands.commands[id].fullName) else { return }
        effects.prepare(in: session.database)
        notices.begin()
        session.lastCommand = id
        // What failed when it was written fails again, and changes nothing again.
        _ = try? handler(&self, arguments)
        blocking.waiting = nil
        blocking.exchange = nil
        effects.discard()
        _ = notices.take()
        if configuration.persistence.loadDelay > 0 { host.sleep(configuration.persistence.loadDelay) }
    }

    /// Commands that count although they change no key, or only what a value remembers.
    private static var replayed: [String] { ["select", "swapdb", "flushdb", "flushall", "pfcount"] }

    private static func shown(_ word: RawSpan) -> String { word.slice(0, min(128, word.byteCount)).text }
}
