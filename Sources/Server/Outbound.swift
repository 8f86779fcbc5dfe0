import Engine
import Networking
import Primitives
import Synchronization
import System

/// The sockets of links to other servers: which connection belongs to which link,
/// and where else to try while none is made.
struct Outbound {
    /// A link's socket.
    struct Socket {
        var connection: ConnectionID?
        let port: UInt16
        /// Numeric addresses not tried yet; nil while the name was not looked up.
        var untried: [String]?
    }

    var sockets: [LinkID: Socket] = [:]
    let resolver = Resolver()

    /// The word by which the loop names a link's connection, which no session's is.
    static func tag(_ id: LinkID) -> UInt64 { id.raw | mark }

    /// The link that a tag names; nil when it names a session.
    static func link(_ tag: UInt64) -> LinkID? { tag & mark != 0 ? LinkID(raw: tag & ~mark) : nil }

    /// The highest bit of a slot: there are never so many.
    private static var mark: UInt64 { 0x8000_0000 }
}

/// Looks names up on a thread of its own, one after another.
final class Resolver: Sendable {
    /// A name's numeric addresses, for a link.
    struct Finding: Sendable {
        let link: LinkID
        let addresses: [String]
    }

    private struct State {
        var worker: Worker?
        var findings: [Finding] = []
    }

    private let state = Mutex(State())

    /// Looks `name` up; `done` is called on the thread when `take` gives the finding.
    func find(_ name: String, for link: LinkID, _ done: @escaping @Sendable () -> Void) {
        let worker = state.withLock { state in
            let worker = state.worker ?? Worker()
            state.worker = worker
            return worker
        }
        worker.submit {
            let finding = Finding(link: link, addresses: addresses(of: name))
            self.state.withLock { $0.findings.append(finding) }
            done()
        }
    }

    /// What was found since the last call.
    func take() -> [Finding] {
        state.withLock { state in
            defer { state.findings = [] }
            return state.findings
        }
    }
}
