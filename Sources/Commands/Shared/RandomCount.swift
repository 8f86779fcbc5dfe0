// The count of SRANDMEMBER, HRANDFIELD and ZRANDMEMBER: positive for different
// elements, negative for elements that may repeat.

import Engine
import Primitives
import RESP

extension CommandContext {
    /// A count of random elements; `isPaired`: each is answered with a value or score.
    mutating func randomCount(_ word: RawSpan, isPaired: Bool = false) throws(CommandError) -> Int64 {
        let count = try integer(word).value
        guard count > .min else {
            throw failure("ERR value is out of range, value must between \(-Int64.max) and \(Int64.max)")
        }
        if isPaired, count.magnitude > UInt64(Int64.max / 2) { throw .outOfRange }
        return count
    }

    /// Refuses replies with so many repetitions that they would only fill the memory:
    /// the peers accept them, and end.
    func checkRepetitions(_ count: Int64) throws(CommandError) {
        if count < -RequestLimits.repetitions { throw .outOfRange }
    }
}
