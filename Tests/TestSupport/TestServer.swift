import Commands
import Engine
import Keyspace
import Primitives
import RESP

/// An engine in the test's own process, under a clock that stands still until
/// `advance`. Everything is repeatable from `seed`.
public final class TestServer {
    public var engine: Engine
    public let clock: SimulatedClock
    /// Where links to other servers lead.
    public var peer = TestPeer.absent()
    private var nextConnection: UInt64 = 1

    public init(
        seed: UInt64 = 1, partitionCount: Int = 1, clock: SimulatedClock = SimulatedClock(), declarations: [CommandDeclaration] = Families.all,
        configure: (inout Configuration) -> Void = { _ in }
    ) {
        self.clock = clock
        var configuration = Configuration()
        configuration.process.debugCommand = .yes
        configure(&configuration)
        // Small numbers are no seeds: with most bits zero the hash sends short keys to one bucket.
        var entropy = RandomGenerator(seed: seed)
        let hashSeed = HashSeed(entropy.next(), entropy.next())
        engine = Engine(
            Engine.Ingredients(
                configuration: configuration, commands: CommandTable(declarations), time: .simulated(clock),
                hashSeed: hashSeed, randomSeed: seed, partitionCount: partitionCount))
        engine.context.host.sleep = { clock.advance(milliseconds: $0 / 1000) }
        engine.context.host.links = PeerLinks(self)
    }

    public func connect() -> TestClient {
        let connection = nextConnection
        nextConnection += 1
        let id = engine.open(connection: connection, peer: Peer(address: "127.0.0.1:\(connection)", localAddress: "127.0.0.1:6379"))
        return TestClient(self, id)
    }

    /// Moves the clock without running the cycle.
    public func advance(milliseconds: Int64) { clock.advance(milliseconds: milliseconds) }

    /// Whether the server has given up, and its process would end.
    public var isFailing: Bool { engine.context.requests.isFailing }

    /// What the server does between requests and replies.
    public func turn() {
        engine.resumeYielded()
        engine.writeAppendOnlyFile()
    }

    /// Runs the periodic work.
    public func cycle() {
        engine.cycle(elapsedMilliseconds: 100)
        engine.resumeYielded()
    }

    /// Effects since the last call, as requests.
    public func takeEffects() -> [[String]] {
        let bytes = engine.context.journal.takePending().array
        var effects: [[String]] = []
        var offset = 0
        while let request = Reply.parse(bytes, &offset) {
            effects.append(request.elements.map { $0.text ?? "?" })
        }
        return effects
    }

    public func recordEffects() { engine.context.journal.startConsuming() }
}

/// A client of a `TestServer`, used like a transcript.
public final class TestClient {
    public let server: TestServer
    public let id: SessionID
    private var received: [UInt8] = []
    public private(set) var isClosed = false

    init(_ server: TestServer, _ id: SessionID) {
        self.server = server
        self.id = id
    }

    /// Sends a command and returns its reply, `.none` when there is none.
    @discardableResult
    public func callAsFunction(_ words: String...) -> Reply { run(words.map { [UInt8]($0) }) }

    @discardableResult
    public func run(_ words: [[UInt8]]) -> Reply {
        send(TestClient.encode(words))
        return nextReply()
    }

    /// A command line, split at blanks.
    @discardableResult
    public func line(_ line: String) -> Reply { run(line.split(separator: " ").map { [UInt8](String($0)) }) }

    public static func encode(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = [UInt8]("*\(words.count)\r\n")
        for word in words { bytes += [UInt8]("$\(word.count)\r\n") + word + [13, 10] }
        return bytes
    }

    /// Sends raw bytes.
    public func send(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        if !server.engine.receive(bytes.rawSpan, on: id) { isClosed = true }
        server.peer.serve(server)
        server.engine.writeAppendOnlyFile()
        collect()
    }

    /// Sends a command whose reply leaves with a later turn.
    public func queue(_ words: [[UInt8]]) {
        guard !isClosed else { return }
        if !server.engine.receive(TestClient.encode(words).rawSpan, on: id) { isClosed = true }
    }

    /// Takes over what the engine has for this client; a server that gives up says nothing any more.
    private func collect() {
        guard !server.isFailing else { return }
        var chain = ByteChain()
        if let target = server.engine.takeOutput(id, into: &chain) {
            received += chain.array
            server.engine.sent(chain.count, on: id)
            if target.closing { isClosed = true }
        }
    }

    /// The next reply that has arrived, `.none` when there is none.
    public func nextReply() -> Reply {
        collect()
        var offset = 0
        guard let reply = Reply.parse(received, &offset) else { return .none }
        received.removeFirst(offset)
        return reply
    }

    /// Everything that has arrived and was not read.
    public func takeBytes() -> [UInt8] {
        collect()
        defer { received = [] }
        return received
    }

    public func disconnect() {
        server.engine.close(id)
        isClosed = true
    }
}
