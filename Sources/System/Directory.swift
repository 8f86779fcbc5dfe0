// Names of files, and the directories that hold them.

import CSystem
import Glibc

extension File {
    /// Gives a file a second name for good; an errno, 0 for success.
    public static func linkDurably(_ old: String, _ new: String) -> Int32 {
        guard unsafe link(old, new) == 0 else { return cs_errno() }
        return syncParent(of: new)
    }

    /// Whether there is such a directory, and nothing in it.
    public static func isEmptyDirectory(_ path: String) -> Bool {
        // SAFETY: the stream is open until it is closed here; of an entry, only that there is one is used.
        guard let stream = unsafe opendir(path) else { return false }
        defer { unsafe closedir(stream) }
        var count = 0
        while unsafe readdir(stream) != nil { count += 1 }
        // The directory itself and the one above it.
        return count <= 2
    }

    /// Removes a directory if nothing is in it.
    public static func removeDirectory(_ path: String) { _ = unsafe rmdir(path) }
}
