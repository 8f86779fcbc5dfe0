// Under `always` every sync serves the requests that were written before it began. A
// server that syncs again as soon as it can splits its clients into those that the sync
// under way serves and those that wait for the next, so that each sync serves a part.
// When a sync has ended, the clients whose replies it let go are about to send again:
// waiting for them makes one sync of two, and spends the CPU of one.
//
//   sync ends, 40 clients are answered     sync begins, for 50 clients
//        | 10 wait already | 12 come back | 9 | 11 | 8 |
//
// As the server has to do while they come, nothing is lost by it; it ends when few
// come in a turn.

/// A pure state machine: whether the next sync waits for more requests to share it.
public struct SyncGathering: Sendable {
    /// A turn that brings fewer is worth no more waiting, nor is a sync that answered fewer.
    static let busyCount = 4
    /// Waiting may last as long as a sync does, but this long in any case, in nanoseconds.
    static let shortest: Int64 = 1_000_000

    /// Clients that the sync under way serves, and when it began.
    private var served = 0
    private var begin: Int64 = 0
    /// Clients that had asked for something when the last sync ended; nil: none is waited for.
    private var expected: Int?
    /// Those that waited when it was looked last.
    private var last = 0
    private var deadline: Int64 = 0
    /// Whether those that the last sync served are still counted.
    private var hasJustEnded = false

    /// A sync begins at `now` (monotonic nanoseconds) with so many clients that wait for their replies.
    mutating func syncBegins(clients: Int, now: Int64) {
        (served, begin, expected) = (clients, now, nil)
    }

    /// It has ended; so many wait now, those that it served included.
    mutating func syncEnds(clients: Int, now: Int64) {
        expected = served >= Self.busyCount ? clients : nil
        last = max(0, clients - served)
        deadline = now + max(Self.shortest, now - begin)
        hasJustEnded = true
    }

    /// Whether the next sync is to wait for the next turn; to be asked once in every turn without a sync under way.
    mutating func waits(clients: Int, now: Int64) -> Bool {
        if hasJustEnded {
            hasJustEnded = false
            return expected != nil
        }
        let arrived = clients - last
        last = clients
        guard let expected, clients < expected, arrived >= Self.busyCount, now < deadline else {
            expected = nil
            return false
        }
        return true
    }
}
