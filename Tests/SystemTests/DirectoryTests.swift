import Foundation
import System
import Testing

@Suite struct DirectoryTests {
    @Test(arguments: ["plain", "with [brackets]*?\\"])
    func namesAndDirectories(_ name: String) throws {
        let directory = NSTemporaryDirectory() + "needletail-" + UUID().uuidString + name
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(File.isEmptyDirectory(directory))
        let (old, new) = (directory + "/a", directory + "/.b")
        #expect(File.linkDurably(old, new) == ENOENT)
        #expect(File.replace(old, with: [1]) == 0)
        #expect(!File.isEmptyDirectory(directory))
        #expect(File.linkDurably(old, new) == 0)
        #expect(File.linkDurably(old, new) == EEXIST)
        File.remove(old)
        #expect(try File.read(new) == [1])
        #expect(!File.isEmptyDirectory(directory), "a hidden name is one as well")
        File.removeDirectory(directory)
        #expect(FileManager.default.fileExists(atPath: directory))
        File.remove(new)
        #expect(File.isEmptyDirectory(directory))
        File.removeDirectory(directory)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}
