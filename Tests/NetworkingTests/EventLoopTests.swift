import Networking
import Primitives
import Testing

/// A loop that talks to itself: a listener, and connections that it makes to it.
private struct Pair: ~Copyable {
    var loop: EventLoop
    let outbound: ConnectionID
    let inbound: ConnectionID

    private init(_ loop: consuming EventLoop, outbound: ConnectionID, inbound: ConnectionID) {
        self.loop = loop
        self.outbound = outbound
        self.inbound = inbound
    }

    /// A connected pair through `port`; throws when the port is taken.
    static func make(_ port: UInt16) throws -> Pair {
        var loop = try EventLoop(signals: [], time: .machine())
        loop.listen(on: try ListeningSocket.tcp("127.0.0.1", port: port, backlog: 16))
        let outbound = try loop.connect(to: "127.0.0.1", port: port)
        loop.setTag(1, of: outbound)
        var accepted: ConnectionID?
        var isConnected = false
        for _ in 0..<100 where accepted == nil || !isConnected {
            loop.wait(until: soon)
            while let completion = loop.next() {
                switch completion {
                case .accepted(let id, _, _): accepted = id
                case .connected(_, let tag, let errno): isConnected = tag == 1 && errno == 0
                default: break
                }
            }
        }
        guard let inbound = accepted, isConnected else { throw NetworkError.cannotConnect(errno: 0) }
        loop.setTag(2, of: inbound)
        return Pair(loop, outbound: outbound, inbound: inbound)
    }

    /// 20 ms from now.
    static var soon: Int64 { TimeSource.machine(calibrationNanoseconds: 1000).monotonicNanoseconds + 20_000_000 }

    /// Runs turns until `count` bytes have come to the connection with `tag`.
    mutating func receive(_ count: Int, tag wanted: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<10_000 where bytes.count < count {
            loop.wait(until: Self.soon)
            while let completion = loop.next() {
                if case .received(_, wanted) = completion { bytes += loop.received.array }
            }
        }
        return bytes
    }
}

private func chain(_ bytes: [UInt8]) -> ByteChain {
    var chain = ByteChain()
    chain.append(bytes.rawSpan)
    return chain
}

@Suite(.serialized) struct EventLoopTests {
    private static var ports: Range<UInt16> { 21_700..<21_800 }

    /// A pair on a port that is free.
    private func pair() throws -> Pair {
        for port in Self.ports {
            do { return try Pair.make(port) } catch { continue }
        }
        throw NetworkError.cannotListen(errno: 0, message: "no free port")
    }

    @Test func outboundConnectionsHaveTheWantedSource() throws {
        var loop = try EventLoop(signals: [], time: .machine())
        let port = try #require(Self.ports.first { port in
            guard let socket = try? ListeningSocket.tcp("127.0.0.1", port: port, backlog: 16) else { return false }
            loop.listen(on: socket)
            return true
        })
        _ = try loop.connect(to: "127.0.0.1", port: port, from: "127.0.0.2")
        var peer = ""
        for _ in 0..<100 where peer.isEmpty {
            loop.wait(until: Pair.soon)
            while let completion = loop.next() {
                if case .accepted(_, _, let descriptor) = completion { peer = socketName(descriptor, ofPeer: true) }
            }
        }
        #expect(peer.hasPrefix("127.0.0.2:"), "\(peer)")
        #expect(throws: NetworkError.self) { _ = try loop.connect(to: "127.0.0.1", port: port, from: "no address") }
    }

    @Test func outboundConnectionCarriesBytesBothWays() throws {
        var pair = try pair()
        let sent = pair.loop.send(chain([UInt8]("hello")), on: pair.outbound)
        #expect(sent == 5)
        let there = pair.receive(5, tag: 2)
        #expect(there == [UInt8]("hello"))
        let answered = pair.loop.send(chain([UInt8]("back")), on: pair.inbound)
        #expect(answered == 4)
        let back = pair.receive(4, tag: 1)
        #expect(back == [UInt8]("back"))
    }

    /// More than the kernel takes at once is sent in parts, in order, and every byte is told.
    @Test func partialWritesAreContinued() throws {
        var pair = try pair()
        let sent = (0..<16 * 1024 * 1024).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        var told = pair.loop.send(chain(sent), on: pair.outbound)
        #expect(told < sent.count)
        var received: [UInt8] = []
        for _ in 0..<100_000 where received.count < sent.count || told < sent.count {
            pair.loop.wait(until: Pair.soon)
            while let completion = pair.loop.next() {
                switch completion {
                case .received(_, 2): received += pair.loop.received.array
                case .sent(_, 1, let count): told += count
                default: break
                }
            }
        }
        #expect(told == sent.count)
        #expect(received == sent)
    }

    @Test func closingComesAfterTheLastByte() throws {
        var pair = try pair()
        _ = pair.loop.send(chain([UInt8]("bye")), on: pair.inbound, closing: true)
        var received: [UInt8] = []
        var isClosed = false
        for _ in 0..<100 where !isClosed {
            pair.loop.wait(until: Pair.soon)
            while let completion = pair.loop.next() {
                switch completion {
                case .received(_, 1): received += pair.loop.received.array
                case .closed(_, 1): isClosed = true
                default: break
                }
            }
        }
        #expect(received == [UInt8]("bye"))
        #expect(isClosed)
    }

    /// What is sent before the connection is made arrives once it is.
    @Test func sendingWhileConnecting() throws {
        var loop = try EventLoop(signals: [], time: .machine())
        let port = try #require(Self.ports.first { port in
            guard let socket = try? ListeningSocket.tcp("127.0.0.1", port: port, backlog: 16) else { return false }
            loop.listen(on: socket)
            return true
        })
        let id = try loop.connect(to: "127.0.0.1", port: port)
        var sent = loop.send(chain([1, 2, 3]), on: id) + loop.send(chain([4]), on: id)
        #expect(sent == 0)
        var received: [UInt8] = []
        for _ in 0..<100 where received.count < 4 || sent < 4 {
            loop.wait(until: Pair.soon)
            while let completion = loop.next() {
                switch completion {
                case .sent(id, _, let count): sent += count
                case .received: received += loop.received.array
                default: break
                }
            }
        }
        #expect(received == [1, 2, 3, 4])
        #expect(sent == 4)
    }

    @Test func names() {
        #expect(addresses(of: "127.0.0.1") == ["127.0.0.1"])
        #expect(addresses(of: "::1") == ["::1"])
        #expect(!addresses(of: "localhost").isEmpty)
        #expect(addresses(of: "no.such.host.invalid") == [])
        #expect(addresses(of: "") == [])
    }

    @Test func refusedConnectionIsTold() throws {
        var loop = try EventLoop(signals: [], time: .machine())
        let id = try loop.connect(to: "127.0.0.1", port: 1)
        loop.setTag(7, of: id)
        var failure: Int32 = 0
        for _ in 0..<100 where failure == 0 {
            loop.wait(until: Pair.soon)
            while let completion = loop.next() {
                if case .connected(_, 7, let errno) = completion { failure = errno }
            }
        }
        #expect(failure != 0)
    }
}
