// What is sorted: the elements' bytes one behind another in one buffer, and a
// small struct for each.

import Engine
import Keyspace
import Primitives
import RESP

/// An element's place in the order.
struct SortRank {
    /// Its number, or the first bytes of its text, so that in most cases these decide alone.
    var key: UInt64
    /// Which element it is, in the order in which they were read.
    var index: Int
}

/// Texts one behind another in one buffer.
struct TextRun: ~Copyable {
    private var bytes: [UInt8] = []
    /// Where each text ends; it begins where the one before ends.
    private var ends: [Int] = []

    var count: Int { ends.count }

    mutating func reserve(_ count: Int) { ends.reserveCapacity(count) }

    subscript(index: Int) -> RawSpan {
        @_lifetime(borrow self)
        get {
            let start = index > 0 ? ends[index - 1] : 0
            return bytes.rawSpan.slice(start, ends[index] - start)
        }
    }

    mutating func append(_ text: RawSpan) {
        bytes.append(text)
        ends.append(bytes.count)
    }
}

/// The elements of a value that is sorted.
struct SortRun: ~Copyable {
    private var elements = TextRun()
    /// The texts by which elements are sorted, where these are not the elements themselves. Missing ones are empty.
    private var weights = TextRun()
    /// Elements without weight: they go first.
    private var isMissing: [Bool] = []
    /// Elements of a set have no order of their own.
    private var isUnordered = false

    var count: Int { elements.count }

    subscript(index: Int) -> RawSpan {
        @_lifetime(borrow self)
        get { elements[index] }
    }

    /// Reads the elements; of those that stay in order only what LIMIT wants.
    mutating func load(_ entry: Entry, _ request: SortRequest) {
        switch entry.type {
        case .list:
            let range = wanted(of: entry.listCount, request)
            elements.reserve(range.count)
            let reversed = request.keepsOrder && request.isDescending
            entry.forEachListElement(in: range, from: reversed ? .tail : .head) { elements.append($0) }
        case .sortedSet:
            let range = wanted(of: entry.scoredCount, request)
            elements.reserve(range.count)
            entry.forEachRanked(range, reversed: request.keepsOrder && request.isDescending) { elements.append($0) }
        default:
            isUnordered = true
            elements.reserve(entry.memberCount)
            entry.forEachWord { elements.append($0) }
        }
    }

    /// The ranks to read of a value with `total` elements, as they are counted from its head.
    private func wanted(of total: Int, _ request: SortRequest) -> Range<Int> {
        guard request.keepsOrder else { return 0..<total }
        let range = request.range(of: total)
        return request.isDescending ? total - range.upperBound..<total - range.lowerBound : range
    }

    /// The elements in the order in which they were read.
    func indices(_ request: SortRequest) -> [SortRank] {
        let range = isUnordered ? request.range(of: count) : 0..<count
        return range.map { SortRank(key: 0, index: $0) }
    }

    /// The elements that LIMIT leaves, in order.
    mutating func sorted(
        _ request: SortRequest, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> [SortRank] {
        if request.by != nil { readWeights(request, &context, arguments) }
        var ranks: [SortRank] = []
        ranks.reserveCapacity(count)
        for index in 0..<count {
            ranks.append(SortRank(key: try key(index, request, &context), index: index))
        }
        let range = request.range(of: count)
        let order = SortOrder(isDescending: request.isDescending, comparesWeights: request.isAlphabetic)
        if range.upperBound <= count / 8 {
            ranks = lowest(range.upperBound, of: ranks, order)
        } else {
            ranks.sort { precedes($0, $1, order) }
        }
        return range == 0..<ranks.count ? ranks : Array(ranks[range])
    }

    private mutating func readWeights(
        _ request: SortRequest, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) {
        guard let by = request.by else { return }
        var lookup = SortLookup()
        var found = TextRun()
        found.reserve(count)
        isMissing = []
        isMissing.reserveCapacity(count)
        for index in 0..<count {
            let isFound = lookup.find(by.pattern, arguments[by.word], for: elements[index], &context) { found.append($1) }
            if !isFound { found.append(RawSpan(literal: "")) }
            isMissing.append(!isFound)
        }
        weights = found
    }

    /// What stands for an element when two are compared.
    private func key(
        _ index: Int, _ request: SortRequest, _ context: inout CommandContext
    ) throws(CommandError) -> UInt64 {
        let weighs = request.by != nil
        let text = weighs ? weights[index] : self[index]
        if request.isAlphabetic { return text.leadingBytes }
        if weighs, isMissing[index] { return Double.zero.orderedBits }
        if let integer = text.canonicalInteger { return Double(integer).orderedBits }
        guard let score = text.double else {
            throw context.failure("ERR One or more scores can't be converted into double")
        }
        return score.orderedBits
    }

    // MARK: Order

    private struct SortOrder {
        let isDescending: Bool
        let comparesWeights: Bool
    }

    @inline(__always)
    private func precedes(_ a: SortRank, _ b: SortRank, _ order: SortOrder) -> Bool {
        if a.key != b.key { return (a.key < b.key) != order.isDescending }
        return tieBreak(a.index, b.index, order)
    }

    /// Texts decide; equal ones stand as they were read, where that means something.
    private func tieBreak(_ a: Int, _ b: Int, _ order: SortOrder) -> Bool {
        var result = 0
        if order.comparesWeights, weights.count > 0 {
            result = (isMissing[a] ? 0 : 1) - (isMissing[b] ? 0 : 1)
            if result == 0 { result = weights[a].compare(weights[b]) }
            if result == 0, isUnordered { result = self[a].compare(self[b]) }
        } else {
            result = self[a].compare(self[b])
        }
        return result == 0 ? a < b : (result < 0) != order.isDescending
    }

    /// The first `limit` of the ranks, in order: kept in a heap whose root is the last of them.
    private func lowest(_ limit: Int, of ranks: [SortRank], _ order: SortOrder) -> [SortRank] {
        guard limit > 0 else { return [] }
        var kept = Array(ranks[..<limit])
        kept.sort { precedes($1, $0, order) }
        for rank in ranks[limit...] where precedes(rank, kept[0], order) {
            var hole = 0
            while true {
                var child = 2 * hole + 1
                guard child < limit else { break }
                if child + 1 < limit, precedes(kept[child], kept[child + 1], order) { child += 1 }
                guard precedes(rank, kept[child], order) else { break }
                kept[hole] = kept[child]
                hole = child
            }
            kept[hole] = rank
        }
        kept.sort { precedes($0, $1, order) }
        return kept
    }
}

extension Double {
    /// Bits whose unsigned order is the numbers' order; zero has one form.
    fileprivate var orderedBits: UInt64 {
        let bits = self == 0 ? 0 : bitPattern
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }
}

extension RawSpan {
    /// The first eight bytes, most significant first; missing ones are zero.
    fileprivate var leadingBytes: UInt64 {
        if byteCount >= 8 { return word(0).byteSwapped }
        var result: UInt64 = 0
        for index in 0..<byteCount { result |= UInt64(byte(index)) << UInt64(56 - 8 * index) }
        return result
    }
}
