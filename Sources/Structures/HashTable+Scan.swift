import Primitives

extension HashTable {
    /// A place in the order of salted hashes, at which a scan goes on: the high 48
    /// bits of one. It means the same before, during and after a resize, so
    /// that an element which is there during a whole scan is returned exactly once.
    public typealias ScanPosition = UInt64

    /// Positions below this are valid.
    @inlinable public static var scanPositions: UInt64 { 1 << 48 }

    /// Visits the elements from `position` to the end of its bucket; returns
    /// where to go on, or nil at the end of the table. `body` must not change the table.
    /// `ahead`: so many buckets further the elements are asked for, for one who visits them all.
    @inlinable
    public func scan(from position: ScanPosition, ahead: Int = 0, _ body: (Element) -> Void) -> ScanPosition? {
        guard count > 0, position < Self.scanPositions else { return nil }
        let start = position << 16
        // A step covers a bucket of the coarser table, rounded up to a whole position.
        let coarse = isResizing && old.count < current.count ? old : current
        let boundary = Self.end(ofBucket: coarse.home(start), of: coarse.count)
        let next = boundary.map { ($0 >> 16) + ($0 & 0xffff == 0 ? 0 : 1) }
        if ahead > 0 { current.prefetchElements(current.home(start) + ahead) }
        let last = next.flatMap { $0 < Self.scanPositions ? ($0 << 16) - 1 : nil } ?? UInt64.max
        visit(current, start...last, body)
        if isResizing { visit(old, start...last, body) }
        return last == .max ? nil : next
    }

    @inlinable
    func visit(_ buckets: Buckets, _ hashes: ClosedRange<UInt64>, _ body: (Element) -> Void) {
        guard buckets.count > 0 else { return }
        for home in buckets.home(hashes.lowerBound)...buckets.home(hashes.upperBound) {
            unsafe buckets.forEach(withHome: home, { placed($0.hash(seed)) }) { element, hash in
                if hashes.contains(hash) { body(element) }
            }
        }
    }

    /// The lowest hash behind bucket `index` of `count`; nil behind the last.
    @inlinable
    static func end(ofBucket index: Int, of count: Int) -> UInt64? {
        if index + 1 >= count { return nil }
        let (quotient, remainder) = UInt64(count).dividingFullWidth((UInt64(index + 1), 0))
        return remainder == 0 ? quotient : quotient + 1
    }

    /// An element chosen with equal chance for each: a random slot until one is occupied.
    @inlinable
    public func randomElement(using random: inout RandomGenerator) -> Element? {
        guard count > 0 else { return nil }
        let buckets = current.count + old.count
        // The fill is above 1/8 but for the last moments of a shrink; 1,000 misses
        // in a row do not happen by chance.
        for _ in 0..<1000 {
            let chosen = random.below(buckets * Buckets.slots)
            let (bucket, slot) = chosen.quotientAndRemainder(dividingBy: Buckets.slots)
            let inCurrent = bucket < current.count
            let line = unsafe inCurrent ? current.bucket(bucket) : old.bucket(bucket - current.count)
            let element = unsafe line.load(fromByteOffset: slot, as: UInt8.self) != 0
                ? Element(raw: Buckets.pointer(line, slot)) : nil
            if let element { return element }
        }
        var found: Element?
        var position: ScanPosition? = random.next() >> 16
        while found == nil {
            position = scan(from: position ?? 0) { if found == nil { found = $0 } }
        }
        return found
    }

    /// Visits the elements of whole buckets from a random one on, until `wanted` or more
    /// were visited. Cheaper than as many random elements: neighbours share cache lines.
    @inlinable
    public func sample(_ wanted: Int, using random: inout RandomGenerator, _ body: (Element) -> Void) {
        guard count > 0 else { return }
        // During a resize the two tables are filled unevenly, and only a scan meets all alike.
        if isResizing { return sampleByScan(wanted, using: &random, body) }
        var bucket = random.below(current.count)
        var visited = 0
        // A table is hardly filled only in the last moments of a shrink.
        for _ in 0..<min(current.count, 64 + wanted) where visited < min(wanted, count) {
            unsafe current.forEach(in: bucket) { element in
                visited += 1
                body(element)
            }
            bucket = bucket + 1 == current.count ? 0 : bucket + 1
        }
        if visited == 0, let element = randomElement(using: &random) { body(element) }
    }

    /// The same by the order of hashes, which have to be computed for it.
    @usableFromInline
    func sampleByScan(_ wanted: Int, using random: inout RandomGenerator, _ body: (Element) -> Void) {
        let buckets = old.count < current.count ? old.count : current.count
        let first = random.below(buckets)
        var position = first == 0 ? 0 : Self.end(ofBucket: first - 1, of: buckets).map { ($0 >> 16) + ($0 & 0xffff == 0 ? 0 : 1) } ?? 0
        var visited = 0
        for _ in 0..<min(buckets, 64 + wanted) where visited < min(wanted, count) {
            position = scan(from: position) { element in
                visited += 1
                body(element)
            } ?? 0
        }
        if visited == 0, let element = randomElement(using: &random) { body(element) }
    }

    /// Whether exactly this element, which may have been freed, is in the table under `hash`.
    public func holds(_ element: Element, _ hash: UInt64) -> Bool {
        unsafe current.slot(of: element.raw, placed(hash)) != nil || old.slot(of: element.raw, placed(hash)) != nil
    }

    /// Traps when the table contradicts itself. For tests.
    public func checkInvariants() {
        var seen = 0
        forEach { element in
            seen += 1
            let hash = placed(element.hash(seed))
            let isFound = unsafe (current.slot(of: element.raw, hash) ?? old.slot(of: element.raw, hash)) != nil
            precondition(isFound, "an element cannot be found from its home")
        }
        precondition(seen == count, "count \(count), but \(seen) elements")
        precondition(count <= Self.limit(max(1, current.count)) || isResizing, "overfull")
    }
}
