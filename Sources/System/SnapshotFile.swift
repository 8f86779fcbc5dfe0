// Files that are read or written from end to end.

import CSystem
import Glibc
import Primitives

extension File {
    /// Creates a file of ours, empty: a descriptor or a negated errno.
    public static func create(_ path: String) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        return descriptor < 0 ? -cs_errno() : descriptor
    }

    /// Writes all bytes; an errno, 0 for success.
    public static func write(_ bytes: RawSpan, to descriptor: Int32) -> Int32 {
        // SAFETY: writes at most the bytes behind `offset`.
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let written = unsafe Glibc.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if written < 0, cs_errno() != EINTR { return cs_errno() }
                offset += max(0, written)
            }
            return 0
        }
    }

    /// Has the kernel begin to write what it holds of the file.
    public static func beginWriteBack(_ descriptor: Int32) { cs_begin_write_back(descriptor) }

    /// Closes a written file when it is durable, and gives it its name for good; an errno, 0 for success.
    public static func publish(_ descriptor: Int32, _ temporary: String, as path: String) -> Int32 {
        var failure = fsync(descriptor) == 0 ? 0 : cs_errno()
        if close(descriptor) != 0, failure == 0 { failure = cs_errno() }
        if failure == 0, unsafe rename(temporary, path) != 0 { failure = cs_errno() }
        guard failure == 0 else {
            remove(temporary)
            return failure
        }
        return syncParent(of: path)
    }

    /// Opens a file to be read from its beginning: a descriptor or a negated errno, and its size if it is a plain file.
    public static func openForReading(_ path: String) -> (descriptor: Int32, bytes: Int?) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return (-cs_errno(), nil) }
        // SAFETY: `fstat` fills the structure that is passed to it.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return (descriptor, nil) }
        return (descriptor, Int(status.st_size))
    }

    /// Has reading go on at a byte of the file.
    public static func seek(_ descriptor: Int32, to offset: Int) { _ = lseek(descriptor, offset, SEEK_SET) }

    /// Cuts a file off behind so many bytes, for good; an errno, 0 for success.
    public static func truncate(_ path: String, to bytes: Int) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return cs_errno() }
        defer { close(descriptor) }
        return ftruncate(descriptor, bytes) == 0 && fsync(descriptor) == 0 ? 0 : cs_errno()
    }

    /// Appends up to `count` bytes that follow: how many, 0 at the end, or a negated errno.
    public static func read(_ descriptor: Int32, _ buffer: inout GrowingBytes, _ count: Int) -> Int {
        var result = 0
        // SAFETY: `read` writes at most `room` bytes and returns how many.
        unsafe buffer.extend(count) { place, room in
            repeat { result = unsafe Glibc.read(descriptor, place, room) } while result < 0 && cs_errno() == EINTR
            if result < 0 { result = -Int(cs_errno()) }
            return max(0, result)
        }
        return result
    }
}
