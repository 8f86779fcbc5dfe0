import Foundation
import Testing

/// WAITAOF of a real server; texts and replies are those of Valkey 9.1.
@Suite(.serialized) struct WaitForDiskTests {
    @Test(arguments: ["everysec", "always", "no"])
    func waitsForTheDisk(_ policy: String) throws {
        let server = try ServerProcess(["--appendonly", "yes", "--appendfsync", policy, "--save", ""])
        let wire = try #require(server.connect())
        for round in 0..<3 {
            #expect(wire.ask("SET k \(round)") == "+OK\r\n")
            #expect(wire.ask("WAITAOF 1 0 0") == "*2\r\n:1\r\n:0\r\n", "round \(round)")
        }
        #expect(wire.ask("WAITAOF 1 1 50") == "*2\r\n:1\r\n:0\r\n", "there is no replica")
        #expect(wire.ask("CLIENT INFO").contains("flags=N"))
    }

    @Test func errorsAndTransactions() throws {
        let server = try ServerProcess(["--appendonly", "yes", "--save", ""])
        let wire = try #require(server.connect())
        #expect(wire.ask("WAITAOF 2 0 0") == "-ERR value is out of range, value must between 0 and 1\r\n")
        #expect(wire.ask("WAITAOF 1 -1 0") == "-ERR value is out of range, must be positive\r\n")
        #expect(wire.ask("WAITAOF 1 0 -1") == "-ERR timeout is negative\r\n")
        #expect(wire.ask("WAITAOF 1 0 x") == "-ERR timeout is not an integer or out of range\r\n")
        #expect(wire.ask("WAITAOF a 0 0") == "-ERR value is not an integer or out of range\r\n")
        #expect(wire.ask("WAITAOF 1 0 9223372036854775807") == "-ERR timeout is out of range\r\n")
        #expect(wire.ask("MULTI") == "+OK\r\n")
        #expect(wire.ask("WAITAOF 0 1 0") == "+QUEUED\r\n")
        #expect(wire.ask("EXEC").hasSuffix(":0\r\n"), "it does not wait")
        #expect(wire.ask("CONFIG SET appendonly no") == "+OK\r\n")
        #expect(wire.ask("WAITAOF 0 0 0") == "*2\r\n:0\r\n:0\r\n")
        #expect(wire.ask("WAITAOF 1 0 0") == "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n")
    }

    @Test func clientsThatWaitCanBeWoken() throws {
        let server = try ServerProcess(["--appendonly", "yes", "--save", ""])
        let wire = try #require(server.connect())
        let id = try #require(wire.ask("CLIENT ID").dropFirst().split(separator: "\r\n").first)
        wire.send("WAITAOF 0 1 0")
        #expect(server.waits { $0.ask("INFO clients")?.contains("blocked_clients:1") == true })
        #expect(server.ask("CLIENT UNBLOCK \(id)") == ":1\r\n")
        #expect(wire.ask("PING").hasPrefix("*2\r\n:1\r\n:0\r\n"))
        #expect(server.ask("INFO clients")?.contains("blocked_clients:0") == true)
    }
}
