import Engine
import Primitives

/// A disk in memory, whose failures a test says.
public final class MemorySnapshots: SnapshotHost, @unchecked Sendable {
    /// The files by name.
    public var files: [String: [UInt8]] = [:]
    /// Bytes after which writing fails, as a full disk does.
    public var room = Int.max
    /// What was logged.
    public private(set) var lines: [String] = []
    private var writing: [UInt8] = []
    private var reading: [UInt8] = []
    private var place = 0

    public init() {}

    public var version: String { "7.2.4" }
    public var process: Int32 { 1 }

    public func create(_ name: String) -> Int32 {
        writing = []
        files[name] = []
        return 1
    }

    public func write(_ file: Int32, _ bytes: RawSpan) -> Int32 {
        guard writing.count + bytes.byteCount <= room else { return 28 }
        writing += bytes.array
        return 0
    }

    public func pushOut(_ file: Int32) {}

    public func finish(_ file: Int32, _ temporary: String, as name: String) -> Int32 {
        files[temporary] = nil
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
    public func fork() -> Int32 { -38 }
    public func report(keys: Int) {}
    public func leave(_ status: Int32) -> Never { fatalError("there are no children") }
    public func latestReport() -> SnapshotReport? { nil }
    public func stop(_ child: Int32) {}
    public func reap(_ child: Int32) -> ChildEnd? { nil }
    public func log(_ level: LogLevel, _ text: String) { lines.append(text) }
    public func describe(_ failure: Int32) -> String { "error \(failure)" }
}
