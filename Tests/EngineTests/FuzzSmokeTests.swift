import Fuzzing
import Primitives
import Testing

/// A moment of each fuzzer in every test run; `needletail-fuzz` runs them for longer.
@Suite struct FuzzSmokeTests {
    @discardableResult
    private func smoke<F: Fuzzer>(_: F.Type, seed: UInt64) -> F {
        var fuzzer = F(seed: seed)
        let time = TimeSource.machine()
        let result = fuzz(&fuzzer, time: time, until: time.monotonicNanoseconds + 1_000_000_000) { _ in }
        if let failure = result.failure { Issue.record("seed \(seed), case \(result.cases): \(failure)") }
        #expect(result.cases > 10)
        return fuzzer
    }

    @Test func requests() { smoke(RequestFuzzer.self, seed: 1) }

    @Test func arguments() { smoke(ArgumentFuzzer.self, seed: 1) }

    @Test func snapshots() { #expect(smoke(SnapshotFuzzer.self, seed: 1).loaded > 10) }

    @Test func appendOnlyFiles() { #expect(smoke(AppendOnlyFuzzer.self, seed: 1).loaded > 3) }
}
