// Requests, as the RESP specification has them: an array of bulk strings
//
//   *2 CRLF $3 CRLF GET CRLF $1 CRLF k CRLF
//
// or a line of words ("inline"). The parser is a small state that survives the
// end of its input: it goes on where it stopped, so that no byte of a request
// is looked at twice, however it arrives.

import Primitives

/// What a connection may ask for.
public struct RequestLimits: Sendable {
    /// Elements that one command may ask for with repetitions (SRANDMEMBER with a negative count) where the client's
    /// output has no limit.
    public static var repetitions: Int64 { 1 << 27 }
    /// Longest bulk string, bytes (`proto-max-bulk-len`).
    public var maximumBulkBytes: Int
    /// Before authentication only small requests are read.
    public var isAuthenticated: Bool

    public init(maximumBulkBytes: Int, isAuthenticated: Bool) {
        self.maximumBulkBytes = maximumBulkBytes
        self.isAuthenticated = isAuthenticated
    }

    /// Longest inline request or header line, bytes.
    public static var inlineBytes: Int { 64 * 1024 }
    /// Most words of a request.
    public static var words: Int { Int(Int32.max) }
    public static var unauthenticatedWords: Int { 10 }
    public static var unauthenticatedBulkBytes: Int { 16384 }
    /// Bulk strings from here on, when they are not complete, get a block of their own.
    public static var largeBulkBytes: Int { 32 * 1024 }
}

/// A request that breaks the protocol; the connection ends after the reply.
public enum ProtocolError: Error, Equatable {
    case bigInlineRequest
    case bigMultibulkCount
    case bigBulkCount
    case invalidMultibulkLength
    case unauthenticatedMultibulkLength
    case invalidBulkLength
    case unauthenticatedBulkLength
    case expectedBulk(got: UInt8)
    case unbalancedQuotes

    /// The text behind "ERR Protocol error: ".
    public var text: String {
        switch self {
        case .bigInlineRequest: "too big inline request"
        case .bigMultibulkCount: "too big mbulk count string"
        case .bigBulkCount: "too big bulk count string"
        case .invalidMultibulkLength: "invalid multibulk length"
        case .unauthenticatedMultibulkLength: "unauthenticated multibulk length"
        case .invalidBulkLength: "invalid bulk length"
        case .unauthenticatedBulkLength: "unauthenticated bulk length"
        case .expectedBulk(let byte): "expected '$', got '\(byte.isPrintable ? String(UnicodeScalar(byte)) : " ")'"
        case .unbalancedQuotes: "unbalanced quotes in request"
        }
    }

    /// The text as clients get it: the unexpected byte as it came.
    public var message: [UInt8] {
        guard case .expectedBulk(let byte) = self else { return [UInt8](text) }
        return [UInt8]("expected '$', got '") + [byte, 39]
    }
}

public struct RequestParser: Sendable {
    public enum Status: Equatable, Sendable {
        /// A request is complete; it may be empty, and is then to be ignored.
        case complete
        /// More bytes are needed.
        case incomplete
        /// A large bulk string of `count` bytes has begun and is not all there.
        case largeBulk(count: Int)
        /// A complete inline request, whose words are in the given line.
        case inline(start: Int, count: Int)
    }

    /// Words still to come; nil between requests.
    private var remaining: Int?
    /// Length of the bulk string under way.
    private var bulkCount: Int?

    public init() {}

    public var isBetweenRequests: Bool { remaining == nil }

    /// Goes on with the request at `offset` of `input`; words are appended to
    /// `words`, `offset` moves behind what was understood.
    @inlinable
    public mutating func advance(
        _ input: RawSpan, _ offset: inout Int, _ words: inout WordBuffer, _ limits: RequestLimits
    ) throws(ProtocolError) -> Status {
        if isBetweenRequests {
            guard offset < input.byteCount else { return .incomplete }
            if input.byte(offset) != 42 { return try inlineRequest(input, &offset) }
        }
        return try multibulk(input, &offset, &words, limits)
    }

    @usableFromInline
    mutating func multibulk(
        _ input: RawSpan, _ offset: inout Int, _ words: inout WordBuffer, _ limits: RequestLimits
    ) throws(ProtocolError) -> Status {
        var left: Int
        if let remaining {
            left = remaining
        } else {
            guard let count = try Self.header(input, &offset, tooLong: .bigMultibulkCount, invalid: .invalidMultibulkLength)
            else { return .incomplete }
            guard count <= RequestLimits.words else { throw .invalidMultibulkLength }
            if count > RequestLimits.unauthenticatedWords, !limits.isAuthenticated {
                throw .unauthenticatedMultibulkLength
            }
            if count <= 0 { return .complete }
            left = count
        }
        while left > 0 {
            let count: Int
            if let bulkCount {
                count = bulkCount
            } else {
                guard let header = try bulkHeader(input, &offset, limits) else {
                    remaining = left
                    return .incomplete
                }
                count = header
            }
            guard input.byteCount &- offset >= count &+ 2 else {
                remaining = left
                bulkCount = count
                return count >= RequestLimits.largeBulkBytes ? .largeBulk(count: count) : .incomplete
            }
            words.append(input.slice(offset, count))
            offset &+= count &+ 2
            bulkCount = nil
            left &-= 1
        }
        remaining = nil
        return .complete
    }

    @inline(__always)
    private func bulkHeader(
        _ input: RawSpan, _ offset: inout Int, _ limits: RequestLimits
    ) throws(ProtocolError) -> Int? {
        guard offset < input.byteCount else { return nil }
        let end = input.byteCount
        // The common case: '$', one to three digits without leading zeros, CR LF.
        if end &- offset > 6, input.byte(offset) == 36, input.byte(offset &+ 1) != 48 || input.byte(offset &+ 2) == 13 {
            var position = offset &+ 1
            var count = Int(input.byte(position) &- 48)
            position &+= 1
            if count < 10 {
                var digit = input.byte(position) &- 48
                if digit < 10 {
                    count = count &* 10 &+ Int(digit)
                    position &+= 1
                    digit = input.byte(position) &- 48
                    if digit < 10 {
                        count = count &* 10 &+ Int(digit)
                        position &+= 1
                    }
                }
                if input.byte(position) == 13 {
                    offset = position &+ 2
                    return count
                }
            }
        }
        return try bulkHeaderSlowly(input, &offset, limits)
    }

    private func bulkHeaderSlowly(
        _ input: RawSpan, _ offset: inout Int, _ limits: RequestLimits
    ) throws(ProtocolError) -> Int? {
        let start = offset
        guard let count = try Self.header(input, &offset, tooLong: .bigBulkCount, invalid: .invalidBulkLength, mustBe: 36)
        else { return nil }
        guard count >= 0, count <= limits.maximumBulkBytes else {
            offset = start
            throw .invalidBulkLength
        }
        if count > RequestLimits.unauthenticatedBulkBytes, !limits.isAuthenticated { throw .unauthenticatedBulkLength }
        return count
    }

    /// The number of a header line and its CR LF; nil while the line is incomplete.
    private static func header(
        _ input: RawSpan, _ offset: inout Int, tooLong: ProtocolError, invalid: ProtocolError, mustBe type: UInt8? = nil
    ) throws(ProtocolError) -> Int? {
        guard let end = input.firstIndex(of: 13, from: offset) else {
            if input.byteCount - offset > RequestLimits.inlineBytes { throw tooLong }
            return nil
        }
        guard end + 1 < input.byteCount else { return nil }
        if let type, input.byte(offset) != type { throw .expectedBulk(got: input.byte(offset)) }
        guard let number = input.slice(offset + 1, end - offset - 1).canonicalInteger,
            let count = Int(exactly: number)
        else { throw invalid }
        offset = end + 2
        return count
    }

    @usableFromInline
    func inlineRequest(_ input: RawSpan, _ offset: inout Int) throws(ProtocolError) -> Status {
        guard let end = input.firstIndex(of: 10, from: offset) else {
            if input.byteCount - offset > RequestLimits.inlineBytes { throw .bigInlineRequest }
            return .incomplete
        }
        var count = end - offset
        if count > 0, input.byte(end - 1) == 13 { count -= 1 }
        let start = offset
        offset = end + 1
        return .inline(start: start, count: count)
    }

    /// Tells that the large bulk string under way was received elsewhere.
    public mutating func finishLargeBulk() -> Status {
        bulkCount = nil
        let left = (remaining ?? 1) - 1
        remaining = left > 0 ? left : nil
        return left > 0 ? .incomplete : .complete
    }
}
