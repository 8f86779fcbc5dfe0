import Commands
import Engine
import Foundation
import Testing
@testable import Server

@Suite struct InvocationTests {
    private func said(_ arguments: [String]) throws -> (text: String, status: Int32)? {
        if case .say(let text, let status) = try Invocation.read(arguments) { (text, status) } else { nil }
    }

    private func served(_ arguments: [String]) throws -> (configuration: Configuration, file: String)? {
        if case .serve(let configuration, let file) = try Invocation.read(arguments) { (configuration, file) } else { nil }
    }

    @Test(arguments: ["needletail-server", "/usr/bin/redis-server", "./redis-server", "", "/"])
    func servesUnderAnyName(_ name: String) throws {
        let plain = try #require(try served([name]))
        #expect(plain.configuration.network.port == 6379 && plain.file.isEmpty)
        let other = try #require(try served([name, "--port", "7"]))
        #expect(other.configuration.network.port == 7)
    }

    /// Swift reads the words from /proc: settings must not be lost in silence where it is missing.
    @Test func noWordsAtAll() { #expect(throws: StartupError.self) { try Invocation.read([]) } }

    @Test(arguments: ["redis-sentinel"])
    func modesThatAreMissing(_ name: String) throws {
        for path in [name, "/usr/local/bin/" + name] {
            let (text, status) = try #require(try said([path, "dump.rdb"]))
            #expect(status == 1)
            #expect(text == "\(name): this mode of needletail-server is not there yet.\n")
        }
        // A directory of that name says nothing.
        #expect(try served(["/\(name)/redis-server"]) != nil)
    }

    @Test func version() throws {
        for flag in ["-v", "--version"] {
            let (text, status) = try #require(try said(["redis-server", flag]))
            #expect(status == 0)
            #expect(text.hasPrefix("Needletail server v=\(Identity.version) redis_version=\(Identity.compatibleVersion) "))
            #expect(text.contains("malloc=jemalloc-") && text.hasSuffix(" bits=64\n"))
        }
    }

    @Test func help() throws {
        for flag in ["-h", "--help"] {
            let (text, status) = try #require(try said(["redis-server", flag]))
            #expect(status == 0)
            #expect(text.hasPrefix("Usage: needletail-server ") && text.hasSuffix("\n"))
        }
    }

    @Test func fileThenOptions() throws {
        let path = NSTemporaryDirectory() + "needletail-\(UUID().uuidString).conf"
        try "port 1\ntimeout 9\n".write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (configuration, file) = try #require(try served(["redis-server", path, "--port", "2"]))
        #expect(configuration.network.port == 2 && configuration.network.timeoutSeconds == 9)
        #expect(file == path)
    }

    @Test func refusals() {
        for arguments in [["x", "no-such-file.conf"], ["x", "--nosuch", "1"], ["x", "-x"], ["x", "--port", "x"]] {
            #expect(throws: StartupError.self) { try Invocation.read(arguments) }
        }
    }
}
