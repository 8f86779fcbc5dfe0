import Primitives
import Structures
import Testing

/// A HyperLogLog and the registers that it must have.
private struct HyperLogLogModel: ~Copyable {
    var buffer: ByteBuffer
    var registers = [UInt8](repeating: 0, count: HyperLogLog.registers)
    let limit: Int

    init(limit: Int) {
        buffer = ByteBuffer(copying: HyperLogLog.empty.rawSpan)
        self.limit = limit
    }

    /// What an element does to the registers, by the definition.
    mutating func raise(_ element: [UInt8]) -> Bool {
        let hash = element.rawSpan.murmurHash(seed: 0xadc8_3b19)
        let index = Int(hash & 16_383)
        var value: UInt8 = 1
        while value < 51, hash >> UInt64(13 + value) & 1 == 0 { value += 1 }
        defer { registers[index] = max(registers[index], value) }
        return value > registers[index]
    }

    mutating func add(_ element: [UInt8]) {
        let expected = raise(element)
        let change = buffer.addToHyperLogLog(element.rawSpan, limit: limit)
        #expect(change == (expected ? .changed : .unchanged))
    }

    func checkInvariants() {
        let bytes = buffer.bytes.array
        guard let view = HyperLogLog(bytes.rawSpan) else {
            Issue.record("no HyperLogLog any more")
            return
        }
        var found = HyperLogLogRegisters()
        let isWhole = found.merge(view)
        #expect(isWhole)
        let different = (0..<HyperLogLog.registers).first { found[$0] != registers[$0] }
        #expect(different == nil)
        let estimates = (view.estimate(), found.estimate())
        #expect(estimates.0 == estimates.1)
        if view.isDense {
            #expect(bytes.count == HyperLogLog.denseBytes)
        } else {
            #expect(bytes.count <= max(limit, HyperLogLog.empty.count))
        }
    }
}

struct HyperLogLogTests {
    @Test(arguments: [0, 20, 100, 3000, 20_000])
    func equalsItsRegisters(limit: Int) {
        var random = RandomGenerator(seed: UInt64(limit))
        var model = HyperLogLogModel(limit: limit)
        model.checkInvariants()
        for step in 0..<4000 {
            let count = random.below(30)
            model.add((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            if step < 20 || step % 100 == 0 { model.checkInvariants() }
        }
        model.checkInvariants()
    }

    /// What Redis makes of the elements a and b.
    @Test func sparseBytes() {
        var buffer = ByteBuffer(copying: HyperLogLog.empty.rawSpan)
        for element in ["a", "b"] { _ = buffer.addToHyperLogLog([UInt8](element).rawSpan, limit: 3000) }
        buffer.invalidateEstimate()
        let bytes = buffer.bytes.array
        #expect(bytes[..<16] == [72, 89, 76, 76, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80])
        var runs: [String] = []
        HyperLogLog(bytes.rawSpan)?.forEachStoredRun { runs.append("\($0.form) \($0.value) \($0.count)") }
        #expect(runs == ["manyZeros 0 12711", "value 2 1", "manyZeros 0 3068", "value 1 1", "manyZeros 0 603"])
        let before = HyperLogLog(bytes.rawSpan)?.cachedEstimate
        #expect(before == nil)
        buffer.cacheEstimate(2)
        let cached = buffer.bytes.array
        let after = HyperLogLog(cached.rawSpan)?.cachedEstimate
        #expect(after == 2)
    }

    @Test func uniting() {
        var random = RandomGenerator(seed: 4)
        for (first, second, limit) in [(10, 20, 3000), (300, 300, 3000), (2000, 100, 3000), (5, 5, 0)] {
            var a = HyperLogLogModel(limit: limit)
            var b = HyperLogLogModel(limit: limit)
            for _ in 0..<first { a.add(DecimalText(Int64(random.below(10_000))).bytes.array) }
            for _ in 0..<second { b.add(DecimalText(Int64(random.below(10_000))).bytes.array) }
            var union = HyperLogLogRegisters()
            let views = [a.buffer.bytes.array, b.buffer.bytes.array]
            for bytes in views {
                var isWhole = false
                if let view = HyperLogLog(bytes.rawSpan) { isWhole = union.merge(view) }
                #expect(isWhole)
            }
            a.buffer.unite(with: union, limit: limit)
            a.registers = zip(a.registers, b.registers).map(max)
            a.checkInvariants()
            let wasMadeDense = b.buffer.makeHyperLogLogDense()
            #expect(wasMadeDense)
            b.checkInvariants()
        }
    }

    /// Register values that no element leads to are read without trapping.
    @Test func extremeRegisters() {
        for (filling, expected) in [(0xff as UInt8, Int64.min), (0, 0)] {
            let bytes = Array(HyperLogLog.empty[..<4]) + [UInt8](repeating: 0, count: 12) + [UInt8](repeating: filling, count: 12_288)
            let estimate = HyperLogLog(bytes.rawSpan)?.estimate()
            #expect(estimate == expected)
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func damageIsFoundOrHarmless(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<400 {
            var model = HyperLogLogModel(limit: 3000)
            for _ in 0..<random.below(60) { model.add(DecimalText(Int64(random.below(10_000))).bytes.array) }
            var bytes = model.buffer.bytes.array
            for _ in 0..<1 + random.below(4) { bytes[16 + random.below(bytes.count - 16)] = UInt8(truncatingIfNeeded: random.next()) }
            if random.below(3) == 0 { bytes.removeLast(min(bytes.count - 16, random.below(10))) }
            var isWhole = false
            if let view = HyperLogLog(bytes.rawSpan) {
                isWhole = view.estimate() != nil
                var registers = HyperLogLogRegisters()
                let isMerged = registers.merge(view)
                #expect(isMerged == isWhole)
            }
            var damaged = ByteBuffer(copying: bytes.rawSpan)
            for _ in 0..<20 { _ = damaged.addToHyperLogLog(DecimalText(Int64(random.below(10_000))).bytes, limit: 3000) }
            let isDense = damaged.makeHyperLogLogDense()
            if isWhole { #expect(isDense) }
        }
    }

    @Test func selfTest() { #expect(HyperLogLog.problemFoundBySelfTest() == nil) }

    @Test func whatIsNone() {
        let header = HyperLogLog.empty.prefix(4)
        let strings: [[UInt8]] = [
            [], HyperLogLog.empty.dropLast(3), [0] + HyperLogLog.empty.dropFirst(), header + [2] + HyperLogLog.empty.dropFirst(5),
            header + [0] + HyperLogLog.empty.dropFirst(5),
        ]
        for bytes in strings {
            let isOne = HyperLogLog(bytes.rawSpan) != nil
            #expect(!isOne)
        }
    }
}
