// Files that grow at their end.

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

    /// Opens a file to append to it, creating it; `empties`: without what is there. A descriptor or a negated errno.
    public static func openForAppending(_ path: String, empties: Bool) -> Int32 {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (empties ? O_TRUNC : 0)
        let descriptor = unsafe open(path, flags, 0o644)
        return descriptor < 0 ? -cs_errno() : descriptor
    }

    /// What one call takes (IOV_MAX).
    private static var maximumVectors: Int { 1024 }

    /// Appends bytes: how many, and the errno that stopped it, 0 for none.
    public static func append(_ bytes: borrowing ByteChain, to descriptor: Int32) -> (count: Int, failure: Int32) {
        // SAFETY: the vectors point into blocks that the chain owns during the call, and are cut to what is not written.
        var vectors = unsafe [iovec]()
        unsafe vectors.reserveCapacity(bytes.segmentCount)
        bytes.forEachSegment { segment in
            unsafe segment.withUnsafeBytes {
                unsafe vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count))
            }
        }
        var (count, first) = (0, 0)
        while unsafe first < vectors.count {
            let portion = unsafe min(vectors.count - first, maximumVectors)
            let written = unsafe vectors.withUnsafeBufferPointer { unsafe writev(descriptor, $0.baseAddress! + first, Int32(portion)) }
            if written < 0, cs_errno() == EINTR { continue }
            guard written > 0 else { return (count, written < 0 ? cs_errno() : EIO) }
            count += written
            var left = written
            while unsafe first < vectors.count, unsafe left >= vectors[first].iov_len {
                unsafe left -= vectors[first].iov_len
                first += 1
            }
            if left > 0 {
                unsafe vectors[first].iov_base += left
                unsafe vectors[first].iov_len -= left
            }
        }
        return (count, 0)
    }

    /// Cuts an open file off behind so many bytes; an errno, 0 for success.
    public static func truncate(_ descriptor: Int32, to bytes: Int64) -> Int32 {
        ftruncate(descriptor, Int(bytes)) == 0 ? 0 : cs_errno()
    }

    /// Brings a file's bytes onto the disk; an errno, 0 for success.
    public static func syncData(_ descriptor: Int32) -> Int32 { fdatasync(descriptor) == 0 ? 0 : cs_errno() }

    /// Brings the names in a path's directory onto the disk.
    private static func syncParent(of path: String) -> Int32 {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let parent = unsafe open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return cs_errno() }
        defer { close(parent) }
        return fsync(parent) == 0 ? 0 : cs_errno()
    }
}
