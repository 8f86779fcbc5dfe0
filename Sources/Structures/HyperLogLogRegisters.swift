import CSystem
import Primitives

/// All registers of a HyperLogLog, a byte each: where several are united.
@safe
public struct HyperLogLogRegisters: ~Copyable {
    // SAFETY: `values` points to `HyperLogLog.registers` initialised bytes that
    // deinit frees; indices are masked to that range or come from checked runs.
    @unsafe private let values: UnsafeMutablePointer<UInt8>

    /// All of them zero.
    public init() {
        unsafe values = allocate(HyperLogLog.registers).assumingMemoryBound(to: UInt8.self)
        unsafe _ = memset(values, 0, HyperLogLog.registers)
    }

    deinit { unsafe free(values) }

    /// The register at `index`; traps outside the range.
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < HyperLogLog.registers)
        return unsafe values[index]
    }

    /// Raises registers to those of a HyperLogLog; false when it is damaged.
    public mutating func merge(_ other: HyperLogLog) -> Bool {
        guard other.isDense else {
            return other.forEachRun { run, index in
                guard run.form == .value else { return }
                for place in index..<index + run.count {
                    unsafe values[place] = max(values[place], run.value)
                }
            }
        }
        let packed = other.bytes.suffix(from: HyperLogLog.headerBytes)
        precondition(packed.byteCount == HyperLogLog.registerBytes)
        // The kernel reads into the header, which stands ahead of the registers.
        unsafe other.bytes.withUnsafeBytes { buffer in
            if let start = buffer.baseAddress {
                unsafe cs_registers_merge(
                    values, (start + HyperLogLog.headerBytes).assumingMemoryBound(to: UInt8.self), HyperLogLog.registers)
            }
        }
        return true
    }

    /// Writes the registers as a dense HyperLogLog keeps them: `registerBytes` bytes.
    @unsafe func pack(into target: UnsafeMutableRawPointer) {
        unsafe cs_registers_pack(target.assumingMemoryBound(to: UInt8.self), values, HyperLogLog.registers)
    }

    /// The number of different elements, estimated.
    public func estimate() -> Int64 {
        // Up to this value the sum fits the 53 bits of a double, so it is the
        // one that adding up a histogram would give.
        if unsafe cs_registers_largest(values, HyperLogLog.registers) <= 38 {
            let zeros = unsafe cs_registers_zeros(values, HyperLogLog.registers)
            let sum = unsafe cs_registers_sum(values, HyperLogLog.registers) - UInt64(zeros) << 38
            return HyperLogLogHistogram.estimate(sum: Double(sum) / Double(UInt64(1) << 38), zeros: zeros)
        }
        var histogram = HyperLogLogHistogram()
        for index in 0..<HyperLogLog.registers { unsafe histogram.counts[Int(values[index] & 63)] += 1 }
        return histogram.estimate()
    }
}

/// How many registers have which value.
struct HyperLogLogHistogram {
    /// By value, which six bits can hold.
    var counts = InlineArray<64, Int>(repeating: 0)

    /// Bits of a hash that do not choose the register.
    private static var hashBits: Int { 50 }

    func estimate() -> Int64 {
        let registers = Double(HyperLogLog.registers)
        var sum = registers * Self.tau((registers - Double(counts[Self.hashBits + 1])) / registers)
        for value in stride(from: Self.hashBits, through: 1, by: -1) { sum = (sum + Double(counts[value])) * 0.5 }
        return Self.estimate(sum: sum, zeros: counts[0])
    }

    /// The estimate from the sum of 2^-value over the registers that are not zero.
    static func estimate(sum: Double, zeros: Int) -> Int64 {
        let registers = Double(HyperLogLog.registers)
        let total = sum + registers * sigma(Double(zeros) / registers)
        let estimate = 0.721347520444481703680 * registers * registers / total
        // Damaged registers may add up to nothing; the originals answer this.
        return Int64(exactly: estimate.rounded(.toNearestOrAwayFromZero)) ?? .min
    }

    /// Corrects for registers that are still zero.
    private static func sigma(_ share: Double) -> Double {
        guard share != 1 else { return .infinity }
        var power = share
        var weight = 1.0
        var sum = share
        while true {
            power *= power
            let last = sum
            sum += power * weight
            weight += weight
            if sum == last { return sum }
        }
    }

    /// Corrects for registers that can rise no further.
    private static func tau(_ share: Double) -> Double {
        guard share != 0, share != 1 else { return 0 }
        var root = share
        var weight = 1.0
        var sum = 1 - share
        while true {
            root = root.squareRoot()
            let last = sum
            weight *= 0.5
            sum -= (1 - root) * (1 - root) * weight
            if sum == last { return sum / 3 }
        }
    }
}
