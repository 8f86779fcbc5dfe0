import Foundation
import Glibc
import Testing

/// The limits of clients with real sockets, whose buffers take a part of the replies.
@Suite(.serialized) struct ClientLimitServerTests {
    private func isListed(_ name: String, _ control: LiveClient) throws -> Bool {
        try control.ask("CLIENT LIST\r\n").contains("name=\(name) ")
    }

    /// Milliseconds of monotonic time.
    private var milliseconds: Int { Int(DispatchTime.now().uptimeNanoseconds / 1_000_000) }

    @Test func slowReaderBeyondTheHardLimit() throws {
        let server = try LiveServer(["--client-output-buffer-limit", "normal 1mb 0 0"])
        let control = try LiveClient(server.port)
        let slow = try LiveClient(server.port)
        _ = try control.ask("SETRANGE k 100000 x\r\n")
        _ = try slow.ask("CLIENT SETNAME slow\r\n")
        var rounds = 0
        while try isListed("slow", control), rounds < 500 {
            slow.send("GET k\r\n")
            rounds += 1
            usleep(1000)
        }
        #expect(rounds > 10 && rounds < 500)
        #expect(server.log.contains("name=slow "))
        #expect(server.log.contains(" scheduled to be closed ASAP for overcoming of output buffer limits."))
        #expect(try control.ask("INFO stats\r\n").contains("client_output_buffer_limit_disconnections:1\r\n"))
    }

    @Test func slowReaderBeyondTheSoftLimit() throws {
        let server = try LiveServer(["--client-output-buffer-limit", "normal 0 1mb 1"])
        let control = try LiveClient(server.port)
        let slow = try LiveClient(server.port)
        _ = try control.ask("SETRANGE k 1000000 x\r\n")
        _ = try slow.ask("CLIENT SETNAME slow\r\n")
        slow.send(String(repeating: "GET k\r\n", count: 20))
        let start = milliseconds
        while try isListed("slow", control), milliseconds - start < 5000 { usleep(20_000) }
        #expect((900...4000).contains(milliseconds - start))
    }

    /// Requests of one batch, whose replies would come to gigabytes.
    @Test func hugePipeline() throws {
        let server = try LiveServer(["--client-output-buffer-limit", "normal 4mb 0 0"])
        let control = try LiveClient(server.port)
        let greedy = try LiveClient(server.port)
        _ = try control.ask("SETRANGE k 1000000 x\r\n")
        greedy.send(String(repeating: "GET k\r\n", count: 5000))
        #expect(greedy.read() == nil)
        #expect(try control.ask("PING\r\n") == "+PONG\r\n")
    }

    @Test func evictedReaderSeesTheEnd() throws {
        let server = try LiveServer(["--maxmemory-clients", "2mb"])
        let control = try LiveClient(server.port)
        let greedy = try LiveClient(server.port)
        _ = try control.ask("SETRANGE k 1000000 x\r\n")
        greedy.send(String(repeating: "GET k\r\n", count: 100))
        var isOpen = true
        while isOpen { isOpen = greedy.read() != nil }
        #expect(server.log.contains("Evicting client: id="))
        #expect(try control.ask("PING\r\n") == "+PONG\r\n")
    }

    @Test func pauseEndsByItself() throws {
        let server = try LiveServer()
        let control = try LiveClient(server.port)
        let clients = try (0..<20).map { _ in try LiveClient(server.port) }
        let start = milliseconds
        #expect(try control.ask("CLIENT PAUSE 700\r\n") == "+OK\r\n")
        for client in clients { client.send("INCR n\r\n") }
        // In the order in which the kernel told of them.
        let replies = Set(clients.map { $0.read() ?? "" })
        #expect(replies == Set((1...20).map { ":\($0)\r\n" }))
        #expect((650...3000).contains(milliseconds - start))
    }

    @Test func monitorIsFed() throws {
        let server = try LiveServer()
        let monitor = try LiveClient(server.port)
        let client = try LiveClient(server.port)
        #expect(try monitor.ask("MONITOR\r\n") == "+OK\r\n")
        _ = try client.ask("SET k v\r\n")
        let line = try #require(monitor.read())
        #expect(line.contains(#"] "SET" "k" "v""#) && line.hasPrefix("+1") && line.hasSuffix("\r\n"))
    }
}
