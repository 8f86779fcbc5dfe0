// The intset: a small set of integers as Redis lays it out.
//
//   width u32 (2, 4 or 8) | count u32 | integers of that width, ascending
//
// All numbers are little-endian. The width is that of the integer that needs
// most; it never shrinks.

import CSystem
import Primitives

/// A view of an intset; bytes from outside are to be checked by `isValid` first.
public struct Intset: ~Escapable, BitwiseCopyable {
    /// The intset as it is stored.
    public let bytes: RawSpan

    /// `bytes` hold a whole intset.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { self.bytes = bytes }

    /// An intset without integers.
    public static var empty: [UInt8] { [2, 0, 0, 0, 0, 0, 0, 0] }
    static var headerBytes: Int { 8 }

    var width: Int { Int(bytes.half(0)) }
    /// Integers.
    public var count: Int { Int(bytes.half(4)) }

    /// Bytes that `value` needs.
    static func width(of value: Int64) -> Int {
        Int64(Int16(truncatingIfNeeded: value)) == value ? 2 : Int64(Int32(truncatingIfNeeded: value)) == value ? 4 : 8
    }

    /// Integer `index` in ascending order; traps beyond `count`.
    public subscript(index: Int) -> Int64 { value(index, width) }

    private func value(_ index: Int, _ width: Int) -> Int64 {
        let offset = Self.headerBytes + index * width
        switch width {
        case 2: return Int64(Int16(bitPattern: UInt16(bytes.byte(offset)) | UInt16(bytes.byte(offset + 1)) << 8))
        case 4: return Int64(Int32(bitPattern: bytes.half(offset)))
        default: return Int64(bitPattern: bytes.word(offset))
        }
    }

    /// Where `wanted` is, or would be.
    func place(of wanted: Int64) -> (index: Int, isThere: Bool) {
        let width = width
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            let value = value(middle, width)
            if value == wanted { return (middle, true) }
            if value < wanted { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Whether the integer is there.
    public func contains(_ wanted: Int64) -> Bool { place(of: wanted).isThere }

    /// Bytes of the longest decimal text among the integers.
    public var longestText: Int {
        count == 0 ? 0 : max(DecimalText(self[0]).count, DecimalText(self[count - 1]).count)
    }

    /// Calls `body` with the decimal text of every integer in order; it returns false to stop.
    public func forEach(_ body: (RawSpan) -> Bool) {
        for index in 0..<count {
            let digits = DecimalText(self[index])
            guard body(digits.bytes) else { return }
        }
    }

    /// Whether `bytes` are a well-formed intset. For bytes from outside.
    public static func isValid(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= headerBytes else { return false }
        let set = Intset(bytes)
        guard [2, 4, 8].contains(set.width), set.count > 0, set.count <= (bytes.byteCount - headerBytes) / set.width,
            bytes.byteCount == headerBytes + set.count * set.width
        else { return false }
        for index in 1..<max(1, set.count) where set[index - 1] >= set[index] { return false }
        return true
    }
}

extension Spliceable where Self: ~Copyable {
    /// Adds an integer to an intset; false when it is there.
    @discardableResult
    public mutating func insertInteger(_ value: Int64) -> Bool {
        let width = Intset(bytes).width
        if Intset.width(of: value) > width {
            widen(to: Intset.width(of: value), from: width, adding: value)
            return true
        }
        let place = Intset(bytes).place(of: value)
        guard !place.isThere else { return false }
        let count = Intset(bytes).count
        let offset = Intset.headerBytes + place.index * width
        // SAFETY: splice made room for one integer of this width.
        let base = unsafe splice(at: offset, removing: 0, inserting: width)
        unsafe Intset.store(value, width, base + offset)
        unsafe base.storeBytes(of: UInt32(count + 1), toByteOffset: 4, as: UInt32.self)
        return true
    }

    /// Removes an integer from an intset; false when it is not there.
    @discardableResult
    public mutating func removeInteger(_ value: Int64) -> Bool {
        let place = Intset(bytes).place(of: value)
        guard place.isThere else { return false }
        let width = Intset(bytes).width
        let count = Intset(bytes).count
        // SAFETY: nothing is inserted.
        let base = unsafe splice(at: Intset.headerBytes + place.index * width, removing: width, inserting: 0)
        unsafe base.storeBytes(of: UInt32(count - 1), toByteOffset: 4, as: UInt32.self)
        return true
    }

    /// Rewrites all integers with more bytes each; `value`, which needs them, lies outside of the others.
    private mutating func widen(to width: Int, from oldWidth: Int, adding value: Int64) {
        let count = Intset(bytes).count
        var values: [Int64] = []
        values.reserveCapacity(count + 1)
        for index in 0..<count { values.append(Intset(bytes)[index]) }
        if value < 0 { values.insert(value, at: 0) } else { values.append(value) }
        // SAFETY: the intset is made anew in the room that splice gave.
        let base = unsafe splice(
            at: Intset.headerBytes, removing: count * oldWidth, inserting: values.count * width)
        for (index, value) in values.enumerated() {
            unsafe Intset.store(value, width, base + Intset.headerBytes + index * width)
        }
        unsafe base.storeBytes(of: UInt32(width), as: UInt32.self)
        unsafe base.storeBytes(of: UInt32(values.count), toByteOffset: 4, as: UInt32.self)
    }
}

extension Intset {
    @unsafe fileprivate static func store(_ value: Int64, _ width: Int, _ place: UnsafeMutableRawPointer) {
        switch width {
        case 2: unsafe place.storeBytes(of: Int16(value), as: Int16.self)
        case 4: unsafe place.storeBytes(of: Int32(value), as: Int32.self)
        default: unsafe place.storeBytes(of: value, as: Int64.self)
        }
    }
}
