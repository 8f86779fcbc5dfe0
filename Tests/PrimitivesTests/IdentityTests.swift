import Primitives
import Testing

private func name(_ text: String) -> FoldedName? { FoldedName([UInt8](text).rawSpan) }
private func hash(_ bytes: [UInt8], _ seed: HashSeed) -> UInt64 { bytes.rawSpan.hash(seed) }

@Suite struct FoldedNameTests {
    @Test func lettersFoldAndNothingElse() {
        #expect(name("GeT") == name("get"))
        #expect(name("ZREMRANGEBYSCORE") == name("zremrangebyscore"))
        #expect(name("@[`{") != name("`{@["))
        #expect(name("a@") != name("a`"))
        #expect(name("a[") != name("a{"))
        #expect(name("\u{c4}") != name("\u{e4}"))
    }

    @Test func lengthsTellApart() {
        #expect(name("") == nil)
        #expect(name(String(repeating: "a", count: 25)) == nil)
        #expect(name("get\0") != name("get"))
        #expect(name("get\0\0") != name("get\0"))
        #expect(name("\0") != name("\0\0"))
        for count in 1..<23 {
            let text = String(repeating: "x", count: count)
            #expect(name(text) != nil)
            #expect(name(text) == name(text.uppercased()))
            #expect(name(text) != name(text + "x"))
            #expect(name(text) != name(text + "\0"))
        }
    }

    @Test func everyByteFoldsAsASCIISays() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<10 {
                var a = [UInt8](repeating: 98, count: 10)
                a[position] = byte
                var b = a
                b[position] = byte.lowercased
                let names = [FoldedName(a.rawSpan), FoldedName(b.rawSpan)]
                #expect(names[0] == names[1], "byte \(byte)")
            }
        }
    }
}

@Suite struct SlabTests {
    @Test func staleAddressesFindNothing() {
        var slab = Slab<Int>()
        let first = slab.insert { _ in 1 }
        let second = slab.insert { _ in 2 }
        slab.remove(first)
        let third = slab.insert { _ in 3 }
        let same = third.slot == first.slot
        #expect(same)
        let stale = slab.with(first) { $0 }
        #expect(stale == nil)
        let fresh = [slab.with(second) { $0 }, slab.with(third) { $0 }]
        #expect(fresh == [2, 3])
        slab.remove(first)
        let count = slab.count
        #expect(count == 2)
        #expect(SlabID(raw: third.raw) == third)
        let beyond = slab.contains(SlabID(slot: 1000, generation: 1))
        #expect(!beyond)
    }

    @Test func takenElementsKeepTheirPlace() {
        var slab = Slab<Int>()
        let id = slab.insert { _ in 5 }
        if let box = slab.take(id) {
            let again = slab.with(id) { $0 }
            #expect(again == nil)
            let kept = slab.contains(id)
            #expect(kept)
            slab.put(box, back: id)
        }
        let value = slab.with(id) { $0 }
        #expect(value == 5)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func behavesAsADictionary(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var slab = Slab<Int>()
        var model: [SlabID: Int] = [:]
        var dead: [SlabID] = []
        for step in 0..<3000 {
            if random.below(2) == 0 || model.isEmpty {
                let id = slab.insert { _ in step }
                #expect(model[id] == nil)
                model[id] = step
            } else if let id = model.keys.sorted(by: { $0.raw < $1.raw }).first(where: { _ in random.below(3) == 0 }) {
                slab.remove(id)
                model[id] = nil
                dead.append(id)
            }
        }
        for id in dead.suffix(500) {
            let contained = slab.contains(id)
            #expect(!contained, "seed \(seed)")
        }
        var seen: [SlabID: Int] = [:]
        slab.forEach { id, value in seen[id] = value }
        #expect(seen == model, "seed \(seed)")
    }
}

@Suite struct HashingTests {
    @Test func seedAndEveryByteMatter() {
        var random = RandomGenerator(seed: 1)
        for count in 0...100 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let seed = HashSeed(random.next(), random.next())
            let base = hash(bytes, seed)
            #expect(hash(bytes, seed) == base)
            #expect(hash(bytes, HashSeed(seed.first ^ 1, seed.second)) != base, "length \(count)")
            #expect(hash(bytes, HashSeed(seed.first, seed.second ^ 1)) != base, "length \(count)")
            #expect(hash(bytes + [0], seed) != base, "length \(count)")
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 0x10
                #expect(hash(changed, seed) != base, "byte \(index) of \(count)")
            }
        }
    }

    /// Flipping one bit of the input flips each bit of the output about half the time.
    @Test func avalanche() {
        var random = RandomGenerator(seed: 2)
        for count in [1, 3, 4, 8, 13, 16, 17, 32, 50] {
            var flips = [Int](repeating: 0, count: 64)
            let rounds = 2000
            for _ in 0..<rounds {
                let seed = HashSeed(random.next(), random.next())
                var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                let before = hash(bytes, seed)
                bytes[random.below(count)] ^= 1 << UInt8(random.below(8))
                let difference = before ^ hash(bytes, seed)
                for bit in 0..<64 where difference >> UInt64(bit) & 1 == 1 { flips[bit] += 1 }
            }
            for bit in 0..<64 { #expect(abs(flips[bit] - rounds / 2) < rounds / 8, "length \(count), bit \(bit): \(flips[bit])") }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func sequentialKeysSpread(number: UInt64) {
        var random = RandomGenerator(seed: number)
        let seed = HashSeed(random.next(), random.next())
        var high = [Int](repeating: 0, count: 256)
        var low = high
        for i in 0..<32_768 {
            let value = hash([UInt8]("key:\(i)"), seed)
            high[Int(value >> 56)] += 1
            low[Int(value & 255)] += 1
        }
        for counts in [high, low] {
            let chi = counts.reduce(0.0) { $0 + Double(($1 - 128) * ($1 - 128)) / 128 }
            #expect(chi < 400, "seed \(number): chi-square \(chi) at 255 degrees")
        }
    }
}

@Suite struct RandomTests {
    @Test func repeatableFromItsSeed() {
        var a = RandomGenerator(seed: 5)
        var b = RandomGenerator(seed: 5)
        var c = RandomGenerator(seed: 6)
        let first = (0..<10).map { _ in a.next() }
        #expect(first == (0..<10).map { _ in b.next() })
        #expect(first != (0..<10).map { _ in c.next() })
    }

    @Test func belowIsFairAndInBounds() {
        var random = RandomGenerator(seed: 3)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[random.below(7)] += 1 }
        for count in counts { #expect(abs(count - 10_000) < 600) }
        #expect(random.below(1) == 0)
        for _ in 0..<100 { #expect(random.below(.max) >= 0) }
    }
}
