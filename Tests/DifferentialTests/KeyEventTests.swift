import Commands
import Engine
import Foundation
import Primitives
import RESP
import Testing
import TestSupport

/// Commands of a client that is subscribed to all channels, to a live peer and to an
/// engine: the keyspace events must be the same, in the same order.
@Suite(.serialized, .enabled(if: LivePeer.program != nil, "no redis-server in PATH and no .peers/valkey-server: nothing to compare with"))
struct KeyEventTests {
    private static func end(_ bytes: [UInt8], _ offset: inout Int) -> Bool { Reply.parse(bytes, &offset) != nil }

    private static func words(_ words: String...) -> [[UInt8]] { words.map { [UInt8]($0) } }

    /// What is heard of a command: its reply and the events, up to the reply to ECHO.
    private struct Heard {
        var replies: [Reply] = []
        var events: [String] = []

        init(_ next: () throws -> Reply) rethrows {
            while true {
                let reply = try next()
                if reply == "__mark" || reply == .none { return }
                guard case .push(let elements) = reply else {
                    replies.append(reply)
                    continue
                }
                let text = elements.dropFirst(2).map { $0.text ?? "?" }.joined(separator: " ")
                // A time that is past: Valkey says `expired` since 9.0, Redis `del`.
                events.append(
                    text.replacingOccurrences(of: ":expired ", with: ":del ").replacingOccurrences(
                        of: " expired", with: " del", options: [.anchored, .backwards]))
            }
        }
    }

    /// Of fields that HSETEX sets with a moment that is past Redis tells that they are removed, Valkey that they
    /// expire. HGETEX with a moment that is none is no read of the key for us.
    private func isKnownDifference(_ command: [[UInt8]], _ got: Heard) -> Bool {
        switch String(decoding: command[0], as: UTF8.self).uppercased() {
        case "HSETEX": got.events.contains { $0.contains(":hdel ") }
        case "HGETEX": if case .error = got.replies.first { true } else { false }
        default: false
        }
    }

    /// Runs `steps` commands one by one.
    private func compare(
        seed: UInt64, steps: Int, classes: String, with program: String?, generators: [CommandGenerator]
    ) throws {
        var random = RandomGenerator(seed: seed)
        let peer = try LivePeer(program)
        let server = TestServer(
            seed: seed, clock: SimulatedClock(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        let client = server.connect()
        let mark = Self.words("ECHO", "__mark")
        func run(_ command: [[UInt8]]) throws -> (got: Heard, expected: Heard) {
            try peer.send(TestClient.encode(command) + TestClient.encode(mark))
            let expected = try Heard {
                let bytes = try peer.replies(1, end: Self.end)
                var offset = 0
                return Reply.parse(bytes, &offset) ?? .none
            }
            client.send(TestClient.encode(command) + TestClient.encode(mark))
            return (Heard { client.nextReply() }, expected)
        }
        for command in [
            Self.words("CONFIG", "SET", "notify-keyspace-events", classes), Self.words("HELLO", "3"),
            Self.words("PSUBSCRIBE", "*"),
        ] { _ = try run(command) }
        var recent: [String] = []
        for step in 0..<steps {
            let command = Generators.command(of: generators, &random)
            let (got, expected) = try run(command)
            recent = recent.suffix(12) + [printable(command)]
            // Where the replies differ so may the data: from here on they are the same again.
            guard got.replies == expected.replies else {
                _ = try run(Self.words("FLUSHALL"))
                continue
            }
            if got.events == expected.events || isKnownDifference(command, got) { continue }
            Issue.record("""
                seed \(seed), step \(step): \(printable(command))
                ours:   \(got.events)
                peer's: \(expected.events)
                after:  \(recent.joined(separator: "\n        "))
                """)
            return
        }
    }

    @Test(arguments: 2...5 as ClosedRange<UInt64>)
    func eventsAreThePeers(seed: UInt64) throws {
        try compare(seed: seed, steps: 2000, classes: "EAmn", with: LivePeer.programs.first, generators: Generators.all)
        try compare(seed: seed, steps: 2000, classes: "KEAmn", with: LivePeer.programs.last, generators: Generators.all)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func eventsOfNewerCommandsAreThePeers(seed: UInt64) throws {
        try compare(
            seed: seed, steps: 3000, classes: "EAmn", with: LivePeer.programs.last, generators: Generators.all + Generators.newer)
    }

    @Test func newKeysAreToldAsByThePeers() throws {
        try compare(seed: 4, steps: 2000, classes: "KEgn", with: LivePeer.programs.last, generators: Generators.all)
    }
}
