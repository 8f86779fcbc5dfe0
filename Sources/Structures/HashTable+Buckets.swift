import CSystem
import Primitives

extension HashTable {
    /// An array of buckets; see the head of HashTable.swift. A plain handle:
    /// the table frees it.
    @frozen @safe @usableFromInline
    struct Buckets: BitwiseCopyable {
        // SAFETY: as of HashTable.
        @usableFromInline let base: UnsafeMutableRawPointer?
        @usableFromInline let count: Int

        @usableFromInline static var bucketBytes: Int { 64 }
        @usableFromInline static var slots: Int { 7 }
        @usableFromInline static var overflowMany: UInt8 { 255 }

        @inlinable init() {
            unsafe base = nil
            count = 0
        }

        @usableFromInline init(count: Int) {
            guard let memory = unsafe cs_allocate_lines(count * Self.bucketBytes) else {
                fatalError("out of memory allocating \(count) buckets")
            }
            unsafe base = unsafe memory
            self.count = count
        }

        @usableFromInline @unsafe func free() { unsafe CSystem.free(base) }

        @inlinable @inline(__always)
        func home(_ hash: UInt64) -> Int {
            Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: count)).high)
        }

        @inlinable @inline(__always)
        func next(_ bucket: Int) -> Int { bucket &+ 1 == count ? 0 : bucket &+ 1 }

        @inlinable @inline(__always)
        @unsafe func bucket(_ index: Int) -> UnsafeMutableRawPointer {
            unsafe base.unsafelyUnwrapped + index &* Self.bucketBytes
        }

        @inlinable @inline(__always)
        static func fingerprint(_ hash: UInt64) -> UInt8 {
            let low = UInt8(truncatingIfNeeded: hash)
            return low == 0 ? 1 : low
        }

        /// Bit 7 of every byte 0..6 of the bucket whose fingerprint is `wanted`.
        @inlinable @inline(__always)
        @unsafe static func matches(_ bucket: UnsafeMutableRawPointer, _ wanted: UInt8) -> UInt64 {
            let metadata = unsafe bucket.load(as: UInt64.self)
            let x = metadata ^ (UInt64(wanted) &* 0x0001_0101_0101_0101)
            let low7 = 0x7f7f_7f7f_7f7f_7f7f as UInt64
            return ~(((x & low7) &+ low7) | x | low7) & 0x0080_8080_8080_8080
        }

        @inlinable @inline(__always)
        @unsafe static func pointer(_ bucket: UnsafeMutableRawPointer, _ slot: Int) -> UnsafeMutableRawPointer {
            unsafe slots(of: bucket)[slot]
        }

        @inlinable @inline(__always)
        @unsafe static func slots(of bucket: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UnsafeMutableRawPointer> {
            unsafe (bucket + 8).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        }

        @inlinable @inline(__always)
        @unsafe static func overflow(_ bucket: UnsafeMutableRawPointer) -> UInt8 {
            unsafe bucket.load(fromByteOffset: 7, as: UInt8.self)
        }

        /// Where an element was found.
        @frozen @usableFromInline
        struct Place {
            @usableFromInline let element: Element
            @usableFromInline let bucket: Int
            @usableFromInline let slot: Int
            @inlinable init(element: Element, bucket: Int, slot: Int) {
                self.element = element
                self.bucket = bucket
                self.slot = slot
            }
        }

        @inlinable @inline(__always)
        @unsafe func find(_ key: RawSpan, _ hash: UInt64) -> Place? {
            guard count > 0 else { return nil }
            let wanted = Self.fingerprint(hash)
            var index = home(hash)
            var visited = 0
            while true {
                let bucket = unsafe bucket(index)
                var matches = unsafe Self.matches(bucket, wanted)
                while matches != 0 {
                    let slot = matches.trailingZeroBitCount >> 3
                    let element = unsafe Element(raw: Self.pointer(bucket, slot))
                    if element.hasKey(key) { return Place(element: element, bucket: index, slot: slot) }
                    matches &= matches &- 1
                }
                visited &+= 1
                if unsafe Self.overflow(bucket) == 0 || visited == count { return nil }
                index = next(index)
            }
        }

        /// The slot that holds exactly this pointer.
        @inlinable
        @unsafe func slot(of raw: UnsafeMutableRawPointer, _ hash: UInt64) -> UnsafeMutablePointer<UnsafeMutableRawPointer>? {
            guard count > 0 else { return nil }
            let wanted = Self.fingerprint(hash)
            var index = home(hash)
            var visited = 0
            while true {
                let bucket = unsafe bucket(index)
                var matches = unsafe Self.matches(bucket, wanted)
                while matches != 0 {
                    let slot = matches.trailingZeroBitCount >> 3
                    if unsafe Self.pointer(bucket, slot) == raw { return unsafe Self.slots(of: bucket) + slot }
                    matches &= matches &- 1
                }
                visited &+= 1
                if unsafe Self.overflow(bucket) == 0 || visited == count { return nil }
                index = next(index)
            }
        }

        @inlinable
        @unsafe func insert(_ raw: UnsafeMutableRawPointer, _ hash: UInt64) {
            var index = home(hash)
            while true {
                let bucket = unsafe bucket(index)
                let empty = unsafe Self.matches(bucket, 0)
                if empty != 0 {
                    let slot = empty.trailingZeroBitCount >> 3
                    unsafe bucket.storeBytes(of: Self.fingerprint(hash), toByteOffset: slot, as: UInt8.self)
                    unsafe Self.slots(of: bucket)[slot] = unsafe raw
                    return
                }
                let overflow = unsafe Self.overflow(bucket)
                if overflow != Self.overflowMany {
                    unsafe bucket.storeBytes(of: overflow &+ 1, toByteOffset: 7, as: UInt8.self)
                }
                index = next(index)
            }
        }

        @inlinable
        @unsafe func remove(_ key: RawSpan, _ hash: UInt64) -> Element? {
            guard let place = unsafe find(key, hash) else { return nil }
            unsafe bucket(place.bucket).storeBytes(of: 0, toByteOffset: place.slot, as: UInt8.self)
            var index = home(hash)
            while index != place.bucket {
                let passed = unsafe bucket(index)
                let overflow = unsafe Self.overflow(passed)
                if overflow != Self.overflowMany {
                    unsafe passed.storeBytes(of: overflow &- 1, toByteOffset: 7, as: UInt8.self)
                }
                index = next(index)
            }
            return place.element
        }

        /// Empties a bucket. Overflow counts stay, so that searches which pass it still go on.
        @inlinable
        @unsafe func drain(_ index: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
            let bucket = unsafe bucket(index)
            for slot in 0..<Self.slots where unsafe bucket.load(fromByteOffset: slot, as: UInt8.self) != 0 {
                unsafe body(Self.pointer(bucket, slot))
                unsafe bucket.storeBytes(of: 0, toByteOffset: slot, as: UInt8.self)
            }
        }

        /// Asks for the elements of a bucket that will be drained or visited soon, if there is such a bucket.
        @inlinable
        func prefetchElements(_ index: Int) {
            guard index >= 0, index < count else { return }
            // SAFETY: the bucket was found to be there on the line above.
            let bucket = unsafe bucket(index)
            for slot in 0..<Self.slots where unsafe bucket.load(fromByteOffset: slot, as: UInt8.self) != 0 {
                unsafe Self.prefetch(Self.pointer(bucket, slot))
            }
        }

        /// Asks for an element's memory; the upper 16 bits of the pointer may be a tag.
        @inlinable @inline(__always)
        @unsafe static func prefetch(_ raw: UnsafeMutableRawPointer) {
            unsafe cs_prefetch(UnsafeRawPointer(bitPattern: UInt(bitPattern: raw) & (1 << 48 - 1)))
        }

        /// Visits the elements that lie in buckets from `first` on.
        @inlinable
        @unsafe func forEach(from first: Int, _ body: (Element) -> Void) {
            var index = first
            while index < count {
                unsafe forEach(in: index, body)
                index += 1
            }
        }

        /// Visits elements, with those of the next bucket on their way, until `body`
        /// returns false; false when it did.
        @inlinable
        @unsafe func visit(from first: Int, while body: (Element) -> Bool) -> Bool {
            var index = first
            while index < count {
                prefetchElements(index + 1)
                let bucket = unsafe bucket(index)
                for slot in 0..<Self.slots where unsafe bucket.load(fromByteOffset: slot, as: UInt8.self) != 0 {
                    guard unsafe body(Element(raw: Self.pointer(bucket, slot))) else { return false }
                }
                index += 1
            }
            return true
        }

        @inlinable
        @unsafe func forEach(in index: Int, _ body: (Element) -> Void) {
            let bucket = unsafe bucket(index)
            for slot in 0..<Self.slots where unsafe bucket.load(fromByteOffset: slot, as: UInt8.self) != 0 {
                unsafe body(Element(raw: Self.pointer(bucket, slot)))
            }
        }

        /// Visits the elements whose home is `index`, wherever probing put them.
        @inlinable
        @unsafe func forEach(withHome home: Int, _ hash: (Element) -> UInt64, _ body: (Element, UInt64) -> Void) {
            var index = home
            var visited = 0
            while true {
                unsafe forEach(in: index) { element in
                    let hash = hash(element)
                    if self.home(hash) == home { body(element, hash) }
                }
                visited += 1
                if unsafe Self.overflow(bucket(index)) == 0 || visited == count { return }
                index = next(index)
            }
        }
    }
}
