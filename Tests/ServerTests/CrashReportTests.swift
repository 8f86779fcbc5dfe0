import Foundation
import Testing

@Suite(.serialized) struct CrashReportTests {
    private func expectReport(_ server: ServerProcess, signal number: Int32) {
        #expect(server.exits() && server.status == number)
        let log = server.log
        #expect(log.contains("=== REDIS BUG REPORT START: Cut & paste starting from here ==="))
        #expect(log.contains("crashed by signal: \(number)"))
        for part in ["STACK TRACE", "REGISTERS", "INFO OUTPUT", "redis_version:", "used_memory:", "BUG REPORT END"] {
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

    @Test(arguments: [("SEGFAULT", SIGSEGV), ("PANIC", SIGABRT), ("ASSERT", SIGABRT)])
    func faults(_ word: String, _ number: Int32) throws {
        let server = try ServerProcess()
        #expect(server.ask("DEBUG \(word)") == "")
        expectReport(server, signal: number)
        #expect(server.log.contains("debugCommand"), "functions have names")
        #expect(server.log.contains("CURRENT OR LAST COMMAND ------\ndebug\n"))
        #expect(server.log.contains("Guru Meditation") == (word == "PANIC"))
        #expect(server.log.contains("ASSERTION FAILED") == (word == "ASSERT"))
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
