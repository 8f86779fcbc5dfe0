import Primitives
import Structures
import Testing

/// A table beside the dictionary that it should equal.
private struct Model<Element: TableElement>: ~Copyable {
    var table: HashTable<Element>
    var expected: [[UInt8]: UnsafeMutableRawPointer] = [:]
    var random: RandomGenerator

    init(seed: UInt64) {
        table = HashTable(seed: HashSeed(seed, seed &* 31))
        random = RandomGenerator(seed: seed)
    }

    deinit { table.forEach { $0.release() } }

    mutating func insert(_ key: [UInt8]) {
        guard expected[key] == nil else { return }
        let element = Element.make(key)
        table.insert(element, element.hash(table.seed))
        expected[key] = element.raw
    }

    mutating func remove(_ key: [UInt8]) {
        let probe = Element.make(key)
        let removed = table.remove(key.rawSpan, probe.hash(table.seed))
        probe.release()
        #expect(removed?.raw == expected[key])
        expected[key] = nil
        removed?.release()
    }

    mutating func replace(_ key: [UInt8]) {
        guard let old = expected[key] else { return }
        let element = Element.make(key)
        table.replace(Element(raw: old), with: element, element.hash(table.seed))
        expected[key] = element.raw
        old.deallocate()
    }

    func find(_ key: [UInt8]) -> UnsafeMutableRawPointer? {
        let probe = Element.make(key)
        defer { probe.release() }
        return table.find(key.rawSpan, probe.hash(table.seed))?.raw
    }

    mutating func clear() {
        table.removeAll { $0.release() }
        expected = [:]
    }

    func check(_ note: String) {
        table.checkInvariants()
        let count = table.count
        #expect(count == expected.count, Comment(rawValue: note))
        var seen: Set<UnsafeMutableRawPointer> = []
        table.forEach { seen.insert($0.raw) }
        #expect(seen == Set(expected.values), Comment(rawValue: note))
    }
}

@Suite struct HashTableTests {
    /// A table that gets the elements of another in the order of a scan is as evenly filled as any,
    /// while it grows as well: they must not crowd at its beginning, where each would pass all others.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func copiesInTheOrderOfAScan(seed: UInt64) {
        var source = Model<Keyed>(seed: seed)
        for number in 0..<20_000 { source.insert([UInt8]("key \(number)")) }
        var copies: [[UInt8]] = []
        var position: UInt64? = 0
        while let place = position { position = source.table.scan(from: place) { copies.append($0.keyBytes) } }
        #expect(copies.count == 20_000)
        var copy = Model<Keyed>(seed: seed)
        for (index, key) in copies.enumerated() {
            copy.insert(key)
            guard index % 500 == 499 else { continue }
            while copy.table.isResizing { _ = copy.table.resizeStep(buckets: 100) }
            let fill = copy.table.spread.main
            #expect(fill.buckets[0] * 20 < fill.bucketCount, "seed \(seed), \(index) elements, \(fill.buckets)")
        }
    }

    private func run<Element: TableElement>(_: Element.Type, seed: UInt64, keys: Int, steps: Int) {
        var model = Model<Element>(seed: seed)
        var growing = true
        for step in 0..<steps {
            if model.random.below(max(1, steps / 8)) == 0 { growing.toggle() }
            let key = model.random.key(keys)
            switch model.random.below(10) {
            case 0..<4: growing ? model.insert(key) : model.remove(key)
            case 4..<6: growing ? model.remove(key) : model.insert(key)
            case 6 where growing: model.insert(key)
            case 6: model.remove(key)
            case 7: model.replace(key)
            case 8 where model.random.below(50) == 0:
                let steps = model.random.below(20)
                _ = model.table.resizeStep(buckets: steps)
            case 8 where model.random.below(200) == 0:
                let room = model.random.below(keys * 2)
                model.table.reserve(room)
            case 8 where model.random.below(1000) == 0: model.clear()
            default:
                let found = model.find(key)
                #expect(found == model.expected[key], "seed \(seed), step \(step)")
            }
            if step % 997 == 0 { model.check("seed \(seed), step \(step)") }
        }
        for key in model.expected.keys { model.remove(key) }
        model.check("seed \(seed), emptied")
        let left = model.table.allocatedBytes
        #expect(left <= 64 * 3 * 8, "seed \(seed): an empty table holds \(left) bytes")
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func behavesAsADictionary(seed: UInt64) {
        run(Keyed.self, seed: seed, keys: [10, 60, 500, 4000][Int(seed % 4)], steps: 12_000)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func behavesAsADictionaryWhenCrowded(seed: UInt64) {
        run(Crowded.self, seed: seed, keys: [40, 900][Int(seed % 2)], steps: 5000)
    }

    @Test func growsByHalvesAndShrinks() {
        var model = Model<Keyed>(seed: 9)
        var largest = 0
        for i in 0..<20_000 { model.insert([UInt8]("key\(i)")) }
        while model.table.resizeStep(buckets: 100) {}
        largest = model.table.allocatedBytes
        let perKey = Double(largest) / 20_000
        #expect(perKey > 10 && perKey < 20, "\(perKey) bytes a key")
        for i in 0..<19_990 { model.remove([UInt8]("key\(i)")) }
        while model.table.resizeStep(buckets: 100) {}
        let small = model.table.allocatedBytes
        #expect(small < largest / 50)
        model.check("shrunk")
    }

    @Test func reserveMakesRoom() {
        var model = Model<Keyed>(seed: 10)
        model.table.reserve(10_000)
        let buckets = model.table.bucketCount
        for i in 0..<10_000 { model.insert([UInt8]("\(i)")) }
        let after = model.table.bucketCount
        #expect(after == buckets)
        model.check("filled")
    }

    private func scan<Element: TableElement>(_: Element.Type, seed: UInt64, stable: Int, volatile: Int) {
        var model = Model<Element>(seed: seed)
        for i in 0..<stable { model.insert([UInt8]("stable\(i)")) }
        for _ in 0..<volatile { model.insert(model.random.key(volatile)) }
        for round in 0..<6 {
            var seen: [[UInt8]: Int] = [:]
            var position: UInt64? = 0
            var steps = 0
            while let start = position {
                position = model.table.scan(from: start) { seen[$0.keyBytes, default: 0] += 1 }
                if let position { #expect(position > start, "seed \(seed), round \(round)") }
                steps += 1
                let changes = model.random.below([0, 3, 40, 400][model.random.below(4)] + 1)
                let removing = (round + steps / 8) % 2 == 0
                for _ in 0..<changes {
                    let key = model.random.key(volatile)
                    if model.random.below(4) == 0 { removing ? model.insert(key) : model.remove(key) } else {
                        removing ? model.remove(key) : model.insert(key)
                    }
                }
                if model.random.below(30) == 0 {
                    let room = model.random.below(volatile * 3)
                    model.table.reserve(room)
                }
            }
            for i in 0..<stable {
                let count = seen[[UInt8]("stable\(i)")] ?? 0
                #expect(count == 1, "seed \(seed), round \(round): stable\(i) seen \(count) times")
            }
            model.check("seed \(seed), round \(round)")
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func scanReturnsWhatStaysExactlyOnce(seed: UInt64) {
        scan(Keyed.self, seed: seed, stable: 300, volatile: 3000)
        scan(Crowded.self, seed: seed, stable: 30, volatile: 200)
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func randomElementIsFair(seed: UInt64) {
        var model = Model<Keyed>(seed: seed)
        for i in 0..<200 { model.insert([UInt8]("\(i)")) }
        func check(_ note: String) {
            var counts: [[UInt8]: Int] = [:]
            var random = RandomGenerator(seed: seed &+ 100)
            for _ in 0..<200 * model.table.count {
                guard let element = model.table.randomElement(using: &random) else { return }
                counts[element.keyBytes, default: 0] += 1
            }
            let chi = model.expected.keys.reduce(0.0) {
                let difference = Double((counts[$1] ?? 0) - 200)
                return $0 + difference * difference / 200
            }
            let degrees = Double(model.expected.count - 1)
            #expect(chi < degrees + 6 * (2 * degrees).squareRoot(), "seed \(seed), \(note): chi-square \(chi) at \(degrees)")
        }
        check("at rest")
        model.table.reserve(2000)
        _ = model.table.resizeStep(buckets: 10)
        check("while growing")
        for i in 0..<150 { model.remove([UInt8]("\(i)")) }
        check("while shrinking")
        var empty = RandomGenerator(seed: 1)
        model.clear()
        let none = model.table.randomElement(using: &empty) == nil
        #expect(none)
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func samplesMeetEveryElement(seed: UInt64) {
        var entropy = RandomGenerator(seed: seed)
        var model = Model<Keyed>(seed: entropy.next())
        for i in 0..<200 { model.insert([UInt8]("\(i)")) }
        func check(_ note: String) {
            var counts: [[UInt8]: Int] = [:]
            var random = RandomGenerator(seed: seed &+ 100)
            var total = 0
            for _ in 0..<20_000 {
                var visited = 0
                model.table.sample(5, using: &random) { element in
                    counts[element.keyBytes, default: 0] += 1
                    visited += 1
                }
                #expect(visited >= min(5, model.expected.count) && visited <= 5 + 40, "\(note): \(visited)")
                total += visited
            }
            let mean = total / model.expected.count
            for key in model.expected.keys {
                let count = counts[key] ?? 0
                #expect(count > mean / 3 && count < mean * 3, "seed \(seed), \(note): \(count) of \(mean)")
            }
        }
        check("at rest")
        model.table.reserve(400)
        _ = model.table.resizeStep(buckets: 10)
        check("while growing")
        for i in 0..<150 { model.remove([UInt8]("\(i)")) }
        check("while shrinking")
    }
}
