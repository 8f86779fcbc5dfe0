// Changing a listpack: every change replaces a run of bytes by another and
// corrects the header. Whoever owns the memory moves the bytes (`splice`);
// what is written is said here.

import CSystem
import Primitives

/// Memory that holds exactly one value and can exchange a run of its bytes.
public protocol Spliceable: ~Copyable {
    /// The bytes as they are.
    var bytes: RawSpan { @_lifetime(borrow self) get }
    /// Replaces `removed` bytes at `offset` by `inserted` bytes, which are to be
    /// written; returns where the value begins now.
    @unsafe mutating func splice(at offset: Int, removing removed: Int, inserting inserted: Int) -> UnsafeMutableRawPointer
}

extension Spliceable where Self: ~Copyable {
    /// Puts elements at `offset`, in front of what stands there.
    public mutating func insertElement(_ word: ListpackWord, at offset: Int) {
        // SAFETY: splice made room for exactly the bytes that `write` writes.
        let base = unsafe splice(at: offset, removing: 0, inserting: word.totalCount)
        unsafe word.write(to: base + offset)
        unsafe Listpack.correctHeader(base, bytes: word.totalCount, elements: 1)
    }

    /// Puts two elements at `offset`: field and value, member and score.
    public mutating func insertElements(_ first: ListpackWord, _ second: ListpackWord, at offset: Int) {
        let added = first.totalCount + second.totalCount
        // SAFETY: as above.
        let base = unsafe splice(at: offset, removing: 0, inserting: added)
        unsafe first.write(to: base + offset)
        unsafe second.write(to: base + offset + first.totalCount)
        unsafe Listpack.correctHeader(base, bytes: added, elements: 2)
    }

    /// Replaces the element at `offset`.
    public mutating func replaceElement(at offset: Int, with word: ListpackWord) {
        let old = Listpack(bytes).element(at: offset).totalCount
        // SAFETY: as above.
        let base = unsafe splice(at: offset, removing: old, inserting: word.totalCount)
        unsafe word.write(to: base + offset)
        unsafe Listpack.correctHeader(base, bytes: word.totalCount - old, elements: 0)
    }

    /// Removes up to `count` elements at `offset`; returns how many there were.
    @discardableResult
    public mutating func removeElements(at offset: Int, _ count: Int) -> Int {
        let run = Listpack(bytes).run(of: count, at: offset)
        guard run.elements > 0 else { return 0 }
        // SAFETY: nothing is inserted.
        let base = unsafe splice(at: offset, removing: run.bytes, inserting: 0)
        unsafe Listpack.correctHeader(base, bytes: -run.bytes, elements: -run.elements)
        return run.elements
    }
}

extension Listpack {
    /// Up to `count` elements from `offset` on: how many there are, and their bytes.
    func run(of count: Int, at offset: Int) -> (elements: Int, bytes: Int) {
        var place = offset
        var elements = 0
        while elements < count, place < end {
            place += element(at: place).totalCount
            elements += 1
        }
        return (elements, place - offset)
    }

    /// Notes that the listpack at `base` has so many more bytes and elements.
    @unsafe static func correctHeader(_ base: UnsafeMutableRawPointer, bytes: Int, elements: Int) {
        let total = unsafe Int(base.loadUnaligned(as: UInt32.self)) + bytes
        precondition(total >= 7 && total <= Int(UInt32.max))
        unsafe base.storeBytes(of: UInt32(total), as: UInt32.self)
        let noted = unsafe Int(base.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        // Once uncounted, a listpack stays so: counting it again would cost a walk.
        let count = noted == 0xffff ? 0xffff : min(noted + elements, 0xffff)
        unsafe base.storeBytes(of: UInt16(count), toByteOffset: 4, as: UInt16.self)
    }

    /// Whether `bytes` are a well-formed listpack: lengths, encodings, lengths
    /// backwards and the count agree. For bytes from outside.
    public static func isValid(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= 7, Int(bytes.half(0)) == bytes.byteCount, bytes.byte(bytes.byteCount - 1) == 0xff else {
            return false
        }
        let end = bytes.byteCount - 1
        var offset = headerBytes
        var counted = 0
        while offset < end {
            guard let encoded = encodedCount(bytes, offset, end) else { return false }
            let back = ListpackWord.backCount(encoded)
            guard encoded <= end - offset, back <= end - offset - encoded else { return false }
            var noted = 0
            for i in 0..<back {
                let byte = bytes.byte(offset + encoded + i)
                guard (byte & 128 != 0) == (i > 0) else { return false }
                noted = noted << 7 | Int(byte & 127)
            }
            guard noted == encoded else { return false }
            offset += encoded + back
            counted += 1
        }
        let noted = Int(bytes.byte(4)) | Int(bytes.byte(5)) << 8
        return noted == 0xffff || noted == counted
    }

    /// Bytes of encoding and data at `offset`; nil when they would pass `end` or mean nothing.
    private static func encodedCount(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> Int? {
        let lead = bytes.byte(offset)
        if lead & 0x80 == 0 { return 1 }
        if lead & 0xc0 == 0x80 { return 1 + Int(lead & 63) }
        if lead & 0xe0 == 0xc0 { return 2 }
        if lead & 0xf0 == 0xe0 { return end - offset < 2 ? nil : 2 + (Int(lead & 15) << 8 | Int(bytes.byte(offset + 1))) }
        switch lead {
        case 0xf0: return end - offset < 5 ? nil : 5 + Int(bytes.half(offset + 1))
        case 0xf1: return 3
        case 0xf2: return 4
        case 0xf3: return 5
        case 0xf4: return 9
        default: return nil
        }
    }
}

extension ByteBuffer: Spliceable {}
