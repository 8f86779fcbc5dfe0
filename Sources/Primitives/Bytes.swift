// Byte views: safe, bounds-checked reads on `RawSpan`, which is the one way in
// which keys, values and arguments are seen outside the memory rooms.

import CSystem

extension RawSpan {
    /// The byte at `index`; traps outside the span.
    @inlinable @inline(__always)
    public func byte(_ index: Int) -> UInt8 {
        // SAFETY: unsafeLoad checks the bounds; every bit pattern is a UInt8.
        unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }

    /// Eight bytes at `offset` in machine order, any alignment; traps outside the span.
    @inlinable @inline(__always)
    public func word(_ offset: Int) -> UInt64 {
        // SAFETY: as above.
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Four bytes at `offset`.
    @inlinable @inline(__always)
    public func half(_ offset: Int) -> UInt32 {
        // SAFETY: as above.
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// `count` bytes from `start`; traps outside the span.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public func slice(_ start: Int, _ count: Int) -> RawSpan {
        extracting(unchecked: start, count)
    }

    @inlinable @inline(__always)
    @_lifetime(copy self)
    func extracting(unchecked start: Int, _ count: Int) -> RawSpan {
        precondition(start >= 0 && count >= 0 && start <= byteCount && count <= byteCount - start)
        // SAFETY: the range was checked on the line above.
        return unsafe extracting(unchecked: start..<start + count)
    }

    /// The bytes from `start` to the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public func suffix(from start: Int) -> RawSpan { slice(start, byteCount - start) }

    /// A view of a literal, valid for ever.
    @inlinable @inline(__always)
    @_lifetime(immortal)
    public init(literal: StaticString) {
        // SAFETY: literals live as long as the program.
        self = unsafe _overrideLifetime(
            RawSpan(_unsafeStart: literal.utf8Start, byteCount: literal.utf8CodeUnitCount),
            copying: ())
    }

    @inlinable @inline(__always)
    public func equals(_ other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        guard byteCount > 0 else { return true }
        // SAFETY: both sides hold `byteCount` readable bytes.
        return unsafe withUnsafeBytes { a in
            unsafe other.withUnsafeBytes { b in
                unsafe compareMemory(a.baseAddress!, b.baseAddress!, a.count) == 0
            }
        }
    }

    /// Whether these bytes begin with `prefix`.
    public func starts(with prefix: RawSpan) -> Bool {
        prefix.byteCount <= byteCount && slice(0, prefix.byteCount).equals(prefix)
    }

    /// Byte order, then length: negative, zero or positive.
    public func compare(_ other: RawSpan) -> Int {
        let common = Swift.min(byteCount, other.byteCount)
        if common > 0 {
            // SAFETY: both sides hold `common` readable bytes.
            let order = unsafe withUnsafeBytes { a in
                unsafe other.withUnsafeBytes { b in
                    unsafe compareMemory(a.baseAddress!, b.baseAddress!, common)
                }
            }
            if order != 0 { return order }
        }
        return byteCount - other.byteCount
    }

    /// Whether the bytes are `literal`, where ASCII letters may differ in case.
    public func matches(_ literal: StaticString) -> Bool {
        matches(RawSpan(literal: literal))
    }

    /// Whether the bytes are those of `other`, where ASCII letters may differ in case.
    public func matches(_ other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        for i in 0..<byteCount where byte(i).lowercased != other.byte(i).lowercased { return false }
        return true
    }

    /// A copy of the bytes.
    public var array: [UInt8] {
        // SAFETY: the copy is made inside the closure.
        unsafe withUnsafeBytes { unsafe Array($0) }
    }

    /// The bytes as text; what is not UTF-8 is replaced. For messages, not for data.
    public var text: String { String(decoding: array, as: UTF8.self) }

    /// Copies all bytes to `destination`, which must have room for them.
    @inlinable @inline(__always)
    @unsafe public func copy(to destination: UnsafeMutableRawPointer) {
        guard byteCount > 0 else { return }
        unsafe withUnsafeBytes { unsafe destination.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }

    /// Copies all bytes to `destination`, which must have room for them; without a call for up to 32, in two
    /// pieces that may overlap.
    @inlinable @inline(__always)
    @unsafe public func copyShort(to destination: UnsafeMutableRawPointer) {
        unsafe withUnsafeBytes { source in
            let count = source.count
            if count > 32 {
                unsafe destination.copyMemory(from: source.baseAddress!, byteCount: count)
            } else if count >= 16 {
                unsafe Self.move(SIMD16<UInt8>.self, source, destination, 0)
                unsafe Self.move(SIMD16<UInt8>.self, source, destination, count &- 16)
            } else if count >= 8 {
                unsafe Self.move(UInt64.self, source, destination, 0)
                unsafe Self.move(UInt64.self, source, destination, count &- 8)
            } else if count >= 4 {
                unsafe Self.move(UInt32.self, source, destination, 0)
                unsafe Self.move(UInt32.self, source, destination, count &- 4)
            } else {
                var offset = 0
                while offset < count {
                    unsafe Self.move(UInt8.self, source, destination, offset)
                    offset &+= 1
                }
            }
        }
    }

    @inlinable @inline(__always)
    @unsafe static func move<Unit: BitwiseCopyable>(
        _: Unit.Type, _ source: UnsafeRawBufferPointer, _ destination: UnsafeMutableRawPointer, _ offset: Int
    ) {
        unsafe destination.storeBytes(of: source.loadUnaligned(fromByteOffset: offset, as: Unit.self), toByteOffset: offset, as: Unit.self)
    }

    /// The offset of the first `byte` at or after `start`.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < byteCount else { return nil }
        // SAFETY: memchr reads byteCount - start bytes of this span.
        return unsafe withUnsafeBytes { bytes in
            unsafe findByte(bytes.baseAddress! + start, byte, bytes.count - start).map { unsafe $0 - bytes.baseAddress! }
        }
    }
}

extension Array where Element == UInt8 {
    /// A view of the bytes for as long as the array is not changed.
    @inlinable
    public var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: bytes of UInt8 elements are always initialised.
            unsafe span.bytes
        }
    }

    /// Adds the bytes of a view.
    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        guard bytes.byteCount > 0 else { return }
        // SAFETY: the bytes are copied inside the closure.
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// The bytes of a text.
    @inlinable public init(_ text: String) { self = Array(text.utf8) }
}

extension UInt8 {
    /// ASCII lower case.
    @inlinable @inline(__always)
    public var lowercased: UInt8 { self &- 65 < 26 ? self | 32 : self }

    @inlinable @inline(__always)
    public var isDigit: Bool { self &- 48 < 10 }

    /// Whether the byte prints as itself in ASCII.
    @inlinable public var isPrintable: Bool { self >= 32 && self < 127 }
}

@usableFromInline @inline(__always)
@unsafe func compareMemory(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe Int(memcmp(a, b, count))
}

@inline(__always)
@unsafe func findByte(_ p: UnsafeRawPointer, _ byte: UInt8, _ count: Int) -> UnsafeRawPointer? {
    unsafe UnsafeRawPointer(memchr(p, Int32(byte), count))
}


