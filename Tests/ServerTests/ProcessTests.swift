import Engine
import Foundation
import Testing
@testable import Server

@Suite(.serialized) struct ProcessTests {
    private func state(of pid: Int32) -> Character? {
        try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8).split(separator: " ")[2].first
    }

    @Test func daemon() throws {
        let server = try ServerProcess(["--daemonize", "yes", "--pidfile", "server.pid", "--logfile", "log"])
        let text = try String(contentsOfFile: server.directory + "/server.pid", encoding: .utf8)
        let pid = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        defer { kill(pid, SIGKILL) }
        #expect(server.waits { [nil, "Z"].contains(state(of: $0.pid)) }, "the process that was started is gone")
        #expect(pid != server.pid && getsid(pid) == pid)
        #expect(server.ask("PING") == "+PONG\r\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/0") == "/dev/null")
        kill(pid, SIGTERM)
        #expect(server.waits { $0.log.contains("ready to exit, bye bye") })
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/server.pid"))
    }

    @Test func systemd() throws {
        let path = "/tmp/nt-notify-\(UUID().uuidString.prefix(8))"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        #expect(bound == 0)
        var limit = timeval(tv_sec: 8, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
        // Who is supervised stays in the foreground.
        let server = try ServerProcess(["--supervised", "auto", "--daemonize", "yes"], environment: ["NOTIFY_SOCKET": path])
        #expect(next() == "STATUS=Needletail is loading...")
        #expect(next() == "STATUS=Ready to accept connections\nREADY=1")
        #expect(server.isRunning)
        server.signal(SIGTERM)
        #expect(next() == "STATUS=Stopping\nSTOPPING=1")
        #expect(server.exits() && server.status == 0)
    }

    @Test func upstart() throws {
        let server = try ServerProcess(["--supervised", "upstart"], environment: ["UPSTART_JOB": "x"])
        #expect(server.waits { state(of: $0.pid) == "T" })
        server.signal(SIGCONT)
        #expect(server.ask("PING") == "+PONG\r\n")
    }

    private func commandLine(_ server: ServerProcess) -> String {
        let bytes = (FileManager.default.contents(atPath: "/proc/\(server.pid)/cmdline") ?? Data())
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    @Test func title() throws {
        let server = try ServerProcess()
        #expect(commandLine(server) == "\(ServerProcess.program) *:\(server.port)")
        #expect(server.ask("CONFIG SET proc-title-template \"x {port} {{ {unixsocket} \"") == "+OK\r\n")
        #expect(commandLine(server) == "x \(server.port) { \(server.unixSocket)")
        let refusal = "-ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - "
            + "template format is invalid or contains unknown variables\r\n"
        for template in ["{foo}", "{port", "a {} b"] {
            #expect(server.ask("CONFIG SET proc-title-template \"\(template)\"") == refusal)
        }
        let untitled = try ServerProcess(["--set-proc-title", "no"])
        #expect(commandLine(untitled) == ServerProcess.program)
        let refused = try ServerProcess(["--proc-title-template", "{x"], waits: false)
        #expect(refused.exits() && refused.status == 1)
    }

    @Test func outOfMemoryScore() throws {
        let server = try ServerProcess(["--oom-score-adj", "absolute", "--oom-score-adj-values", "700 800 900"])
        func score() -> Int? {
            (try? String(contentsOfFile: "/proc/\(server.pid)/oom_score_adj", encoding: .utf8)).flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        let original = try #require(Int(String(contentsOfFile: "/proc/self/oom_score_adj", encoding: .utf8).dropLast()))
        #expect(score() == 700)
        #expect(server.ask("CONFIG SET oom-score-adj-values \"710 800 900\"") == "+OK\r\n")
        #expect(score() == 710)
        #expect(server.ask("CONFIG SET oom-score-adj relative oom-score-adj-values \"5 6 7\"") == "+OK\r\n")
        #expect(score() == original + 5)
        #expect(server.ask("CONFIG SET oom-score-adj no") == "+OK\r\n")
        #expect(score() == original)
    }

    @Test func templates() {
        let values = ["a": "1", "b": ""]
        #expect(ProcessTitle.filled("x {a}{b} {{a} ", values) == "x 1 {a}")
        #expect(ProcessTitle.filled(" {b} ", values) == "" && ProcessTitle.filled("", values) == "")
        for bad in ["{", "{a", "{c}", "{a}{", "{ a}"] { #expect(ProcessTitle.filled(bad, values) == nil) }
    }
}

@Suite(.serialized) struct ShutdownTests {
    @Test func signals() throws {
        for (number, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
            let server = try ServerProcess(["--pidfile", "pid"])
            #expect(FileManager.default.fileExists(atPath: server.directory + "/pid"))
            server.signal(number)
            #expect(server.exits() && server.status == 0)
            #expect(server.log.contains("Received \(name) scheduling shutdown..."))
            #expect(server.log.contains("User requested shutdown..."))
            #expect(server.log.contains("ready to exit, bye bye..."))
            #expect(!FileManager.default.fileExists(atPath: server.directory + "/pid"))
            #expect(!FileManager.default.fileExists(atPath: server.unixSocket))
        }
    }

    @Test func secondInterruptEndsAtOnce() throws {
        let server = try ServerProcess()
        let wire = try #require(server.connect())
        wire.send("DEBUG SLEEP 20")
        usleep(200_000)
        server.signal(SIGINT)
        usleep(200_000)
        #expect(server.isRunning)
        server.signal(SIGINT)
        #expect(server.exits(3) && server.status == 1)
        #expect(server.log.contains("You insist... exiting now."))
    }
}
