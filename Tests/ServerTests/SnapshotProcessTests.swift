import Foundation
import Testing

/// Snapshots of a real server: files, children, signals, the start.
@Suite(.serialized) struct SnapshotProcessTests {
    /// Starts a server in the directory that another has left.
    private func successor(of server: ServerProcess, _ options: [String] = [], waits: Bool = true) throws -> ServerProcess {
        let moved = NSTemporaryDirectory() + "/nt-\(UUID().uuidString.prefix(8)).rdb"
        try FileManager.default.copyItem(atPath: server.directory + "/dump.rdb", toPath: moved)
        defer { try? FileManager.default.removeItem(atPath: moved) }
        return try ServerProcess(options, waits: waits) { directory in
            try FileManager.default.copyItem(atPath: moved, toPath: directory + "/dump.rdb")
        }
    }

    @Test func dataSurvivesARestart() throws {
        let server = try ServerProcess(["--save", "3600 1"])
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("RPUSH l a b c") == ":3\r\n")
        server.signal(SIGTERM)
        #expect(server.exits() && server.status == 0)
        #expect(server.log.contains("Saving the final RDB snapshot before exiting."))
        #expect(server.log.contains("DB saved on disk"))
        let next = try successor(of: server)
        #expect(next.log.contains("DB loaded from disk"))
        #expect(next.ask("GET k") == "$1\r\nv\r\n")
        #expect(next.ask("LLEN l") == ":3\r\n")
        #expect(next.ask("INFO persistence")?.contains("rdb_last_load_keys_loaded:2") == true)
        #expect(next.ask("SHUTDOWN NOSAVE") == "")
        #expect(next.exits())
    }

    @Test func damagedDataStopsTheStart() throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("SAVE") == "+OK\r\n")
        let path = server.directory + "/dump.rdb"
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count - 12] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let next = try successor(of: server, waits: false)
        #expect(next.exits() && next.status == 1)
        #expect(next.log.contains("Fatal error loading the DB: RDB CRC error"))
    }

    @Test func backgroundSaves() throws {
        let server = try ServerProcess(["--save", "3600 1000"])
        #expect(server.ask("DEBUG POPULATE 2000") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.waits { $0.log.contains("Background saving terminated with success") })
        #expect(server.ask("INFO persistence")?.contains("rdb_last_bgsave_status:ok") == true)
        #expect(server.ask("INFO persistence")?.contains("rdb_changes_since_last_save:0") == true)
        let size = try FileManager.default.attributesOfItem(atPath: server.directory + "/dump.rdb")[.size] as? Int ?? 0
        #expect(size > 20_000)
        #expect(server.ask("CONFIG SET rdb-key-save-delay 100000") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.ask("BGSAVE")?.hasPrefix("-ERR Background save already in progress") == true)
        #expect(server.ask("SAVE")?.hasPrefix("-ERR Background save already in progress") == true)
        #expect(server.ask("BGSAVE CANCEL") == "+Background saving cancelled\r\n")
        #expect(server.waits { $0.log.contains("Background saving terminated by signal") })
        let files = try FileManager.default.contentsOfDirectory(atPath: server.directory)
        #expect(!files.contains { $0.hasPrefix("temp-") })
        // What was cancelled is no failure: writes go on.
        #expect(server.ask("SET k v") == "+OK\r\n")
    }

    @Test func killedChildStopsWrites() throws {
        let server = try ServerProcess(["--save", "3600 100000", "--rdb-key-save-delay", "100000"])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        let line = server.log.split(separator: "\n").last { $0.contains("started by pid") } ?? ""
        let child = try #require(Int32(line.split(separator: " ").last ?? ""))
        kill(child, SIGKILL)
        #expect(server.waits { $0.log.contains("Background saving terminated by signal 9") })
        #expect(server.ask("SET k v")?.hasPrefix("-MISCONF ") == true)
        #expect(server.ask("PING")?.hasPrefix("-MISCONF ") == true)
        #expect(server.ask("GET key:1")?.hasPrefix("$") == true)
        #expect(server.ask("CONFIG SET stop-writes-on-bgsave-error no") == "+OK\r\n")
        #expect(server.ask("SET k v") == "+OK\r\n")
    }

    @Test func savePointsSave() throws {
        let server = try ServerProcess(["--save", "1 2"])
        #expect(server.ask("MSET a 1 b 2") == "+OK\r\n")
        #expect(server.ask("SET c 3") == "+OK\r\n")
        #expect(server.waits { $0.log.contains("2 changes in 1 seconds. Saving...") })
        #expect(server.waits { $0.log.contains("Background saving terminated with success") })
    }

    /// A directory stands where the file should be.
    @Test func savingThatFailsKeepsTheServer() throws {
        let server = try ServerProcess(["--shutdown-on-sigterm", "save", "--save", ""])
        try FileManager.default.createDirectory(atPath: server.directory + "/dump.rdb", withIntermediateDirectories: false)
        server.signal(SIGTERM)
        #expect(server.waits { $0.log.contains("SIGTERM received but errors trying to shut down the server") })
        #expect(server.ask("SHUTDOWN SAVE")?.hasPrefix("-ERR Errors trying to SHUTDOWN") == true)
        #expect(server.ask("SHUTDOWN ABORT") == "-ERR No shutdown in progress.\r\n")
        #expect(server.ask("SHUTDOWN NOSAVE NOW FORCE") == "")
        #expect(server.exits() && server.status == 0)
    }
}
