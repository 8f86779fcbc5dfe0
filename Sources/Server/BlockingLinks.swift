// Exchanges with other servers during which this one serves nobody: each has an
// event loop of its own, in which there is nothing but its connection.

import Engine
import Networking
import Primitives

/// Carries exchanges out on the calling thread.
final class BlockingLinks: LinkHost {
    private let time: TimeSource

    init(_ time: TimeSource) { self.time = time }

    /// Looks a name up first, which takes as long as it takes; `patience` counts from then on.
    func carryOut(_ link: inout Link, _ settings: NetworkSettings) -> LinkEnd? {
        do throws(NetworkError) {
            var connection = BlockingConnection(to: link.peer, settings, try EventLoop(signals: [], time: time))
            return connection.carryOut(&link)
        } catch {
            return .unreachable
        }
    }
}

/// The way of one link through a loop that belongs to it.
private struct BlockingConnection: ~Copyable {
    private let peer: PeerAddress
    private let settings: NetworkSettings
    private var loop: EventLoop
    /// Numeric addresses not tried yet; nil: the name was not looked up.
    private var untried: [String]?
    private var connection: ConnectionID?
    /// When the exchange is given up, monotonic nanoseconds.
    private var deadline: Int64 = 0

    init(to peer: PeerAddress, _ settings: NetworkSettings, _ loop: consuming EventLoop) {
        self.peer = peer
        self.settings = settings
        self.loop = loop
    }

    mutating func carryOut(_ link: inout Link) -> LinkEnd? {
        guard begin() else { return .unreachable }
        grantTime(link)
        while loop.time.monotonicNanoseconds < deadline {
            loop.wait(until: deadline)
            while let completion = loop.next() {
                switch completion {
                case .connected(_, _, errno: 0):
                    link.open()
                    send(&link)
                    grantTime(link)
                case .connected: guard connectNext() else { return .closed }
                case .sent(_, _, let count):
                    link.sent(count)
                    grantTime(link)
                case .received:
                    switch link.receive(loop.received) {
                    case .none: break
                    case .line: grantTime(link)
                    case .end: return nil
                    }
                case .closed: return .closed
                case .accepted, .acceptFailed, .signal, .woken: break
                }
            }
        }
        return .late
    }

    /// Starts a connection to the peer's address, or to the first that its name has; whether there is one.
    private mutating func begin() -> Bool {
        let host = String(decoding: peer.host, as: UTF8.self)
        if connect(host) { return true }
        untried = addresses(of: host)
        return connectNext()
    }

    /// Starts a connection to an address that is left.
    private mutating func connectNext() -> Bool {
        while let address = untried?.first {
            untried?.removeFirst()
            if connect(address) { return true }
        }
        return false
    }

    /// Starts a connection; false when that is not possible.
    private mutating func connect(_ address: String) -> Bool {
        do throws(NetworkError) {
            connection = try loop.connect(to: address, port: peer.port, settings)
            return true
        } catch {
            return false
        }
    }

    private mutating func send(_ link: inout Link) {
        guard let connection else { return }
        var chain = ByteChain()
        link.takeOutput(into: &chain)
        link.sent(loop.send(chain, on: connection))
    }

    /// Something has happened.
    private mutating func grantTime(_ link: borrowing Link) {
        deadline = loop.time.monotonicNanoseconds + link.patience * 1_000_000
    }
}

extension EventLoop {
    /// Starts a connection to another server as the settings have it.
    mutating func connect(
        to address: String, port: UInt16, _ settings: NetworkSettings
    ) throws(NetworkError) -> ConnectionID {
        try connect(
            to: address, port: port, from: String(decoding: settings.outboundAddress, as: UTF8.self),
            mark: UInt32(clamping: settings.socketMark))
    }
}
