// The hash table on which everything rests: a set of pointers to elements
// that carry their own key.
//
// One bucket is one cache line:
//
//   byte  0..6   fingerprint of slot 0..6, 0 = empty
//   byte  7      overflow: elements that passed this full bucket on their way
//                to a later one (255 = "many", never counted down)
//   byte  8..63  seven pointers
//
// An element lives in its home bucket or, where that is full, in one of the
// next (bucketised linear probing; the overflow count ends a search, so there
// are no tombstones, as in Meta's F14). The home of a hash is
// hash * buckets >> 64: the order of buckets is the order of hashes. So the
// table may grow in steps smaller than 2, and a scan cursor is simply a
// position in the order of hashes that holds through every resize.
//
// Every table multiplies hashes by an odd salt of its own, taken from the first
// element that it gets. Without it the elements of one table, visited in their order and
// added to a smaller one (a client that copies with SCAN; a file that was written in that
// order), would all crowd at its beginning, and the copy would take quadratic time.
//
// Bits of the salted hash: the high ones choose the bucket, the lowest 8 are the
// fingerprint; bits 8..15 of the plain one are left to the choice of a partition.
//
// Memory: 64 / (7 x fill) bytes an element. Large tables grow by a quarter, so
// that fill goes from 0.70 to 0.87 between two growths: 11.7 on average, against
// 17.5 of a table that doubles. The price is four moves per insertion while a
// table grows, each with its element prefetched; tables of less than 2 MB,
// where moves are many and bytes few, grow by a half.
// Time: a look-up touches one bucket and one element; at the highest fill 1.1
// buckets on a hit.
//
// Resizing moves some buckets per insertion or removal (`ResizePace`), so that a
// table is done long before it needs to grow again; `resizeStep` lets idle time help.

import CSystem
import Primitives

/// A handle on an allocation that carries its own key. The table never frees elements.
public protocol TableElement: BitwiseCopyable {
    @unsafe init(raw: UnsafeMutableRawPointer)
    @unsafe var raw: UnsafeMutableRawPointer { get }
    func hash(_ seed: HashSeed) -> UInt64
    func hasKey(_ key: RawSpan) -> Bool
}

/// How many buckets each insertion and each removal moves while a table changes its size.
public enum ResizePace: Int, Sendable {
    /// The least that is enough: idle time ends what lingers. For the tables of a database.
    case steady = 1
    /// Nobody helps: a resize that lingers keeps the old buckets, up to 9 bytes an
    /// element. Some 200 elements a change take about 10 us, and a growing table is
    /// resizing for one insertion in 50 (for one in 2 at the steady pace), so that no
    /// list of values in the midst of a resize needs to be kept for idle times.
    case hasty = 32
}

/// Elements that are found by their keys; at most one of each key.
@safe
public struct HashTable<Element: TableElement>: ~Copyable {
    // SAFETY: `current` and `old` describe zero-initialised allocations of
    // `count` buckets that this table owns until deinit. Bucket indices come
    // from `home` and `next`, which stay below the count; slots with a non-zero
    // fingerprint hold a live element, which the owner frees only after removal.
    @usableFromInline var current = Buckets()
    // The table being emptied during a resize; buckets below `moved` are empty.
    @usableFromInline var old = Buckets()
    @usableFromInline var moved = 0
    /// The seed of the elements' hashes.
    public let seed: HashSeed
    /// Odd; see the head of the file.
    @usableFromInline var salt: UInt64 = 1
    @usableFromInline let pace: ResizePace
    @usableFromInline var elements = 0
    /// Elements.
    @inlinable public var count: Int { elements }

    public init(seed: HashSeed, pace: ResizePace = .steady) {
        self.seed = seed
        self.pace = pace
    }

    deinit {
        unsafe current.free()
        unsafe old.free()
    }

    /// Bytes of the bucket arrays.
    public var allocatedBytes: Int { (current.count + old.count) * Buckets.bucketBytes }
    /// Buckets of the table that elements are added to.
    public var bucketCount: Int { current.count }
    /// Whether elements are still being moved out of a table of another size.
    @inlinable public var isResizing: Bool { old.count > 0 }

    /// The hash by which this table places an element.
    @inlinable @inline(__always)
    func placed(_ hash: UInt64) -> UInt64 { hash &* salt }

    // MARK: Look-up

    /// The element with `key`, whose hash is `hash`.
    @inlinable
    public func find(_ key: RawSpan, _ hash: UInt64) -> Element? {
        guard count > 0 else { return nil }
        if !isResizing { return unsafe current.find(key, placed(hash))?.element }
        return findWhileResizing(key, placed(hash))
    }

    @inlinable @inline(never)
    func findWhileResizing(_ key: RawSpan, _ hash: UInt64) -> Element? {
        if old.home(hash) >= moved {
            return unsafe old.find(key, hash)?.element ?? current.find(key, hash)?.element
        }
        return unsafe current.find(key, hash)?.element ?? old.find(key, hash)?.element
    }

    /// Asks for the bucket where a look-up of `hash` will start.
    @inlinable @inline(__always)
    public func prefetchBucket(_ hash: UInt64) {
        let hash = placed(hash)
        if current.count > 0 { unsafe cs_prefetch(current.bucket(current.home(hash))) }
        if old.count > 0 { unsafe cs_prefetch(old.bucket(old.home(hash))) }
    }

    /// Asks for the element that a look-up of `hash` will probably compare first.
    @inlinable @inline(__always)
    public func prefetchElement(_ hash: UInt64) {
        guard current.count > 0 else { return }
        let hash = placed(hash)
        let bucket = unsafe current.bucket(current.home(hash))
        let matches = unsafe Buckets.matches(bucket, Buckets.fingerprint(hash))
        if matches != 0 {
            unsafe Buckets.prefetch(Buckets.pointer(bucket, matches.trailingZeroBitCount >> 3))
        }
    }

    // MARK: Change

    /// Adds an element whose key is not in the table.
    @inlinable
    public mutating func insert(_ element: Element, _ hash: UInt64) {
        if isResizing { moveSome() }
        if count &+ 1 > Self.limit(current.count) { grow() }
        if elements == 0 { salt = hash | 1 }
        unsafe current.insert(element.raw, placed(hash))
        elements &+= 1
    }

    /// Puts `replacement` where `element` is; both have the same key.
    @inlinable
    public mutating func replace(_ element: Element, with replacement: Element, _ hash: UInt64) {
        let hash = placed(hash)
        if let slot = unsafe current.slot(of: element.raw, hash) {
            unsafe slot.pointee = unsafe replacement.raw
        } else if let slot = unsafe old.slot(of: element.raw, hash) {
            unsafe slot.pointee = unsafe replacement.raw
        } else {
            preconditionFailure("the replaced element is not in the table")
        }
    }

    /// Takes the element with `key` out; the caller owns it now.
    @inlinable
    public mutating func remove(_ key: RawSpan, _ hash: UInt64) -> Element? {
        guard count > 0 else { return nil }
        var found = unsafe current.remove(key, placed(hash))
        if found == nil, isResizing { unsafe found = old.remove(key, placed(hash)) }
        guard let element = found else { return nil }
        elements &-= 1
        if isResizing { moveSome() }
        if !isResizing, count < current.count { shrinkIfSparse() }
        return element
    }

    /// Empties the table, handing every element to `body`, which may free it.
    @inlinable
    public mutating func removeAll(_ body: (Element) -> Void) {
        unsafe current.forEach(from: 0, body)
        unsafe old.forEach(from: 0, body)
        unsafe current.free()
        unsafe old.free()
        current = Buckets()
        old = Buckets()
        moved = 0
        elements = 0
    }

    /// Visits all elements in bucket order. The table must not change meanwhile.
    @inlinable
    public func forEach(_ body: (Element) -> Void) {
        unsafe old.forEach(from: moved, body)
        unsafe current.forEach(from: 0, body)
    }

    /// Visits elements in bucket order until `body` returns false.
    @inlinable
    public func visit(while body: (Element) -> Bool) {
        _ = unsafe old.visit(from: moved, while: body) && current.visit(from: 0, while: body)
    }

    // MARK: Resizing

    /// How many elements `buckets` may hold: 7/8 of the slots; a single bucket fills up.
    @inlinable
    static func limit(_ buckets: Int) -> Int { buckets == 1 ? 7 : buckets &* 6 &+ buckets >> 3 }

    /// From here on a table grows in small steps.
    @inlinable static var largeBuckets: Int { 32 * 1024 }

    @inlinable @inline(never)
    mutating func grow() {
        while isResizing { moveOne() }
        let step = current.count < Self.largeBuckets ? current.count / 2 : current.count / 4
        var target = current.count + max(1, step)
        while Self.limit(target) < count + 1 { target += 1 }
        resize(to: target)
    }

    /// Makes room for `capacity` elements ahead of their coming.
    public mutating func reserve(_ capacity: Int) {
        while isResizing { moveOne() }
        let target = capacity / 6 + 1
        if target > current.count { resize(to: target) }
    }

    @inlinable @inline(never)
    mutating func shrinkIfSparse() {
        if count == 0 {
            replaceEmpty(with: Buckets())
        } else if current.count > 2 {
            resize(to: count / 4 + 1)
        }
    }

    @usableFromInline
    mutating func replaceEmpty(with buckets: Buckets) {
        unsafe current.free()
        current = buckets
    }

    @usableFromInline
    mutating func resize(to target: Int) {
        if count == 0 { return replaceEmpty(with: Buckets(count: target)) }
        old = current
        current = Buckets(count: target)
        moved = 0
    }

    /// As the pace says; when shrinking at least two buckets' worth of elements, so
    /// that the old table is empty before the new one is full.
    @inlinable @inline(never)
    mutating func moveSome() {
        _ = resizeStep(buckets: max(pace.rawValue, 2 * old.count / max(1, current.count) - 1))
    }

    @inlinable
    mutating func moveOne() {
        unsafe old.drain(moved) { pointer in
            unsafe current.insert(pointer, placed(Element(raw: pointer).hash(seed)))
        }
        moved += 1
        old.prefetchElements(moved)
        if moved == old.count {
            unsafe old.free()
            old = Buckets()
            moved = 0
        }
    }

    /// Moves up to `buckets` buckets of a resize under way; false when none is.
    @inlinable
    public mutating func resizeStep(buckets: Int) -> Bool {
        var left = buckets
        while isResizing, left > 0 {
            moveOne()
            left -= 1
        }
        return isResizing
    }
}
