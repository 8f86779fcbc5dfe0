// Changing lists. Whoever empties a list removes its key.

import Primitives
import Structures

/// An end of a list.
public typealias ListEnd = Structures.ListEnd
/// How large lists and their nodes may become.
public typealias ListLimits = Structures.ListLimits
/// A large list, or elements on their way from one list to another.
public typealias QuickList = Structures.QuickList

extension Partition {
    /// Makes `key`, where nothing is, a list without elements, which must get some.
    public mutating func makeList(_ key: RawSpan, _ hash: UInt64, _ access: AccessBits) -> Entry {
        setStructure(key, hash, existing: nil, .list, .listpack, Listpack.empty.rawSpan, .clear, access)
    }

    /// Gives a list that is not empty to a key, in place of what was there, without expiry.
    public mutating func storeList(
        _ list: consuming QuickList, at key: RawSpan, _ hash: UInt64, existing: Entry?, _ access: AccessBits
    ) {
        if list.isOneListpack {
            _ = setStructure(key, hash, existing: existing, .list, .listpack, list.soleListpack.rawSpan, .clear, access)
        } else {
            _ = setContainer(key, hash, existing: existing, .list, .quicklist, list, .clear, access)
        }
    }

    /// To be called before so many elements with so many bytes come: makes the
    /// list large if they do not fit a listpack.
    public mutating func growList(_ entry: inout Entry, _ hash: UInt64, by count: Int, bytes: Int, _ limits: ListLimits) {
        guard !entry.holdsContainer else { return }
        let pack = Listpack(entry.bytes)
        guard limits.areExceeded(bytes: pack.bytes.byteCount + bytes, count: pack.count + count) else { return }
        let list = QuickList(pack, compressDepth: limits.compressDepth)
        entry = setContainer(entry.key, hash, existing: entry, .list, .quicklist, list, .keep, entry.access)
    }

    /// To be called when elements have gone or become shorter: makes a list small that fits a listpack.
    public mutating func shrinkList(_ entry: inout Entry, _ hash: UInt64, _ limits: ListLimits) {
        guard entry.holdsContainer, entry.list.value.isSmall(limits) else { return }
        let old = entry
        entry = setStructure(
            old.key, hash, existing: old, .list, .listpack, old.list.value.soleListpack.rawSpan, .keep, old.access)
    }

    /// Adds an element at an end; `growList` went before.
    public mutating func pushListElement(
        _ entry: inout Entry, _ hash: UInt64, _ element: RawSpan, _ end: ListEnd, _ limits: ListLimits
    ) {
        if entry.holdsContainer { return entry.list.value.push(element, end, limits) }
        let word = ListpackWord(element)
        edit(&entry, hash) { value in
            let place = end == .head ? Listpack.headerBytes : Listpack(value.bytes).end
            value.insertElement(word, at: place)
        }
    }

    /// Adds an element that will have this index; `growList` went before.
    public mutating func insertListElement(
        _ entry: inout Entry, _ hash: UInt64, _ element: RawSpan, at index: Int, _ limits: ListLimits
    ) {
        if entry.holdsContainer { return entry.list.value.insert(element, at: index, limits) }
        let word = ListpackWord(element)
        edit(&entry, hash) { value in
            let place = Listpack(value.bytes).seek(index) ?? Listpack(value.bytes).end
            value.insertElement(word, at: place)
        }
    }

    /// Replaces the element at an index; `growList` went before.
    public mutating func replaceListElement(
        _ entry: inout Entry, _ hash: UInt64, at index: Int, with element: RawSpan, _ limits: ListLimits
    ) {
        if entry.holdsContainer { return entry.list.value.replace(at: index, with: element, limits) }
        let word = ListpackWord(element)
        edit(&entry, hash) { value in
            guard let offset = Listpack(value.bytes).seek(index) else { return }
            value.replaceElement(at: offset, with: word)
        }
    }

    /// Removes the elements at the indices of `range`.
    public mutating func removeListElements(_ entry: inout Entry, _ hash: UInt64, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        if entry.holdsContainer { return entry.list.value.removeSubrange(range) }
        edit(&entry, hash) { value in
            guard let offset = Listpack(value.bytes).seek(range.lowerBound) else { return }
            value.removeElements(at: offset, range.count)
        }
    }

    /// Removes up to `limit` elements that equal `element`, those nearest to `end`; returns how many.
    public mutating func removeListMatches(
        _ entry: inout Entry, _ hash: UInt64, of element: RawSpan, limit: Int, from end: ListEnd
    ) -> Int {
        if entry.holdsContainer { return entry.list.value.removeAll(element, limit: limit, from: end) }
        let word = ListpackWord(element)
        return edit(&entry, hash) { $0.removeMatches(of: word, limit: limit, from: end) }
    }
}
