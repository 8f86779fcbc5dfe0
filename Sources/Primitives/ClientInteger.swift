/// An integer that a client sent. Its arithmetic throws instead of trapping:
/// a trap reachable from input would end the server for every client.
public struct ClientInteger: Comparable, Sendable, BitwiseCopyable {
    public struct Overflow: Error {
        @inlinable init() {}
    }

    public let value: Int64

    @inlinable public init(_ value: Int64) { self.value = value }

    @inlinable
    public func adding(_ other: Int64) throws(Overflow) -> ClientInteger {
        try Self.checked(value.addingReportingOverflow(other))
    }

    @inlinable
    public func subtracting(_ other: Int64) throws(Overflow) -> ClientInteger {
        try Self.checked(value.subtractingReportingOverflow(other))
    }

    @inlinable
    public func multiplied(by other: Int64) throws(Overflow) -> ClientInteger {
        try Self.checked(value.multipliedReportingOverflow(by: other))
    }

    @inlinable
    public func negated() throws(Overflow) -> ClientInteger {
        try Self.checked(Int64(0).subtractingReportingOverflow(value))
    }

    @inlinable
    static func checked(_ result: (partialValue: Int64, overflow: Bool)) throws(Overflow) -> ClientInteger {
        guard !result.overflow else { throw Overflow() }
        return ClientInteger(result.partialValue)
    }

    @inlinable public static func < (a: ClientInteger, b: ClientInteger) -> Bool { a.value < b.value }

    /// A range of `count` items as clients give it: inclusive ends, negative
    /// ones counted from the back, clamped. Nil when it is empty.
    public static func range(start: Int64, end: Int64, count: Int) -> Range<Int>? {
        let size = Int64(count)
        guard size > 0 else { return nil }
        if start < 0, end < 0, start > end { return nil }
        let from = start < 0 ? Swift.max(0, start &+ size) : start
        var to = end < 0 ? end &+ size : end
        if to < 0 { to = 0 }
        if to >= size { to = size - 1 }
        guard from <= to, from < size else { return nil }
        return Int(from)..<Int(to) + 1
    }
}
