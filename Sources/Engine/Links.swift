// Connections to other servers that this one makes. Like sessions they are state
// without sockets: the host opens, sends and closes as `LinkWork` says, and tells
// the engine what comes of it. A link that has done its work rests a while, for
// the next exchange with the same server by someone who knows the same password.

import Keyspace
import Primitives

/// Addresses a link; stale ones find nothing.
public typealias LinkID = SlabID

/// What the host is to do for links, in this order.
public enum LinkWork: Sendable {
    /// Connects; `linkOpened` or `linkEnded` tells how it went.
    case open(LinkID, PeerAddress)
    /// Sends what `takeOutput(of:into:)` gives.
    case send(LinkID)
    /// Closes without a word.
    case close(LinkID)
}

/// How a link came to its end.
public enum LinkEnd: Sendable {
    /// There is no such address, or no way to begin.
    case unreachable
    /// The other side refused, closed or broke the connection.
    case closed
    /// Nothing has happened for too long.
    case late
}

/// All links, and the keys that exchanges hold.
struct Links: ~Copyable {
    var slab = Slab<Link>()
    var work: [LinkWork] = []
    /// Links at rest, the one that rests longest first.
    private(set) var resting: [LinkID] = []
    var held = HeldKeys()
    /// A moment before which no link's deadline is over; nil: there is no link.
    private(set) var nextDeadline: Milliseconds?

    /// How long a link rests before it is closed.
    static var restMilliseconds: Milliseconds { 10_000 }
    /// Links that may rest at the same time.
    static var restingLimit: Int { 64 }

    /// Notes that some link's deadline is at `moment`.
    mutating func expect(_ moment: Milliseconds) { nextDeadline = min(nextDeadline ?? moment, moment) }

    /// A link for an exchange: one at rest, where there is one and it may be used, or a new one, which is to be opened.
    mutating func link(to peer: PeerAddress, _ credentials: [[UInt8]], reusing: Bool) -> LinkID {
        if reusing {
            let place = resting.lastIndex { id in
                slab.with(id) { $0.peer == peer && $0.credentials == credentials } ?? false
            }
            if let place {
                let id = resting.remove(at: place)
                _ = slab.with(id) { $0.isReused = true }
                return id
            }
        }
        let id = slab.insert { _ in Link(to: peer, credentials) }
        work.append(.open(id, peer))
        return id
    }

    /// Lets a link rest from `now` on; the one that rests longest makes room.
    mutating func rest(_ id: LinkID, _ now: Milliseconds) {
        if resting.count >= Self.restingLimit { close(resting[0]) }
        resting.append(id)
        let end = now + Self.restMilliseconds
        _ = slab.with(id) { $0.deadline = end }
        expect(end)
    }

    /// Gives all links more time: for so long nobody has listened to them.
    mutating func extendDeadlines(by milliseconds: Milliseconds) {
        slab.forEach { _, link in link.deadline += milliseconds }
        nextDeadline = nextDeadline.map { $0 + milliseconds }
    }

    /// Forgets a link that is closed already.
    mutating func remove(_ id: LinkID) {
        slab.remove(id)
        resting.removeAll { $0 == id }
    }

    /// Closes a link.
    mutating func close(_ id: LinkID) {
        remove(id)
        work.append(.close(id))
    }

    /// The links whose deadlines are over at `now`.
    mutating func overdue(_ now: Milliseconds) -> [LinkID] {
        guard let moment = nextDeadline, moment <= now else { return [] }
        var due: [LinkID] = []
        var next: Milliseconds?
        slab.forEach { id, link in
            if link.deadline <= now { due.append(id) } else { next = min(next ?? link.deadline, link.deadline) }
        }
        nextDeadline = next
        return due
    }
}
