// Lists are read through the entry. A small one is a listpack in the entry, a
// large one a QuickList.

import Primitives
import Structures

extension QuickList: Container {}

extension Entry {
    /// The list with encoding quicklist.
    public var list: ContainerReference<QuickList> {
        precondition(type == .list && holdsContainer)
        return listReference
    }

    /// Elements of a list.
    public var listCount: Int { holdsContainer ? list.value.count : Listpack(bytes).count }

    /// Calls `body` with the elements at the indices of `range`, the one nearest to `end` first.
    public func forEachListElement(in range: Range<Int>, from end: ListEnd = .head, _ body: (RawSpan) -> Void) {
        if holdsContainer { return list.value.forEach(in: range, from: end, body) }
        ListRun(listpack: bytes, count: Listpack(bytes).count).forEach(in: range, from: end, body)
    }

    /// Calls `body` with the index of every element that equals `element`, from
    /// `end` on, among the first `limit` elements; it returns false to stop.
    public func forEachListMatch(of element: RawSpan, from end: ListEnd, limit: Int = .max, _ body: (Int) -> Bool) {
        let word = ListpackWord(element)
        guard holdsContainer else {
            _ = ListRun(listpack: bytes, count: Listpack(bytes).count).forEachMatch(of: word, from: end, limit: limit, body)
            return
        }
        var left = limit
        list.value.forEachRun(from: end) { run, first in
            let goesOn = run.forEachMatch(of: word, from: end, limit: left) { body(first + $0) }
            left -= min(left, run.count)
            return goesOn && left > 0
        }
    }
}
