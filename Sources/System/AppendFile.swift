// Files that are written piece by piece, at their end or into room that was made there.

import CSystem
import Glibc
import Primitives

extension File {
    /// Makes a directory unless it is there; an errno, 0 for success.
    public static func makeDirectory(_ path: String) -> Int32 {
        if unsafe mkdir(path, 0o755) == 0 { return syncParent(of: path) }
        return cs_errno() == EEXIST ? 0 : cs_errno()
    }

    /// Bytes of a plain file; nil when there is none.
    public static func size(_ path: String) -> Int? {
        // SAFETY: `stat` fills the structure that is passed to it.
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Gives a file another name for good; an errno, 0 for success.
    public static func renameDurably(_ old: String, _ new: String) -> Int32 {
        guard unsafe rename(old, new) == 0 else { return cs_errno() }
        return syncParent(of: new)
    }

    /// Opens a file to write to it, creating it; `empties`: without what is there, and with its name on
    /// the disk. A descriptor or a negated errno.
    public static func openForWriting(_ path: String, empties: Bool) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return -cs_errno() }
        var failure: Int32 = 0
        // What an earlier life has left must not come back once a manifest tells of the file.
        if empties, let bytes = size(path), bytes > 0 {
            failure = truncate(descriptor, to: 0)
            if failure == 0, fsync(descriptor) != 0 { failure = cs_errno() }
        }
        if empties, failure == 0 { failure = syncParent(of: path) }
        guard failure == 0 else {
            close(descriptor)
            return -failure
        }
        return descriptor
    }

    /// Writes bytes from `place` of a file on: how many, and the errno that stopped it, 0 for none.
    public static func write(_ bytes: borrowing ByteChain, to descriptor: Int32, at place: Int64) -> (count: Int, failure: Int32) {
        var (count, failure) = (0, Int32(0))
        bytes.forEachSegment { segment in
            guard failure == 0 else { return }
            // SAFETY: writes at most the bytes behind `offset`.
            unsafe segment.withUnsafeBytes { buffer in
                var offset = 0
                while offset < buffer.count, failure == 0 {
                    let written = unsafe pwrite(
                        descriptor, buffer.baseAddress! + offset, buffer.count - offset, Int(place) + count + offset)
                    if written < 0, cs_errno() != EINTR { failure = cs_errno() }
                    offset += max(0, written)
                }
                count += offset
            }
        }
        return (count, failure)
    }

    /// Cuts an open file off behind so many bytes; an errno, 0 for success.
    public static func truncate(_ descriptor: Int32, to bytes: Int64) -> Int32 {
        ftruncate(descriptor, Int(bytes)) == 0 ? 0 : cs_errno()
    }

    /// Brings a file's bytes onto the disk; an errno, 0 for success.
    public static func syncData(_ descriptor: Int32) -> Int32 { fdatasync(descriptor) == 0 ? 0 : cs_errno() }

    /// Brings the names in a path's directory onto the disk, unless it may not be read; an errno, 0 for success.
    static func syncParent(of path: String) -> Int32 {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let parent = unsafe open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return cs_errno() == EACCES ? 0 : cs_errno() }
        defer { close(parent) }
        return fsync(parent) == 0 ? 0 : cs_errno()
    }
}
