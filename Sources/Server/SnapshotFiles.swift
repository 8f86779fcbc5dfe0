import Commands
import Engine
import Networking
import Primitives
import Synchronization
import System

/// The files and children of snapshots: in the current directory, and real.
final class SnapshotFiles: SnapshotHost {
    private struct State {
        var child: ChildProcess?
        /// In the child: when it told its parent last.
        var lastReport: Int64 = 0
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let time: TimeSource
    private let control: HostControl

    init(_ logger: Logger, _ time: TimeSource, _ control: HostControl) {
        self.logger = logger
        self.time = time
        self.control = control
    }

    var version: String { Identity.compatibleVersion }
    var process: Int32 { Process.identifier }

    func create(_ name: String) -> Int32 {
        CrashReport.setUnfinishedFile(name)
        return File.create(name)
    }

    func write(_ file: Int32, _ bytes: RawSpan) -> Int32 { File.write(bytes, to: file) }
    func pushOut(_ file: Int32) { File.beginWriteBack(file) }

    func finish(_ file: Int32, _ temporary: String, as name: String) -> Int32 {
        defer { CrashReport.setUnfinishedFile("") }
        return File.publish(file, temporary, as: name)
    }

    func discard(_ file: Int32, _ temporary: String) {
        defer { CrashReport.setUnfinishedFile("") }
        if file >= 0 { File.closeDescriptor(file) }
        File.remove(temporary)
    }

    func open(_ name: String) -> (file: Int32, bytes: Int?) {
        let (descriptor, bytes) = File.openForReading(name)
        return (descriptor, bytes)
    }

    func read(_ file: Int32, _ buffer: inout GrowingBytes, _ count: Int) -> Int { File.read(file, &buffer, count) }
    func close(_ file: Int32) { File.closeDescriptor(file) }

    // MARK: Children

    func fork() -> Int32 {
        // What the allocator keeps of freed memory need not be copied, and would be the child's
        // alone as soon as the allocator here gives it back.
        MemoryMeter.purge()
        switch ChildProcess.fork() {
        case .failure(let failure): return -failure.number
        case .success(let child):
            state.withLock { $0.child = child }
            if child.number == 0 { control.adjustChildScore() }
            return child.number
        }
    }

    /// At most once a second, since looking at the memory takes time.
    func report(keys: Int) {
        state.withLock { state in
            let now = time.monotonicNanoseconds
            guard now - state.lastReport > 1_000_000_000 else { return }
            state.lastReport = now
            state.child?.tell(Int64(keys), ChildProcess.privateBytes)
        }
    }

    func leave(_ status: Int32) {
        let copied = ChildProcess.privateBytes
        state.withLock { $0.child?.tell(-1, copied) }
        if status == 0 { logger.notice("Fork CoW for RDB: current \(copied >> 20) MB, peak \(copied >> 20) MB, average \(copied >> 20) MB") }
        ChildProcess.leave(status)
    }

    func latestReport() -> SnapshotReport? {
        state.withLock { $0.child?.lastTold() }.map { SnapshotReport(keys: $0.0, copiedBytes: $0.1) }
    }

    func stop(_ child: Int32) { state.withLock { $0.child?.stop() } }

    func reap(_ child: Int32) -> ChildEnd? {
        state.withLock { state in
            guard let end = state.child?.reap() else { return nil }
            state.child = nil
            switch end {
            case .exited(let status): return .exited(status)
            case .killed(let signal): return .killed(signal: signal)
            case .lost: return .exited(1)
            }
        }
    }

    // MARK: Words

    func log(_ level: LogLevel, _ text: String) {
        if level == .warning { logger.warning(text) } else { logger.notice(text) }
    }

    func describe(_ failure: Int32) -> String { errorText(failure) }
}
