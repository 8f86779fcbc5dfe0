import Engine
import Primitives
import RESP

/// The options of SORT. Patterns and the target are told by their places among the arguments.
struct SortRequest {
    private(set) var isDescending = false
    /// Whether texts are compared, not numbers.
    private(set) var isAlphabetic = false
    /// Whether elements stay in the order in which they stand (BY a pattern without `*`).
    private(set) var keepsOrder = false
    private(set) var offset: Int64 = 0
    /// Elements wanted; negative: all.
    private(set) var count: Int64 = -1
    /// By what elements are sorted; nil: by themselves.
    private(set) var by: (pattern: SortPattern, word: Int)?
    /// What is returned for each element; none: the element.
    private(set) var gets: [(pattern: SortPattern, word: Int)] = []
    /// Where the result is stored.
    private(set) var target: Int?

    init(_ arguments: borrowing Arguments, mayStore: Bool, _ context: inout CommandContext) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            let left = arguments.count - index - 1
            if word.matches("ASC") {
                isDescending = false
            } else if word.matches("DESC") {
                isDescending = true
            } else if word.matches("ALPHA") {
                isAlphabetic = true
            } else if word.matches("LIMIT"), left >= 2 {
                offset = try context.integer(arguments[index + 1]).value
                count = try context.integer(arguments[index + 2]).value
                index += 2
            } else if word.matches("STORE"), left >= 1, mayStore {
                index += 1
                target = index
            } else if word.matches("BY"), left >= 1 {
                index += 1
                by = (SortPattern(arguments[index]), index)
                if arguments[index].firstIndex(of: 42) == nil { keepsOrder = true }
            } else if word.matches("GET"), left >= 1 {
                index += 1
                gets.append((SortPattern(arguments[index]), index))
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    /// Whatever BY and ALPHA say, elements are compared as texts.
    mutating func sortByText() {
        keepsOrder = false
        isAlphabetic = true
        by = nil
    }

    /// Which of `total` elements LIMIT leaves.
    func range(of total: Int) -> Range<Int> {
        let first = min(max(0, offset), Int64(total))
        let room = Int64(total) - first
        let wanted = count < 0 ? room : min(count, room)
        return Int(first)..<Int(first + wanted)
    }
}

/// A pattern of BY and GET: `prefix*suffix` names a key, `prefix*suffix->field` a
/// field of a hash, `#` the element itself. Without `*` it leads to nothing.
struct SortPattern {
    private enum Kind { case element, nothing, key }

    private let kind: Kind
    /// Where `*` stands.
    private let star: Int
    /// The end of the key's part.
    private let end: Int
    private let namesField: Bool

    init(_ word: RawSpan) {
        let star = word.firstIndex(of: 42)
        kind = word.matches("#") ? .element : star == nil ? .nothing : .key
        self.star = star ?? 0
        var arrow: Int?
        var place = word.firstIndex(of: 45, from: self.star)
        while let here = place, arrow == nil {
            if here + 1 < word.byteCount, word.byte(here + 1) == 62 { arrow = here }
            place = word.firstIndex(of: 45, from: here + 1)
        }
        namesField = arrow.map { $0 + 2 < word.byteCount } ?? false
        end = namesField ? arrow ?? word.byteCount : word.byteCount
    }

    var isElement: Bool { kind == .element }
    var isNothing: Bool { kind == .nothing }

    /// Where the field's name stands in the pattern.
    func field(_ word: RawSpan) -> Int? { namesField ? end + 2 : nil }

    /// Writes the key to which the pattern leads for `element`.
    func writeKey(_ word: RawSpan, _ element: RawSpan, to key: inout [UInt8]) {
        key.removeAll(keepingCapacity: true)
        key.append(word.slice(0, star))
        key.append(element)
        key.append(word.slice(star + 1, end - star - 1))
    }
}
