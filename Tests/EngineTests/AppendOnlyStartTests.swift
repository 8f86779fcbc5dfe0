import Engine
import Testing
import TestSupport

/// A server that gets its append-only file while it runs; file names are those that Redis 7.0.15 chooses.
@Suite struct AppendOnlyStartTests {
    private static let set = [UInt8]("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n")
    private static let folder = "appendonlydir/appendonly.aof."

    /// The files of an earlier life: a second base, and the increment behind it.
    private func earlier(_ more: [String: [UInt8]] = [:], manifest: String = "") -> SimulatedDisk {
        var files = [
            Self.folder + "2.base.aof": Self.set, Self.folder + "2.incr.aof": Self.set,
            Self.folder + "manifest": [UInt8](
                "file appendonly.aof.2.base.aof seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n" + manifest),
        ]
        for (name, bytes) in more { files[name] = bytes }
        return SimulatedDisk(files)
    }

    private func started(_ disk: SimulatedDisk, isOn: Bool = false, _ sync: SyncPolicy = .everysec) -> (server: TestServer, client: TestClient) {
        let server = TestServer(appendOnly: isOn, sync)
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        return (server, server.connect())
    }

    private func finishRewrite(_ server: TestServer, _ disk: SimulatedDisk) {
        server.finishRewrite(on: disk)
        server.turn()
    }

    private func names(_ disk: SimulatedDisk) -> [String] {
        disk.names("appendonlydir/").map { String($0.dropFirst(Self.folder.count)) }
    }

    private func manifest(_ disk: SimulatedDisk) -> String { String(decoding: disk.files[Self.folder + "manifest"] ?? [], as: UTF8.self) }

    @Test func numbersGoOnWhenItIsSwitchedOn() {
        let disk = earlier()
        let (server, client) = started(disk)
        #expect(client("SET", "c", "3") == "OK")
        #expect(names(disk) == ["2.base.aof", "2.incr.aof", "manifest"])
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        finishRewrite(server, disk)
        #expect(names(disk) == ["3.base.rdb", "3.incr.aof", "manifest"])
        #expect(manifest(disk) == "file appendonly.aof.3.base.rdb seq 3 type b\nfile appendonly.aof.3.incr.aof seq 3 type i\n")
        #expect(started(SimulatedDisk(disk.files), isOn: true).client("KEYS", "*") == ["c"])
    }

    @Test func aRewriteWithoutIncrement() {
        let disk = earlier()
        let (server, client) = started(disk)
        #expect(client("SET", "c", "3") == "OK")
        for number in 3...4 {
            client("BGREWRITEAOF")
            finishRewrite(server, disk)
            #expect(names(disk) == ["\(number).base.rdb", "manifest"])
            #expect(manifest(disk) == "file appendonly.aof.\(number).base.rdb seq \(number) type b\n")
        }
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        finishRewrite(server, disk)
        #expect(names(disk) == ["3.incr.aof", "5.base.rdb", "manifest"])
        #expect(started(SimulatedDisk(disk.files), isOn: true).client("KEYS", "*") == ["c"])
    }

    /// History goes with the start; a manifest that cannot be read ends it, for a rewrite would replace it.
    @Test func historyAndDamage() {
        let disk = earlier([Self.folder + "1.incr.aof": []], manifest: "file appendonly.aof.1.incr.aof seq 1 type h\n")
        _ = started(disk)
        #expect(names(disk) == ["2.base.aof", "2.incr.aof", "manifest"])
        #expect(!manifest(disk).contains("type h"))
        let server = TestServer()
        #expect(server.startAppendOnlyFile(on: earlier([Self.folder + "manifest": [UInt8]("nonsense\n")])) == "Invalid AOF manifest file format")
    }

    /// Files that are missing are missed by nobody who does not load them.
    @Test func aBaseThatIsMissing() {
        let disk = earlier()
        disk.remove(Self.folder + "2.base.aof")
        let (server, client) = started(disk)
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        finishRewrite(server, disk)
        #expect(names(disk) == ["3.base.rdb", "3.incr.aof", "manifest"])
    }

    /// The single file of former days stays where it is.
    @Test func theOldLayout() {
        let disk = SimulatedDisk(["appendonly.aof": Self.set])
        let (server, client) = started(disk)
        #expect(client("SET", "c", "3") == "OK")
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        finishRewrite(server, disk)
        #expect(names(disk) == ["1.base.rdb", "1.incr.aof", "manifest"])
        #expect(disk.files["appendonly.aof"] == Self.set)
        #expect(started(SimulatedDisk(disk.files), isOn: true).client("KEYS", "*") == ["c"])
    }

    /// Whoever waits for the disk is told when the first base is there.
    @Test func waitingForTheFirstBase() {
        let disk = SimulatedDisk()
        let (server, client) = started(disk)
        #expect(client("SET", "a", "1") == "OK")
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        #expect(client("WAITAOF", "1", "0", "0") == .none)
        server.turn()
        #expect(client.nextReply() == .none)
        finishRewrite(server, disk)
        #expect(client.nextReply() == [1, 0])
    }

    /// A full disk ahead of the first base refuses writes, ends nothing, and is forgotten with the file that was full.
    @Test(arguments: [SyncPolicy.everysec, .always])
    func aFullDiskAheadOfTheFirstBase(policy: SyncPolicy) {
        let disk = SimulatedDisk()
        let (server, client) = started(disk, policy)
        #expect(client("SET", "a", "1") == "OK")
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        disk.room = 10
        #expect(client("SET", "b", "2") == "OK")
        #expect(!server.isFailing)
        #expect(client("SET", "c", "3") == .error("MISCONF Errors writing to the AOF file: error 28"))
        server.runRewriteChild(on: disk)
        disk.room = .max
        // The child had no room: the next one begins anew.
        server.cycle()
        server.cycle()
        #expect(disk.forks == 2)
        finishRewrite(server, disk)
        var reply = client("SET", "c", "3")
        for _ in 0..<3 where reply == .none {
            server.turn()
            reply = client.nextReply()
        }
        #expect(reply == "OK")
        server.turn()
        #expect(started(SimulatedDisk(disk.files), isOn: true).client("MGET", "a", "b", "c") == ["1", "2", "3"])
    }

    /// A MULTI within a transaction is an error that forgets nothing.
    @Test func nestedTransactions() {
        func command(_ words: String...) -> String { "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined() }
        let text = command("MULTI") + command("SET", "a", "1") + command("MULTI") + command("SET", "b", "2") + command("EXEC")
        let client = started(SimulatedDisk(["appendonly.aof": [UInt8](text)]), isOn: true).client
        #expect(client("MGET", "a", "b") == ["1", "2"])
    }
}
