import Foundation
import Glibc

/// A server process of our own make on a port of its own, ended with the test.
final class LiveServer {
    private var process = Process()
    private let logFile: String
    private(set) var port: UInt16 = 0

    struct Failure: Error { let text: String }

    /// `options`: further words of the command line.
    init(_ options: [String] = []) throws {
        // The program is built beside the test bundle.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("needletail-server")
        let directory = FileManager.default.temporaryDirectory.path
        logFile = directory + "/needletail-\(UUID().uuidString).log"
        for _ in 0..<5 {
            process = Process()
            process.executableURL = program
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            port = UInt16.random(in: 20_000..<60_000)
            process.arguments = [
                "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--dir", directory, "--logfile", logFile,
            ] + options
            try process.run()
            for _ in 0..<100 where process.isRunning {
                if let client = try? LiveClient(port), (try? client.ask("PING\r\n")) == "+PONG\r\n" { return }
                usleep(50_000)
            }
            if process.isRunning { break }
        }
        throw Failure(text: "the server does not start")
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: logFile)
    }

    /// What the server has logged so far.
    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }
}

/// A connection that reads only when it is told to.
final class LiveClient {
    private let descriptor: Int32

    init(_ port: UInt16) throws {
        descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw LiveServer.Failure(text: "no connection") }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// Sends inline requests; false when the server has closed the connection.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = [UInt8](text.utf8)
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return count == bytes.count
    }

    /// One read: what is there; nil when the server has closed the connection.
    func read() -> String? {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    func ask(_ text: String) throws -> String {
        guard send(text), let reply = read() else { throw LiveServer.Failure(text: "no reply to \(text)") }
        return reply
    }
}
