import Engine
import Primitives

/// A disk in memory, whose failures a test says.
public final class MemorySnapshots: SnapshotHost, @unchecked Sendable {
    /// The files by name.
    public var files: [String: [UInt8]] = [:]
    /// Bytes after which writing fails, as a full disk does.
    public var room = Int.max
    /// Errnos with which files are not created and not finished; 0: they are.
    public var createFailure: Int32 = 0
    public var finishFailure: Int32 = 0
    /// What a fork returns to the parent. No child does anything.
    public var forkResult: Int32 = -38
    /// How the child has ended; nil while it has not.
    public var childEnd: ChildEnd?
    /// How a child ends that is asked to.
    public var endOfStopped: ChildEnd?
    /// Children that were asked to end.
    public private(set) var stopped: [Int32] = []
    /// Bytes between two calls of `pushOut`.
    public private(set) var pushes: [Int] = []
    private var pushed = 0
    /// What was logged.
    public private(set) var lines: [String] = []
    private var writing: [UInt8] = []
    private var reading: [UInt8] = []
    private var place = 0

    public init() {}

    public var version: String { "7.2.4" }
    public var process: Int32 { 1 }

    public func create(_ name: String) -> Int32 {
        guard createFailure == 0 else { return -createFailure }
        writing = []
        pushed = 0
        files[name] = []
        return 1
    }

    public func write(_ file: Int32, _ bytes: RawSpan) -> Int32 {
        guard writing.count + bytes.byteCount <= room else { return 28 }
        writing += bytes.array
        return 0
    }

    public func pushOut(_ file: Int32) {
        pushes.append(writing.count - pushed)
        pushed = writing.count
    }

    public func finish(_ file: Int32, _ temporary: String, as name: String) -> Int32 {
        files[temporary] = nil
        guard finishFailure == 0 else { return finishFailure }
        files[name] = writing
        return 0
    }

    public func discard(_ file: Int32, _ temporary: String) { files[temporary] = nil }

    public func open(_ name: String) -> (file: Int32, bytes: Int?) {
        guard let bytes = files[name] else { return (-2, nil) }
        reading = bytes
        place = 0
        return (2, bytes.count)
    }

    public func read(_ file: Int32, _ buffer: inout GrowingBytes, _ count: Int) -> Int {
        let end = min(reading.count, place + count)
        buffer.append(Array(reading[place..<end]).rawSpan)
        defer { place = end }
        return end - place
    }

    public func close(_ file: Int32) {}

    public func fork() -> Int32 {
        childEnd = nil
        return forkResult
    }

    public func report(keys: Int) {}
    public func leave(_ status: Int32) { fatalError("there are no children") }
    public func latestReport() -> SnapshotReport? { nil }

    public func stop(_ child: Int32) {
        stopped.append(child)
        childEnd = endOfStopped
    }

    public func reap(_ child: Int32) -> ChildEnd? { childEnd }
    public func log(_ level: LogLevel, _ text: String) { lines.append(text) }
    public func forgetLines() { lines = [] }
    public func describe(_ failure: Int32) -> String { "error \(failure)" }
}
