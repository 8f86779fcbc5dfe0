// Who may connect.

import Engine
import Networking
import Primitives
import System

extension Server {
    /// Connections beyond `maxclients` for those who look after the server. They are kept
    /// for clients of this machine, which may use them for what administers the server;
    /// anything else is refused with the error that everybody gets at `maxclients`.
    static var reserveConnections: Int { 4 }

    mutating func accept(_ id: ConnectionID, _ listener: ListenerID, _ descriptor: Int32) {
        let network = engine.context.configuration.network
        let isUnixSocket = loop.isUnixSocket(listener)
        let path = String(decoding: network.unixSocket, as: UTF8.self) + ":0"
        let peer = Peer(
            address: isUnixSocket ? path : socketName(descriptor, ofPeer: true),
            localAddress: isUnixSocket ? path : socketName(descriptor, ofPeer: false), isUnixSocket: isUnixSocket,
            descriptor: descriptor)
        let excess = engine.context.clients.count - Int(network.maximumClients)
        guard excess < 0 || peer.isLocal && excess < Self.reserveConnections else {
            engine.context.statistics.rejectedConnections += 1
            return refuse(id, "-ERR max number of clients reached\r\n")
        }
        if isProtected, !peer.isLocal {
            engine.context.statistics.rejectedConnections += 1
            return refuse(id, Self.protectedModeText)
        }
        if !isUnixSocket, network.keepAliveSeconds > 0 {
            loop.keepAlive(descriptor, seconds: Int32(clamping: network.keepAliveSeconds))
        }
        let session = engine.open(connection: id.raw, peer: peer, isReserve: excess >= 0)
        loop.setTag(session.raw, of: id)
    }

    private var isProtected: Bool {
        engine.context.configuration.network.isProtected && engine.context.configuration.requiredPassword.isEmpty
    }

    private static var protectedModeText: String {
        "-DENIED Needletail is running in protected mode because protected mode is enabled and no password is set for "
            + "the default user. In this mode connections are only accepted from the loopback interface. To connect from "
            + "other computers, choose one: 1) Set a password with 'CONFIG SET requirepass' or in the configuration file. "
            + "2) Disable protected mode with 'CONFIG SET protected-mode no' from the loopback interface; make sure that "
            + "the server cannot be reached from the internet if you do so, and use CONFIG REWRITE to make the change "
            + "permanent. 3) Set the protected-mode option to 'no' in the configuration file, or start the server with "
            + "'--protected-mode no'.\r\n"
    }

    private mutating func refuse(_ id: ConnectionID, _ text: String) {
        var chain = ByteChain()
        chain.append([UInt8](text).rawSpan)
        _ = loop.send(chain, on: id)
        loop.close(id)
    }
}
