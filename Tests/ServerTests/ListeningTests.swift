import Foundation
import Testing

@Suite(.serialized) struct ListeningTests {
    private func failed(_ name: String, _ reason: String) -> String {
        "-ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)\r\n"
    }

    @Test func anotherPort() throws {
        let server = try ServerProcess()
        let other = try ServerProcess()
        let wire = try #require(server.connect())
        #expect(wire.ask("CONFIG SET port \(other.port)") == failed("port", "Unable to listen on this port. Check server logs."))
        #expect(wire.ask("PING") == "+PONG\r\n" && server.ask("PING") == "+PONG\r\n")
        #expect(server.log.contains("Could not create server TCP listening socket"))
        let free = server.port + 10_000
        #expect(wire.ask("CONFIG SET port \(free)") == "+OK\r\n")
        #expect(wire.ask("PING") == "+PONG\r\n" && server.connect() == nil)
        #expect(server.connect(port: free)?.ask("PING") == "+PONG\r\n")
        #expect(server.connect(port: free)?.ask("CONFIG SET port \(server.port)") == "+OK\r\n")
        #expect(server.ask("CONFIG SET port 0") == "+OK\r\n")
        #expect(server.connect() == nil && server.ask("PING", unix: true) == "+PONG\r\n")
    }

    @Test func severalChangesInOneTurn() throws {
        let server = try ServerProcess()
        let other = try ServerProcess()
        let wire = try #require(server.connect())
        let (first, second) = (server.port + 10_000, server.port + 20_000)
        wire.send(
            "CONFIG SET port \(first)\r\nCONFIG SET port \(other.port)\r\nCONFIG SET port \(second)\r\n"
                + "CONFIG SET port \(other.port)\r\nCONFIG GET port")
        let refusal = failed("port", "Unable to listen on this port. Check server logs.")
        let answer = "+OK\r\n" + refusal + "+OK\r\n" + refusal + "*2\r\n$4\r\nport\r\n$5\r\n\(second)\r\n"
        #expect(wire.read() == answer)
        #expect(server.connect() == nil && server.connect(port: first) == nil)
        #expect(server.connect(port: second)?.ask("PING") == "+PONG\r\n")
        wire.send("CONFIG SET port \(first)\r\nCONFIG SET port \(second)")
        #expect(wire.read() == "+OK\r\n+OK\r\n")
        #expect(server.connect(port: second)?.ask("PING") == "+PONG\r\n" && server.connect(port: first) == nil)
    }

    @Test func otherAddresses() throws {
        let server = try ServerProcess()
        let wire = try #require(server.connect())
        #expect(wire.ask("CONFIG SET bind 999.999.999.999") == failed("bind", "Failed to bind to specified addresses."))
        #expect(wire.ask("CONFIG SET bind \"127.0.0.1 192.0.2.7\"") == failed("bind", "Failed to bind to specified addresses."))
        #expect(server.ask("PING") == "+PONG\r\n")
        #expect(wire.ask("CONFIG SET bind \"127.0.0.2 -192.0.2.7 -::1\"") == "+OK\r\n")
        #expect(server.connect() == nil)
        #expect(Wire(port: server.port, address: "127.0.0.2")?.ask("PING") == "+PONG\r\n")
        #expect(wire.ask("CONFIG SET bind \"\"") == "+OK\r\n")
        #expect(Wire(port: server.port, address: "127.0.0.2") == nil)
        #expect(wire.ask("CONFIG SET bind \"* -::*\"") == "+OK\r\n")
        #expect(server.ask("PING") == "+PONG\r\n")
    }

    @Test func failureAfterOthersLeavesAllAsItWas() throws {
        let server = try ServerProcess(["--enable-protected-configs", "yes"])
        let other = try ServerProcess()
        let wire = try #require(server.connect())
        let answer = wire.ask("CONFIG SET dir / maxclients 77 port \(other.port)")
        #expect(answer == failed("port", "Unable to listen on this port. Check server logs."))
        #expect(wire.ask("CONFIG GET maxclients").contains("10000"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(server.pid)/cwd") == server.directory)
        #expect(wire.ask("CONFIG SET dir /no/such").hasPrefix("-ERR CONFIG SET failed (possibly related to argument 'dir')"))
    }

    @Test func nowhere() throws {
        let server = try ServerProcess(["--port", "0", "--unixsocket", ""], waits: false)
        #expect(server.exits() && server.status == 1)
        #expect(server.log.contains("Configured to not listen anywhere, exiting."))
    }

    @Test func unixSocketRights() throws {
        let server = try ServerProcess(["--unixsocketperm", "640", "--unixsocketgroup", "\(getgid())"])
        let attributes = try FileManager.default.attributesOfItem(atPath: server.unixSocket)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        #expect(attributes[.groupOwnerAccountID] as? Int == Int(getgid()))
        let refused = try ServerProcess(["--unixsocketgroup", "no-such-group"], waits: false)
        #expect(refused.exits() && refused.status == 1 && refused.log.contains("Failed opening Unix socket"))
    }

    @Test func manyNewConnectionsAtOnce() throws {
        let server = try ServerProcess(["--max-new-connections-per-cycle", "2"])
        let wires = try (0..<50).map { _ in try #require(server.connect()) }
        for wire in wires { #expect(wire.ask("PING") == "+PONG\r\n") }
        #expect(server.ask("CONFIG SET max-new-connections-per-cycle 1000") == "+OK\r\n")
    }
}

@Suite(.serialized) struct MaximumClientsTests {
    private let refusal = "-ERR max number of clients reached\r\n"

    @Test func reserve() throws {
        let server = try ServerProcess(["--maxclients", "3"])
        var wires = try (0..<3).map { _ in try #require(server.connect()) }
        for wire in wires { #expect(wire.ask("PING") == "+PONG\r\n") }
        for command in ["PING", "GET x", "SET x y", "NOSUCH", "FLUSHALL", "SELECT 1"] {
            let client = try #require(server.connect())
            #expect(client.ask(command) == refusal, "\(command)")
            #expect(client.read() == "")
        }
        let administrator = try #require(server.connect(unix: true))
        #expect(administrator.ask("CLIENT LIST").hasPrefix("$"))
        #expect(administrator.ask("INFO stats").contains("rejected_connections:6\r\n"))
        #expect(administrator.ask("CONFIG GET maxclients").contains("$1\r\n3\r\n"))
        let silent = try (0..<3).map { _ in try #require(server.connect()) }
        let fifth = try #require(server.connect())
        #expect(fifth.read() == refusal, "the reserve has its end as well")
        #expect(silent.allSatisfy { $0.read() == "" }, "who asks nothing does not keep the reserve")
        wires.removeAll()
        #expect(server.waits { _ in administrator.ask("CLIENT ID").hasPrefix(":") })
        #expect(administrator.ask("PING") == "+PONG\r\n", "like any other now")
    }

    /// CPU time of a process so far, in clock ticks of 10 ms.
    private func ticks(_ pid: Int32) throws -> Int {
        let fields = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[13])) + #require(Int(fields[14]))
    }

    @Test func noDescriptorsLeft() throws {
        let server = try ServerProcess()
        let first = try #require(server.connect())
        #expect(first.ask("PING") == "+PONG\r\n")
        func allowDescriptors(_ count: Int) throws {
            let program = URL(fileURLWithPath: "/usr/bin/prlimit")
            let run = try Foundation.Process.run(program, arguments: ["--pid", "\(server.pid)", "--nofile=\(count):"])
            run.waitUntilExit()
            #expect(run.terminationStatus == 0)
        }
        try allowDescriptors(24)
        let wires = try (0..<40).map { _ in try #require(server.connect()) }
        #expect(server.waits { $0.log.contains("Accepting client connection: Too many open files") })
        let before = try ticks(server.pid)
        usleep(1_000_000)
        #expect(try ticks(server.pid) - before < 20, "no spinning")
        #expect(first.ask("PING") == "+PONG\r\n")
        try allowDescriptors(1000)
        for wire in wires { #expect(wire.ask("PING") == "+PONG\r\n") }
    }

    @Test func limitOfTheSystem() throws {
        let server = try ServerProcess()
        let answer = try #require(server.ask("CONFIG SET maxclients 4000000000"))
        let start = "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able to "
            + "handle the specified number of clients, try with "
        #expect(answer.hasPrefix(start))
        let possible = try #require(Int(answer.dropFirst(start.count).prefix { $0.isNumber }))
        #expect(server.ask("CONFIG GET maxclients")?.contains("10000") == true)
        #expect(server.ask("CONFIG SET maxclients \(min(possible, 11_000))") == "+OK\r\n")
    }
}
