// Whether messages to many wait a moment for the next ones.
//
// A message to a hundred subscribers is a hundred calls of the system, which take many times as
// long as all else about it. Replies leave first, so whoever publishes may be about to publish
// again: what comes within a moment goes along with the same calls.
//
//   PUBLISH -> reply -> PUBLISH -> reply -> nothing for a moment -> both messages to everybody
//
// Nobody waits longer than the calls themselves take. Where nothing comes, because whoever
// publishes waits for what subscribers do, less and less is tried.

/// A pure state machine, asked once in every turn that has pushes to send.
struct FanOutPacing {
    /// Pushes to fewer leave at once.
    static let fewest = 16
    /// Nanoseconds that a push to one receiver takes, about.
    static let cost: Int64 = 3000
    /// Nanoseconds that nobody waits longer than.
    static let longest: Int64 = 1_000_000
    /// Nanoseconds in which somebody who has got a reply publishes again.
    static let lull: Int64 = 60_000
    /// Fan-outs that leave at once, at most, before it is tried again.
    static let longestPause = 64

    private var begin: Int64?
    private var pushes: Int64 = 0
    private var isWorthIt = false
    private var penalty = 0
    private var pause = 0

    /// Until when pushes to so many receivers wait for further ones (monotonic nanoseconds); nil: they leave now. `pushes`:
    /// how many there were since the start of the server.
    mutating func holds(receivers: Int, pushes: Int64, now: Int64) -> Int64? {
        // What was held back may have left with the cycle.
        guard receivers > 0, let begin else { return start(receivers, pushes, now) }
        let limit = begin + min(Self.longest, Int64(receivers) * Self.cost)
        if pushes != self.pushes {
            isWorthIt = true
            self.pushes = pushes
            if now < limit { return min(limit, now + Self.lull) }
        }
        self.begin = nil
        penalty = isWorthIt ? 0 : min(Self.longestPause, max(1, penalty * 2))
        pause = penalty
        return nil
    }

    private mutating func start(_ receivers: Int, _ pushes: Int64, _ now: Int64) -> Int64? {
        begin = nil
        guard receivers >= Self.fewest else { return nil }
        guard pause == 0 else {
            pause -= 1
            return nil
        }
        (begin, isWorthIt, self.pushes) = (now, false, pushes)
        return now + Self.lull
    }
}
