import Foundation
import Glibc

/// A live server of another make, started for one test on a port of its own
/// and ended with it.
final class LivePeer {
    /// Where a peer's program is; nil when none is installed.
    static var program: String? { programs.first }

    /// The peers' programs, Redis's first.
    static let programs: [String] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/redis-server" }
        let isProgram = { FileManager.default.isExecutableFile(atPath: $0) }
        return [path.first(where: isProgram), root.appendingPathComponent(".peers/valkey-server").path].compactMap { $0 }
            .filter(isProgram)
    }()

    /// Our own program, built beside the tests.
    static var own: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("needletail-server").path
    }

    /// Where it listens.
    private(set) var port: UInt16 = 0
    private let process = Process()
    private var descriptor: Int32 = -1
    private var received: [UInt8] = []

    struct Failure: Error { let text: String }

    /// `chosen`: one of `programs`, or `own`, else the first; `options`: further words of its
    /// command line; `file`: its configuration file.
    init(_ chosen: String? = nil, options: [String] = [], file: String? = nil) throws {
        guard let program = chosen ?? Self.program else { throw Failure(text: "no peer is installed") }
        let directory = FileManager.default.temporaryDirectory.path
        process.executableURL = URL(fileURLWithPath: program)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        for _ in 0..<5 {
            port = UInt16.random(in: 20_000..<60_000)
            process.arguments = (file.map { [$0] } ?? []) + [
                "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory,
                "--enable-debug-command", "yes", "--daemonize", "no", "--logfile", "", "--pidfile", "",
            ] + options
            try process.run()
            for _ in 0..<100 where process.isRunning {
                if connect(port) { return }
                usleep(50_000)
            }
            if process.isRunning { break }
        }
        throw Failure(text: "\(program) does not start")
    }

    /// A further connection to a server that others have started.
    private init(at port: UInt16) throws {
        self.port = port
        guard connect(port) else { throw Failure(text: "no further connection") }
    }

    /// A further connection to the same server.
    func another() throws -> LivePeer { try LivePeer(at: port) }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        // Not SIGTERM: the child has inherited a signal mask that blocks it.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private func connect(_ port: UInt16) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(socket)
            return false
        }
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        descriptor = socket
        return true
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(text: "the peer does not take requests") }
            sent += count
        }
    }

    /// The bytes of the next `count` replies, as `end` measures one.
    func replies(_ count: Int, end: ([UInt8], inout Int) -> Bool) throws -> [UInt8] {
        while true {
            var offset = 0
            var found = 0
            while found < count, end(received, &offset) { found += 1 }
            if found == count {
                defer { received.removeFirst(offset) }
                return Array(received[..<offset])
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let read = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard read > 0 else { throw Failure(text: "the peer does not answer; it has sent \(received.count) bytes") }
            received += buffer[..<read]
        }
    }
}
