import Foundation
import Testing

/// What goes wrong around a real server's snapshots, and how it ends meanwhile.
@Suite(.serialized) struct SnapshotFaultTests {
    private func files(_ server: ServerProcess) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: server.directory)) ?? []).filter { $0.hasSuffix(".rdb") }
    }

    private func bytes(_ server: ServerProcess) -> Data? {
        FileManager.default.contents(atPath: server.directory + "/dump.rdb")
    }

    private func child(of server: ServerProcess) throws -> Int32 {
        let line = server.log.split(separator: "\n").last { $0.contains("started by pid") } ?? ""
        return try #require(Int32(line.split(separator: " ").last ?? ""))
    }

    /// A limit of the file's size cuts a write short, and refuses the next.
    @Test func fileThatMayNotGrow() throws {
        let server = try ServerProcess(["--save", "3600 100000", "--rdbcompression", "no"], fileBytes: 200_000)
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("SAVE") == "+OK\r\n")
        let file = bytes(server)
        #expect(server.ask("DEBUG POPULATE 2000 key 500") == "+OK\r\n")
        #expect(server.ask("SAVE") == "-ERR\r\n")
        #expect(server.log.contains("Write error while saving DB to the disk: File too large"))
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.waits { $0.log.contains("Background saving error") })
        #expect(server.ask("INFO persistence")?.contains("rdb_last_bgsave_status:err") == true)
        #expect(server.ask("SET k v")?.hasPrefix("-MISCONF ") == true)
        #expect(files(server) == ["dump.rdb"] && bytes(server) == file)
        #expect(server.ask("CONFIG SET stop-writes-on-bgsave-error no") == "+OK\r\n")
        #expect(server.ask("FLUSHALL") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.waits { $0.ask("INFO persistence")?.contains("rdb_last_bgsave_status:ok") == true })
    }

    /// A directory in which nothing can be made.
    @Test func directoryThatIsGone() throws {
        let server = try ServerProcess(["--save", ""])
        let gone = server.directory + "/gone"
        try FileManager.default.createDirectory(atPath: gone, withIntermediateDirectories: false)
        #expect(server.ask("CONFIG SET dir \(gone)")?.hasPrefix("-ERR") == true, "dir is protected")
        let other = try ServerProcess(["--save", "", "--enable-protected-configs", "yes"])
        #expect(other.ask("CONFIG SET dir \(gone)") == "+OK\r\n")
        try FileManager.default.removeItem(atPath: gone)
        #expect(other.ask("SAVE") == "-ERR\r\n")
        #expect(other.log.contains("in server root dir) for saving: No such file or directory"))
        #expect(other.ask("PING") == "+PONG\r\n")
    }

    @Test func flushOfAllEndsTheChild() throws {
        let server = try ServerProcess(["--save", "3600 100000", "--rdb-key-save-delay", "1000000"])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.ask("FLUSHALL") == "+OK\r\n")
        #expect(server.log.contains("Background saving terminated by signal 10"))
        #expect(files(server) == ["dump.rdb"])
        let persistence = server.ask("INFO persistence") ?? ""
        #expect(persistence.contains("rdb_changes_since_last_save:0") && persistence.contains("rdb_last_bgsave_status:ok"))
    }

    /// The kernel shall rather end the child than the server.
    @Test func scoreOfTheChild() throws {
        let server = try ServerProcess([
            "--save", "", "--rdb-key-save-delay", "1000000", "--oom-score-adj", "absolute", "--oom-score-adj-values", "10 20 30",
        ])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        let score = { (process: Int32) in try? String(contentsOfFile: "/proc/\(process)/oom_score_adj", encoding: .utf8) }
        let number = try child(of: server)
        #expect(score(server.pid) == "10\n")
        #expect(server.waits { _ in score(number) == "30\n" })
        #expect(server.ask("BGSAVE CANCEL") == "+Background saving cancelled\r\n")
    }

    /// Who crashes as a child leaves the parent's files alone.
    @Test func crashOfTheChild() throws {
        let server = try ServerProcess(["--save", "", "--pidfile", "pid", "--rdb-key-save-delay", "1000000"])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        kill(try child(of: server), SIGSEGV)
        #expect(server.waits { $0.log.contains("Background saving terminated by signal 11") })
        #expect(server.log.contains("BUG REPORT START"))
        #expect(FileManager.default.fileExists(atPath: server.directory + "/pid"))
        #expect(files(server) == [])
        #expect(server.ask("PING") == "+PONG\r\n")
    }

    // MARK: Ends

    @Test func abortOfAnEndThatASignalAskedFor() throws {
        let server = try ServerProcess()
        #expect(server.ask("DEBUG PAUSE-CRON 1") == "+OK\r\n")
        for number in [SIGTERM, SIGINT, SIGINT] {
            server.signal(number)
            // Asked for again after it was taken back: the second SIGINT is no insistence.
            #expect(server.waits { $0.ask("SHUTDOWN ABORT") == "+OK\r\n" })
            #expect(server.isRunning)
        }
        #expect(server.log.contains("Shutdown manually aborted"))
        #expect(server.ask("SHUTDOWN ABORT") == "-ERR No shutdown in progress.\r\n")
        server.signal(SIGTERM)
        #expect(server.ask("PING") == "+PONG\r\n")
        #expect(server.ask("DEBUG PAUSE-CRON 0") == "+OK\r\n")
        #expect(server.exits() && server.status == 0)
    }

    @Test func insistenceLeavesNoHalfFile() throws {
        let server = try ServerProcess(["--save", "3600 1", "--rdb-key-save-delay", "1000000"])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        server.signal(SIGINT)
        #expect(server.waits { files($0) == ["temp-\($0.pid).rdb"] })
        server.signal(SIGINT)
        #expect(server.exits() && server.status == 1)
        #expect(server.log.contains("You insist... exiting now."))
        #expect(files(server) == [])
    }

    /// After an end that failed the next SIGINT asks again, it does not insist.
    @Test func failedEndCanBeAskedForAgain() throws {
        let server = try ServerProcess(["--save", "3600 1"])
        try FileManager.default.createDirectory(atPath: server.directory + "/dump.rdb", withIntermediateDirectories: false)
        let refusals = { (server: ServerProcess) in server.log.components(separatedBy: "errors trying to shut down").count - 1 }
        server.signal(SIGINT)
        #expect(server.waits { refusals($0) == 1 })
        server.signal(SIGINT)
        #expect(server.waits { refusals($0) == 2 })
        try FileManager.default.removeItem(atPath: server.directory + "/dump.rdb")
        server.signal(SIGINT)
        #expect(server.exits() && server.status == 0)
        #expect(files(server) == ["dump.rdb"])
    }
}
