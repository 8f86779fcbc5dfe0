import Engine
import Testing
import TestSupport

/// Commands about the append-only file, and what INFO and CONFIG tell of it.
@Suite struct AppendOnlyTests {
    private let disk = SimulatedDisk()

    private func started(isOn: Bool = true) -> (server: TestServer, client: TestClient) {
        let server = TestServer(appendOnly: isOn)
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        return (server, server.connect())
    }

    @Test func arity() {
        let (_, client) = started()
        #expect(client("BGREWRITEAOF", "x") == .error("ERR wrong number of arguments for 'bgrewriteaof' command"))
        #expect(client("DEBUG", "LOADAOF", "x") == .error(
            "ERR unknown subcommand or wrong number of arguments for 'LOADAOF'. Try DEBUG HELP."))
    }

    @Test func fieldsWhileItIsOff() {
        let (_, client) = started(isOn: false)
        let fields = client.info("persistence")
        #expect(fields["aof_enabled"] == "0")
        #expect(fields["aof_rewrite_in_progress"] == "0")
        #expect(fields["aof_last_rewrite_time_sec"] == "-1")
        #expect(fields["aof_current_rewrite_time_sec"] == "-1")
        #expect(fields["aof_last_bgrewrite_status"] == "ok")
        #expect(fields["aof_last_write_status"] == "ok")
        #expect(fields["aof_current_size"] == nil)
        #expect(client("BGREWRITEAOF") == .status("Background append only file rewriting started"))
    }

    @Test func sizesGrowWithWhatIsWritten() {
        let (_, client) = started()
        let before = client.info("persistence")
        #expect(before["aof_enabled"] == "1")
        #expect(before["aof_current_size"] == before["aof_base_size"])
        client("SET", "k", "v")
        // SELECT 0, and the command.
        let grown = (Int(before["aof_current_size"] ?? "") ?? 0) + 23 + 27
        let after = client.info("persistence")
        #expect(after["aof_current_size"] == "\(grown)")
        #expect(after["aof_base_size"] == before["aof_base_size"])
        #expect(after["aof_buffer_length"] == "0")
        #expect(after["aof_delayed_fsync"] == "0")
    }

    @Test func oneRewriteAtATime() {
        let (server, client) = started()
        #expect(client("BGREWRITEAOF") == .status("Background append only file rewriting started"))
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "1")
        server.advance(milliseconds: 3000)
        server.cycle()
        #expect(client.info("persistence")["aof_current_rewrite_time_sec"] == "3")
        #expect(client("BGREWRITEAOF") == .error("ERR Background append only file rewriting already in progress"))
        #expect(client("BGSAVE") == .error(
            "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."))
        server.finishRewrite(on: disk)
        let fields = client.info("persistence")
        #expect(fields["aof_rewrite_in_progress"] == "0")
        #expect(fields["aof_last_rewrite_time_sec"] == "3")
        #expect(fields["aof_rewrites"] == "1")
        #expect(fields["aof_current_size"] == fields["aof_base_size"])
    }

    @Test func waitsForASnapshotAndForTransactions() {
        let (server, client) = started()
        #expect(client("BGSAVE") == .status("Background saving started"))
        #expect(client("BGREWRITEAOF") == .status("Background append only file rewriting scheduled"))
        #expect(client.info("persistence")["aof_rewrite_scheduled"] == "1")
        disk.childEnd = .exited(0)
        server.cycle()
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "1")
        server.finishRewrite(on: disk)
        client("MULTI")
        client("BGREWRITEAOF")
        client("SET", "k", "v")
        #expect(client("EXEC") == [.status("Background append only file rewriting scheduled"), "OK"])
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "0")
        server.cycle()
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "1")
    }

    @Test func forkThatFails() {
        let (_, client) = started()
        disk.forkResult = -12
        #expect(client("BGREWRITEAOF") == .error(
            "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."))
        #expect(client.info("persistence")["aof_last_bgrewrite_status"] == "err")
        #expect(disk.lines.contains("Can't rewrite append only file in background: fork: error 12"))
    }

    /// What grows is rewritten.
    @Test func growthIsRewritten() {
        let (server, client) = started()
        client("CONFIG", "SET", "auto-aof-rewrite-min-size", "1000", "auto-aof-rewrite-percentage", "100")
        for _ in 0..<100 { client("SET", "k", "0123456789") }
        server.cycle()
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "1")
        server.finishRewrite(on: disk)
        server.cycle()
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "0")
        client("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
        for _ in 0..<100 { client("SET", "k", "0123456789") }
        server.cycle()
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "0")
    }

    @Test func onAndOffWhileTheServerRuns() {
        let (server, client) = started(isOn: false)
        client("SET", "a", "1")
        #expect(client("CONFIG", "SET", "appendonly", "yes") == "OK")
        #expect(client.info("persistence")["aof_enabled"] == "1")
        #expect(client.info("persistence")["aof_rewrite_in_progress"] == "1")
        server.runRewriteChild(on: disk)
        client("SET", "b", "2")
        server.cycle()
        server.turn()
        let next = TestServer { $0.appendOnly.isEnabled = true }
        #expect(next.startAppendOnlyFile(on: SimulatedDisk(disk.files)) == nil)
        #expect(next.connect()("MGET", "a", "b") == ["1", "2"])
        #expect(client("CONFIG", "SET", "appendonly", "no") == "OK")
        #expect(client.info("persistence")["aof_enabled"] == "0")
        let files = disk.files
        client("SET", "c", "3")
        server.turn()
        #expect(disk.files == files)
    }

    @Test func loadThatFailsIsAnError() {
        let (_, client) = started()
        client("SET", "k", "v")
        let path = "appendonlydir/appendonly.aof.manifest"
        _ = disk.replace(path, [UInt8]("nonsense\n"))
        #expect(client("DEBUG", "LOADAOF") == .error("ERR Error trying to load the AOF files, check server logs."))
    }

    @Test func directives() {
        let (_, client) = started()
        let settings = [
            ("appendonly", "yes"), ("appendfilename", "appendonly.aof"), ("appenddirname", "appendonlydir"), ("appendfsync", "everysec"),
            ("no-appendfsync-on-rewrite", "no"), ("aof-load-truncated", "yes"), ("aof-load-corrupt-tail-max-size", "0"),
            ("aof-timestamp-enabled", "no"), ("aof-use-rdb-preamble", "yes"), ("aof-rewrite-incremental-fsync", "yes"),
            ("auto-aof-rewrite-percentage", "100"), ("auto-aof-rewrite-min-size", "67108864"),
        ]
        for (name, value) in settings { #expect(client("CONFIG", "GET", name) == .array([.status(name), .status(value)])) }
        #expect(client("CONFIG", "SET", "appendfsync", "often") == .error(
            "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument(s) must be one of the following: everysec, always, no"))
        #expect(client("CONFIG", "SET", "appendfilename", "x") == .error(
            "ERR CONFIG SET failed (possibly related to argument 'appendfilename') - can't set immutable config"))
        #expect(client("CONFIG", "SET", "auto-aof-rewrite-min-size", "1mb", "auto-aof-rewrite-percentage", "0") == "OK")
        #expect(client("CONFIG", "GET", "auto-aof-rewrite-min-size") == ["auto-aof-rewrite-min-size", "1048576"])
        #expect(client("CONFIG", "SET", "auto-aof-rewrite-percentage", "-1") != "OK")
    }

    /// Lines of the moment stand in front of what happened then, outside of transactions.
    @Test func momentsAreAnnotated() {
        let (server, client) = started()
        client("CONFIG", "SET", "aof-timestamp-enabled", "yes")
        client("SET", "a", "1")
        server.advance(milliseconds: 5000)
        client("MULTI")
        client("SET", "b", "2")
        client("SET", "c", "3")
        client("EXEC")
        let text = String(decoding: disk.files["appendonlydir/appendonly.aof.1.incr.aof"] ?? [], as: UTF8.self)
        let lines = text.split(separator: "\r\n").filter { $0.hasPrefix("#TS:") || $0 == "MULTI" || $0 == "SET" }
        #expect(lines == ["#TS:1700000000", "SET", "#TS:1700000005", "MULTI", "SET", "SET"])
    }
}
