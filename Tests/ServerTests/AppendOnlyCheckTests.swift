import Foundation
import Testing

/// The program as redis-check-aof, beside the real one where that is installed.
@Suite(.serialized) struct AppendOnlyCheckTests {
    private static func command(_ words: String...) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }
    private static let set = command("SET", "foo", "hello")

    /// Files and what is asked about them: `*` in a list of arguments stands for the folder.
    private static let cases: [(name: String, files: [String: String], arguments: [String], input: String)] = [
        ("whole", ["a": set + set], ["a"], ""),
        ("cut", ["a": set + set.dropLast()], ["a"], ""),
        ("strange", ["a": set + "!!!"], ["a"], ""),
        ("open transaction", ["a": set + command("MULTI") + set], ["a"], ""),
        ("two MULTI", ["a": set + command("MULTI") + command("MULTI")], ["a"], ""),
        ("empty", ["a": ""], ["a"], ""),
        ("none", [:], ["a"], ""),
        ("no arguments", [:], [], ""),
        ("fix", ["a": set + set.dropLast()], ["--fix", "a"], "y\n"),
        ("do not fix", ["a": set + set.dropLast()], ["--fix", "a"], "n\n"),
        ("fix what is whole", ["a": set], ["--fix", "a"], ""),
        ("moments", ["a": "#TS:5\r\n" + set + "#TS:7\r\n" + set], ["--truncate-to-timestamp", "6", "a"], ""),
        ("moments, all", ["a": "#TS:5\r\n" + set + "#TS:7\r\n" + set], ["--truncate-to-timestamp", "7", "a"], ""),
        ("moments, none", ["a": "#TS:5\r\n" + set], ["--truncate-to-timestamp", "4", "a"], ""),
        (
            "parts",
            ["m.manifest": "file b seq 1 type b\nfile i seq 1 type i\nfile j seq 2 type i\n", "b": set, "i": set, "j": set + "*1\r\n"],
            ["m.manifest"], ""
        ),
        (
            "parts, fixed",
            ["m.manifest": "file b seq 1 type b\nfile i seq 1 type i\nfile j seq 2 type i\n", "b": set, "i": "", "j": set + "*1\r\n"],
            ["--fix", "m.manifest"], "y\n"
        ),
        (
            "a part in the middle, fixed",
            ["m.manifest": "file b seq 1 type b\nfile i seq 1 type i\nfile j seq 2 type i\n", "b": set, "i": set + "*1\r\n", "j": set],
            ["--fix", "m.manifest"], "y\n"
        ),
        (
            "parts, strange transactions", ["m.manifest": "file b seq 1 type b\nfile i seq 1 type i\n", "b": set, "i": command("EXEC")],
            ["m.manifest"], ""
        ),
        ("parts, moments", ["m.manifest": "file b seq 1 type b\nfile i seq 1 type i\n", "b": set, "i": "#TS:7\r\n" + set],
            ["--truncate-to-timestamp", "6", "m.manifest"], ""),
        ("moments that are none", ["a": "#TS:5\r\n" + set + "#TS:7"], ["--truncate-to-timestamp", "6", "a"], ""),
        ("moments without return", ["a": "#TS:5\n" + set], ["--truncate-to-timestamp", "6", "a"], ""),
        ("words for moments", ["a": "#TS:x\r\n" + set], ["--truncate-to-timestamp", "6", "a"], ""),
        ("moments, looked at", ["a": "#TS:x\r\n#y\r\n" + set], ["a"], ""),
        ("to no moment", ["a": "#TS:5\r\n" + set], ["--truncate-to-timestamp", "0", "a"], ""),
        ("to a moment before all", ["a": "#TS:5\r\n" + set], ["--truncate-to-timestamp", "-5", "a"], ""),
        ("to a word", ["a": set], ["--truncate-to-timestamp", "x", "a"], ""),
        ("manifest by another name", ["m": "# comment\nfile b seq 1 type b\n", "b": set], ["m"], ""),
        ("missing part", ["m.manifest": "file b seq 1 type b\n"], ["m.manifest"], ""),
        ("missing increment", ["m.manifest": "file b seq 1 type i\n"], ["m.manifest"], ""),
        ("empty manifest", ["m.manifest": ""], ["m.manifest"], ""),
    ]

    /// Runs a program among the files: its output, its status, and what the files are afterwards.
    private func run(_ program: String, _ test: (name: String, files: [String: String], arguments: [String], input: String)) throws -> [String] {
        let folder = "/tmp/nt-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in test.files { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
        try FileManager.default.createSymbolicLink(atPath: folder + "/redis-check-aof", withDestinationPath: program)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: folder + "/redis-check-aof")
        process.arguments = test.arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        // A file: who writes into a pipe whose reader has ended already is killed.
        let answers = folder + ".answers"
        try Data(test.input.utf8).write(to: URL(fileURLWithPath: answers))
        defer { try? FileManager.default.removeItem(atPath: answers) }
        let input = FileHandle(forReadingAtPath: answers)
        let output = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let files = try test.files.keys.sorted().map { try String(contentsOfFile: folder + "/" + $0, encoding: .utf8) }
        return [text.replacingOccurrences(of: folder + "/", with: ""), "status \(process.terminationStatus)"] + files
    }

    @Test func asThePeerDoes() throws {
        let peer = "/usr/bin/redis-check-aof"
        let isThere = FileManager.default.isExecutableFile(atPath: peer)
        for test in Self.cases {
            let ours = try run(ServerProcess.program, test)
            #expect(ours[1] == "status 0" || ours[1] == "status 1", "\(test.name): \(ours)")
            if isThere { #expect(try ours == run(peer, test), "\(test.name)") }
        }
    }

    @Test func snapshotsInFront() throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("SAVE") == "+OK\r\n")
        let whole = try Data(contentsOf: URL(fileURLWithPath: server.directory + "/dump.rdb"))
        for (tail, status) in [(Self.set, 0), (Self.set + "*", 1)] {
            let path = server.directory + "/a.aof"
            try (whole + Data(tail.utf8)).write(to: URL(fileURLWithPath: path))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: ServerProcess.program)
            process.arguments = ["--check-aof", path]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == status, "\(text)")
            #expect(text.contains("RDB preamble is OK, proceeding with AOF tail..."))
            #expect(text.contains("ok_up_to=\(whole.count + Self.set.utf8.count)"))
        }
    }
}
