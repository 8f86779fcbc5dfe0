import Primitives

extension Partition {
    /// Sets `key` to a string that stays text even when it spells an integer:
    /// the result of floating-point arithmetic.
    public mutating func setText(
        _ key: RawSpan, _ hash: UInt64, existing: Entry?, _ text: RawSpan, _ expiry: ExpiryChange, _ access: AccessBits
    ) {
        let encoding: ValueEncoding = text.byteCount <= ValueEncoding.embeddedStringLimit ? .embstr : .raw
        setBytes(key, hash, existing: existing, text, encoding, expiry, access)
    }
}
