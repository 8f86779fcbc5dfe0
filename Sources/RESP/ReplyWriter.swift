import Primitives

/// The dialect that a connection speaks.
public enum ProtocolVersion: Int, Sendable {
    case resp2 = 2
    case resp3 = 3
}

/// Writes replies in the dialect of the session that is served. RESP3 types
/// become what RESP2 clients have always been given in their place.
public struct ReplyWriter: ~Copyable {
    public var bytes = ByteWriter()
    public var version = ProtocolVersion.resp2

    public init() {}

    // MARK: Simple replies

    @inlinable
    public mutating func ok() { bytes.append(literal: "+OK\r\n") }

    /// A status line.
    public mutating func simple(_ text: StaticString) {
        bytes.append(43)
        bytes.append(literal: text)
        bytes.appendNewline()
    }

    /// An error line with a fixed text, code first.
    public mutating func error(_ text: StaticString) {
        bytes.append(45)
        bytes.append(literal: text)
        bytes.appendNewline()
    }

    /// An error line; line breaks inside become blanks.
    public mutating func error(_ text: RawSpan) {
        bytes.append(45)
        for i in 0..<text.byteCount {
            let byte = text.byte(i)
            bytes.append(byte == 13 || byte == 10 ? 32 : byte)
        }
        bytes.appendNewline()
    }

    /// A status line with a computed text, which must not hold line breaks.
    public mutating func status(_ text: RawSpan) {
        bytes.append(43)
        bytes.append(text)
        bytes.appendNewline()
    }

    @inlinable
    public mutating func integer(_ value: Int64) { bytes.appendHeader(58, Int(value)) }

    @inlinable
    public mutating func integer(_ value: Int) { bytes.appendHeader(58, value) }

    /// Yes or no as 1 or 0.
    @inlinable
    public mutating func flag(_ value: Bool) { bytes.append(literal: value ? ":1\r\n" : ":0\r\n") }

    // MARK: Strings

    @inlinable
    public mutating func bulk(_ value: RawSpan) { bytes.appendBulk(value) }

    public mutating func bulk(_ value: StaticString) { bytes.appendBulk(RawSpan(literal: value)) }

    public mutating func bulk(_ value: [UInt8]) { bytes.appendBulk(value.rawSpan) }

    public mutating func bulk(_ value: String) { bulk([UInt8](value)) }

    /// The decimal text of a number as a string.
    public mutating func bulk(decimal value: Int64) {
        let digits = DecimalText(value)
        bytes.appendBulk(digits.bytes)
    }

    /// A large string by reference.
    public mutating func bulk(sharing block: consuming Block) {
        let count = block.count
        bytes.appendHeader(36, count)
        bytes.append(sharing: block, 0, count)
        bytes.appendNewline()
    }

    /// Text with a three-letter format (`txt`, `mkd`).
    public mutating func verbatim(_ value: RawSpan, format: StaticString) {
        guard version == .resp3 else { return bulk(value) }
        bytes.appendHeader(61, value.byteCount + 4)
        bytes.append(literal: format)
        bytes.append(58)
        bytes.append(value)
        bytes.appendNewline()
    }

    // MARK: Other scalars

    @inlinable
    public mutating func null() {
        if version == .resp3 { bytes.append(literal: "_\r\n") } else { bytes.append(literal: "$-1\r\n") }
    }

    public mutating func nullArray() {
        if version == .resp3 { bytes.append(literal: "_\r\n") } else { bytes.append(literal: "*-1\r\n") }
    }

    public mutating func boolean(_ value: Bool) {
        if version == .resp3 { bytes.append(literal: value ? "#t\r\n" : "#f\r\n") } else { flag(value) }
    }

    public mutating func double(_ value: Double) {
        let text = DoubleText(value)
        decimal(text.bytes)
    }

    /// A double whose text is made by other rules.
    public mutating func decimal(_ text: RawSpan) {
        guard version == .resp3 else { return bulk(text) }
        bytes.append(44)
        bytes.append(text)
        bytes.appendNewline()
    }

    /// An integer of any size, as decimal text.
    public mutating func bigNumber(_ digits: RawSpan) {
        guard version == .resp3 else { return bulk(digits) }
        bytes.append(40)
        bytes.append(digits)
        bytes.appendNewline()
    }

    // MARK: Aggregates; the elements follow

    @inlinable
    public mutating func array(_ count: Int) { bytes.appendHeader(42, count) }

    /// `count` pairs; in RESP2 an array of twice as many.
    public mutating func map(_ count: Int) {
        if version == .resp3 { bytes.appendHeader(37, count) } else { array(count * 2) }
    }

    public mutating func set(_ count: Int) { bytes.appendHeader(version == .resp3 ? 126 : 42, count) }

    public mutating func push(_ count: Int) { bytes.appendHeader(version == .resp3 ? 62 : 42, count) }

    /// Attributes precede a reply; only RESP3 has them.
    public mutating func attribute(_ count: Int) {
        precondition(version == .resp3)
        bytes.appendHeader(124, count)
    }

    /// Starts an array whose length is told by `close`.
    public mutating func deferredAggregate() -> ByteWriter.Mark { bytes.mark() }

    public mutating func closeArray(_ mark: consuming ByteWriter.Mark, count: Int) {
        bytes.insertHeader(42, count, at: mark)
    }
    /// The aggregate begun at `mark` is a set of `count` elements.
    public mutating func closeSet(_ mark: consuming ByteWriter.Mark, count: Int) {
        bytes.insertHeader(version == .resp3 ? 126 : 42, count, at: mark)
    }
}
