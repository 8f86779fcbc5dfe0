import Foundation
import Testing

@Suite(.serialized) struct CrashReportTests {
    private func expectReport(_ server: ServerProcess, signal number: Int32) {
        #expect(server.exits() && server.status == number)
        let log = server.log
        #expect(log.contains("=== REDIS BUG REPORT START: Cut & paste starting from here ==="))
        #expect(log.contains("crashed by signal: \(number)"))
        for part in ["STACK TRACE", "REGISTERS", "INFO OUTPUT", "redis_version:", "used_memory:", "CLIENT LIST OUTPUT", "BUG REPORT END"] {
            #expect(log.contains(part), "\(part)")
        }
    }

    @Test(arguments: [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP])
    func signals(_ number: Int32) throws {
        let server = try ServerProcess(["--pidfile", "pid"])
        #expect(server.ask("PING") == "+PONG\r\n")
        server.signal(number)
        expectReport(server, signal: number)
        #expect(server.log.contains("Killed by PID: \(getpid()), UID: \(getuid())"))
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/pid"))
    }

    @Test(arguments: [("SEGFAULT", SIGSEGV), ("PANIC", SIGABRT), ("ASSERT", SIGABRT), ("OOM", SIGABRT)])
    func faults(_ word: String, _ number: Int32) throws {
        let server = try ServerProcess()
        #expect(server.ask("DEBUG \(word)") == "")
        expectReport(server, signal: number)
        #expect(server.log.contains("debugCommand"), "functions have names")
        #expect(server.log.contains("CURRENT OR LAST COMMAND ------\ndebug\n"))
        #expect(server.log.contains("Guru Meditation") == (word == "PANIC" || word == "OOM"))
        #expect(server.log.contains("Out Of Memory allocating") == (word == "OOM"))
        #expect(server.log.contains("ASSERTION FAILED") == (word == "ASSERT"))
    }

    @Test func reportsListClients() throws {
        let server = try ServerProcess()
        let wire = try #require(server.connect())
        #expect(wire.ask("CLIENT SETNAME somebody") == "+OK\r\n")
        #expect(wire.ask("INFO commandstats").contains("cmdstat_client|setname:calls=1") == true)
        usleep(6_000_000)  // what is told is renewed every five seconds
        server.signal(SIGSEGV)
        expectReport(server, signal: SIGSEGV)
        #expect(server.log.contains(" name=somebody ") && server.log.contains("cmdstat_client|setname:calls=1"))
    }

    @Test func startsAgain() throws {
        let server = try ServerProcess(["--save", "3600 1"])
        let id = try #require(server.ask("INFO server")?.components(separatedBy: "run_id:").last?.prefix(40))
        #expect(server.ask("SET k v") == "+OK\r\n")
        #expect(server.ask("DEBUG RESTART 1") == "")
        func starts() -> Int { server.log.components(separatedBy: "Ready to accept connections").count - 1 }
        #expect(server.waits { _ in starts() == 2 })
        #expect(server.ask("GET k") == "$1\r\nv\r\n", "in order: the data was saved")
        #expect(server.ask("SET k w") == "+OK\r\n")
        #expect(server.ask("DEBUG CRASH-AND-RECOVER") == "")
        #expect(server.waits { _ in starts() == 3 })
        #expect(server.ask("GET k") == "$1\r\nv\r\n", "a crash: nothing was saved")
        #expect(server.ask("INFO server")?.contains(id) == false)
        #expect(server.isRunning)
    }

    @Test func allocator() throws {
        let server = try ServerProcess()
        #expect(server.ask("DEBUG MALLCTL arenas.page") == ":4096\r\n")
        #expect(server.ask("DEBUG MALLCTL thread.tcache.enabled 1") == ":1\r\n")
        #expect(server.ask("DEBUG MALLCTL thread.allocated 1") == "-ERR Operation not permitted\r\n")
        #expect(server.ask("DEBUG MALLCTL-STR opt.dss") == "$9\r\nsecondary\r\n")
        #expect(server.ask("DEBUG MALLCTL-STR thread.tcache.flush VOID") == "+OK\r\n")
        for name in ["arena.0.reset", "arena.0.destroy", "tcache.destroy"] {
            #expect(server.ask("DEBUG MALLCTL-STR \(name) VOID")?.hasPrefix("-ERR ") == true, "takes memory that is in use")
        }
        #expect(server.ask("DEBUG MALLCTL-STR arenas.page") == "-ERR Invalid argument\r\n", "a number is no text")
        for subcommand in ["MALLCTL", "MALLCTL-STR"] {
            #expect(server.ask("DEBUG \(subcommand) nosuch") == "-ERR No such file or directory\r\n")
        }
    }

    @Test func userDataIsHiddenUnlessWanted() throws {
        for hides in [true, false] {
            let server = try ServerProcess(["--hide-user-data-from-log", hides ? "yes" : "no", "--logfile", "log"])
            let wire = try #require(server.connect())
            wire.send("DEBUG ERROR very-secret\r\nDEBUG SEGFAULT")
            expectReport(server, signal: SIGSEGV)
            #expect(server.log.contains("very-secret") == !hides)
        }
    }

    @Test func noReportWhereNoneIsWanted() throws {
        let server = try ServerProcess()
        #expect(server.ask("CONFIG SET crash-log-enabled no") == "+OK\r\n")
        server.signal(SIGSEGV)
        #expect(server.exits() && server.status == SIGSEGV && !server.log.contains("BUG REPORT"))
    }

    @Test func watchdog() throws {
        let server = try ServerProcess()
        let wire = try #require(server.connect())
        #expect(wire.ask("CONFIG SET watchdog-period 200") == "+OK\r\n")
        let start = Date()
        #expect(wire.ask("DEBUG SLEEP 0.8") == "+OK\r\n")
        #expect(Date().timeIntervalSince(start) > 0.79, "the alarm does not shorten the sleep")
        #expect(server.log.contains("--- WATCHDOG TIMER EXPIRED ---") && server.log.contains("debugCommand"))
        usleep(700_000)
        let reports = server.log.components(separatedBy: "WATCHDOG").count
        #expect(wire.ask("CONFIG SET watchdog-period 0") == "+OK\r\n")
        #expect(wire.ask("DEBUG SLEEP 0.8") == "+OK\r\n")
        #expect(server.log.components(separatedBy: "WATCHDOG").count == reports)
    }
}
