import Foundation
import System
import Testing

@Suite struct FileReplacementTests {
    @Test func filesAreReplacedWhole() throws {
        let directory = NSTemporaryDirectory() + "needletail-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/b.conf"
        #expect(File.replaceDurably(path, with: [1]) == 0)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(File.replaceDurably(path, with: [2, 3]) == 0)
        #expect(try File.read(path) == [2, 3])
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
        #expect(File.replaceDurably(directory + "/none/x", with: []) != 0)
        // A directory cannot be replaced by a file, and nothing is left behind.
        try FileManager.default.createDirectory(atPath: directory + "/a.conf", withIntermediateDirectories: true)
        #expect(File.replaceDurably(directory + "/a.conf", with: [1]) != 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["a.conf", "b.conf"])
        #expect(File.paths(matching: directory + "/*.conf") == [directory + "/a.conf", path])
        #expect(File.paths(matching: directory + "/none*") == [])
    }
}
