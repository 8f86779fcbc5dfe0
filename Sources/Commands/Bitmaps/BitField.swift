/// A number of some bits, as BITFIELD has it: `i5`, `u16`.
struct BitFieldType {
    let isSigned: Bool
    /// 1...64, of unsigned ones 1...63.
    let width: Int

    /// What becomes of a number that does not fit.
    enum Overflow {
        case wrap, saturate, fail
    }

    /// The number that the bits of a field mean.
    func number(_ field: UInt64) -> Int64 {
        guard isSigned else { return Int64(bitPattern: field) }
        let shift = Int64(64 - width)
        return (Int64(bitPattern: field) << shift) >> shift
    }

    private var range: ClosedRange<Int128> {
        isSigned ? -(1 << Int128(width - 1))...(1 << Int128(width - 1)) - 1 : 0...(1 << Int128(width)) - 1
    }

    /// The bits for a number; nil when it does not fit and that is a failure.
    private func fitted(_ exact: Int128, _ overflow: Overflow) -> UInt64? {
        if range.contains(exact) { return bits(exact) }
        switch overflow {
        case .wrap: return bits(exact)
        case .saturate: return bits(exact < range.lowerBound ? range.lowerBound : range.upperBound)
        case .fail: return nil
        }
    }

    private func bits(_ number: Int128) -> UInt64 { UInt64(truncatingIfNeeded: number) & (.max >> UInt64(64 - width)) }

    /// The bits for `value`, which unsigned fields take as an unsigned number.
    func assigned(_ value: Int64, _ overflow: Overflow) -> UInt64? {
        fitted(isSigned ? Int128(value) : Int128(UInt64(bitPattern: value)), overflow)
    }

    /// The bits for `number` and `increment` together.
    func increased(_ number: Int64, by increment: Int64, _ overflow: Overflow) -> UInt64? {
        fitted(Int128(number) + Int128(increment), overflow)
    }
}
