// SRANDMEMBER, HRANDFIELD and ZRANDMEMBER with counts of repetitions that no memory holds.

import Engine
import TestSupport
import Testing

@Suite struct RepeatedReplyTests {
    let server = TestServer()

    private static let requests = [
        "SRANDMEMBER s -9223372036854775807", "HRANDFIELD h -9223372036854775807", "ZRANDMEMBER z -9223372036854775807",
        "HRANDFIELD h -4611686018427387903 WITHVALUES", "ZRANDMEMBER z -4611686018427387903 WITHSCORES",
    ]

    private func fill(_ client: TestClient) {
        client.line("SADD s a b c")
        client.line("HSET h a 1 b 2")
        client.line("ZADD z 1 a 2 b")
    }

    @Test(arguments: requests)
    func withoutLimitTheyAreRefused(request: String) {
        let client = server.connect()
        fill(client)
        #expect(client.line(request) == .error("ERR value is out of range"))
        #expect(client.line("PING") == .status("PONG"))
    }

    @Test(arguments: requests, [2, 3])
    func theLimitEndsReplyAndClient(request: String, version: Int) {
        let client = server.connect()
        let other = server.connect()
        fill(other)
        client.line("HELLO \(version)")
        other("CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
        client.line(request)
        #expect(client.takeBytes().isEmpty)
        #expect(server.engine.takeRequests().closing == [client.id])
        #expect(server.engine.context.clients.limitCounters.outputBufferDisconnections == 1)
        #expect(other.line("PING") == .status("PONG"))
    }

    /// What follows in the transaction runs all the same, and cannot save the client.
    @Test func inATransaction() {
        let client = server.connect()
        let other = server.connect()
        fill(other)
        other("CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
        client.line("MULTI")
        for request in Self.requests { client.line(request) }
        client.line("SET k v")
        client("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
        client.line("EXEC")
        #expect(client.isClosed)
        #expect(other.line("GET k") == "v")
    }

    @Test func repliesWithinTheLimitAreWhole() {
        let client = server.connect()
        fill(client)
        client("CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
        #expect(client.line("SRANDMEMBER s -1000").elements.count == 1000)
        #expect(client.line("HRANDFIELD h -1000 WITHVALUES").elements.count == 2000)
        #expect(client.line("ZRANDMEMBER z -1000").elements.count == 1000)
    }
}
