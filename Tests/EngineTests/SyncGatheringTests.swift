import Testing

@testable import Engine

/// Turns of a server whose clients come back after each sync, 50 us apart.
@Suite struct SyncGatheringTests {
    private static var turn: Int64 { 50_000 }

    /// One sync of `duration` that serves `served` clients; `arriving`: how many have asked when it ends, and then turn by turn.
    /// How many the next one serves, and how many turns it waited.
    private static func next(served: Int, duration: Int64, arriving: [Int]) -> [Int] {
        var gathering = SyncGathering()
        var now: Int64 = 1_000_000_000
        gathering.syncBegins(clients: served, now: now)
        now += duration
        gathering.syncEnds(clients: served + arriving[0], now: now)
        var turns = 0
        // The turn in which it ends still counts those that it has served.
        guard gathering.waits(clients: served + arriving[0], now: now) else { return [arriving[0], 0] }
        var clients = arriving[0]
        repeat {
            turns += 1
            now += turn
            clients += turns < arriving.count ? arriving[turns] : 0
        } while gathering.waits(clients: clients, now: now)
        return [clients, turns]
    }

    @Test func waitsForThoseThatWereServed() {
        #expect(Self.next(served: 40, duration: 150_000, arriving: [10, 12, 9, 11, 8, 100]) == [50, 4])
    }

    @Test func waitsForNobodyAfterAFew() {
        #expect(Self.next(served: 1, duration: 150_000, arriving: [0, 1]) == [0, 0])
        #expect(Self.next(served: 3, duration: 150_000, arriving: [40, 10]) == [40, 0])
    }

    @Test func endsWhenNobodyComes() {
        #expect(Self.next(served: 100, duration: 10_000_000, arriving: [0, 30, 2, 0, 68]) == [32, 3])
    }

    @Test func enoughAreEnough() {
        let arriving = [50] + [Int](repeating: 20, count: 100)
        #expect(Self.next(served: 450, duration: 150_000, arriving: arriving) == [270, 11])
    }

    @Test func lastsNoLongerThanASync() {
        let arriving = [0] + [Int](repeating: 1, count: 1000)
        #expect(Self.next(served: 500, duration: 150_000, arriving: arriving)[1] == 40)
        #expect(Self.next(served: 500, duration: 5_000_000, arriving: arriving)[1] == 100)
    }
}
