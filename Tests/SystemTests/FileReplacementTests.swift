import Foundation
import Primitives
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

    /// More segments than one call of the system takes.
    @Test func chainsOfManySegmentsAreWritten() throws {
        let path = NSTemporaryDirectory() + "needletail-" + UUID().uuidString
        defer { File.remove(path) }
        var chain = ByteChain()
        var expected: [UInt8] = [7]
        for index in 0..<3000 {
            let piece = [UInt8](repeating: UInt8(index % 251), count: index % 7)
            chain.append(piece.rawSpan)
            expected += piece
        }
        File.replace(path, with: [7])
        let file = File.openForWriting(path, empties: false)
        #expect(file >= 0)
        let (count, failure) = File.write(chain, to: file, at: 1)
        File.closeDescriptor(file)
        #expect(count == expected.count - 1 && failure == 0)
        #expect(try File.read(path) == expected)
        let full = File.openForWriting("/dev/full", empties: false)
        let refused = File.write(chain, to: full, at: 0)
        File.closeDescriptor(full)
        #expect(refused.count == 0 && refused.failure == ENOSPC)
    }
}
