// An entry is one allocation that holds a key and, when it is small, its value:
//
//   byte 0      type (bits 0..3) | encoding (bits 4..7)
//   byte 1      flags: 1 has an expiry, 2 value is a block, 4 wide key length,
//               8 value is a container
//   byte 2..4   access bits: LRU seconds or LFU minutes and counter (24 bits)
//   byte 5      key length up to 255
//   byte 6..7   length of an embedded value
//   [ 8 bytes   expiry, milliseconds since 1970 ]     flag 1
//   [ 8 bytes   key length ]                          flag 4, keys above 255 bytes
//   key bytes
//   value: bytes | 8-byte integer (int) | 8-byte pointer to a block (flag 2)
//          or to a container (flag 8)
//
// Small lists, sets, hashes and sorted sets are bytes as well: a listpack or an
// intset, embedded, or in a block above 16 KiB. Large ones are containers.
//
// A 16-byte key with an 8-byte value or an integer fills the 32-byte class,
// with 64 bytes the 96-byte class; with an expiry and 32 bytes the 64-byte class.
//
// The allocation always has the size class of the length computed from the
// header, so a change that stays in the class happens in place.

import CSystem
import Primitives
import Structures

/// A reference to an entry, valid until the next change of its partition.
@frozen @safe
public struct Entry: TableElement {
    // SAFETY: `raw` points to an allocation laid out as drawn above. Only the
    // partition that holds the entry makes and frees it; references are not
    // kept across changes (nothing outside the tables stores one).
    @unsafe public let raw: UnsafeMutableRawPointer

    @inlinable
    @unsafe public init(raw: UnsafeMutableRawPointer) { unsafe self.raw = unsafe raw }

    // MARK: Header

    @inlinable
    var header: UInt64 {
        @inline(__always) get { unsafe raw.load(as: UInt64.self) }
        nonmutating set { unsafe raw.storeBytes(of: newValue, as: UInt64.self) }
    }

    @usableFromInline static var expiryFlag: UInt64 { 1 << 8 }
    @usableFromInline static var blockFlag: UInt64 { 2 << 8 }
    @usableFromInline static var wideKeyFlag: UInt64 { 4 << 8 }
    @usableFromInline static var containerFlag: UInt64 { 8 << 8 }

    /// What TYPE tells of the value.
    @inlinable public var type: ValueType { ValueType(rawValue: UInt8(truncatingIfNeeded: header & 15)) ?? .string }
    /// What OBJECT ENCODING tells of the value.
    @inlinable public var encoding: ValueEncoding {
        ValueEncoding(rawValue: UInt8(truncatingIfNeeded: header >> 4 & 15)) ?? .raw
    }
    @inlinable public var isString: Bool { header & 15 == 0 }
    /// Whether the key has an expiry, over or not.
    @inlinable public var hasExpiry: Bool { header & Self.expiryFlag != 0 }
    @inlinable var holdsBlock: Bool { header & Self.blockFlag != 0 }

    /// 24 bits for eviction; see `AccessBits`.
    @inlinable public var access: AccessBits {
        get { AccessBits(raw: UInt32(truncatingIfNeeded: header >> 16) & 0xff_ffff) }
        nonmutating set { header = header & ~(0xff_ffff << 16) | UInt64(newValue.raw) << 16 }
    }

    @inlinable var embeddedCount: Int {
        get { Int(truncatingIfNeeded: header >> 48) }
        nonmutating set { header = header & ~(0xffff << 48) | UInt64(truncatingIfNeeded: newValue) << 48 }
    }

    /// When the entry expires.
    @inlinable
    public var expiry: Milliseconds? { hasExpiry ? unsafe raw.load(fromByteOffset: 8, as: Int64.self) : nil }

    // MARK: Key

    @inlinable
    var keyOffset: Int {
        8 &+ (header & Self.expiryFlag != 0 ? 8 : 0) &+ (header & Self.wideKeyFlag != 0 ? 8 : 0)
    }

    @inlinable
    var keyCount: Int {
        header & Self.wideKeyFlag != 0
            ? unsafe raw.loadUnaligned(fromByteOffset: keyOffset &- 8, as: Int.self)
            : Int(truncatingIfNeeded: header >> 40 & 0xff)
    }

    /// The key.
    @inlinable
    public var key: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: raw + keyOffset, byteCount: keyCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    @inlinable
    public func hash(_ seed: HashSeed) -> UInt64 { key.hash(seed) }

    @inlinable
    public func hasKey(_ key: RawSpan) -> Bool { self.key.equals(key) }

    // MARK: Value

    @inlinable var valueOffset: Int { keyOffset &+ keyCount }
    @inlinable var valueStart: UnsafeMutableRawPointer { unsafe raw + valueOffset }

    /// The integer of an int-encoded string.
    @inlinable
    public var integer: Int64? {
        encoding == .int ? unsafe raw.loadUnaligned(fromByteOffset: valueOffset, as: Int64.self) : nil
    }

    /// A further owner of the block that holds the value; nil when it is embedded.
    public var sharedBlock: Block? {
        guard holdsBlock else { return nil }
        let held = unsafe Block(adopting: blockPointer)
        let shared = held.share()
        unsafe _ = held.detach()
        return shared
    }

    var blockPointer: UnsafeMutableRawPointer {
        unsafe raw.loadUnaligned(fromByteOffset: valueOffset, as: UnsafeMutableRawPointer.self)
    }

    /// The bytes of a string that is not int-encoded, of a listpack or an intset.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            if holdsBlock { return blockBytes }
            let span = unsafe RawSpan(_unsafeStart: valueStart, byteCount: embeddedCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    @usableFromInline
    var blockBytes: RawSpan {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(Block.view(blockPointer), borrowing: self)
        }
    }

    /// Calls `body` with the bytes of a string, int-encoded ones as decimal text.
    @inlinable
    public func withString<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if let integer {
            let digits = DecimalText(integer)
            return try body(digits.bytes)
        }
        return try body(bytes)
    }

    /// The address, for DEBUG OBJECT.
    public var addressText: String { "0x" + (unsafe String(UInt(bitPattern: raw), radix: 16)) }

    /// Length of a string in bytes.
    @inlinable
    public var stringCount: Int {
        if let integer { return DecimalText(integer).count }
        return holdsBlock ? blockBytes.byteCount : embeddedCount
    }
}
