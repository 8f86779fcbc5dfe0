import Primitives

/// Elements of a list that lie together: a listpack, or one element by itself.
public struct ListRun: ~Escapable, BitwiseCopyable {
    let bytes: RawSpan
    let isPlain: Bool
    /// Elements.
    public let count: Int

    /// `bytes` are a listpack of `count` elements.
    @_lifetime(copy bytes)
    public init(listpack bytes: RawSpan, count: Int) {
        self.bytes = bytes
        isPlain = false
        self.count = count
    }

    /// `bytes` are one element.
    @_lifetime(copy bytes)
    init(plain bytes: RawSpan) {
        self.bytes = bytes
        isPlain = true
        count = 1
    }

    /// Calls `body` with the elements at the indices of `range`, the one nearest to `end` first.
    public func forEach(in range: Range<Int>, from end: ListEnd, _ body: (RawSpan) -> Void) {
        guard !range.isEmpty else { return }
        guard !isPlain else { return body(bytes) }
        let pack = Listpack(bytes)
        if end == .head {
            guard var offset = pack.seek(range.lowerBound) else { return }
            for _ in range {
                let element = pack.element(at: offset)
                pack.withText(of: element, body)
                offset += element.totalCount
            }
        } else {
            var offset = pack.seek(range.upperBound - 1)
            for _ in range {
                guard let here = offset else { return }
                pack.withText(at: here, body)
                offset = pack.previous(before: here)
            }
        }
    }

    /// Calls `body` with the index of every element that equals `word`, from
    /// `end` on, among the first `limit` elements. `body` returns false to stop;
    /// so does this function when it did.
    public func forEachMatch(of word: ListpackWord, from end: ListEnd, limit: Int, _ body: (Int) -> Bool) -> Bool {
        let examined = min(limit, count)
        guard examined > 0 else { return true }
        guard !isPlain else { return bytes.equals(word.text) ? body(0) : true }
        let pack = Listpack(bytes)
        if end == .head {
            var offset = Listpack.headerBytes
            for index in 0..<examined {
                let element = pack.element(at: offset)
                if pack.equals(element, word), !body(index) { return false }
                offset += element.totalCount
            }
        } else {
            var offset = pack.last
            for step in 1...examined {
                guard let here = offset else { return true }
                if pack.equals(at: here, word), !body(count - step) { return false }
                offset = pack.previous(before: here)
            }
        }
        return true
    }

    /// Whether an element equals `word`.
    func contains(_ word: ListpackWord) -> Bool {
        isPlain ? bytes.equals(word.text) : Listpack(bytes).find(word) != nil
    }
}

extension Spliceable where Self: ~Copyable {
    /// Removes up to `limit` elements of a listpack that equal `word`, those
    /// nearest to `end`; returns how many.
    public mutating func removeMatches(of word: ListpackWord, limit: Int, from end: ListEnd) -> Int {
        end == .head ? removeMatchesForwards(word, limit) : removeMatchesBackwards(word, limit)
    }

    private mutating func removeMatchesForwards(_ word: ListpackWord, _ limit: Int) -> Int {
        var removed = 0
        var start = Listpack.headerBytes
        while removed < limit, let offset = Listpack(bytes).find(word, from: start) {
            // What stands together is removed together.
            var run = 1
            var next = Listpack(bytes).next(after: offset)
            while run < limit - removed, let following = next, Listpack(bytes).equals(at: following, word) {
                run += 1
                next = Listpack(bytes).next(after: following)
            }
            removed += removeElements(at: offset, run)
            start = offset
        }
        return removed
    }

    private mutating func removeMatchesBackwards(_ word: ListpackWord, _ limit: Int) -> Int {
        var removed = 0
        var offset = Listpack(bytes).last
        while removed < limit, let here = offset {
            offset = Listpack(bytes).previous(before: here)
            if Listpack(bytes).equals(at: here, word) { removed += removeElements(at: here, 1) }
        }
        return removed
    }
}
