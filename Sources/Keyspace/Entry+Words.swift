import Primitives
import Structures

extension Entry {
    /// Visits what the value is made of, as texts: a list's elements in order, a
    /// set's members, a hash's fields each with its value behind it, a sorted
    /// set's members each with its score behind it. A string is one text.
    public func forEachWord(_ body: (RawSpan) -> Void) {
        switch (type, encoding) {
        case (.string, _): withString(body)
        case (.hash, _):
            forEachField { name, value, _ in
                body(name)
                body(value)
            }
        case (_, .listpack):
            Listpack(bytes).forEach { word in
                body(word)
                return true
            }
        case (.set, .intset):
            Intset(bytes).forEach { word in
                body(word)
                return true
            }
        case (.list, .quicklist): list.value.forEach(in: 0..<list.value.count, from: .head, body)
        case (.set, .hashtable): members.value.forEach(body)
        case (.sortedSet, .skiplist):
            forEachScored(0..<scoredCount, reversed: false) { member, score in
                body(member)
                let text = DoubleText(score)
                body(text.bytes)
            }
        default: preconditionFailure("a value of unknown encoding")
        }
    }
}
