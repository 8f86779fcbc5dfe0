// Sockets that listen: how they are opened, and how the loop accepts from them.

import CSystem
import Glibc

/// The number of a listener of a loop, in order of creation.
public typealias ListenerID = Int

/// A socket that listens. A plain handle: whoever holds it last closes it.
public struct ListeningSocket: Sendable {
    /// The file descriptor.
    public let descriptor: Int32
    /// Whether it is a unix socket; TCP otherwise.
    public let isUnixSocket: Bool

    /// Listens on a TCP port of `address` (a name or number; `*` for all of IPv4, `::*`
    /// of IPv6). `mark`: SO_MARK, 0 for none.
    public static func tcp(
        _ address: String, port: UInt16, backlog: Int32, mark: UInt32 = 0
    ) throws(NetworkError) -> ListeningSocket {
        let host = address == "*" ? "0.0.0.0" : address == "::*" ? "::" : address
        let capacity = 256
        var message = [CChar](repeating: 0, count: capacity)
        let descriptor = unsafe cs_listen_tcp(host, port, backlog, mark, &message, capacity)
        guard descriptor >= 0 else { throw .cannotListen(errno: -descriptor, message: text(of: message)) }
        return ListeningSocket(descriptor: descriptor, isUnixSocket: false)
    }

    /// Listens on a unix socket with the given permissions (0: as the umask has it)
    /// and group (empty: the process's), which are set before anyone can connect.
    public static func unix(
        _ path: String, mode: UInt32, group: String = "", backlog: Int32
    ) throws(NetworkError) -> ListeningSocket {
        let descriptor = unsafe cs_listen_unix(path, mode, group, backlog)
        guard descriptor >= 0 else { throw .cannotListen(errno: -descriptor, message: errorText(-descriptor)) }
        return ListeningSocket(descriptor: descriptor, isUnixSocket: true)
    }

    /// Gives its address up, for another socket to listen there; connections not yet accepted are lost.
    public func pause() { _ = cs_pause_listening(descriptor) }

    /// Listens again after `pause`; an errno, 0 for success.
    public func resume(backlog: Int32) -> Int32 { -cs_resume_listening(descriptor, backlog) }

    /// Stops listening for ever.
    public func close() { Glibc.close(descriptor) }
}

extension EventLoop {
    /// Accepts from `socket` from now on, and owns it.
    public mutating func listen(on socket: ListeningSocket) {
        listeners.append(socket)
        watch(listeners.count - 1, EPOLL_CTL_ADD, EPOLLIN.rawValue)
    }

    /// Puts `sockets` in the place of the TCP listeners, which are closed. To be called between turns.
    public mutating func replaceTCPListeners(_ sockets: [ListeningSocket]) {
        let kept = listeners.filter(\.isUnixSocket)
        for listener in listeners where !listener.isUnixSocket { listener.close() }
        for listener in kept { _ = cs_epoll_change(poll, EPOLL_CTL_DEL, listener.descriptor, 0, 0) }
        listeners = []
        pausedUntil = nil
        for socket in kept + sockets { listen(on: socket) }
    }

    /// Whether there is any listener.
    public var isListening: Bool { !listeners.isEmpty }

    /// Whether a listener is a unix socket; TCP otherwise.
    public func isUnixSocket(_ listener: ListenerID) -> Bool { listeners[listener].isUnixSocket }

    /// Stops accepting for ever.
    public mutating func closeListeners() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    /// Errors of accept that are about one connection, or about a listener that is
    /// being replaced: the next attempt may do.
    static func endsOneConnection(_ number: Int32) -> Bool {
        switch number {
        case ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EINVAL:
            true
        default: false
        }
    }

    /// Out of descriptors or memory: another attempt at once would fail as well, and spin.
    mutating func pauseListeners() {
        guard pausedUntil == nil else { return }
        pausedUntil = time.monotonicNanoseconds + Self.acceptPauseNanoseconds
        for index in listeners.indices { watch(index, EPOLL_CTL_MOD, 0) }
    }

    mutating func resumeListeners() {
        guard let moment = pausedUntil, time.monotonicNanoseconds >= moment else { return }
        pausedUntil = nil
        for index in listeners.indices { watch(index, EPOLL_CTL_MOD, EPOLLIN.rawValue) }
    }

    private func watch(_ index: ListenerID, _ operation: Int32, _ interest: UInt32) {
        _ = cs_epoll_change(poll, operation, listeners[index].descriptor, interest, UInt64(Self.special | UInt32(index)))
    }
}
