import Engine
import Primitives
import TestSupport

/// Throws cases at an engine. A case that ends the process, or whose replies
/// are not well-formed, is a bug; every case follows from the seed and its number.
public protocol Fuzzer {
    init(seed: UInt64)
    /// Prepares the next case and describes it, so that it can be written down before it runs.
    mutating func prepare() -> String
    /// Runs the prepared case; returns what is wrong, nil when nothing is.
    mutating func run() -> String?
}

public enum FuzzLimits {
    /// Cases after which everything starts anew, so that memory stays bounded.
    public static let casesPerEngine = 1000
    /// `proto-max-bulk-len` meanwhile.
    public static let bulkBytes: Int64 = 1 << 20
}

/// Runs cases until `deadline` (monotonic nanoseconds); returns how many ran, or the first failure.
public func fuzz<F: Fuzzer>(
    _ fuzzer: inout F, time: TimeSource, until deadline: Int64, note: (String) -> Void
) -> (cases: Int, failure: String?) {
    var cases = 0
    while time.monotonicNanoseconds < deadline {
        let description = fuzzer.prepare()
        note(description)
        cases += 1
        if let problem = fuzzer.run() { return (cases, "\(problem)\ncase: \(description)") }
    }
    return (cases, nil)
}

extension TestServer {
    /// A server for fuzzing: both databases and limits are small.
    static func forFuzzing(seed: UInt64) -> TestServer {
        TestServer(seed: seed, partitionCount: seed % 2 == 0 ? 1 : 4) { configuration in
            configuration.maximumBulkBytes = FuzzLimits.bulkBytes
            configuration.queryBufferLimit = 4 << 20
        }
    }
}

/// What is wrong with a stream of replies; nil when it is well-formed.
func problem(with replies: [UInt8]) -> String? {
    var offset = 0
    while offset < replies.count {
        guard Reply.parse(replies, &offset) != nil else {
            return "a malformed reply: \(printable([Array(replies[offset...])]))"
        }
    }
    return nil
}
