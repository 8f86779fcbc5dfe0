import Foundation
import Testing
@testable import Server

/// The binary as redis-check-rdb says what Debian's says, and leaves with the same status.
@Suite struct SnapshotCheckTests {
    private static let program: String? = {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/redis-check-rdb" }
        return path.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Beside the bundle of tests.
    private static var own: String {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? Bundle.main.executablePath ?? ""
        var folder = URL(fileURLWithPath: bundle)
        repeat { folder.deleteLastPathComponent() }
        while folder.path != "/" && !FileManager.default.fileExists(atPath: folder.appendingPathComponent("needletail-server").path)
        return folder.appendingPathComponent("needletail-server").path
    }

    private static func run(_ program: String, _ arguments: [String], in directory: String) throws -> (lines: [String], status: Int32) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init), process.terminationStatus)
    }

    private static let file: [UInt8] = {
        let seeds = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzzing/Seeds/redis.rdb")
        return (try? Data(contentsOf: seeds)).map { [UInt8]($0) } ?? []
    }()

    /// A file by what is done to it.
    private static func damaged(_ kind: String) -> [UInt8] {
        var file = file
        switch kind {
        case "empty": file = []
        case "magic": file[0] = 0x58
        case "version": file.replaceSubrange(5..<9, with: [UInt8]("0099"))
        case "sum": file[file.count - 2] ^= 1
        case "no sum": file.replaceSubrange((file.count - 8)..., with: [UInt8](repeating: 0, count: 8))
        case "expired": file = [UInt8]("REDIS0010") + [254, 0, 252, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 107, 1, 118, 255] + [UInt8](repeating: 0, count: 8)
        case "type": file = [UInt8]("REDIS0010") + [254, 0, 200, 1, 107, 1, 118, 255] + [UInt8](repeating: 0, count: 8)
        case "half": file.removeLast(file.count / 2)
        case "head": file.removeLast(file.count - 5)
        default: break
        }
        return file
    }

    @Test(
        .enabled(if: program != nil, "no redis-check-rdb in PATH: nothing to compare with"),
        arguments: ["good", "no sum", "expired", "empty", "head", "half", "magic", "version", "sum", "type"])
    func saysWhatRedisSays(kind: String) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nt-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data(Self.damaged(kind)).write(to: URL(fileURLWithPath: directory + "/dump.rdb"))
        let peer = try Self.run(try #require(Self.program), ["dump.rdb"], in: directory)
        let own = try Self.run(Self.own, ["--check-rdb", "dump.rdb"], in: directory)
        #expect(own.status == peer.status)
        let isGood = peer.status == 0
        // Redis reads ahead of what it tells of, and names type and key that it has not read yet; how
        // many keys it counts in a damaged file depends on that.
        let kept = { (lines: [String]) in
            lines.filter { isGood || !$0.hasPrefix("[additional info] Reading ") && !$0.contains("keys read") }
                .map { $0.contains("checksum disabled") ? String($0.drop { $0 != "]" }) : $0 }
        }
        #expect(kept(own.lines) == kept(peer.lines))
    }

    @Test func fileThatIsMissing() throws {
        let own = try Self.run(Self.own, ["--check-rdb", "missing.rdb"], in: "/")
        #expect(own.status == 1)
        #expect(own.lines.last == "Cannot open file missing.rdb: No such file or directory")
    }
}
