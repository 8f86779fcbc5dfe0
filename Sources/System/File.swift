import CSystem
import Glibc

/// Why a file could not be read or written.
public struct FileError: Error, Sendable {
    /// An errno.
    public let number: Int32
    /// `number`: an errno.
    public init(number: Int32) { self.number = number }
    /// Whether there is no such file.
    public var isMissingFile: Bool { number == ENOENT }
    public var message: String { unsafe String(cString: strerror(number)) }
}

/// Whole files and simple streams of bytes.
public enum File {
    /// The bytes of a file.
    public static func read(_ path: String, step: Int = 65536) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(number: cs_errno()) }
        defer { close(descriptor) }
        return try read(descriptor, step: step)
    }

    /// Everything that a descriptor gives until its end, in pieces of `step` bytes.
    public static func read(_ descriptor: Int32, step: Int = 65536) throws(FileError) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            var failure: Int32 = 0
            // SAFETY: the C function writes at most the given count and returns how much.
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                let got = unsafe cs_receive(descriptor, buffer.baseAddress, step)
                failure = got < 0 ? Int32(-got) : 0
                count = max(0, got)
            }
            if failure == EINTR { continue }
            if failure != 0 { throw FileError(number: failure) }
            if chunk.isEmpty { return all }
            all += chunk
        }
    }

    /// Writes all bytes; returns an errno, 0 for success.
    @discardableResult
    public static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var offset = 0
        while offset < bytes.count {
            // SAFETY: reads at most the bytes behind `offset`.
            let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset) }
            if written < 0 {
                if cs_errno() == EINTR { continue }
                return cs_errno()
            }
            offset += written
        }
        return 0
    }

    /// Opens a file to append to it, creating it; a descriptor or a negated errno.
    public static func openForAppending(_ path: String) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        return descriptor < 0 ? -cs_errno() : descriptor
    }

    /// Appends to a file, which is opened for it, so that a file that was moved away is
    /// begun anew; an errno, 0 for success.
    @discardableResult
    public static func append(_ bytes: [UInt8], to path: String) -> Int32 {
        let descriptor = openForAppending(path)
        guard descriptor >= 0 else { return -descriptor }
        defer { close(descriptor) }
        return write(bytes, to: descriptor)
    }

    /// Replaces a small file.
    @discardableResult
    public static func replace(_ path: String, with bytes: [UInt8]) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return cs_errno() }
        defer { close(descriptor) }
        return write(bytes, to: descriptor)
    }

    /// Replaces a file so that at any moment, a crash of the machine included, either
    /// the old or the new one is there. Its permissions stay. Returns an errno, 0 for success.
    public static func replaceDurably(_ path: String, with bytes: [UInt8]) -> Int32 {
        let temporary = path + ".\(getpid()).tmp"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return cs_errno() }
        // SAFETY: `stat` fills the structure that is passed to it.
        var status = stat()
        let mode = unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0o644
        var failure = write(bytes, to: descriptor)
        if failure == 0, fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0 { failure = cs_errno() }
        close(descriptor)
        if failure == 0 { failure = renameDurably(temporary, path) }
        if failure != 0 { remove(temporary) }
        return failure
    }

    /// Paths that match a shell pattern, in order; none where there is none.
    public static func paths(matching pattern: String) -> [String] {
        // SAFETY: `glob` fills the structure, whose words live until `globfree`.
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0, let words = unsafe found.gl_pathv else { return [] }
        var paths: [String] = []
        for index in 0..<Int(clamping: unsafe found.gl_pathc) {
            if let word = unsafe words[index] { unsafe paths.append(String(cString: word)) }
        }
        return paths
    }

    public static func remove(_ path: String) { _ = unsafe unlink(path) }

    public static func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
}
