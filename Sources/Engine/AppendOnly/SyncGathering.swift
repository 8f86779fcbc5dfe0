// Under `always` every sync serves the requests that were written before it began. A
// server that syncs again as soon as it can splits its clients into those that the sync
// under way serves and those that wait for the next, so that each sync serves a part.
// When a sync has ended, the clients whose replies it let go are about to send again:
// waiting for them makes one sync of two, and spends the CPU of one.
//
//   sync ends, 40 clients are answered     sync begins, for 50 clients
//        | 10 wait already | 12 come back | 9 | 11 | 8 |
//
// It ends when nobody comes in a turn. Many clients need not all be there: a server that
// has the next ones to do while others read their replies keeps both sides busy. Only
// where a sync takes long is it better to have all in it.

/// A pure state machine: whether the next sync waits for more requests to share it.
public struct SyncGathering: Sendable {
    /// A sync that answered fewer clients brings nobody worth waiting for.
    static let fewest = 4
    /// So many share a sync well enough.
    static let enough = 256
    /// How long waiting for that many may last, in nanoseconds; waiting as long as a sync takes is always worth it.
    static let patience: Int64 = 2_000_000

    /// Clients that the sync under way serves, and when it began.
    private var served = 0
    private var begin: Int64 = 0
    /// Clients that had asked for something when the last sync ended; nil: none is waited for.
    private var expected: Int?
    /// When that was, and how long the sync took.
    private var end: Int64 = 0
    private var duration: Int64 = 0
    /// Whether those that the last sync served are still counted.
    private var hasJustEnded = false
    /// Those that waited when it was looked last.
    private var last = 0

    /// A sync begins at `now` (monotonic nanoseconds) with so many clients that wait for their replies.
    mutating func syncBegins(clients: Int, now: Int64) {
        (served, begin, expected) = (clients, now, nil)
    }

    /// It has ended; so many wait now, those that it served included.
    mutating func syncEnds(clients: Int, now: Int64) {
        expected = served >= Self.fewest ? clients : nil
        last = max(0, clients - served)
        (end, duration) = (now, now - begin)
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
        let isShort = now - end < duration || (clients < Self.enough && now - end < Self.patience)
        guard let expected, clients < expected, arrived > 0, isShort else {
            expected = nil
            return false
        }
        return true
    }
}
