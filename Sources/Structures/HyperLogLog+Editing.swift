// Changes of the bytes of a HyperLogLog, wherever they are held. They lead to
// the bytes that Redis makes of the same elements in the same order.

import Primitives

/// What became of a HyperLogLog.
public enum HyperLogLogChange: Sendable {
    case unchanged
    case changed
    /// The registers are damaged; nothing was changed.
    case damaged
}

// SAFETY: `splice` makes room for exactly the bytes that are written behind the
// place it returns; offsets come from runs within the bytes.
extension Spliceable where Self: ~Copyable {
    /// Adds an element. A sparse HyperLogLog of more than `limit` bytes, its
    /// header included, becomes dense.
    public mutating func addToHyperLogLog(_ element: RawSpan, limit: Int) -> HyperLogLogChange {
        let element = HyperLogLogElement(element)
        return raiseRegister(element.index, to: element.value, limit: limit)
    }

    /// Marks the cached estimate as out of date.
    public mutating func invalidateEstimate() {
        let last = bytes.byte(15)
        unsafe ownStart().storeBytes(of: last | 0x80, toByteOffset: 15, as: UInt8.self)
    }

    /// Notes an estimate that is up to date.
    public mutating func cacheEstimate(_ estimate: Int64) {
        unsafe ownStart().storeBytes(of: estimate.littleEndian, toByteOffset: 8, as: Int64.self)
    }

    /// Raises the registers to those of `registers`, whose merging has found nothing damaged.
    public mutating func unite(with registers: borrowing HyperLogLogRegisters, limit: Int) {
        for index in 0..<HyperLogLog.registers where registers[index] > 0 {
            if bytes.byte(4) == 0 { return unsafe registers.pack(into: ownStart() + HyperLogLog.headerBytes) }
            _ = raiseRegister(index, to: registers[index], limit: limit)
        }
    }

    /// Makes a sparse HyperLogLog dense; false when it is damaged.
    public mutating func makeHyperLogLogDense() -> Bool {
        var registers = HyperLogLogRegisters()
        guard mergeSparse(into: &registers) else { return false }
        guard bytes.byte(4) != 0 else { return true }
        let start = unsafe splice(
            at: HyperLogLog.headerBytes, removing: bytes.byteCount - HyperLogLog.headerBytes,
            inserting: HyperLogLog.registerBytes)
        unsafe start.storeBytes(of: 0, toByteOffset: 4, as: UInt8.self)
        unsafe registers.pack(into: start + HyperLogLog.headerBytes)
        return true
    }

    private func mergeSparse(into registers: inout HyperLogLogRegisters) -> Bool {
        guard let view = HyperLogLog(bytes) else { return false }
        return view.isDense || registers.merge(view)
    }

    /// Where the bytes begin, to be changed in place.
    private mutating func ownStart() -> UnsafeMutableRawPointer {
        let count = bytes.byteCount
        return unsafe splice(at: count, removing: 0, inserting: 0)
    }

    private mutating func raiseRegister(_ index: Int, to value: UInt8, limit: Int) -> HyperLogLogChange {
        if bytes.byte(4) == 0 { return raiseDense(index, to: value) }
        guard value <= 32 else { return raiseAsDense(index, to: value) }
        return raiseSparse(index, to: value, limit: limit)
    }

    // MARK: Dense

    private mutating func raiseDense(_ index: Int, to value: UInt8) -> HyperLogLogChange {
        guard let old = denseRegister(index) else { return .damaged }
        guard old < value else { return .unchanged }
        let place = HyperLogLog.headerBytes + (index * 6) >> 3
        let shift = UInt8((index * 6) & 7)
        let low = bytes.byte(place) & ~(63 << shift) | value << shift
        let high = shift > 2 ? bytes.byte(place + 1) & ~(63 >> (8 - shift)) | value >> (8 - shift) : 0
        let start = unsafe ownStart()
        unsafe start.storeBytes(of: low, toByteOffset: place, as: UInt8.self)
        if shift > 2 { unsafe start.storeBytes(of: high, toByteOffset: place + 1, as: UInt8.self) }
        return .changed
    }

    private func denseRegister(_ index: Int) -> UInt8? {
        guard let view = HyperLogLog(bytes), view.isDense else { return nil }
        return view.register(index)
    }

    private mutating func raiseAsDense(_ index: Int, to value: UInt8) -> HyperLogLogChange {
        guard makeHyperLogLogDense() else { return .damaged }
        return raiseDense(index, to: value)
    }

    // MARK: Sparse

    private mutating func raiseSparse(_ index: Int, to value: UInt8, limit: Int) -> HyperLogLogChange {
        guard let found = sparsePlace(of: index) else { return .damaged }
        let run = found.run
        guard run.value < value else { return .unchanged }
        var replacement = RunBytes()
        let before = index - found.firstRegister
        let after = run.count - 1 - before
        replacement.append(run.value, before)
        replacement.append(value, 1)
        replacement.append(run.value, after)
        let growth = replacement.count - run.byteCount
        if growth > 0, bytes.byteCount + growth > limit { return raiseAsDense(index, to: value) }
        let start = unsafe splice(at: found.offset, removing: run.byteCount, inserting: replacement.count)
        for i in 0..<replacement.count { unsafe start.storeBytes(of: replacement[i], toByteOffset: found.offset + i, as: UInt8.self) }
        joinRuns(from: found.previousOffset)
        return .changed
    }

    private func sparsePlace(of index: Int) -> HyperLogLog.Place? {
        guard let view = HyperLogLog(bytes) else { return nil }
        return view.place(of: index)
    }

    /// Joins runs of the same value beside each other, looking at five runs from `offset` on.
    private mutating func joinRuns(from offset: Int) {
        var offset = offset
        for _ in 0..<5 {
            guard offset < bytes.byteCount else { return }
            let byte = bytes.byte(offset)
            guard byte & 0x80 != 0 else {
                offset += byte & 0x40 != 0 ? 2 : 1
                continue
            }
            if offset + 1 < bytes.byteCount {
                let next = bytes.byte(offset + 1)
                let count = byte & 3 + next & 3 + 2
                if byte >> 2 == next >> 2, count <= 4 {
                    let start = unsafe splice(at: offset, removing: 1, inserting: 0)
                    unsafe start.storeBytes(of: byte & 0xfc | (count - 1), toByteOffset: offset, as: UInt8.self)
                    continue
                }
            }
            offset += 1
        }
    }
}

extension HyperLogLog {
    /// Where a register is kept.
    struct Place {
        var offset: Int
        /// The run in front of it; its own offset when it is the first.
        var previousOffset: Int
        var firstRegister: Int
        var run: Run
    }

    /// The run of a register of a sparse HyperLogLog; nil when there is none.
    func place(of index: Int) -> Place? {
        var offset = Self.headerBytes
        var previous = offset
        var first = 0
        while offset < bytes.byteCount {
            let run = run(at: offset)
            if index < first &+ run.count {
                return Place(offset: offset, previousOffset: previous, firstRegister: first, run: run)
            }
            first &+= run.count
            previous = offset
            offset &+= run.byteCount
        }
        return nil
    }
}

/// The bytes of up to three runs.
private struct RunBytes {
    private var packed: UInt64 = 0
    private(set) var count = 0

    subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: packed >> UInt64(8 * index)) }

    /// Appends a run of `count` registers; of values but zero four at most.
    mutating func append(_ value: UInt8, _ count: Int) {
        guard count > 0 else { return }
        if value > 0 {
            append((value - 1) << 2 | UInt8(count - 1) | 0x80)
        } else if count > 64 {
            append(UInt8((count - 1) >> 8) | 0x40)
            append(UInt8((count - 1) & 0xff))
        } else {
            append(UInt8(count - 1))
        }
    }

    private mutating func append(_ byte: UInt8) {
        packed |= UInt64(byte) << UInt64(8 * count)
        count += 1
    }
}
