// needletail-fuzz resp|arguments|rdb|aof [--seed N] [--seconds S] [--verbose]
//
// Throws random cases at an engine in this process. The case under way is kept
// in the file needletail-fuzz.last in the working directory, so that it can be
// read after a trap; the seed is printed first. A case that takes a minute ends the
// process as well; `ulimit -v` bounds its memory.

import Fuzzing
import Glibc
import Primitives

private func fail(_ text: String) -> Never {
    print(text)
    exit(1)
}

private func run<F: Fuzzer>(_: F.Type, seed: UInt64, seconds: Int64, isVerbose: Bool) {
    print("seed \(seed), \(seconds) seconds; the last case is in needletail-fuzz.last")
    // SAFETY: the path is a literal.
    let file = unsafe open("needletail-fuzz.last", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let time = TimeSource.machine()
    var fuzzer = F(seed: seed)
    let result = fuzz(&fuzzer, time: time, until: time.monotonicNanoseconds + seconds * 1_000_000_000) { description in
        let bytes = [UInt8]("seed \(seed), \(description)\n")
        // SAFETY: as below. Not `print`, whose buffer a trap would lose.
        if isVerbose { _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) } }
        // SAFETY: the array outlives the call.
        _ = unsafe bytes.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
        _ = ftruncate(file, off_t(bytes.count))
        alarm(60)
    }
    if let failure = result.failure { fail("seed \(seed), case \(result.cases): \(failure)") }
    print("\(result.cases) cases, nothing found")
}

var seed = UInt64(truncatingIfNeeded: time(nil))
var seconds: Int64 = 10
var isVerbose = false
var mode = ""
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
    switch word {
    case "--seed":
        guard let value = words.popFirst().flatMap(UInt64.init) else { fail("--seed wants a number") }
        seed = value
    case "--seconds":
        guard let value = words.popFirst().flatMap(Int64.init), value > 0, value < 1_000_000 else { fail("--seconds wants a number") }
        seconds = value
    case "--verbose": isVerbose = true
    default: mode = word
    }
}
switch mode {
case "resp": run(RequestFuzzer.self, seed: seed, seconds: seconds, isVerbose: isVerbose)
case "rdb": run(SnapshotFuzzer.self, seed: seed, seconds: seconds, isVerbose: isVerbose)
case "aof": run(AppendOnlyFuzzer.self, seed: seed, seconds: seconds, isVerbose: isVerbose)
case "arguments": run(ArgumentFuzzer.self, seed: seed, seconds: seconds, isVerbose: isVerbose)
default: fail("usage: needletail-fuzz resp|arguments|rdb|aof [--seed N] [--seconds S] [--verbose]")
}
