import Primitives

extension HyperLogLog {
    /// Adds 100,000 elements to a sparse and a dense HyperLogLog and compares
    /// their estimates with each other and with the truth; what is wrong, nil when nothing is.
    public static func problemFoundBySelfTest() -> String? {
        var sparse = ByteBuffer(copying: empty.rawSpan)
        var dense = ByteBuffer(copying: empty.rawSpan)
        guard dense.makeHyperLogLogDense() else { return "an empty HyperLogLog does not become dense" }
        var random = RandomGenerator(seed: 0xadc8_3b19)
        var checkpoint = 1
        for count in 1...100_000 {
            let element = DecimalText(Int64(bitPattern: random.next()))
            _ = sparse.addToHyperLogLog(element.bytes, limit: 3000)
            _ = dense.addToHyperLogLog(element.bytes, limit: 3000)
            guard count == checkpoint else { continue }
            checkpoint *= 10
            guard let first = HyperLogLog(sparse.bytes)?.estimate(), let second = HyperLogLog(dense.bytes)?.estimate() else {
                return "damaged registers after \(count) elements"
            }
            guard first == second else { return "sparse estimate \(first), dense estimate \(second) of \(count)" }
            // Six times the standard error of 1.04 / sqrt(registers), and one for the rounding.
            let tolerance = 1 + Int64(Double(count) * 6 * 1.04 / 128)
            guard abs(first - Int64(count)) <= tolerance else { return "estimate \(first) of \(count)" }
        }
        return nil
    }
}
