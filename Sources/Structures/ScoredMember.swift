// The members of a large sorted set, each one allocation that table and tree share:
//
//   score 8 bytes | [ length 8, members of 65,535 bytes and more ] | member
//
// As in a set, the length up to 65,534 stands in the upper 16 bits of the word
// that table and tree keep. A member of 16 bytes takes 32.

import CSystem
import Primitives

/// A member of a sorted set and its score.
@frozen @safe
public struct ScoredMember: TableElement {
    // SAFETY: `raw` is an address with tag as drawn above, made by `make`; the
    // sorted set that holds the member frees it after removing it.
    /// Address and tag.
    @unsafe public let raw: UnsafeMutableRawPointer

    @inlinable
    @unsafe public init(raw: UnsafeMutableRawPointer) { unsafe self.raw = unsafe raw }

    @usableFromInline static var wideTag: UInt { 0xffff }

    @inlinable var bits: UInt { unsafe UInt(bitPattern: raw) }
    @inlinable var tag: UInt { bits >> 48 }
    @inlinable var address: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: bits & (1 << 48 - 1)).unsafelyUnwrapped
    }

    static func make(_ bytes: RawSpan, _ score: Double) -> ScoredMember {
        let isWide = bytes.byteCount >= Int(wideTag)
        let head = isWide ? 16 : 8
        let memory = unsafe allocate(SizeClass.rounded(head + bytes.byteCount))
        unsafe memory.storeBytes(of: score, as: Double.self)
        if isWide { unsafe memory.storeBytes(of: bytes.byteCount, toByteOffset: 8, as: Int.self) }
        unsafe bytes.copy(to: memory + head)
        let address = UInt(bitPattern: memory)
        precondition(address >> 48 == 0, "an address of more than 48 bits")
        let tag = isWide ? wideTag : UInt(bytes.byteCount)
        return unsafe ScoredMember(raw: UnsafeMutableRawPointer(bitPattern: address | tag << 48).unsafelyUnwrapped)
    }

    @unsafe func free() { unsafe CSystem.free(address) }

    /// Bytes of the allocation.
    var allocationBytes: Int { SizeClass.rounded(bytes.byteCount + (tag == Self.wideTag ? 16 : 8)) }

    /// The score; whoever changes it keeps the tree in order.
    @inlinable
    public internal(set) var score: Double {
        get { unsafe address.load(as: Double.self) }
        nonmutating set { unsafe address.storeBytes(of: newValue, as: Double.self) }
    }

    /// The member.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let isWide = tag == Self.wideTag
            let count = unsafe isWide ? address.load(fromByteOffset: 8, as: Int.self) : Int(tag)
            let span = unsafe RawSpan(_unsafeStart: address + (isWide ? 16 : 8), byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The member's hash.
    @inlinable public func hash(_ seed: HashSeed) -> UInt64 { bytes.hash(seed) }
    /// Whether this is the member.
    @inlinable public func hasKey(_ key: RawSpan) -> Bool { bytes.equals(key) }

    /// Asks for the member's memory.
    @inlinable func prefetch() { unsafe cs_prefetch(address) }
}
