// Names of files, and the directories that hold them.

import CSystem
import Glibc

extension File {
    /// Gives a file a second name for good; an errno, 0 for success.
    public static func linkDurably(_ old: String, _ new: String) -> Int32 {
        guard unsafe link(old, new) == 0 else { return cs_errno() }
        return syncParent(of: new)
    }

    /// Whether nothing is in a directory.
    public static func isEmptyDirectory(_ path: String) -> Bool {
        var pattern = ""
        for character in path {
            if "*?[\\".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
        // Hidden names are found separately, and with them the directory itself and the one above it.
        return paths(matching: pattern + "/*").isEmpty && paths(matching: pattern + "/.*").count <= 2
    }

    /// Removes a directory if nothing is in it.
    public static func removeDirectory(_ path: String) { _ = unsafe rmdir(path) }
}
