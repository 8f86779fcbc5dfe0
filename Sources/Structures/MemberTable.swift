// The members of a large set: a hash table of elements that are nothing but
// the member's bytes. A pointer needs 48 bits, so the element's length stands in
// the upper 16 of the word that the table keeps:
//
//   bits 0..47   address
//   bits 48..63  length up to 65,534; 65,535: the allocation begins with the
//                length in eight bytes
//
// A member of 16 bytes takes 16 bytes, and its share of the table.

import CSystem
import Primitives

/// A member of a set. The address that the table sees carries the length.
@frozen @safe
public struct Member: TableElement {
    // SAFETY: `raw` is an address with tag as drawn above, made by `make`; the
    // table that holds the member frees it after removing it.
    @unsafe public let raw: UnsafeMutableRawPointer

    @inlinable
    @unsafe public init(raw: UnsafeMutableRawPointer) { unsafe self.raw = unsafe raw }

    @usableFromInline static var wideTag: UInt { 0xffff }

    @inlinable var bits: UInt { unsafe UInt(bitPattern: raw) }
    @inlinable var tag: UInt { bits >> 48 }
    @inlinable var address: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: bits & (1 << 48 - 1)).unsafelyUnwrapped
    }

    static func make(_ bytes: RawSpan) -> Member {
        let isWide = bytes.byteCount >= Int(wideTag)
        let head = isWide ? 8 : 0
        let memory = unsafe allocate(SizeClass.rounded(max(1, head + bytes.byteCount)))
        if isWide { unsafe memory.storeBytes(of: bytes.byteCount, as: Int.self) }
        unsafe bytes.copy(to: memory + head)
        let address = UInt(bitPattern: memory)
        precondition(address >> 48 == 0, "an address of more than 48 bits")
        let tag = isWide ? wideTag : UInt(bytes.byteCount)
        return unsafe Member(raw: UnsafeMutableRawPointer(bitPattern: address | tag << 48).unsafelyUnwrapped)
    }

    @unsafe func free() { unsafe CSystem.free(address) }

    /// Bytes of the allocation.
    var allocationBytes: Int { SizeClass.rounded(max(1, bytes.byteCount + (tag == Self.wideTag ? 8 : 0))) }

    /// The member.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let isWide = tag == Self.wideTag
            let count = unsafe isWide ? address.load(as: Int.self) : Int(tag)
            let span = unsafe RawSpan(_unsafeStart: address + (isWide ? 8 : 0), byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    @inlinable public func hash(_ seed: HashSeed) -> UInt64 { bytes.hash(seed) }
    @inlinable public func hasKey(_ key: RawSpan) -> Bool { bytes.equals(key) }
}

/// A set of byte strings.
@safe
public struct MemberTable: ~Copyable {
    // SAFETY: the table owns its members; they are freed when removed, and by deinit.
    @usableFromInline var table: HashTable<Member>
    private var memberBytes = 0

    public init(seed: HashSeed) { table = HashTable(seed: seed, pace: .hasty) }

    deinit { table.forEach { unsafe $0.free() } }

    /// Members.
    public var count: Int { table.count }
    /// The seed of the members' hashes.
    public var seed: HashSeed { table.seed }

    /// How the members are spread over the table.
    public var spread: TableSpread { table.spread }

    /// Bytes of table and members.
    public var memoryUsage: Int { table.allocatedBytes + memberBytes }

    /// An equal set that shares nothing.
    public func copy() -> MemberTable {
        var copy = MemberTable(seed: table.seed)
        copy.reserve(count)
        table.forEach { copy.insert($0.bytes) }
        return copy
    }

    /// Makes room for `capacity` members ahead of their coming.
    public mutating func reserve(_ capacity: Int) { table.reserve(capacity) }

    /// Whether there is such a member.
    public func contains(_ member: RawSpan) -> Bool { table.find(member, member.hash(table.seed)) != nil }

    /// Adds a member; false when it is there.
    @discardableResult
    public mutating func insert(_ member: RawSpan) -> Bool {
        let hash = member.hash(table.seed)
        guard table.find(member, hash) == nil else { return false }
        let element = Member.make(member)
        memberBytes += element.allocationBytes
        table.insert(element, hash)
        return true
    }

    /// Removes a member; false when it is not there.
    @discardableResult
    public mutating func remove(_ member: RawSpan) -> Bool {
        guard let element = table.remove(member, member.hash(table.seed)) else { return false }
        memberBytes -= element.allocationBytes
        // SAFETY: out of the table.
        unsafe element.free()
        return true
    }

    /// Visits all members in the order of the table, which must not change meanwhile.
    public func forEach(_ body: (RawSpan) -> Void) { table.forEach { body($0.bytes) } }

    /// Visits members in the order of the table until `body` returns false.
    public func visit(while body: (RawSpan) -> Bool) { table.visit(while: { body($0.bytes) }) }

    /// Visits members from `position` on, at least a bucket; where to go on, or nil at the end.
    public func scan(from position: UInt64, _ body: (RawSpan) -> Void) -> UInt64? {
        table.scan(from: position) { body($0.bytes) }
    }

    /// Calls `body` with a random member, each with equal chance; nil when there is none.
    public func withRandomMember<Result>(using random: inout RandomGenerator, _ body: (RawSpan) -> Result) -> Result? {
        table.randomElement(using: &random).map { body($0.bytes) }
    }

    /// Traps when the table contradicts itself. For tests.
    public func checkInvariants() {
        table.checkInvariants()
        var bytes = 0
        table.forEach { bytes += $0.allocationBytes }
        precondition(bytes == memberBytes)
    }
}
