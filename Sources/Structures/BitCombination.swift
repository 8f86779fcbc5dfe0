// Logical operations over byte strings, which count as padded with zeros to the
// length of the longest. They run chunk by chunk, so that what is under way
// stays in the processor's first cache and the result may take the place of a source.

import CSystem
import Primitives

/// How bit strings are combined. X is the first of them, Y are the others.
public enum BitOperation: Sendable {
    case and, or, xor
    /// The inverse of a single string.
    case not
    /// In X and in no Y.
    case difference
    /// In at least one Y and not in X.
    case reverseDifference
    /// In X and in at least one Y.
    case andOr
    /// In exactly one string.
    case one
}

extension BitOperation {
    /// Results from so many bytes on leave the processor's caches anyway.
    public static var streamedBytes: Int { 1 << 20 }

    /// Combines all there is to combine, X and one Y (for `not`, X twice), as far
    /// as both reach, in one pass past the caches. Returns the bytes written,
    /// for which `target` must have room; it may be one of the strings itself.
    @unsafe public func stream(_ first: RawSpan, _ second: RawSpan, into target: UnsafeMutableRawPointer) -> Int {
        let kernel =
            switch self {
            case .and, .andOr: unsafe cs_stream_and
            case .or: unsafe cs_stream_or
            case .xor, .one: unsafe cs_stream_xor
            case .difference, .reverseDifference: unsafe cs_stream_and_not
            case .not: unsafe cs_stream_not
            }
        let count = min(first.byteCount, second.byteCount)
        // SAFETY: the kernels read `count` bytes of both spans and write as many.
        unsafe first.withUnsafeBytes { x in
            unsafe second.withUnsafeBytes { y in
                guard let x = unsafe x.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    let y = unsafe y.baseAddress?.assumingMemoryBound(to: UInt8.self)
                else { return }
                let isReversed = self == .reverseDifference
                unsafe kernel(target.assumingMemoryBound(to: UInt8.self), isReversed ? y : x, isReversed ? x : y, count)
            }
        }
        return count
    }
}

/// A chunk of a result as it comes into being, string by string.
@safe
public struct BitChunk: ~Copyable {
    // SAFETY: `result` and, behind it, `second` are `capacity` bytes each of one
    // allocation that deinit frees; `count` never exceeds the capacity, and
    // strings are cut to `count` before a kernel sees them. Only operations
    // that set `second` use it.
    @unsafe private let result: UnsafeMutablePointer<UInt8>
    private let operation: BitOperation
    private var count = 0
    private var strings = 0

    /// Bytes that a chunk may have.
    public let capacity: Int

    /// What is X, or stands in two strings at least.
    private var second: UnsafeMutablePointer<UInt8> { unsafe result + capacity }

    /// Room for chunks of a result of `count` bytes.
    public init(_ operation: BitOperation, count: Int) {
        capacity = max(1, min(count, 16 * 1024))
        unsafe result = allocate(2 * capacity).assumingMemoryBound(to: UInt8.self)
        self.operation = operation
    }

    deinit { unsafe free(result) }

    /// Begins a chunk of `count` bytes.
    public mutating func begin(count: Int) {
        precondition(count >= 0 && count <= capacity)
        self.count = count
        strings = 0
    }

    /// Takes in the chunk's part of the next string; what it lacks counts as zeros.
    public mutating func add(_ bytes: RawSpan) {
        defer { strings += 1 }
        let part = min(bytes.byteCount, count)
        switch (operation, strings) {
        case (.difference, 1...), (.and, 1...), (.or, 1...), (.xor, 1...), (.one, 1...): combine(bytes, part)
        // X waits until the others are together.
        case (.reverseDifference, 0), (.andOr, 0): unsafe load(bytes, part, into: second)
        case (.reverseDifference, 2...), (.andOr, 2...): combine(bytes, part)
        default:
            unsafe load(bytes, part, into: result)
            if operation == .one { unsafe _ = memset(second, 0, count) }
        }
    }

    private func load(_ bytes: RawSpan, _ part: Int, into target: UnsafeMutablePointer<UInt8>) {
        unsafe bytes.slice(0, part).copy(to: target)
        unsafe _ = memset(target + part, 0, count - part)
    }

    private func combine(_ bytes: RawSpan, _ part: Int) {
        unsafe bytes.withUnsafeBytes { buffer in
            if let source = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) {
                switch operation {
                case .and: unsafe cs_bits_and(result, source, part)
                case .xor: unsafe cs_bits_xor(result, source, part)
                case .difference: unsafe cs_bits_and_not(result, source, part)
                case .one: unsafe cs_bits_once(result, second, source, part)
                case .or, .reverseDifference, .andOr: unsafe cs_bits_or(result, source, part)
                case .not: break
                }
            }
        }
        if operation == .and { unsafe _ = memset(result + part, 0, count - part) }
    }

    /// Ends the chunk; its bytes stand in `bytes` until the next one begins.
    public mutating func finish() {
        switch operation {
        case .not: unsafe cs_bits_not(result, count)
        case .reverseDifference, .one: unsafe cs_bits_and_not(result, second, count)
        case .andOr: unsafe cs_bits_and(result, second, count)
        case .and, .or, .xor, .difference: break
        }
    }

    /// The combined bytes.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: result, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
