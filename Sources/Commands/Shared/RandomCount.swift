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

    /// Bytes behind which a reply with `count` elements, negative for repetitions, is to be broken off. Where the
    /// client's output has no limit, so many repetitions are refused that they would only fill the memory: the
    /// peers accept them, and end.
    func allowance(forRepetitions count: Int64) throws(CommandError) -> Int {
        let allowance = replyAllowance
        if count < -RequestLimits.repetitions, allowance == .max { throw .outOfRange }
        return allowance
    }
}
