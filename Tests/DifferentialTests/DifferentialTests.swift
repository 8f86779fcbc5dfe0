import Commands
import Engine
import Primitives
import RESP
import Testing
import TestSupport

/// The same commands to a live peer and to an engine: the replies must be the
/// same bytes. What a peer answers is the specification.
@Suite(.serialized, .enabled(if: LivePeer.program != nil, "no redis-server in PATH and no .peers/valkey-server: nothing to compare with"))
struct DifferentialTests {
    /// An engine under the machine's clock.
    private struct Subject: ~Copyable {
        var engine: Engine
        let session: SessionID

        init(seed: UInt64) {
            var configuration = Configuration()
            configuration.process.debugCommand = .yes
            engine = Engine(
                Engine.Ingredients(
                    configuration: configuration, commands: CommandTable(Families.all), time: .machine(),
                    hashSeed: HashSeed(seed, ~seed), randomSeed: seed))
            engine.context.host.links = Nobody()
            session = engine.open(connection: 1, peer: Peer(address: "127.0.0.1:1", localAddress: "127.0.0.1:6379"))
        }

        mutating func replies(_ bytes: [UInt8]) -> [UInt8] {
            engine.receive(bytes.rawSpan, on: session)
            refuseLinks()
            // On a busy machine a turn may end in the middle of a pipeline.
            while engine.hasYielded {
                engine.resumeYielded()
                refuseLinks()
            }
            var chain = ByteChain()
            _ = engine.takeOutput(session, into: &chain)
            engine.sent(chain.count, on: session)
            return chain.array
        }

        /// Nobody listens where MIGRATE is sent.
        private mutating func refuseLinks() {
            for case .open(let id, _) in engine.takeLinkWork() { engine.linkEnded(id, .closed) }
        }
    }

    /// Nor is anybody there for those who wait.
    private final class Nobody: LinkHost {
        func carryOut(_ link: inout Link, _ settings: NetworkSettings) -> LinkEnd? { .closed }
    }

    private static func end(_ bytes: [UInt8], _ offset: inout Int) -> Bool { Reply.parse(bytes, &offset) != nil }

    /// Runs `steps` commands of `generators` in pipelines of a few, each a transaction if `isGrouped`.
    private func compare(seed: UInt64, steps: Int, version: Int, generators: [CommandGenerator], isGrouped: Bool = false) throws {
        var random = RandomGenerator(seed: seed)
        let peer = try LivePeer()
        var subject = Subject(seed: seed)
        if version == 3, subject.engine.context.commands.resolve(fullName: RawSpan(literal: "hello")) != nil {
            let hello = TestClient.encode([[UInt8]("HELLO"), [UInt8]("3")])
            try peer.send(hello)
            _ = try peer.replies(1, end: Self.end)
            _ = subject.replies(hello)
        }
        var recent: [String] = []
        var step = 0
        while step < steps {
            var commands = (0..<1 + random.below(8)).map { _ in Generators.command(of: generators, &random) }
            if isGrouped { commands = [[[UInt8]("MULTI")]] + commands + [[[UInt8]("EXEC")]] }
            let bytes = commands.flatMap { TestClient.encode($0) }
            try peer.send(bytes)
            let expected = try peer.replies(commands.count, end: Self.end)
            let got = subject.replies(bytes)
            guard got != expected else {
                recent = (recent + commands.map(printable)).suffix(10)
                step += commands.count
                continue
            }
            report(seed, step, commands, got, expected, recent)
            return
        }
    }

    private func report(
        _ seed: UInt64, _ step: Int, _ commands: [[[UInt8]]], _ got: [UInt8], _ expected: [UInt8], _ recent: [String]
    ) {
        var mine = 0
        var theirs = 0
        for (index, command) in commands.enumerated() {
            let starts = (mine, theirs)
            _ = Self.end(got, &mine)
            _ = Self.end(expected, &theirs)
            let replies = [Array(got[starts.0..<mine]), Array(expected[starts.1..<theirs])]
            guard replies[0] != replies[1] else { continue }
            Issue.record("""
                seed \(seed), step \(step + index): \(printable(command))
                ours:   \(printable([replies[0]]))
                peer's: \(printable([replies[1]]))
                before: \((recent + commands[..<index].map(printable)).suffix(10).joined(separator: "\n        "))
                """)
            return
        }
        Issue.record("seed \(seed), step \(step): \(got.count) bytes of replies, the peer has \(expected.count)")
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func repliesAreThePeers(seed: UInt64) throws {
        try compare(seed: seed, steps: 3000, version: seed % 2 == 0 ? 3 : 2, generators: Generators.all)
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func transactionsAreThePeers(seed: UInt64) throws {
        try compare(seed: seed, steps: 3000, version: 2, generators: Generators.all, isGrouped: true)
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func sortsAsThePeer(seed: UInt64) throws {
        try compare(seed: seed, steps: 1500, version: 2, generators: [Generators.sorting])
    }
}
