import Foundation

/// The program `redis-server`, version 7.0, run until it ends by itself.
enum RedisProgram {
    /// Where Debian's package puts the configuration file.
    static let debianConfiguration = "/etc/redis/redis.conf"

    static let path: String? = {
        guard let program = LivePeer.program, program.hasSuffix("/redis-server") else { return nil }
        let version = try? output(of: program, ["--version"])
        return version?.contains("v=7.0.") == true ? program : nil
    }()

    /// Standard output and error, at most some seconds of them.
    static func output(_ arguments: [String]) throws -> String { try output(of: path ?? "", arguments) }

    private static func output(of program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let identifier = process.processIdentifier
        let watch = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 10, execute: watch)
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        watch.cancel()
        return String(decoding: bytes, as: UTF8.self)
    }
}
