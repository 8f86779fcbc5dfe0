// A field of a large hash with its value: one allocation, whose lengths stand in
// the upper 16 bits of the word that the table keeps:
//
//   bits 0..47   address
//   bits 48..55  bytes of the value up to 254; 255: a word of the allocation says
//   bits 56..62  bytes of the field up to 126; 127: a word of the allocation says
//   bit  63      the field has an expiry
//
//   [expiry 8] [length of field 8] [length of value 8]  field  value
//
// A field of 16 bytes with a value of 16 bytes takes 32 bytes.

import CSystem
import Primitives

/// A reference to a field, valid until its table changes it.
@frozen @safe
public struct Field: TableElement {
    // SAFETY: `raw` is an address with tag as drawn above, made by `make`; the
    // table that holds the field frees it after removing it.
    /// Address and tag.
    @unsafe public let raw: UnsafeMutableRawPointer

    /// The field with this address and tag.
    @inlinable
    @unsafe public init(raw: UnsafeMutableRawPointer) { unsafe self.raw = unsafe raw }

    @usableFromInline static var wideValue: UInt { 255 }
    @usableFromInline static var wideName: UInt { 127 }

    /// The word as a number, by which the list of deadlines knows the field.
    @inlinable var bits: UInt { unsafe UInt(bitPattern: raw) }
    @inlinable var nameTag: UInt { bits >> 56 & 127 }
    @inlinable var valueTag: UInt { bits >> 48 & 255 }
    /// Whether the field expires.
    @inlinable public var hasExpiry: Bool { bits >> 63 != 0 }

    @inlinable var address: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: bits & (1 << 48 - 1)).unsafelyUnwrapped
    }

    // MARK: Parts

    @inlinable var nameCountOffset: Int { hasExpiry ? 8 : 0 }
    @inlinable var valueCountOffset: Int { nameCountOffset &+ (nameTag == Self.wideName ? 8 : 0) }
    @inlinable var nameOffset: Int { valueCountOffset &+ (valueTag == Self.wideValue ? 8 : 0) }

    /// The word at `offset` of the allocation.
    @inlinable func word(_ offset: Int) -> Int { unsafe address.load(fromByteOffset: offset, as: Int.self) }

    func setWord(_ offset: Int, _ value: Int) {
        unsafe address.storeBytes(of: value, toByteOffset: offset, as: Int.self)
    }

    /// A part of the allocation.
    @inlinable
    @_lifetime(borrow self)
    func part(_ offset: Int, _ count: Int) -> RawSpan {
        unsafe _overrideLifetime(RawSpan(_unsafeStart: address + offset, byteCount: count), borrowing: self)
    }

    @inlinable var nameCount: Int {
        nameTag == Self.wideName ? word(nameCountOffset) : Int(nameTag)
    }

    @inlinable var valueCount: Int {
        valueTag == Self.wideValue ? word(valueCountOffset) : Int(valueTag)
    }

    /// When the field expires.
    @inlinable public var expiry: Int64? { hasExpiry ? Int64(word(0)) : nil }

    /// Whether the field is expired at `now`.
    @inlinable public func isExpired(at now: Int64) -> Bool {
        hasExpiry && word(0) <= now
    }

    /// The field.
    @inlinable public var name: RawSpan {
        @_lifetime(borrow self)
        get { part(nameOffset, nameCount) }
    }

    /// The value.
    @inlinable public var value: RawSpan {
        @_lifetime(borrow self)
        get { part(nameOffset &+ nameCount, valueCount) }
    }

    /// The hash of the name.
    @inlinable public func hash(_ seed: HashSeed) -> UInt64 { name.hash(seed) }
    /// Whether this is the name.
    @inlinable public func hasKey(_ key: RawSpan) -> Bool { name.equals(key) }

    // MARK: Making and changing

    static func tag(_ name: Int, _ value: Int, _ hasExpiry: Bool) -> UInt {
        (hasExpiry ? 1 << 15 : 0) | min(UInt(name), wideName) << 8 | min(UInt(value), wideValue)
    }

    static func bytes(_ name: Int, _ value: Int, _ hasExpiry: Bool) -> Int {
        let heads = (hasExpiry ? 8 : 0) + (name >= Int(wideName) ? 8 : 0) + (value >= Int(wideValue) ? 8 : 0)
        return SizeClass.rounded(max(1, heads + name + value))
    }

    /// Bytes of the allocation.
    var allocationBytes: Int { Self.bytes(nameCount, valueCount, hasExpiry) }

    static func make(_ name: RawSpan, _ value: RawSpan, _ expiry: Int64?) -> Field {
        let memory = unsafe allocate(bytes(name.byteCount, value.byteCount, expiry != nil))
        let address = UInt(bitPattern: memory)
        precondition(address >> 48 == 0, "an address of more than 48 bits")
        let bits = address | tag(name.byteCount, value.byteCount, expiry != nil) << 48
        let field = unsafe Field(raw: UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped)
        if let expiry { field.setWord(0, Int(expiry)) }
        if field.nameTag == wideName { field.setWord(field.nameCountOffset, name.byteCount) }
        if field.valueTag == wideValue { field.setWord(field.valueCountOffset, value.byteCount) }
        unsafe name.copy(to: memory + field.nameOffset)
        unsafe value.copy(to: memory + field.nameOffset + name.byteCount)
        return field
    }

    /// Overwrites the value where the allocation and the word stay as they are; false when they do not.
    func overwrite(_ value: RawSpan) -> Bool {
        guard min(UInt(value.byteCount), Self.wideValue) == valueTag,
            Self.bytes(nameCount, value.byteCount, hasExpiry) == allocationBytes
        else { return false }
        if valueTag == Self.wideValue { setWord(valueCountOffset, value.byteCount) }
        unsafe value.copy(to: address + nameOffset + nameCount)
        return true
    }

    /// Overwrites the expiry of a field that has one.
    func overwriteExpiry(_ expiry: Int64) {
        precondition(hasExpiry)
        setWord(0, Int(expiry))
    }

    @unsafe func free() { unsafe CSystem.free(address) }
}
