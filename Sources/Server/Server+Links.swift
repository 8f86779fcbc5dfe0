// Connections to other servers: what the engine asks for goes to the loop, and
// what becomes of it back.

import Engine
import Networking
import Primitives

extension Server {
    /// Does what the engine wants done for its links. What comes of it at once may be work for others.
    mutating func serveLinks() {
        while case let work = engine.takeLinkWork(), !work.isEmpty {
            for item in work { serve(item) }
        }
    }

    private mutating func serve(_ work: LinkWork) {
        switch work {
        case .open(let id, let peer):
            outbound.sockets[id] = Outbound.Socket(port: peer.port)
            tryConnecting(id, String(decoding: peer.host, as: UTF8.self))
        case .send(let id): send(id)
        case .close(let id):
            if let connection = outbound.sockets.removeValue(forKey: id)?.connection { loop.close(connection) }
        }
    }

    /// Connects to a numeric address; has anything else looked up first.
    private mutating func tryConnecting(_ id: LinkID, _ host: String) {
        guard let socket = outbound.sockets[id], connect(id, host) == false else { return }
        guard socket.untried == nil else { return tryNext(id) }
        let wake = loop.wakeDescriptor
        outbound.resolver.find(host, for: id) { EventLoop.wake(wake) }
    }

    /// Starts a connection; false when that is not possible.
    private mutating func connect(_ id: LinkID, _ address: String) -> Bool {
        guard let port = outbound.sockets[id]?.port else { return false }
        do throws(NetworkError) {
            let connection = try loop.connect(to: address, port: port, engine.context.configuration.network)
            loop.setTag(Outbound.tag(id), of: connection)
            outbound.sockets[id]?.connection = connection
            return true
        } catch {
            return false
        }
    }

    /// Tries the addresses that are left, until a connection is under way.
    private mutating func tryNext(_ id: LinkID) {
        while let address = outbound.sockets[id]?.untried?.first {
            outbound.sockets[id]?.untried?.removeFirst()
            if connect(id, address) { return }
        }
        outbound.sockets[id] = nil
        engine.linkEnded(id, .unreachable)
    }

    /// Goes on with the links whose names were looked up.
    mutating func takeAddresses() {
        for finding in outbound.resolver.take() where outbound.sockets[finding.link] != nil {
            outbound.sockets[finding.link]?.untried = finding.addresses
            tryNext(finding.link)
        }
    }

    /// A link's connection is made, or not.
    mutating func connected(_ id: LinkID, errno: Int32) {
        guard errno != 0 else { return engine.linkOpened(id) }
        outbound.sockets[id]?.connection = nil
        guard outbound.sockets[id]?.untried?.isEmpty == false else { return ended(id) }
        tryNext(id)
    }

    /// A link's connection is gone.
    mutating func ended(_ id: LinkID) {
        outbound.sockets[id] = nil
        engine.linkEnded(id, .closed)
    }

    private mutating func send(_ id: LinkID) {
        guard let connection = outbound.sockets[id]?.connection else { return }
        var chain = ByteChain()
        engine.takeOutput(of: id, into: &chain)
        engine.linkSent(loop.send(chain, on: connection), on: id)
    }

    static func deliver(_ loop: borrowing EventLoop, to engine: inout Engine, onLink id: LinkID) {
        engine.linkReceived(loop.received, on: id)
    }
}
