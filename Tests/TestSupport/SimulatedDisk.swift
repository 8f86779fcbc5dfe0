import Engine
import Persistence
import Primitives

/// A disk of which only what was synced survives a crash: bytes of files, and names in directories.
/// Every step that changes it is told to the test, which may keep the disk as it is then; what
/// `survivors` makes of that is what a machine could find after it has lost power.
public final class SimulatedDisk: @unchecked Sendable {
    /// Everything that is on the disk, or on its way.
    public struct Contents: Sendable {
        /// What files hold, by their numbers, which names lead to.
        var files: [Int: File] = [:]
        var names: [String: Int] = [:]
        /// The names that are on the disk, and changes that are not yet, in their order.
        var durableNames: [String: Int] = [:]
        var changes: [NameChange] = []
    }

    struct File: Sendable {
        var bytes: [UInt8] = []
        /// Those of the last sync.
        var durable: [UInt8] = []
        /// Bytes that a failed sync has lost: whoever reads the file still sees them, and no later sync writes them.
        private var lost: [Range<Int>] = []

        init(_ bytes: [UInt8] = []) { (self.bytes, durable) = (bytes, bytes) }

        /// Brings onto the disk what was there when the sync began; nil: now.
        mutating func sync(_ begun: [UInt8]? = nil) {
            durable = begun ?? bytes
            for range in lost { for place in range.clamped(to: 0..<durable.count) { durable[place] = 0 } }
        }

        /// The kernel drops what it could not write.
        mutating func failSync() { lost.append(durable.count..<max(durable.count, bytes.count)) }

        /// The file is made anew.
        mutating func empty() { self = File() }
    }

    /// Names that change together, to a file or to none, as journaling file systems have it also between directories.
    struct NameChange: Sendable {
        let names: [(name: String, file: Int?)]

        func isIn(_ directory: String) -> Bool { names.contains { SimulatedDisk.directory($0.name) == directory } }
    }

    private struct Handle {
        let file: Int
        let isRead: Bool
        var place = 0
    }

    public private(set) var contents = Contents()
    private var handles: [Int32: Handle] = [:]
    private var nextHandle: Int32 = 3
    private var nextFile = 0
    /// Called ahead of every step after which a crash would leave something else.
    public var onStep: () -> Void = {}
    private(set) var steps = 0

    // Failures, which a test says; errnos, 0: none.
    /// Bytes that writes may still add before the disk is full.
    public var room = Int.max
    public var writeFailure: Int32 = 0
    public var syncFailure: Int32 = 0
    /// So many syncs fail; those behind them succeed.
    public var failingSyncs = Int.max
    public var truncateFailure: Int32 = 0
    public var renameFailure: Int32 = 0
    public var replaceFailure: Int32 = 0

    // Syncs in the background.
    /// Calls of `takeSyncResult` that find a sync unfinished.
    public var syncPolls = 0
    private var begun: (file: Int, bytes: [UInt8], mark: JournalPosition, roomEnd: Int64?, polls: Int)?

    // The process, and its child.
    public var process: Int32 = 1
    /// What the next fork returns.
    public var forkResult: Int32 = 7
    public var childEnd: ChildEnd?
    public private(set) var stopped: [Int32] = []
    /// Children that were started.
    public private(set) var forks = 0
    public private(set) var lines: [String] = []

    /// A disk with these files, all of them durable.
    public init(_ files: [String: [UInt8]] = [:]) {
        for (name, bytes) in files {
            contents.files[nextFile] = File(bytes)
            contents.names[name] = nextFile
            nextFile += 1
        }
        contents.durableNames = contents.names
    }

    /// The files as whoever reads them sees them.
    public var files: [String: [UInt8]] { contents.names.mapValues { contents.files[$0]?.bytes ?? [] } }

    /// The files that start with this.
    public func names(_ prefix: String) -> [String] { contents.names.keys.filter { $0.hasPrefix(prefix) }.sorted() }

    private func step() {
        steps += 1
        onStep()
    }

    // MARK: Names

    fileprivate static func directory(_ path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    private func change(_ names: [(name: String, file: Int?)]) {
        step()
        for (name, file) in names { contents.names[name] = file }
        contents.changes.append(NameChange(names: names))
    }

    private func syncDirectory(of path: String) {
        step()
        let directory = Self.directory(path)
        for change in contents.changes where change.isIn(directory) {
            for (name, file) in change.names { contents.durableNames[name] = file }
        }
        contents.changes.removeAll { $0.isIn(directory) }
    }

    private func make(_ path: String) -> Int {
        let number = nextFile
        nextFile += 1
        contents.files[number] = File()
        change([(path, number)])
        return number
    }

    /// ENOENT.
    private static var missing: Int32 { 2 }
    /// ENOSPC.
    private static var full: Int32 { 28 }

    private func move(_ old: String, _ new: String) -> Int32 {
        guard renameFailure == 0 else { return renameFailure }
        guard let file = contents.names[old] else { return Self.missing }
        if old != new { change([(new, file), (old, nil)]) }
        return 0
    }

    // MARK: Bytes

    private func append(_ bytes: [UInt8], _ file: Int) -> (count: Int, failure: Int32) {
        write(bytes, file, at: contents.files[file]?.bytes.count ?? 0)
    }

    /// What is written over needs no room.
    private func write(_ bytes: [UInt8], _ file: Int, at offset: Int) -> (count: Int, failure: Int32) {
        guard writeFailure == 0 else { return (0, writeFailure) }
        step()
        let end = contents.files[file]?.bytes.count ?? 0
        precondition(offset <= end, "a hole")
        let count = room == .max ? bytes.count : min(bytes.count, end - offset + room)
        contents.files[file]?.bytes.replaceSubrange(offset..<min(end, offset + count), with: bytes.prefix(count))
        if room != .max { room -= max(0, offset + count - end) }
        return (count, count < bytes.count ? Self.full : 0)
    }

    private func takeSyncFailure() -> Int32 {
        guard syncFailure != 0, failingSyncs > 0 else { return 0 }
        failingSyncs -= 1
        return syncFailure
    }

    private func syncNow(_ file: Int) -> Int32 {
        let failure = takeSyncFailure()
        guard failure == 0 else {
            contents.files[file]?.failSync()
            return failure
        }
        step()
        contents.files[file]?.sync()
        return 0
    }

    private func open(_ file: Int, isRead: Bool) -> Int32 {
        nextHandle += 1
        handles[nextHandle] = Handle(file: file, isRead: isRead)
        return nextHandle
    }
}

extension SimulatedDisk: AppendOnlyHost {
    public func makeDirectory(_ path: String) -> Int32 { 0 }

    public func size(_ path: String) -> Int? { contents.names[path].flatMap { contents.files[$0]?.bytes.count } }

    public func contents(_ path: String) -> (bytes: [UInt8], failure: Int32) {
        guard let bytes = files[path] else { return ([], Self.missing) }
        return (bytes, 0)
    }

    public func replace(_ path: String, _ bytes: [UInt8]) -> Int32 {
        guard replaceFailure == 0 else { return replaceFailure }
        let temporary = path + ".tmp"
        let file = make(temporary)
        var failure = append(bytes, file).failure
        if failure == 0 { failure = syncNow(file) }
        if failure == 0 { failure = move(temporary, path) }
        guard failure == 0 else {
            change([(temporary, nil)])
            return failure
        }
        syncDirectory(of: path)
        return 0
    }

    public func rename(_ old: String, _ new: String) -> Int32 {
        let failure = move(old, new)
        if failure == 0 { syncDirectory(of: new) }
        return failure
    }

    public func link(_ old: String, _ new: String) -> Int32 {
        guard let file = contents.names[old] else { return Self.missing }
        change([(new, file)])
        syncDirectory(of: new)
        return 0
    }

    public func isEmptyDirectory(_ path: String) -> Bool { names(path + "/").isEmpty }

    /// There are no directories here, only names that have one in front.
    public func removeDirectory(_ path: String) {}

    public func remove(_ path: String) {
        if contents.names[path] != nil { change([(path, nil)]) }
    }

    public func openForWriting(_ path: String, empties: Bool) -> Int32 {
        let file = contents.names[path] ?? make(path)
        if empties {
            step()
            contents.files[file]?.empty()
            syncDirectory(of: path)
        }
        return open(file, isRead: false)
    }

    public func write(_ file: Int32, _ bytes: borrowing ByteChain, at offset: Int64) -> (count: Int, failure: Int32) {
        guard let handle = handles[file] else { return (0, 9) }
        return write(bytes.array, handle.file, at: Int(offset))
    }

    public func truncate(_ file: Int32, to bytes: Int64) -> Int32 {
        guard truncateFailure == 0, let handle = handles[file] else { return truncateFailure }
        step()
        let dropped = (contents.files[handle.file]?.bytes.count ?? 0) - Int(bytes)
        contents.files[handle.file]?.bytes.removeLast(dropped)
        if room != .max { room += dropped }
        return 0
    }

    public func sync(_ file: Int32) -> Int32 {
        guard let handle = handles[file] else { return 9 }
        return syncNow(handle.file)
    }

    public func beginSync(_ file: Int32, mark: JournalPosition, room: Range<Int64>?) {
        guard let handle = handles[file] else { return }
        precondition(begun == nil, "one sync at a time")
        var roomEnd: Int64?
        if let room, syncFailure == 0 {
            step()
            contents.files[handle.file]?.sync()
            precondition(Int(room.lowerBound) == contents.files[handle.file]?.bytes.count, "room begins at the end")
            let filling = AppendOnlyRoom.filling(room)
            if append(filling, handle.file).count == filling.count {
                roomEnd = room.upperBound
            } else {
                _ = truncate(file, to: room.lowerBound)
            }
        }
        step()
        begun = (handle.file, contents.files[handle.file]?.bytes ?? [], mark, roomEnd, syncPolls)
    }

    public func takeSyncResult() -> SyncResult? {
        guard let sync = begun else { return nil }
        if sync.polls > 0 {
            begun?.polls -= 1
            return nil
        }
        begun = nil
        let failure = takeSyncFailure()
        guard failure == 0 else {
            contents.files[sync.file]?.failSync()
            return SyncResult(mark: sync.mark, failure: failure, roomEnd: sync.roomEnd)
        }
        step()
        contents.files[sync.file]?.sync(sync.bytes)
        return SyncResult(mark: sync.mark, failure: 0, roomEnd: sync.roomEnd)
    }

    /// Of both kinds of files: what was read needs no sync.
    public func close(_ file: Int32) {
        guard let handle = handles.removeValue(forKey: file), !handle.isRead else { return }
        if begun?.file == handle.file { begun = nil }
        _ = syncNow(handle.file)
    }
}

extension SimulatedDisk: SnapshotHost {
    public var version: String { "7.2.4" }

    public func create(_ name: String) -> Int32 { open(make(name), isRead: false) }

    public func write(_ file: Int32, _ bytes: RawSpan) -> Int32 {
        guard let handle = handles[file] else { return 9 }
        return append(bytes.array, handle.file).failure
    }

    public func pushOut(_ file: Int32) {}

    public func finish(_ file: Int32, _ temporary: String, as name: String) -> Int32 {
        guard let handle = handles.removeValue(forKey: file) else { return 9 }
        var failure = syncNow(handle.file)
        if failure == 0 { failure = move(temporary, name) }
        guard failure == 0 else {
            remove(temporary)
            return failure
        }
        syncDirectory(of: name)
        return 0
    }

    public func discard(_ file: Int32, _ temporary: String) {
        handles[file] = nil
        remove(temporary)
    }

    public func open(_ name: String) -> (file: Int32, bytes: Int?) {
        guard let file = contents.names[name] else { return (-Self.missing, nil) }
        return (open(file, isRead: true), contents.files[file]?.bytes.count)
    }

    public func read(_ file: Int32, _ buffer: inout GrowingBytes, _ count: Int) -> Int {
        guard let handle = handles[file], let bytes = contents.files[handle.file]?.bytes else { return -9 }
        // The file may have been cut off meanwhile.
        let end = max(handle.place, min(bytes.count, handle.place + count))
        guard end > handle.place else { return 0 }
        buffer.append(Array(bytes[handle.place..<end]).rawSpan)
        handles[file]?.place = end
        return end - handle.place
    }

    public func fork() -> Int32 {
        childEnd = nil
        if forkResult > 0 { forks += 1 }
        return forkResult
    }

    public func report(keys: Int) {}
    public func leave(_ status: Int32) { fatalError("the child's work is done by `TestServer.runRewriteChild`") }
    public func latestReport() -> SnapshotReport? { nil }

    public func stop(_ child: Int32) {
        stopped.append(child)
        if childEnd == nil { childEnd = .killed(signal: 10) }
    }

    public func reap(_ child: Int32) -> ChildEnd? {
        defer { childEnd = nil }
        return childEnd
    }

    public func log(_ level: LogLevel, _ text: String) { lines.append(text) }
    public func describe(_ failure: Int32) -> String { "error \(failure)" }
}

extension TestServer {
    /// Keeps the append-only file on a disk, which may hold one already; nil, or why the server does not start.
    public func startAppendOnlyFile(on disk: SimulatedDisk) -> String? {
        engine.context.host.appendOnly = disk
        engine.context.host.snapshots = disk
        do throws(LoadFailure) {
            guard engine.context.configuration.appendOnly.isEnabled else {
                try engine.context.takeOverAppendOnlyFiles()
                return nil
            }
            var load = try engine.context.beginLoadingAppendOnlyFile()
            while try !engine.context.continueLoading(&load, bytes: 1 << 16) {}
            engine.context.endLoading(load)
        } catch {
            if case .failed(let text) = error { return text }
        }
        return engine.context.openAppendOnlyFile() ? nil : disk.lines.last ?? "it cannot be opened"
    }

    /// Does the work of the child that the last fork has begun, with the data as it is now.
    public func runRewriteChild(on disk: SimulatedDisk) {
        let parent = disk.process
        disk.process = disk.forkResult
        let failure = engine.context.writeRewrittenBase()
        disk.process = parent
        disk.childEnd = .exited(failure == 0 ? 0 : 1)
    }
}
