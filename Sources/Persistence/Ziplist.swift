// What lists, hashes and sorted sets were before listpacks, to be read only.
//
//   ziplist:  bytes u32 | offset of the last u32 | elements u16 | element ... | 0xff
//   element:  bytes of the one before (u8, or 254 and u32) | encoding | data
//   zipmap:   elements u8 | (length, name, length, slack u8, value, slack bytes) ... | 0xff
//   length:   u8, or 254 and u32

import Primitives
import Structures

/// Old runs of strings and integers, made listpacks.
enum OldPacks {
    /// The listpack with the elements of a ziplist; nil when it is damaged.
    static func listpack(ofZiplist bytes: RawSpan) -> ByteBuffer? {
        guard bytes.byteCount >= 11, Int(bytes.half(0)) == bytes.byteCount, bytes.byte(bytes.byteCount - 1) == 255,
            bytes.byteCount <= Listpack.sizeLimit
        else { return nil }
        var pack = ByteBuffer(copying: Listpack.empty.rawSpan)
        var place = 10
        var last = 10
        var previous = 0
        var count = 0
        while place < bytes.byteCount - 1 {
            guard let element = ZiplistElement(bytes, at: place), element.previous == previous else { return nil }
            let end = Listpack(pack.bytes).end
            if let integer = element.integer {
                pack.insertElement(ListpackWord(integer: integer), at: end)
            } else {
                pack.insertElement(ListpackWord(bytes.slice(element.start, element.count)), at: end)
            }
            last = place
            previous = element.end - place
            place = element.end
            count += 1
        }
        let noted = Int(bytes.byte(8)) | Int(bytes.byte(9)) << 8
        guard Int(bytes.half(4)) == last, noted == count || noted == 65535 else { return nil }
        return pack
    }

    /// The listpack with names and values of a zipmap; nil when it is damaged.
    static func listpack(ofZipmap bytes: RawSpan) -> ByteBuffer? {
        guard bytes.byteCount >= 2, bytes.byteCount <= Listpack.sizeLimit else { return nil }
        var pack = ByteBuffer(copying: Listpack.empty.rawSpan)
        var place = 1
        var count = 0
        while place < bytes.byteCount, bytes.byte(place) != 255 {
            guard let name = run(bytes, &place), let value = run(bytes, &place, hasSlack: true) else { return nil }
            pack.insertElements(
                ListpackWord(bytes.slice(name.lowerBound, name.count)),
                ListpackWord(bytes.slice(value.lowerBound, value.count)), at: Listpack(pack.bytes).end)
            count += 1
        }
        let noted = Int(bytes.byte(0))
        guard count > 0, place == bytes.byteCount - 1, noted >= 254 || noted == count else { return nil }
        return pack
    }

    /// Where the bytes behind a length lie.
    private static func run(_ bytes: RawSpan, _ place: inout Int, hasSlack: Bool = false) -> Range<Int>? {
        guard place < bytes.byteCount else { return nil }
        var count = Int(bytes.byte(place))
        place += 1
        if count == 254 {
            guard bytes.byteCount - place >= 4 else { return nil }
            count = Int(bytes.half(place))
            place += 4
        } else if count == 255 {
            return nil
        }
        var slack = 0
        if hasSlack {
            guard place < bytes.byteCount else { return nil }
            slack = Int(bytes.byte(place))
            place += 1
        }
        guard count + slack < bytes.byteCount - place else { return nil }
        defer { place += count + slack }
        return place..<place + count
    }
}

/// An element of a ziplist: an integer, or where the bytes of a string lie.
private struct ZiplistElement {
    var integer: Int64?
    var start = 0
    var count = 0
    /// What the element says about the bytes of the one before.
    var previous: Int
    /// Where the next begins.
    var end: Int

    /// Nil when it would pass the end mark or means nothing.
    init?(_ bytes: RawSpan, at place: Int) {
        let room = bytes.byteCount - 1
        var here = place + 1
        previous = Int(bytes.byte(place))
        end = 0
        if previous == 254 {
            guard room - here >= 4 else { return nil }
            previous = Int(bytes.half(here))
            here += 4
        }
        guard previous != 255, here < room else { return nil }
        let lead = bytes.byte(here)
        here += 1
        if lead >> 6 == 3 {
            guard let width = Self.integerBytes(lead), room - here >= width else { return nil }
            integer = width == 0 ? Int64(lead & 15) - 1 : Self.integer(bytes, here, width)
            end = here + width
            return
        }
        let more = lead >> 6 == 0 ? 0 : lead >> 6 == 1 ? 1 : 4
        guard room - here >= more, lead >> 6 != 2 || lead == 0x80 else { return nil }
        count = more == 4 ? 0 : Int(lead & 63)
        for index in 0..<more { count = count << 8 | Int(bytes.byte(here + index)) }
        start = here + more
        guard count <= room - start else { return nil }
        end = start + count
    }

    /// Bytes of an integer behind its encoding; 0 when it stands in it.
    private static func integerBytes(_ lead: UInt8) -> Int? {
        switch lead {
        case 0xc0: 2
        case 0xd0: 4
        case 0xe0: 8
        case 0xf0: 3
        case 0xfe: 1
        case 0xf1...0xfd: 0
        default: nil
        }
    }

    private static func integer(_ bytes: RawSpan, _ offset: Int, _ width: Int) -> Int64 {
        var raw: UInt64 = 0
        for index in 0..<width { raw |= UInt64(bytes.byte(offset + index)) << UInt64(8 * index) }
        let unused = UInt64(64 - 8 * width)
        return Int64(bitPattern: raw << unused) >> Int64(unused)
    }
}
