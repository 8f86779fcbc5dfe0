import Engine
import Primitives
import Testing
import TestSupport

/// The server loses power at every step of its disk, and starts again on what the disk has kept.
@Suite struct AppendOnlyCrashTests {
    private func check(seed: UInt64, _ policy: SyncPolicy, startsOn: Bool = true, steps: Int = 80) {
        let recorder = CrashRecorder(seed: seed, policy: policy, startsOn: startsOn)
        if let failure = recorder.run(steps) { return #expect(Bool(false), "seed \(seed): \(failure)") }
        #expect(recorder.images.count > 20, "seed \(seed)")
        for (index, image) in recorder.images.enumerated() {
            let crashSeed = seed &* 100_000 &+ UInt64(index)
            var random = RandomGenerator(seed: crashSeed)
            guard let problem = recorder.problem(after: image, &random) else { continue }
            Issue.record("seed \(seed), \(policy), image \(index) of \(recorder.images.count): \(problem)")
            return
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func everythingAcknowledgedIsThere(seed: UInt64) { check(seed: seed, .always, steps: 120) }

    @Test(arguments: 101...112 as ClosedRange<UInt64>)
    func atMostASecondIsMissing(seed: UInt64) { check(seed: seed, .everysec) }

    @Test(arguments: 201...206 as ClosedRange<UInt64>)
    func switchedOnWhileTheServerRuns(seed: UInt64) { check(seed: seed, .always, startsOn: false, steps: 150) }

    /// A file of the days when there was but one becomes the base, or is still there.
    @Test func oldFilesSurviveTheirMove() {
        let old = [UInt8]("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n")
        let disk = SimulatedDisk(["appendonly.aof": old])
        var images: [SimulatedDisk.Contents] = []
        disk.onStep = { images.append(disk.contents) }
        let server = TestServer { $0.appendOnly.isEnabled = true }
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        images.append(disk.contents)
        #expect(images.count > 5)
        for (index, image) in images.enumerated() {
            for seed in 0..<30 as Range<UInt64> {
                var random = RandomGenerator(seed: seed)
                let survivors = image.survivors(&random)
                let next = TestServer { $0.appendOnly.isEnabled = true }
                let failure = next.startAppendOnlyFile(on: SimulatedDisk(survivors))
                #expect(failure == nil, "image \(index), seed \(seed)")
                #expect(next.connect()("GET", "k") == "v", "image \(index), seed \(seed)")
            }
        }
    }

    /// A server that syncs once a second does not do what `always` promises, and the tests above see that.
    @Test func aLossWouldBeSeen() {
        let recorder = CrashRecorder(seed: 1, policy: .everysec, promise: .always)
        #expect(recorder.run(80) == nil)
        var random = RandomGenerator(seed: 1)
        let losses = recorder.images.count { recorder.problem(after: $0, &random)?.hasPrefix("what was acknowledged is lost") == true }
        #expect(losses > 10)
    }
}
