import CSystem
import Glibc
import Primitives

/// A copy of the process that does something and ends. While it lives, it can
/// tell its parent two numbers, of which the last count.
public final class ChildProcess: Sendable {
    /// How a child has ended.
    public enum End: Sendable {
        case exited(Int32)
        case killed(signal: Int32)
        /// It cannot be found.
        case lost
    }

    /// 0 in the child.
    public let number: Int32
    /// Where the child writes and the parent reads.
    private let pipe: Int32

    /// Forks; an errno when that fails. The child has none of the process's threads and
    /// descriptors; it may read everything, and must leave by `leave`.
    public static func fork() -> Result<ChildProcess, FileError> {
        var ends: [Int32] = [-1, -1]
        let failure = unsafe cs_pipe(&ends)
        guard failure == 0 else { return .failure(FileError(number: -failure)) }
        let number = cs_fork(ends[1])
        if number != 0 { close(ends[1]) }
        if number < 0 {
            close(ends[0])
            return .failure(FileError(number: -number))
        }
        return .success(ChildProcess(number, number == 0 ? ends[1] : ends[0]))
    }

    private init(_ number: Int32, _ pipe: Int32) {
        self.number = number
        self.pipe = pipe
    }

    deinit { close(pipe) }

    /// In the child: tells the parent.
    public func tell(_ first: Int64, _ second: Int64) {
        var bytes = GrowingBytes(capacity: 16)
        bytes.append(littleEndian: first)
        bytes.append(littleEndian: second)
        _ = File.write(bytes.bytes, to: pipe)
    }

    /// What the child has told last, since the last call; nil for nothing.
    public func lastTold() -> (Int64, Int64)? {
        var bytes = GrowingBytes(capacity: 4096)
        while File.read(pipe, &bytes, 4096) > 0 {}
        guard bytes.count >= 16 else { return nil }
        let place = (bytes.count / 16 - 1) * 16
        return (Int64(bitPattern: bytes.bytes.word(place)), Int64(bitPattern: bytes.bytes.word(place + 8)))
    }

    /// Asks the child to end at once.
    public func stop() { kill(number, SIGUSR1) }

    /// How the child has ended; nil while it has not.
    public func reap() -> End? {
        var status: Int32 = 0
        switch unsafe cs_reap(number, &status) {
        case 0: return nil
        case 1: return .exited(status)
        case 2: return .killed(signal: status)
        default: return .lost
        }
    }

    /// In the child: ends it, without what a process does at its end.
    public static func leave(_ status: Int32) -> Never { _exit(status) }

    /// Bytes of memory that the calling process does not share with another.
    public static var privateBytes: Int64 {
        guard let text = try? File.read("/proc/self/smaps_rollup", step: 2048) else { return 0 }
        for line in text.split(separator: 10) {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ")
            if words.count == 3, words[0] == "Private_Dirty:", let kilobytes = Int64(words[1]) { return kilobytes << 10 }
        }
        return 0
    }
}
