import Engine
import Glibc
import Networking

/// Opens the sockets that the settings ask for.
enum Listening {
    /// A socket that could not be opened, for the log.
    struct Failure: Error {
        let message: String
    }

    /// One socket for each address of `bind`. Addresses with a `-` before them may be
    /// missing from the machine, and protocols from its kernel.
    static func openTCP(_ network: NetworkSettings) throws(Failure) -> [ListeningSocket] {
        guard network.port > 0 else { return [] }
        var sockets: [ListeningSocket] = []
        for word in network.bind {
            let isOptional = word.hasPrefix("-")
            let address = isOptional ? String(word.dropFirst()) : word
            do throws(NetworkError) {
                sockets.append(
                    try ListeningSocket.tcp(
                        address, port: UInt16(clamping: network.port), backlog: Int32(clamping: network.backlog),
                        mark: UInt32(clamping: network.socketMark)))
            } catch {
                guard case .cannotListen(let number, let message) = error else { continue }
                if isMissingProtocol(number) || isOptional && number == EADDRNOTAVAIL { continue }
                for socket in sockets { socket.close() }
                throw Failure(message: "Could not create server TCP listening socket \(address):\(network.port): \(message)")
            }
        }
        return sockets
    }

    private static func isMissingProtocol(_ number: Int32) -> Bool {
        [ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPFNOSUPPORT, EAFNOSUPPORT].contains(number)
    }

    /// The unix socket; nil where none is wanted.
    static func openUnixSocket(_ network: NetworkSettings) throws(Failure) -> ListeningSocket? {
        guard !network.unixSocket.isEmpty else { return nil }
        do throws(NetworkError) {
            return try ListeningSocket.unix(
                String(decoding: network.unixSocket, as: UTF8.self), mode: UInt32(clamping: network.unixSocketMode),
                group: String(decoding: network.unixSocketGroup, as: UTF8.self), backlog: Int32(clamping: network.backlog))
        } catch {
            guard case .cannotListen(_, let message) = error else { return nil }
            throw Failure(message: "Failed opening Unix socket: \(message)")
        }
    }
}
