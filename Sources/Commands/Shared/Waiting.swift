// What the commands that wait for keys share.

import Engine
import Keyspace
import Primitives
import RESP

extension CommandContext {
    /// When a command gives up, from its timeout in seconds; nil: never.
    mutating func deadline(_ word: RawSpan) throws(CommandError) -> Milliseconds? {
        guard let seconds = word.double else { throw failure("ERR timeout is not a float or out of range") }
        let milliseconds = (seconds * 1000).rounded(.up)
        guard milliseconds < 0x1p63 else { throw failure("ERR timeout is out of range") }
        guard milliseconds >= 0 else { throw .notPositiveTimeout }
        guard milliseconds > 0 else { return nil }
        let (moment, overflow) = now.addingReportingOverflow(Int64(milliseconds))
        guard !overflow else { throw failure("ERR timeout is out of range") }
        return moment
    }

    /// Lets the command wait until one of the keys among the words holds `type`.
    mutating func wait(
        for keys: Range<Int>, of arguments: borrowing Arguments, _ type: ValueType, until deadline: Milliseconds?
    ) -> Outcome {
        var words: [[UInt8]] = []
        words.reserveCapacity(keys.count)
        for index in keys { words.append(arguments[index].array) }
        wait(for: words, of: type, until: deadline, .nullArray)
        return .block
    }

    /// Whether the command may not wait: in a transaction it finds what it wants, or gives up at once.
    var mayNotWait: Bool { session.flags.contains(.executing) }
}
