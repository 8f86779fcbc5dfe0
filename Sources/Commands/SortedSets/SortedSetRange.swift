import Engine
import Keyspace
import Primitives
import RESP
import Structures

/// By what a range is told.
enum RangeKind: Sendable {
    case ranks, scores, bytes
}

/// A range of a sorted set as a request tells it.
struct SortedSetRange: ~Escapable {
    private let kind: RangeKind
    private let first: Int64
    private let last: Int64
    private let lower: SortedSetLimit
    private let upper: SortedSetLimit

    @_lifetime(copy start, copy end)
    init(_ kind: RangeKind, _ start: RawSpan, _ end: RawSpan, _ context: inout CommandContext) throws(CommandError) {
        self.kind = kind
        switch kind {
        case .ranks:
            first = try context.integer(start).value
            last = try context.integer(end).value
            lower = .bottom
            upper = .top
        case .scores:
            guard let bottom = Self.score(start), let top = Self.score(end) else {
                throw context.failure("ERR min or max is not a float")
            }
            (first, last) = (0, 0)
            lower = SortedSetLimit(score: bottom.score, isBehind: bottom.isExclusive)
            upper = SortedSetLimit(score: top.score, isBehind: !top.isExclusive)
        case .bytes:
            guard let bottom = Self.limit(start, isLower: true), let top = Self.limit(end, isLower: false) else {
                throw context.failure("ERR min or max not valid string range item")
            }
            (first, last) = (0, 0)
            lower = bottom
            upper = top
        }
    }

    private static func score(_ word: RawSpan) -> (score: Double, isExclusive: Bool)? {
        let isExclusive = word.byteCount > 0 && word.byte(0) == UInt8(ascii: "(")
        return word.suffix(from: isExclusive ? 1 : 0).score.map { ($0, isExclusive) }
    }

    @_lifetime(copy word)
    private static func limit(_ word: RawSpan, isLower: Bool) -> SortedSetLimit? {
        guard word.byteCount > 0 else { return nil }
        switch word.byte(0) {
        case UInt8(ascii: "-") where word.byteCount == 1: return .bottom
        case UInt8(ascii: "+") where word.byteCount == 1: return .top
        case UInt8(ascii: "["): return SortedSetLimit(member: word.suffix(from: 1), isBehind: !isLower)
        case UInt8(ascii: "("): return SortedSetLimit(member: word.suffix(from: 1), isBehind: isLower)
        default: return nil
        }
    }

    /// The ranks of the members in the range. Where ranks are told, `reversed` counts them from the highest.
    func ranks(in entry: Entry, reversed: Bool = false) -> Range<Int> {
        guard kind == .ranks else { return entry.ranks(from: lower, to: upper) }
        let count = Int64(entry.scoredCount)
        let start = max(0, first < 0 ? first + count : first)
        let end = min(count - 1, last < 0 ? last + count : last)
        guard start <= end, start < count else { return 0..<0 }
        let range = Int(start)..<Int(end) + 1
        return reversed ? Int(count) - range.upperBound..<Int(count) - range.lowerBound : range
    }
}
