// A small set is an intset or a listpack; these operations do not care where its
// bytes are (an entry, a buffer).

import Primitives
import Structures

/// A view of the bytes of a small set.
struct SmallSet: ~Escapable {
    let bytes: RawSpan
    let encoding: ValueEncoding

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ encoding: ValueEncoding) {
        self.bytes = bytes
        self.encoding = encoding
    }

    var count: Int { encoding == .intset ? Intset(bytes).count : Listpack(bytes).count }

    func contains(_ member: RawSpan) -> Bool {
        guard encoding == .intset else { return Listpack(bytes).find(ListpackWord(member)) != nil }
        guard let integer = member.canonicalInteger else { return false }
        return Intset(bytes).contains(integer)
    }

    func forEach(_ body: (RawSpan) -> Bool) {
        if encoding == .intset { Intset(bytes).forEach(body) } else { Listpack(bytes).forEach(body) }
    }

    /// Calls `body` with member `index` in the set's own order.
    func withMember<Result>(_ index: Int, _ body: (RawSpan) -> Result) -> Result? {
        if encoding == .intset {
            let digits = DecimalText(Intset(bytes)[index])
            return body(digits.bytes)
        }
        let pack = Listpack(bytes)
        guard let place = pack.seek(index) else { return nil }
        return pack.withText(at: place, body)
    }
}

extension Spliceable where Self: ~Copyable {
    /// Adds a member that is not there, to a set whose encoding can hold it.
    mutating func appendMember(_ member: RawSpan, _ encoding: ValueEncoding) {
        if encoding == .intset, let integer = member.canonicalInteger {
            insertInteger(integer)
        } else {
            insertElement(ListpackWord(member), at: Listpack(bytes).end)
        }
    }

    /// Removes a member; false when it is not there.
    mutating func removeMember(_ member: RawSpan, _ encoding: ValueEncoding) -> Bool {
        guard encoding == .listpack else { return member.canonicalInteger.map { removeInteger($0) } ?? false }
        guard let place = Listpack(bytes).find(ListpackWord(member)) else { return false }
        removeElements(at: place, 1)
        return true
    }
}
