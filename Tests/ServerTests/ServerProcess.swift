import Foundation
import Testing

/// A server of its own process, the program that was built with the tests.
final class ServerProcess {
    let port: Int
    let directory: String
    private let process = Foundation.Process()
    private let socketDirectory: URL

    /// Beside the bundle of tests.
    static var program: String {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? Bundle.main.executablePath ?? ""
        var url = URL(fileURLWithPath: bundle)
        while url.path != "/", !FileManager.default.isExecutableFile(atPath: url.appendingPathComponent("needletail-server").path) {
            url.deleteLastPathComponent()
        }
        return url.appendingPathComponent("needletail-server").path
    }

    /// What it has logged so far; a character that is only half written does not matter.
    var log: String { String(decoding: FileManager.default.contents(atPath: directory + "/log") ?? Data(), as: UTF8.self) }
    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var status: Int32 { process.terminationStatus }
    var unixSocket: String { directory + "/s" }

    /// Starts it with these options; it writes its standard output to the log. `program`: another one
    /// of the same behaviour; `fileBytes`: how large a file may become.
    init(
        _ options: [String] = [], program: String = program, fileBytes: Int? = nil, environment: [String: String] = [:], file: String? = nil, waits: Bool = true,
        prepare: (String) throws -> Void = { _ in }
    ) throws {
        port = Self.freePort()
        socketDirectory = URL(fileURLWithPath: "/tmp/nt-\(UUID().uuidString.prefix(8))")
        directory = socketDirectory.path
        try FileManager.default.createDirectory(at: socketDirectory, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: directory + "/log", contents: nil)
        try prepare(directory)
        process.executableURL = URL(fileURLWithPath: fileBytes == nil ? program : "/usr/bin/prlimit")
        process.arguments = (fileBytes.map { ["--fsize=\($0)", program] } ?? []) + ["--port", "\(port)", "--unixsocket", directory + "/s", "--dir", directory,
            "--enable-debug-command", "local"] + options
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = FileHandle(forWritingAtPath: directory + "/log")
        _ = try output?.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        if waits {
            // A parent that leaves with 0 has left the work to a child.
            _ = self.waits { $0.isReady || !$0.isRunning && $0.status != 0 }
            try #require(isReady, "\(log)")
        }
    }

    private var isReady: Bool { log.contains("Ready to accept connections") }

    /// A port that nobody listens on; tests of other processes may draw at the same time.
    private static func freePort() -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 21_800..<29_000)
            if Wire(port: port) == nil { return port }
        }
        return 29_000
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: socketDirectory)
    }

    /// Whether a condition comes true within seconds: many, for others may keep the machine busy.
    func waits(_ seconds: Double = 60, _ condition: (ServerProcess) -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while Date() < end {
            if condition(self) { return true }
            usleep(10_000)
        }
        return condition(self)
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func exits(_ seconds: Double = 60) -> Bool { waits(seconds) { !$0.isRunning } }

    /// A connection by TCP, or by the unix socket.
    func connect(port other: Int? = nil, unix: Bool = false) -> Wire? {
        unix ? Wire(unix: unixSocket) : Wire(port: other ?? port)
    }

    /// One command on a connection of its own, as a line.
    func ask(_ line: String, unix: Bool = false) -> String? {
        connect(unix: unix)?.ask(line)
    }
}

/// A plain connection: lines out, bytes in.
final class Wire {
    private let descriptor: Int32

    init?(port: Int, address: String = "127.0.0.1") {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = inet_addr(address)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard failed == 0 else {
            close(descriptor)
            return nil
        }
        limitWaiting()
    }

    init?(unix path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(107)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let failed = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard failed == 0 else {
            close(descriptor)
            return nil
        }
        limitWaiting()
    }

    deinit { close(descriptor) }

    private func limitWaiting() {
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ line: String) { _ = Glibc.send(descriptor, line + "\r\n", line.utf8.count + 2, Int32(MSG_NOSIGNAL)) }

    /// What arrives next, at most 64 KiB; empty at the end.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func ask(_ line: String) -> String {
        send(line)
        return read()
    }
}
