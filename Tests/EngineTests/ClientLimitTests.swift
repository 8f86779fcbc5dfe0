import Commands
import Engine
import Primitives
import Testing
import TestSupport

/// What happens to clients that hold too much: unread replies, unread requests, memory.
@Suite struct ClientLimitTests {
    private func server(_ configure: @escaping (inout Configuration) -> Void) -> TestServer {
        TestServer(declarations: Families.all + SampleBlocking.declarations, configure: configure)
    }

    private func server(hard: Int64, soft: Int64 = 0, seconds: Int64 = 0) -> TestServer {
        server {
            $0.limits.outputBuffers[0].hard = hard
            $0.limits.outputBuffers[0].soft = soft
            $0.limits.outputBuffers[0].softSeconds = seconds
        }
    }

    /// Moves a client's output to the network, which sends nothing of it.
    private func stall(_ client: TestClient) -> Int {
        var chain = ByteChain()
        _ = client.server.engine.takeOutput(client.id, into: &chain)
        return chain.count
    }

    private func request(_ words: String...) -> [UInt8] { TestClient.encode(words.map { [UInt8]($0) }) }

    private func names(_ client: TestClient) -> Set<Substring> {
        let text = client("CLIENT", "LIST").text ?? ""
        return Set(text.split(separator: "\n").map { $0.split(separator: " name=")[1].prefix { $0 != " " } })
    }

    private func wire(_ server: TestServer, _ client: TestClient, _ words: String...) -> Bool {
        server.engine.receive(TestClient.encode(words.map { [UInt8]($0) }).rawSpan, on: client.id)
    }

    // MARK: Replies

    @Test func singleReplyBeyondTheHardLimit() {
        let server = server(hard: 100_000)
        let client = server.connect()
        let other = server.connect()
        client("CLIENT", "SETNAME", "big")
        client("SETRANGE", "k", "120000", "x")
        #expect(client("GET", "k") == .none)
        #expect(client.isClosed && client.takeBytes().isEmpty)
        #expect(names(other) == [""])
        let requests = server.engine.takeRequests()
        #expect(requests.closing == [client.id])
        #expect(requests.logLines.count == 1)
        #expect(requests.logLines[0].hasPrefix("Client id=1 addr=127.0.0.1:1 "))
        #expect(requests.logLines[0].hasSuffix(" scheduled to be closed ASAP for overcoming of output buffer limits."))
        #expect(server.engine.context.clients.limitCounters.outputBufferDisconnections == 1)
    }

    /// A pipeline ends at the command whose reply goes beyond.
    @Test func pipelineBeyondTheHardLimit() {
        let server = server(hard: 100_000)
        let client = server.connect()
        let other = server.connect()
        client("SETRANGE", "k", "10000", "x")
        var pipeline: [UInt8] = []
        for _ in 0..<50 { pipeline += request("INCR", "n") + request("GET", "k") }
        client.send(pipeline)
        #expect(client.isClosed && client.takeBytes().isEmpty)
        #expect(other("GET", "n") == "10")
    }

    @Test func transactionRunsToItsEnd() {
        let server = server(hard: 100_000)
        let client = server.connect()
        let other = server.connect()
        client("SETRANGE", "k", "120000", "x")
        client("MULTI")
        client("GET", "k")
        client("SET", "l", "v")
        #expect(client("EXEC") == .none)
        #expect(client.isClosed)
        #expect(other("GET", "l") == "v")
    }

    @Test func readerThatIsSlowIsCountedWithWhatTheNetworkHolds() {
        let server = server(hard: 100_000)
        let client = server.connect()
        let other = server.connect()
        other("SETRANGE", "k", "30000", "x")
        for _ in 0..<3 {
            #expect(wire(server, client, "GET", "k"))
            #expect(stall(client) > 30_000)
        }
        // What is sent makes room again.
        server.engine.sent(60_000, on: client.id)
        for _ in 0..<2 {
            #expect(wire(server, client, "GET", "k"))
            #expect(stall(client) > 30_000)
        }
        #expect(!wire(server, client, "GET", "k"))
        #expect(stall(client) == 0)
    }

    @Test func softLimitHoldsAfterItsTime() {
        let server = server(hard: 0, soft: 50_000, seconds: 3)
        let client = server.connect()
        let other = server.connect()
        other("SETRANGE", "k", "60000", "x")
        #expect(wire(server, client, "GET", "k"))
        let unsent = stall(client)
        server.advance(milliseconds: 3000)
        server.cycle()
        #expect(names(other).count == 1 && wire(server, client, "PING"))
        // Below the limit for a moment: the time begins anew.
        server.engine.sent(unsent, on: client.id)
        _ = stall(client)
        #expect(wire(server, client, "GET", "k"))
        _ = stall(client)
        server.advance(milliseconds: 3000)
        server.cycle()
        #expect(server.engine.takeRequests().closing.isEmpty)
        server.advance(milliseconds: 1)
        // Nothing happens to the client, and yet its time is over.
        server.cycle()
        #expect(server.engine.takeRequests().closing == [client.id])
        #expect(!wire(server, client, "PING"))
    }

    /// A blocked client whose reply goes beyond the limit is dropped, its server is not.
    @Test func servedClientBeyondTheLimit() {
        let server = server(hard: 100_000)
        let client = server.connect()
        let other = server.connect()
        client("BTAKE", "k", "0")
        #expect(other("SETRANGE", "k", "120000", "x") == 120001)
        #expect(server.engine.takeRequests().closing == [client.id])
        #expect(other("PING") == "PONG")
    }

    @Test func silentClientIsServedSilently() {
        let server = server { _ in }
        let silent = server.connect()
        let skipping = server.connect()
        let other = server.connect()
        silent("CLIENT", "REPLY", "OFF")
        silent("BTAKE", "a", "0")
        skipping("CLIENT", "REPLY", "SKIP")
        skipping("BTAKE", "b", "1")
        skipping("PING")
        other("MSET", "a", "1")
        server.advance(milliseconds: 1001)
        server.cycle()
        #expect(other("GET", "a") == nil)
        #expect(silent.takeBytes().isEmpty)
        #expect(skipping.takeBytes() == [UInt8]("+PONG\r\n"))
        #expect(silent("CLIENT", "REPLY", "ON") == "OK")
    }

    // MARK: Requests

    @Test func requestBeyondTheQueryLimit() {
        let server = server { $0.queryBufferLimit = 1 << 20 }
        let client = server.connect()
        client.send([UInt8]("*2\r\n$3\r\nGET\r\n$2000000\r\n"))
        client.send([UInt8](repeating: 120, count: 1_100_000))
        #expect(client.isClosed && client.takeBytes().isEmpty)
        let requests = server.engine.takeRequests()
        #expect(requests.closing == [client.id])
        #expect(requests.logLines[0].hasPrefix("Closing client that reached max query buffer length: id=1 "))
        #expect(requests.logLines[0].hasSuffix(#" (qbuf initial bytes: "*2\r\n$3\r\nGET\r\n$2000000\r\n")"#))
        #expect(server.engine.context.clients.limitCounters.queryBufferDisconnections == 1)
    }

    @Test func inputOfABlockedClientIsBounded() {
        let server = server { $0.queryBufferLimit = 1 << 20 }
        let client = server.connect()
        client("BTAKE", "k", "0")
        for _ in 0..<20 { client.send([UInt8](repeating: 120, count: 100_000)) }
        #expect(client.isClosed)
        #expect(server.engine.takeRequests().closing == [client.id])
    }

    // MARK: All clients

    @Test func whoHoldsMostIsEvicted() {
        let server = server { _ in }
        let control = server.connect()
        control("CLIENT", "NO-EVICT", "ON")
        let clients = (0..<10).map { i in
            let client = server.connect()
            client("CLIENT", "SETNAME", "c\(i)")
            client.send([UInt8]("*2\r\n$4\r\nECHO\r\n$\(500_000 + i * 10_000)\r\n") + [UInt8](repeating: 120, count: 400_000 + i * 10_000))
            return client
        }
        // Not counted so far: all are counted when the limit comes.
        #expect(control("CONFIG", "SET", "maxmemory-clients", "3mb") == "OK")
        #expect(server.engine.context.clients.limitCounters.evictedClients == 4)
        #expect(names(control) == ["", "c0", "c1", "c2", "c3", "c4", "c5"])
        #expect(server.engine.takeRequests().logLines[0].hasPrefix("Evicting client: id="))
        #expect(control("INFO", "stats").text?.contains("evicted_clients:4\r\n") == true)
        control("CONFIG", "RESETSTAT")
        #expect(control("INFO", "stats").text?.contains("evicted_clients:0\r\n") == true)
        clients[0].send([UInt8](repeating: 120, count: 100_002))
        #expect(!clients[0].isClosed)
    }

    @Test func shareOfTheDataMemory() {
        let server = server { $0.maximumMemory = 10_000_000; $0.limits.totalClientMemory = -5 }
        let client = server.connect()
        client.send([UInt8]("*2\r\n$4\r\nECHO\r\n$900000\r\n") + [UInt8](repeating: 120, count: 400_000))
        #expect(server.engine.takeRequests().closing.isEmpty)
        client.send([UInt8](repeating: 120, count: 150_000))
        #expect(server.engine.takeRequests().closing == [client.id])
    }

    @Test func protectedClientsStay() {
        let server = server { $0.limits.totalClientMemory = 300_000 }
        let client = server.connect()
        client("CLIENT", "NO-EVICT", "ON")
        client("MULTI")
        for _ in 0..<4 { #expect(client("SET", "k", String(repeating: "x", count: 100_000)) == "QUEUED") }
        #expect(client("EXEC") == ["OK", "OK", "OK", "OK"])
        let other = server.connect()
        #expect(other("PING") == "PONG")
        other("MULTI")
        for _ in 0..<4 { other("SET", "k", String(repeating: "x", count: 100_000)) }
        #expect(other.isClosed)
        #expect(server.engine.takeRequests().closing == [other.id])
    }

    @Test func fullMemoryDiscardsAQueuedTransaction() {
        let server = server { $0.maximumMemory = 1_000_000 }
        let client = server.connect()
        client("MULTI")
        #expect(client("SET", "k", "v") == "QUEUED")
        server.engine.context.host.memory = { MemoryReading(used: 2_000_000, resident: 0) }
        #expect(
            client("EXEC") == .error(
                "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'."))
        #expect(client("GET", "k") == nil)
        // A queue that grows takes memory as well.
        client("MULTI")
        #expect(client("GET", "k") == .error("OOM command not allowed when used memory > 'maxmemory'."))
        #expect(client("EXEC") == .error("EXECABORT Transaction discarded because of previous errors."))
    }
}
