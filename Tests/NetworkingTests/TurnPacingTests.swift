import Testing

@testable import Networking

/// Turns of a server whose clients answer in one of two ways.
struct TurnPacingTests {
    /// Serves for `seconds` of simulated time; a turn of `count` events lasts what `duration` says.
    private func shareOfRests(seconds: Int64, count: (Bool) -> Int, duration: (Bool) -> Int64) -> Double {
        var pacing = TurnPacing()
        var now: Int64 = 1_000_000_000
        let end = now + seconds * 1_000_000_000
        var turns = 0
        var rests = 0
        var rested = false
        while now < end {
            rested = pacing.rests(after: count(rested), now: now)
            turns += 1
            rests += rested ? 1 : 0
            now += duration(rested)
        }
        return Double(rests) / Double(turns)
    }

    @Test func restsWhereClientsKeepTheServerBusy() {
        // 100,000 requests a second come, whatever the server does.
        let share = shareOfRests(seconds: 2, count: { $0 ? 9 : 5 }, duration: { $0 ? 90_000 : 50_000 })
        #expect(share > 0.9)
    }

    @Test func doesNotRestWhereEveryClientWaits() {
        // Ten clients send the next request when they have the reply: a rest is lost for all.
        let share = shareOfRests(seconds: 2, count: { _ in 10 }, duration: { $0 ? 90_000 : 50_000 })
        #expect(share < 0.1)
    }

    @Test func doesNotRestForFewEvents() {
        #expect(shareOfRests(seconds: 1, count: { _ in TurnPacing.busyEvents - 1 }, duration: { _ in 20_000 }) == 0)
    }

    @Test func changesItsMindWithTheLoad() {
        var pacing = TurnPacing()
        var now: Int64 = 0
        func serve(_ seconds: Int64, _ count: (Bool) -> Int) -> Int {
            var rests = 0
            var rested = false
            let end = now + seconds * 1_000_000_000
            while now < end {
                rested = pacing.rests(after: count(rested), now: now)
                rests += rested ? 1 : 0
                now += rested ? 90_000 : 50_000
            }
            return rests
        }
        _ = serve(2) { _ in 10 }
        #expect(pacing.gain < -0.3)
        _ = serve(2) { $0 ? 12 : 5 }
        #expect(pacing.gain > 0.1)
    }
}
