import Testing

@testable import Server

/// Messages to many, whose publishers behave in one way or another.
struct FanOutPacingTests {
    /// Publishes `messages` to so many; the next comes `gap(isHeld)` nanoseconds after the one before. Fan-outs, and the longest
    /// time that a message waited.
    private func fanOuts(of messages: Int, to receivers: Int, gap: (Bool) -> Int64) -> (count: Int, longest: Int64) {
        var pacing = FanOutPacing()
        var (now, pushes, fanOuts, longest) = (Int64(1_000_000_000), Int64(0), 0, Int64(0))
        var next = now
        var oldest: Int64?
        var held: Int64?
        while pushes < messages * receivers || oldest != nil {
            let hasMessage = pushes < messages * receivers && next <= held ?? .max
            now = hasMessage ? max(now, next) : held ?? now
            if hasMessage {
                pushes += Int64(receivers)
                oldest = oldest ?? now
                next = .max
            }
            held = pacing.holds(receivers: receivers, pushes: pushes, now: now)
            if next == .max { next = now + gap(held != nil) }
            guard held == nil, let start = oldest else { continue }
            longest = max(longest, now - start)
            fanOuts += 1
            oldest = nil
            now += Int64(receivers) * FanOutPacing.cost
            if next != .max { next = max(next, now) }
        }
        return (fanOuts, longest)
    }

    @Test func messagesThatFollowQuicklyGoTogether() {
        let (count, longest) = fanOuts(of: 1000, to: 100) { _ in 30_000 }
        #expect(count < 200)
        #expect(longest <= 300_000)
    }

    @Test func nobodyWaitsLongForManyReceivers() {
        let (count, longest) = fanOuts(of: 1000, to: 10_000) { _ in 50_000 }
        #expect(count < 100)
        #expect(longest <= FanOutPacing.longest)
    }

    /// Whoever publishes waits until all subscribers have the message.
    @Test func lonelyMessagesAreHardlyHeld() {
        var pacing = FanOutPacing()
        var holds = 0
        for turn in 0..<10_000 as Range<Int64> {
            let now = turn * 1_000_000
            if let held = pacing.holds(receivers: 100, pushes: (turn + 1) * 100, now: now) {
                holds += 1
                #expect(held == now + FanOutPacing.lull)
                #expect(pacing.holds(receivers: 100, pushes: (turn + 1) * 100, now: held) == nil)
            }
        }
        #expect(holds > 100 && holds < 200)
    }

    @Test func fewReceiversAreServedAtOnce() {
        #expect(fanOuts(of: 500, to: FanOutPacing.fewest - 1) { _ in 1000 }.longest == 0)
    }

    @Test func pushesThatLeftOtherwiseAreForgotten() {
        var pacing = FanOutPacing()
        #expect(pacing.holds(receivers: 20, pushes: 20, now: 1000) != nil)
        #expect(pacing.holds(receivers: 0, pushes: 20, now: 61_000) == nil)
        #expect(pacing.holds(receivers: 20, pushes: 40, now: 5_000_000) == 5_000_000 + FanOutPacing.lull)
    }
}
