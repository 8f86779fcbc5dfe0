import Engine
import Primitives

/// A server in the test's own process to which links of a `TestServer` lead.
public final class TestPeer {
    /// What a link is told, in order.
    public private(set) var requests: [[String]] = []
    /// Links that were opened and not closed, in order.
    public private(set) var links: [LinkID] = []
    /// Links that were ever opened.
    public private(set) var opened = 0
    /// The hosts that were asked for.
    public private(set) var addresses: [PeerAddress] = []
    /// The bytes that answer what came at once; nil: none, for the test to send its own.
    public var answer: (LinkID, [UInt8]) -> [UInt8]?
    /// Whether connections are made; where they are not, what the link is told.
    public var refusal: LinkEnd?
    /// Whether connections are neither made nor refused.
    public var isSilent = false
    /// Whether what is to be sent stays where it is.
    public var isStuck = false
    /// Whether it closes the connections of those that everybody waits for, once it has answered.
    public var hangsUp = false

    /// A server that answers as `answer` says.
    public init(_ answer: @escaping (LinkID, [UInt8]) -> [UInt8]? = { _, _ in nil }) { self.answer = answer }

    /// A server that says yes to everything.
    public static func agreeing() -> TestPeer {
        TestPeer { _, bytes in
            var offset = 0
            var replies: [UInt8] = []
            while Reply.parse(bytes, &offset) != nil { replies += [UInt8]("+OK\r\n") }
            return replies
        }
    }

    /// An address where nobody listens.
    public static func absent() -> TestPeer {
        let peer = TestPeer()
        peer.refusal = .closed
        return peer
    }

    /// Another engine: every link is a client of it.
    public convenience init(_ server: TestServer) {
        var clients: [LinkID: TestClient] = [:]
        self.init { link, bytes in
            let client = clients[link] ?? server.connect()
            clients[link] = client
            client.send(bytes)
            return client.takeBytes()
        }
    }

    func takeNewest() -> LinkID? { links.popLast() }

    /// The requests since the last call.
    public func takeRequests() -> [[String]] {
        defer { requests = [] }
        return requests
    }

    /// Does what the engine wants done.
    func serve(_ server: TestServer) {
        while true {
            let work = server.engine.takeLinkWork()
            if work.isEmpty { return }
            for item in work { serve(item, server) }
        }
    }

    /// Is the other side of an exchange that everybody waits for, which time passes for as the link has patience.
    func carryOut(_ link: inout Link, _ clock: SimulatedClock) -> LinkEnd? {
        addresses.append(link.peer)
        if let refusal { return refusal }
        if !isSilent {
            opened += 1
            link.open()
            if !isStuck, answer(&link) { return nil }
            if hangsUp { return .closed }
        }
        clock.advance(milliseconds: link.patience)
        return .late
    }

    /// Whether the answer is one to all requests.
    private func answer(_ link: inout Link) -> Bool {
        var chain = ByteChain()
        link.takeOutput(into: &chain)
        let bytes = chain.array
        link.sent(bytes.count)
        note(bytes)
        let id = LinkID(slot: .max, generation: UInt32(opened))
        guard let reply = answer(id, bytes) else { return false }
        if case .end = link.receive(reply.rawSpan) { return true }
        return false
    }

    private func serve(_ work: LinkWork, _ server: TestServer) {
        switch work {
        case .open(let id, let address):
            addresses.append(address)
            if isSilent { return }
            if let refusal { return server.engine.linkEnded(id, refusal) }
            links.append(id)
            opened += 1
            server.engine.linkOpened(id)
        case .send(let id):
            if isStuck { return }
            var chain = ByteChain()
            server.engine.takeOutput(of: id, into: &chain)
            let bytes = chain.array
            server.engine.linkSent(bytes.count, on: id)
            note(bytes)
            if let reply = answer(id, bytes) { server.engine.linkReceived(reply.rawSpan, on: id) }
        case .close(let id):
            links.removeAll { $0 == id }
        }
    }

    private func note(_ bytes: [UInt8]) {
        var offset = 0
        while let request = Reply.parse(bytes, &offset) {
            requests.append(request.elements.map { word in
                if case .bulk(let bytes) = word { printable([bytes]) } else { "?" }
            })
        }
    }
}

/// Leads the links of a server that waits to its peer.
final class PeerLinks: LinkHost, @unchecked Sendable {
    private unowned let server: TestServer

    init(_ server: TestServer) { self.server = server }

    func carryOut(_ link: inout Link, _ settings: NetworkSettings) -> LinkEnd? { server.peer.carryOut(&link, server.clock) }
}

extension TestServer {
    /// The peer answers on its newest link, in pieces if there are several.
    public func peerSays(_ pieces: String...) {
        guard let id = peer.links.last else { return }
        for piece in pieces { engine.linkReceived([UInt8](piece).rawSpan, on: id) }
        serveLinks()
    }

    /// The peer closes its newest link.
    public func peerCloses() {
        guard let id = peer.takeNewest() else { return }
        engine.linkEnded(id, .closed)
        serveLinks()
    }

    /// Time passes, and deadlines are kept.
    public func wait(milliseconds: Int64) {
        clock.advance(milliseconds: milliseconds)
        engine.serveDeadlines()
        serveLinks()
    }

    /// What links are there for is done, and who waited for it goes on.
    private func serveLinks() {
        peer.serve(self)
        engine.resumeYielded()
    }
}
