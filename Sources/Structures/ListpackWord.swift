import CSystem
import Primitives

/// A text as a listpack keeps it: how it is encoded, and writing it.
public struct ListpackWord: ~Escapable, BitwiseCopyable {
    /// The text as it was given.
    public let text: RawSpan
    /// Whether the text spells an integer, which is then what is kept.
    public let isInteger: Bool
    /// That integer; 0 for a string.
    public let integer: Int64
    /// Bytes of encoding and data.
    public let encodedCount: Int

    @inlinable
    @_lifetime(copy text)
    public init(_ text: RawSpan) {
        self.text = text
        if text.byteCount <= 20, let integer = text.canonicalInteger {
            isInteger = true
            self.integer = integer
            encodedCount = Self.encodedCount(of: integer)
        } else {
            isInteger = false
            integer = 0
            encodedCount = Self.headCount(text.byteCount) + text.byteCount
        }
    }

    /// An integer without its text.
    @inlinable
    @_lifetime(immortal)
    public init(integer: Int64) {
        text = RawSpan(literal: "")
        isInteger = true
        self.integer = integer
        encodedCount = Self.encodedCount(of: integer)
    }

    /// All bytes of the element.
    @inlinable public var totalCount: Int { encodedCount + Self.backCount(encodedCount) }

    @inlinable
    static func headCount(_ count: Int) -> Int { count < 64 ? 1 : count < 4096 ? 2 : 5 }

    @inlinable
    static func encodedCount(of integer: Int64) -> Int {
        switch integer {
        case 0...127: 1
        case -4096...4095: 2
        case -32768...32767: 3
        case -8_388_608...8_388_607: 4
        case Int64(Int32.min)...Int64(Int32.max): 5
        default: 9
        }
    }

    /// Bytes of the length backwards for an element of `encoded` bytes.
    @inlinable
    static func backCount(_ encoded: Int) -> Int {
        encoded < 128 ? 1 : encoded < 16384 ? 2 : encoded < 2_097_152 ? 3 : encoded < 268_435_456 ? 4 : 5
    }

    /// Writes the element; `place` has room for `totalCount` bytes.
    @unsafe public func write(to place: UnsafeMutableRawPointer) {
        if isInteger {
            unsafe writeInteger(to: place)
        } else {
            let head = Self.headCount(text.byteCount)
            let count = text.byteCount
            switch head {
            case 1: unsafe place.storeBytes(of: 0x80 | UInt8(count), as: UInt8.self)
            case 2:
                unsafe place.storeBytes(of: 0xe0 | UInt8(count >> 8), as: UInt8.self)
                unsafe place.storeBytes(of: UInt8(count & 255), toByteOffset: 1, as: UInt8.self)
            default:
                unsafe place.storeBytes(of: 0xf0, as: UInt8.self)
                unsafe place.storeBytes(of: UInt32(count), toByteOffset: 1, as: UInt32.self)
            }
            unsafe text.copy(to: place + head)
        }
        unsafe Self.writeBack(encodedCount, to: place + encodedCount)
    }

    @unsafe private func writeInteger(to place: UnsafeMutableRawPointer) {
        let bits = UInt64(bitPattern: integer)
        switch encodedCount {
        case 1: unsafe place.storeBytes(of: UInt8(bits), as: UInt8.self)
        case 2:
            unsafe place.storeBytes(of: 0xc0 | UInt8(bits >> 8 & 31), as: UInt8.self)
            unsafe place.storeBytes(of: UInt8(bits & 255), toByteOffset: 1, as: UInt8.self)
        default:
            let lead: UInt8 = encodedCount == 9 ? 0xf4 : 0xef + UInt8(encodedCount) - 1
            unsafe place.storeBytes(of: lead, as: UInt8.self)
            for i in 0..<encodedCount - 1 {
                unsafe place.storeBytes(
                    of: UInt8(truncatingIfNeeded: bits >> UInt64(8 * i)), toByteOffset: 1 + i, as: UInt8.self)
            }
        }
    }

    /// Writes `encoded` backwards: 7 bits a byte, the highest first.
    @unsafe private static func writeBack(_ encoded: Int, to place: UnsafeMutableRawPointer) {
        let count = backCount(encoded)
        for i in 0..<count {
            let bits = UInt8(truncatingIfNeeded: encoded >> (7 * (count - 1 - i))) & 127
            unsafe place.storeBytes(of: i == 0 ? bits : bits | 128, toByteOffset: i, as: UInt8.self)
        }
    }
}
