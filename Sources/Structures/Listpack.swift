// The listpack: a run of strings and integers in one piece of memory, as
// Redis lays it out (the format is public: antirez/listpack, listpack.md).
//
//   total bytes u32 | elements u16 | element ... | 0xff
//
// An element is an encoding with its data, and the length of both backwards
// (`backlen`: 7 bits a byte, high bits first, bit 7 set in all but the first),
// so that it can be walked from either end:
//
//   0xxxxxxx             integer 0..127
//   10xxxxxx bytes       string up to 63 bytes
//   110xxxxx x           integer of 13 bits, signed
//   1110xxxx x bytes     string up to 4,095 bytes
//   11110000 u32 bytes   string
//   11110001 .. 11110100 integer of 16, 24, 32, 64 bits, signed
//
// A string that spells a 64-bit integer canonically is kept as that integer.
// 65,535 elements means "count them". All numbers are little-endian.

import Primitives

/// A view of a listpack. Reads are bounds-checked; bytes from outside are to be
/// checked by `isValid` before anything else looks at them.
public struct Listpack: ~Escapable, BitwiseCopyable {
    /// The whole listpack, header and end mark included.
    public let bytes: RawSpan

    /// `bytes` hold a whole listpack.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { self.bytes = bytes }

    /// A listpack without elements.
    public static var empty: [UInt8] { [7, 0, 0, 0, 0, 0, 0xff] }
    /// Where the first element begins.
    @inlinable public static var headerBytes: Int { 6 }
    /// Listpacks must not grow beyond this, lest lengths leave 32 bits.
    public static var sizeLimit: Int { 1 << 30 }

    /// Elements; walks through all of them when there are 65,535 and more.
    public var count: Int {
        let noted = Int(bytes.byte(4)) | Int(bytes.byte(5)) << 8
        guard noted == 0xffff else { return noted }
        var counted = 0
        var offset = first
        while let here = offset {
            counted += 1
            offset = next(after: here)
        }
        return counted
    }

    /// Whether there are no elements.
    @inlinable public var isEmpty: Bool { bytes.byte(Self.headerBytes) == 0xff }

    // MARK: Places. An offset points to the first byte of an element.

    /// The place of the first element; nil when there is none.
    @inlinable
    public var first: Int? { isEmpty ? nil : Self.headerBytes }

    /// The place of the last element; nil when there is none.
    public var last: Int? { previous(before: bytes.byteCount - 1) }

    /// Where an element that is appended will stand.
    @inlinable public var end: Int { bytes.byteCount - 1 }

    /// The place of the element behind the one at `offset`; nil behind the last.
    @inlinable
    public func next(after offset: Int) -> Int? {
        let following = offset + element(at: offset).totalCount
        return bytes.byte(following) == 0xff ? nil : following
    }

    /// The place of the element before the one at `offset`; nil before the first.
    public func previous(before offset: Int) -> Int? {
        guard offset > Self.headerBytes else { return nil }
        var index = offset - 1
        var count = Int(bytes.byte(index) & 127)
        var shift = 7
        while bytes.byte(index) & 128 != 0 {
            index -= 1
            count |= Int(bytes.byte(index) & 127) << shift
            shift += 7
        }
        return index - count
    }

    /// The place of element `index`; negative ones count from the end (-1 is the last).
    public func seek(_ index: Int) -> Int? {
        if index < 0 { return walkBack(from: last, steps: -1 - index) }
        let noted = Int(bytes.byte(4)) | Int(bytes.byte(5)) << 8
        if noted != 0xffff {
            guard index < noted else { return nil }
            if index > noted / 2 { return walkBack(from: last, steps: noted - 1 - index) }
        }
        var offset = first
        var steps = index
        while let here = offset, steps > 0 {
            offset = next(after: here)
            steps -= 1
        }
        return offset
    }

    private func walkBack(from start: Int?, steps: Int) -> Int? {
        var offset = start
        var left = steps
        while let here = offset, left > 0 {
            offset = previous(before: here)
            left -= 1
        }
        return offset
    }

    /// The place `count` elements behind `offset`; `end` when there are not so many.
    public func skip(_ count: Int, from offset: Int) -> Int {
        var place = offset
        for _ in 0..<count where place < end { place += element(at: place).totalCount }
        return place
    }

    // MARK: Elements

    /// What stands at a place.
    @inlinable
    public func element(at offset: Int) -> ListpackElement {
        let lead = bytes.byte(offset)
        if lead & 0x80 == 0 { return ListpackElement(integer: Int64(lead), encodedCount: 1) }
        if lead & 0xc0 == 0x80 { return ListpackElement(start: offset + 1, count: Int(lead & 63), headCount: 1) }
        return wideElement(lead, offset)
    }

    @usableFromInline
    func wideElement(_ lead: UInt8, _ offset: Int) -> ListpackElement {
        if lead & 0xe0 == 0xc0 {
            let raw = Int64(lead & 31) << 8 | Int64(bytes.byte(offset + 1))
            return ListpackElement(integer: raw >= 1 << 12 ? raw - 1 << 13 : raw, encodedCount: 2)
        }
        if lead & 0xf0 == 0xe0 {
            let count = Int(lead & 15) << 8 | Int(bytes.byte(offset + 1))
            return ListpackElement(start: offset + 2, count: count, headCount: 2)
        }
        switch lead {
        case 0xf0: return ListpackElement(start: offset + 5, count: Int(bytes.half(offset + 1)), headCount: 5)
        case 0xf1: return ListpackElement(integer: signed(offset + 1, 2), encodedCount: 3)
        case 0xf2: return ListpackElement(integer: signed(offset + 1, 3), encodedCount: 4)
        case 0xf3: return ListpackElement(integer: signed(offset + 1, 4), encodedCount: 5)
        case 0xf4: return ListpackElement(integer: signed(offset + 1, 8), encodedCount: 9)
        default: preconditionFailure("no element begins at this place of a listpack")
        }
    }

    /// A little-endian integer of `count` bytes with sign.
    private func signed(_ offset: Int, _ count: Int) -> Int64 {
        var raw: UInt64 = 0
        for i in 0..<count { raw |= UInt64(bytes.byte(offset + i)) << UInt64(8 * i) }
        let unused = UInt64(64 - 8 * count)
        return Int64(bitPattern: raw << unused) >> Int64(unused)
    }

    /// Calls `body` with the text of the element at `offset`, integers as decimal.
    @inlinable
    public func withText<Result: ~Copyable, Failure: Error>(
        at offset: Int, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withText(of: element(at: offset), body)
    }

    /// Calls `body` with the text of an element that `element(at:)` returned, integers as decimal.
    @inlinable
    public func withText<Result: ~Copyable, Failure: Error>(
        of element: ListpackElement, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if element.isInteger {
            let digits = DecimalText(element.integer)
            return try body(digits.bytes)
        }
        return try body(bytes.slice(element.start, element.count))
    }

    /// Whether the element at `offset` has this text.
    @inlinable
    public func equals(at offset: Int, _ word: ListpackWord) -> Bool { equals(element(at: offset), word) }

    @inlinable
    func equals(_ element: ListpackElement, _ word: ListpackWord) -> Bool {
        if element.isInteger { return word.isInteger && word.integer == element.integer }
        return !word.isInteger && element.count == word.text.byteCount
            && bytes.slice(element.start, element.count).equals(word.text)
    }

    /// The place of the first element with the text of `word`, at or behind
    /// `start`; `skipping` elements are passed over after each that is compared.
    @inlinable
    public func find(_ word: ListpackWord, from start: Int = Listpack.headerBytes, skipping: Int = 0) -> Int? {
        var offset = start
        let end = end
        while offset < end {
            let element = element(at: offset)
            if equals(element, word) { return offset }
            offset += element.totalCount
            for _ in 0..<skipping where offset < end { offset += self.element(at: offset).totalCount }
        }
        return nil
    }

    /// Calls `body` with the text of every element in order; it returns false to stop.
    @inlinable
    public func forEach(_ body: (RawSpan) -> Bool) {
        var offset = Self.headerBytes
        let end = end
        while offset < end {
            let element = element(at: offset)
            guard withText(of: element, body) else { return }
            offset += element.totalCount
        }
    }
}

/// What stands at a place of a listpack: an integer, or where the bytes of a string lie.
@frozen
public struct ListpackElement: BitwiseCopyable {
    /// Whether it is kept as an integer.
    public let isInteger: Bool
    /// The integer; 0 for a string.
    public let integer: Int64
    /// Where a string's bytes begin.
    public let start: Int
    /// A string's bytes.
    public let count: Int
    /// Bytes of encoding and data.
    public let encodedCount: Int

    @inlinable
    init(integer: Int64, encodedCount: Int) {
        isInteger = true
        self.integer = integer
        start = 0
        count = 0
        self.encodedCount = encodedCount
    }

    @inlinable
    init(start: Int, count: Int, headCount: Int) {
        isInteger = false
        integer = 0
        self.start = start
        self.count = count
        encodedCount = headCount + count
    }

    /// All bytes of the element, the length backwards included.
    @inlinable public var totalCount: Int { encodedCount + ListpackWord.backCount(encodedCount) }
}
