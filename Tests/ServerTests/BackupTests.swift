import Foundation
import Testing

/// BACKUP of a real server. Redis 8.10's documentation and tests say what it does; no peer here has it.
@Suite(.serialized) struct BackupTests {
    /// What data is compared by; the replies are numbers.
    private static let asked = ["STRLEN s", "DBSIZE", "LLEN l"]

    // MARK: The way through

    @Test(arguments: ["yes", "no"])
    func holdsTheDataOfTheSealUnderLoad(_ appendOnly: String) throws {
        let server = try ServerProcess(["--appendonly", appendOnly, "--save", ""])
        #expect(server.ask("DEBUG POPULATE 20000") == "+OK\r\n")
        let load = try Load(server)
        load.send(2000)
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(["snapshotting", "incrementing"].contains(server.backup))
        #expect(server.waits { server in
            load.send(500)
            return server.backup == "incrementing"
        })
        #expect(server.backupFiles.map(\.kind) == ["base.rdb"])
        #expect(server.ask("INFO persistence")?.contains("backup_in_progress:1\r\n") == true)
        load.send(5000)
        let boundary = try #require(server.seal(asking: Self.asked))
        load.send(5000)
        #expect(server.backup == "sealed")
        #expect(server.backupFiles.map(\.kind) == ["base.rdb", "incr.aof", "manifest"])
        #expect(server.ask("INFO persistence")?.contains("backup_in_progress:0\r\n") == true)
        #expect(server.waits { $0.ask("STRLEN s") != boundary[0] })
        for program in [ServerProcess.program] + Self.redis {
            let restored = try restore(server, program)
            #expect(Self.asked.map { restored.ask($0) } == boundary, "\(program)")
        }
        #expect(server.hasAppendOnlyFile == (appendOnly == "yes"))
        #expect(server.ask("CONFIG GET appendonly")?.contains("\r\n\(appendOnly)\r\n") == true)
        #expect(server.ask("INFO persistence")?.contains("aof_enabled:\(appendOnly == "yes" ? 1 : 0)\r\n") == true)
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        #expect(server.backup == "idle" && server.backupFiles.isEmpty && server.entries("backupdir") == [])
    }

    /// What goes on being written after the seal is in the server's own file, and in no other.
    @Test func theServersOwnFileGoesOn() throws {
        let server = try ServerProcess(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
        for round in 0..<3 {
            #expect(server.ask("RPUSH l \(round)") == ":\(round * 3 + 1)\r\n")
            #expect(server.backsUp())
            #expect(server.ask("RPUSH l a") == ":\(round * 3 + 2)\r\n")
            let increment = try #require(server.backupFiles.first { $0.kind == "incr.aof" }?.path)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: increment))
            #expect(server.ask("RPUSH l b") == ":\(round * 3 + 3)\r\n")
            #expect(try Data(contentsOf: URL(fileURLWithPath: increment)) == bytes)
            #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        }
        server.signal(SIGKILL)
        #expect(server.exits())
        let next = try restore(server, from: "appendonlydir")
        #expect(next.ask("LLEN l") == ":9\r\n")
    }

    @Test func paths() throws {
        let server = try ServerProcess(["--save", "", "--backupdirname", "here", "--appendfilename", "f"])
        #expect(server.backsUp())
        #expect(server.backupFiles.map(\.path) == ["f.1.base.rdb", "f.1.incr.aof", "f.manifest"].map { server.directory + "/here/" + $0 })
        let manifest = try String(contentsOfFile: server.directory + "/here/f.manifest", encoding: .utf8)
        #expect(manifest == "file f.1.base.rdb seq 1 type b\nfile f.1.incr.aof seq 1 type i\n")
    }

    @Test func status() throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.backupStatus == ["state": "idle", "error": "", "start_time": "0", "end_time": "0"])
        let wire = try #require(server.connect())
        _ = wire.ask("HELLO 3")
        #expect(wire.ask("BACKUP STATUS").hasPrefix("%4\r\n$5\r\nstate\r\n$4\r\nidle\r\n$5\r\nerror\r\n$0\r\n\r\n"))
        #expect(server.ask("BACKUP LIST") == "*0\r\n")
        let before = Int(Date().timeIntervalSince1970)
        #expect(server.backsUp())
        let status = server.backupStatus
        let (begin, end) = (Int(status["start_time"] ?? "") ?? 0, Int(status["end_time"] ?? "") ?? 0)
        #expect(before - 1 <= begin && begin <= end && end <= Int(Date().timeIntervalSince1970) + 1)
        #expect(server.ask("CONFIG RESETSTAT") == "+OK\r\n")
        #expect(server.backupStatus == status)
    }

    // MARK: Refusals

    @Test func whatIsNotTheTurn() throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.ask("BACKUP") == "-ERR wrong number of arguments for 'backup' command\r\n")
        #expect(server.ask("BACKUP START now") == "-ERR wrong number of arguments for 'backup|start' command\r\n")
        #expect(server.ask("BACKUP HELP")?.contains("+BACKUP <subcommand> ") == true)
        #expect(server.ask("BACKUP ABORT") == "-ERR No backup in progress\r\n")
        #expect(server.ask("BACKUP SEAL") == "-ERR No backup ready to seal\r\n")
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "-ERR A backup is already in progress\r\n")
        #expect(server.ask("BACKUP CLEANUP")?.hasPrefix("-ERR A backup is in progress") == true)
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("BACKUP START") == "-ERR A backup is already in progress\r\n")
        #expect(server.ask("BACKUP CLEANUP")?.hasPrefix("-ERR A backup is in progress") == true)
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        #expect(server.ask("BACKUP SEAL") == "-ERR No backup ready to seal\r\n")
        #expect(server.ask("BACKUP ABORT") == "-ERR No backup in progress\r\n")
        #expect(server.ask("BACKUP START")?.hasPrefix("-ERR A sealed backup is still there") == true)
        #expect(server.backup == "sealed")
    }

    @Test func foreignFilesStay() throws {
        let server = try ServerProcess(["--save", ""])
        let (directory, file) = (server.directory + "/backupdir", server.directory + "/backupdir/mine")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
        #expect(server.ask("BACKUP START") == "-ERR Backup directory \(directory) is not empty\r\n")
        #expect(server.backup == "idle")
        try FileManager.default.removeItem(atPath: file)
        #expect(server.backsUp())
        try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        #expect(server.entries("backupdir") == ["mine"])
    }

    /// As in Redis: only a directory that the backup has made goes with it.
    @Test func aDirectoryThatWasThereStays() throws {
        let server = try ServerProcess(["--save", ""])
        try FileManager.default.createDirectory(atPath: server.directory + "/appendonlydir", withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: server.directory + "/appendonlydir/mine"))
        #expect(server.backsUp())
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        let files = ["appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof", "appendonly.aof.manifest", "mine"]
        #expect(server.entries("appendonlydir") == files)
    }

    // MARK: The end before its time

    @Test(arguments: ["yes", "no"], ["pending", "snapshotting", "incrementing"])
    func aborting(_ appendOnly: String, _ state: String) throws {
        let server = try ServerProcess(["--appendonly", appendOnly, "--save", ""])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        if state != "incrementing" { #expect(server.ask("CONFIG SET rdb-key-save-delay 50000") == "+OK\r\n") }
        if state == "pending" { #expect(server.ask("BGSAVE") == "+Background saving started\r\n") }
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == state })
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("BACKUP ABORT") == "+OK\r\n")
        #expect(server.backup == "failed" && server.backupStatus["error"] == "aborted by user")
        #expect(server.backupFiles.isEmpty && server.entries("backupdir") == [])
        #expect(server.ask("INFO persistence")?.contains("backup_in_progress:0\r\n") == true)
        #expect(server.hasAppendOnlyFile == (appendOnly == "yes"))
        #expect(server.ask("BACKUP ABORT") == "-ERR No backup in progress\r\n")
        // What was aborted is in the way of nothing.
        #expect(server.ask("CONFIG SET rdb-key-save-delay 0") == "+OK\r\n")
        if state == "pending" { #expect(server.ask("BGSAVE CANCEL") == "+Background saving cancelled\r\n") }
        #expect(server.backsUp())
        #expect(try restore(server).ask("DBSIZE") == ":101\r\n")
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
    }

    @Test func sealedBackupsGoAfterTheirTime() throws {
        let server = try ServerProcess(["--save", "", "--backup-sealed-ttl", "1"])
        #expect(server.backsUp())
        #expect(server.waits { $0.backup == "idle" })
        #expect(server.entries("backupdir") == [])
        #expect(server.ask("CONFIG SET backup-sealed-ttl 1000") == "+OK\r\n")
        #expect(server.ask("CONFIG SET backup-sealed-ttl -1")?.hasPrefix("-ERR ") == true)
        #expect(server.backsUp())
        usleep(300_000)
        #expect(server.backup == "sealed")
    }

    @Test func theEndOfTheServerIsTheEndOfTheBackup() throws {
        let server = try ServerProcess(["--save", "3600 1"])
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        server.signal(SIGTERM)
        #expect(server.exits() && server.status == 0)
        #expect(server.entries("backupdir") == [] && !server.hasAppendOnlyFile)
    }

    /// A disk that is full ends the backup, and not the writes of a server that wants no append-only file.
    @Test func aFullDisk() throws {
        let server = try ServerProcess(["--save", ""], fileBytes: 20_000)
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("SET large \(String(repeating: "x", count: 30_000))") == "+OK\r\n")
        #expect(server.waits { $0.backup == "failed" })
        #expect(server.backupStatus["error"] == "Can't write the increment of the backup")
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.entries("backupdir") == [] && !server.hasAppendOnlyFile)
        #expect(server.ask("CONFIG SET rdbcompression no") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == "failed" })
        #expect(server.backupStatus["error"] == "AOF rewrite failed")
        #expect(server.entries("backupdir") == [] && !server.hasAppendOnlyFile)
    }

    // MARK: With other children, and other settings

    @Test func itWaitsForASave() throws {
        let server = try ServerProcess(["--save", "", "--rdb-key-save-delay", "1000000"])
        #expect(server.ask("DEBUG POPULATE 100") == "+OK\r\n")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.backup == "pending" && server.backupFiles.isEmpty)
        #expect(server.ask("BGREWRITEAOF") == "+Background append only file rewriting scheduled\r\n")
        #expect(server.ask("BACKUP SEAL") == "-ERR No backup ready to seal\r\n")
        #expect(server.ask("CONFIG SET rdb-key-save-delay 0") == "+OK\r\n")
        #expect(server.ask("BGSAVE CANCEL") == "+Background saving cancelled\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("INFO persistence")?.contains("aof_rewrite_scheduled:0\r\n") == true, "the backup's was that one")
        #expect(server.ask("BGSAVE") == "+Background saving started\r\n")
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        #expect(try restore(server).ask("DBSIZE") == ":100\r\n")
    }

    @Test func itSharesARewriteUnderWay() throws {
        let server = try ServerProcess(["--appendonly", "yes", "--save", ""])
        #expect(server.ask("DEBUG POPULATE 20") == "+OK\r\n")
        #expect(server.ask("CONFIG SET rdb-key-save-delay 50000") == "+OK\r\n")
        #expect(server.ask("BGREWRITEAOF") == "+Background append only file rewriting started\r\n")
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.backup == "snapshotting")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("INFO persistence")?.contains("aof_rewrites:1\r\n") == true)
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        #expect(try restore(server).ask("DBSIZE") == ":21\r\n")
    }

    /// A rewrite without an increment is of no use: the backup waits for its end.
    @Test func itDoesNotShareARewriteOfNothingElse() throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.ask("DEBUG POPULATE 20") == "+OK\r\n")
        #expect(server.ask("CONFIG SET rdb-key-save-delay 50000") == "+OK\r\n")
        #expect(server.ask("BGREWRITEAOF") == "+Background append only file rewriting started\r\n")
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.backup == "pending")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        #expect(try restore(server).ask("DBSIZE") == ":21\r\n")
    }

    @Test(arguments: ["yes", "no"])
    func rewritesWaitForTheSeal(_ appendOnly: String) throws {
        let server = try ServerProcess(["--appendonly", appendOnly, "--save", "", "--auto-aof-rewrite-min-size", "1"])
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("BGREWRITEAOF") == "+Background append only file rewriting scheduled\r\n")
        for index in 0..<100 { #expect(server.ask("SET key:\(index) v") == "+OK\r\n") }
        usleep(300_000)
        #expect(server.ask("INFO persistence")?.contains("aof_rewrites:1\r\n") == true)
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        #expect(server.waits { $0.ask("INFO persistence")?.contains("aof_rewrite_scheduled:0\r\n") == true })
        #expect(server.waits { $0.ask("INFO persistence")?.contains("aof_rewrites:1\r\n") == false })
        #expect(server.backup == "sealed")
        #expect(try restore(server).ask("DBSIZE") == ":100\r\n")
    }

    @Test func switchingTheFileOff() throws {
        let server = try ServerProcess(["--appendonly", "yes", "--save", ""])
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("CONFIG SET appendonly no") == "+OK\r\n")
        #expect(server.backup == "failed" && server.backupStatus["error"] == "appendonly is stopped")
        #expect(server.entries("backupdir") == [])
    }

    @Test(arguments: ["snapshotting", "incrementing"])
    func switchingTheFileOn(_ state: String) throws {
        let server = try ServerProcess(["--save", ""])
        #expect(server.ask("DEBUG POPULATE 20") == "+OK\r\n")
        if state == "snapshotting" { #expect(server.ask("CONFIG SET rdb-key-save-delay 50000") == "+OK\r\n") }
        #expect(server.ask("BACKUP START") == "+OK\r\n")
        #expect(server.waits { $0.backup == state })
        // Other settings do not touch the file that the backup has opened.
        #expect(server.ask("CONFIG SET maxclients 500") == "+OK\r\n")
        #expect(server.ask("WAITAOF 1 0 0")?.hasPrefix("-ERR WAITAOF cannot be used") == true)
        #expect(server.ask("CONFIG SET appendonly yes") == "+OK\r\n")
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        #expect(server.ask("SET after v") == "+OK\r\n")
        #expect(server.ask("WAITAOF 1 0 0") == "*2\r\n:1\r\n:0\r\n")
        #expect(server.ask("INFO persistence")?.contains("aof_enabled:1\r\n") == true)
        #expect(try restore(server).ask("DBSIZE") == ":21\r\n")
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        server.signal(SIGKILL)
        #expect(server.exits())
        #expect(try restore(server, from: "appendonlydir").ask("DBSIZE") == ":22\r\n")
    }

    @Test(arguments: ["yes", "no"])
    func inATransaction(_ appendOnly: String) throws {
        let server = try ServerProcess(["--appendonly", appendOnly, "--save", ""])
        let wire = try #require(server.connect())
        for line in ["MULTI", "INCR before", "BACKUP START", "INCR after"] { _ = wire.ask(line) }
        #expect(wire.ask("EXEC") == "*3\r\n:1\r\n+OK\r\n:1\r\n")
        #expect(server.waits { $0.backup == "incrementing" })
        #expect(server.ask("BACKUP SEAL") == "+OK\r\n")
        let restored = try restore(server)
        #expect(restored.ask("MGET before after") == "*2\r\n$1\r\n1\r\n$1\r\n1\r\n")
    }

    // MARK: Anything in any order

    /// Whatever is asked for meanwhile: a seal that says OK has the data of its moment, and nothing is left behind.
    @Test(arguments: 0..<4)
    func anyOrder(_ round: UInt64) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed)
        let server = try ServerProcess(["--save", "", "--rdb-key-save-delay", "500"])
        #expect(server.ask("DEBUG POPULATE 40") == "+OK\r\n")
        var seals = 0
        for step in 0..<120 {
            let line = Self.steps[Int(random.next() % UInt64(Self.steps.count))]
            if line == "BACKUP SEAL", let boundary = server.seal(asking: Self.asked) {
                seals += 1
                _ = server.ask("APPEND s x")
                let restored = try restore(server)
                let found = Self.asked.map { restored.ask($0) ?? "" }
                #expect(found == boundary, "seed \(seed), step \(step)")
            } else {
                #expect(server.ask(line)?.isEmpty == false, "seed \(seed), step \(step): \(line)\n\(server.log)")
            }
            usleep(UInt32(random.next() % 40_000))
        }
        // It would be a poor test that seldom comes to a seal.
        if server.backup != "sealed" {
            _ = server.ask("BACKUP ABORT")
            #expect(server.backsUp(), "seed \(seed)")
        }
        #expect(server.ask("BACKUP CLEANUP") == "+OK\r\n")
        #expect(server.entries("backupdir") == [], "seed \(seed)")
        #expect(server.ask("CONFIG SET appendonly yes") == "+OK\r\n")
        #expect(server.waits { $0.ask("WAITAOF 1 0 1000")?.contains(":1") == true }, "seed \(seed)")
        let data = Self.asked.map { server.ask($0) }
        server.signal(SIGKILL)
        #expect(server.exits())
        let next = try restore(server, from: "appendonlydir")
        #expect(Self.asked.map { next.ask($0) } == data, "seed \(seed), \(seals) seals")
    }

    private static let steps = [
        "BACKUP START", "BACKUP START", "BACKUP START", "BACKUP SEAL", "BACKUP SEAL", "BACKUP SEAL", "BACKUP ABORT", "BACKUP CLEANUP",
        "BACKUP CLEANUP", "BGSAVE", "BGSAVE SCHEDULE", "BGSAVE CANCEL", "BGREWRITEAOF", "CONFIG SET appendonly yes",
        "CONFIG SET appendonly no", "CONFIG SET hz 100", "CONFIG SET appendfsync always", "CONFIG SET appendfsync everysec", "APPEND s x",
        "APPEND s x", "RPUSH l x", "SET k v", "DEL k", "FLUSHALL", "DEBUG RELOAD",
    ]

    // MARK: Tools

    /// Redis itself, where it is installed.
    private static var redis: [String] {
        ["/usr/bin/redis-server"].filter { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// A server whose append-only file is the backup of another one.
    private func restore(
        _ server: ServerProcess, _ program: String = ServerProcess.program, from directory: String = "backupdir"
    ) throws -> ServerProcess {
        try ServerProcess(["--appendonly", "yes", "--save", ""], program: program) { target in
            try FileManager.default.copyItem(atPath: server.directory + "/" + directory, toPath: target + "/appendonlydir")
        }
    }
}

/// Numbers that a seed determines.
private struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// As splitmix64 makes them.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

/// Writes that nobody waits for.
private final class Load {
    private let wire: Wire

    init(_ server: ServerProcess) throws {
        wire = try #require(server.connect())
        wire.send("CLIENT REPLY OFF")
    }

    /// So many rounds of them.
    func send(_ rounds: Int) {
        wire.send((0..<rounds).map { "APPEND s x\r\nRPUSH l \($0)\r\nSET key:\($0) x\r\nDEL key:\($0 * 7 % 20_000)" }.joined(separator: "\r\n"))
    }
}

extension ServerProcess {
    /// BACKUP STATUS.
    fileprivate var backupStatus: [String: String] {
        let lines = (ask("BACKUP STATUS") ?? "").components(separatedBy: "\r\n")
        guard lines.count == 18 else { return [:] }
        let words = stride(from: 2, to: 17, by: 2).map { lines[$0] }
        return Dictionary(uniqueKeysWithValues: stride(from: 0, to: 8, by: 2).map { (words[$0], words[$0 + 1]) })
    }

    fileprivate var backup: String? { backupStatus["state"] }

    /// BACKUP LIST: paths of files that are there, and what their names end with.
    fileprivate var backupFiles: [(path: String, kind: String)] {
        (ask("BACKUP LIST") ?? "").components(separatedBy: "\r\n").filter { $0.hasPrefix("/") }.map { path in
            guard FileManager.default.fileExists(atPath: path) else { return (path, "missing") }
            return (path, path.split(separator: ".").suffix(path.hasSuffix("manifest") ? 1 : 2).joined(separator: "."))
        }
    }

    fileprivate var hasAppendOnlyFile: Bool { FileManager.default.fileExists(atPath: directory + "/appendonlydir") }

    /// Names in a directory of the server's, in order.
    fileprivate func entries(_ name: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: directory + "/" + name).sorted()
    }

    /// Makes a whole backup.
    fileprivate func backsUp() -> Bool {
        ask("BACKUP START") == "+OK\r\n" && waits { $0.backup == "incrementing" } && ask("BACKUP SEAL") == "+OK\r\n"
    }

    /// Seals, and at the same moment asks for numbers: the replies; nil when there is nothing to seal.
    fileprivate func seal(asking lines: [String]) -> [String]? {
        guard let wire = connect() else { return nil }
        for line in ["MULTI"] + lines + ["BACKUP SEAL"] { _ = wire.ask(line) }
        let words = wire.ask("EXEC").components(separatedBy: "\r\n")
        guard words.count == lines.count + 3, words[words.count - 2] == "+OK" else { return nil }
        return words[1...lines.count].map { "\($0)\r\n" }
    }
}
