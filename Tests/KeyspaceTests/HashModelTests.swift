import Keyspace
import Primitives
import Structures
import Testing

/// A partition of hashes beside the dictionaries that they should equal.
private struct HashModel: ~Copyable {
    struct Value: Equatable {
        var bytes: [UInt8]
        var expiry: Milliseconds?
    }

    var keyspace: Keyspace
    var expected: [[UInt8]: [[UInt8]: Value]] = [:]
    var random: RandomGenerator
    static let index = DatabaseIndex(0)
    static let access = AccessBits(raw: 1)

    init(seed: UInt64) {
        keyspace = Keyspace(databaseCount: 1, partitionCount: 1, seed: HashSeed(seed, ~seed))
        random = RandomGenerator(seed: seed)
    }

    mutating func key() -> [UInt8] { [UInt8]("hash\(random.below(6))") }

    mutating func word() -> [UInt8] {
        switch random.below(12) {
        case 0...5: [UInt8](String(random.below(30)))
        case 6...10: [UInt8](repeating: 97, count: random.below(60))
        default: [UInt8](repeating: 98, count: random.below(3000))
        }
    }

    /// Words as a request has them.
    private func withWords<Result>(_ texts: [[UInt8]], _ body: (borrowing Words) -> Result) -> Result {
        let joined = texts.flatMap { $0 }
        var buffer = WordBuffer()
        var offset = 0
        let all = joined.rawSpan
        for text in texts {
            buffer.append(all.slice(offset, text.count))
            offset += text.count
        }
        return body(buffer.words(0..<texts.count))
    }

    mutating func step() {
        let key = key()
        let hash = keyspace.hash(key.rawSpan)
        let limits = HashLimits(entries: [0, 4, 20, 20, 512][random.below(5)], bytes: [8, 64, 64, 5000][random.below(4)])
        let existing = keyspace[Self.index][hash].find(key.rawSpan, hash)
        switch random.below(12) {
        case 0...2: setMany(key, hash, existing, limits)
        case 3...5:
            let name = word()
            let value = word()
            let changes: [ExpiryChange] = [.keep, .clear, .at(Int64(1 + random.below(100)))]
            let change = changes[random.below(3)]
            var entry = existing
            let isNew = keyspace[Self.index][hash].setField(
                key.rawSpan, hash, &entry, name.rawSpan, value.rawSpan, change, limits, Self.access)
            let old = expected[key]?[name]
            #expect(isNew == (old == nil))
            expected[key, default: [:]][name] = Value(bytes: value, expiry: change.applied(to: old?.expiry))
        case 6, 7:
            guard var entry = existing else { return }
            let name = word()
            let wasThere = keyspace[Self.index][hash].removeField(&entry, hash, name.rawSpan)
            #expect(wasThere == (expected[key]?.removeValue(forKey: name) != nil))
            dropIfEmpty(key, hash, entry)
        case 8, 9:
            guard var entry = existing, let name = expected[key]?.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).first
            else { return }
            let expiry: Milliseconds? = random.below(3) == 0 ? nil : Milliseconds(1 + random.below(100))
            keyspace[Self.index][hash].setFieldExpiry(&entry, hash, name.rawSpan, expiry)
            expected[key]?[name]?.expiry = expiry
        case 10:
            guard var entry = existing else { return }
            let now = Milliseconds(random.below(30))
            let earliest = expected[key]?.values.compactMap(\.expiry).min()
            let name = keyspace[Self.index][hash].removeDueField(&entry, hash, at: now)
            #expect((name != nil) == (earliest.map { $0 <= now } ?? false))
            guard let name else { return }
            #expect(expected[key]?[name]?.expiry == earliest)
            expected[key]?[name] = nil
            dropIfEmpty(key, hash, entry)
        default: relocate(key, hash, existing)
        }
    }

    private mutating func setMany(_ key: [UInt8], _ hash: UInt64, _ existing: Entry?, _ limits: HashLimits) {
        let texts = (0..<1 + random.below(8)).flatMap { _ in [word(), word()] }
        let before = expected[key]?.count ?? 0
        for i in stride(from: 0, to: texts.count, by: 2) {
            expected[key, default: [:]][texts[i]] = Value(bytes: texts[i + 1], expiry: nil)
        }
        // The partition is taken out meanwhile: a closure cannot change what the model holds.
        var taken = Keyspace(databaseCount: 1, partitionCount: 1, seed: keyspace.seed)
        swap(&taken, &keyspace)
        let added = withWords(texts) { words in
            taken[Self.index][hash].setFields(
                key.rawSpan, hash, existing: existing, words, from: 0, limits, at: 0, Self.access)
        }
        swap(&taken, &keyspace)
        #expect(added == expected[key].map { $0.count - before })
    }

    private mutating func dropIfEmpty(_ key: [UInt8], _ hash: UInt64, _ entry: Entry) {
        guard entry.fieldCount == 0 else { return }
        keyspace[Self.index][hash].remove(key.rawSpan, hash)
        expected[key] = nil
    }

    private mutating func relocate(_ key: [UInt8], _ hash: UInt64, _ existing: Entry?) {
        guard let existing, let fields = expected[key] else { return }
        switch random.below(5) {
        case 0:
            let moment = random.below(2) == 0 ? nil : Milliseconds(1_000_000)
            keyspace[Self.index][hash].setExpiry(existing, hash, moment)
        case 1:
            let target = self.key()
            guard target != key else { return }
            keyspace.rename(key.rawSpan, to: target.rawSpan, in: Self.index)
            expected[key] = nil
            expected[target] = fields
        case 2:
            let target = self.key()
            guard expected[target] == nil else { return }
            keyspace.copy(key.rawSpan, in: Self.index, to: target.rawSpan, in: Self.index)
            expected[target] = fields
        case 3:
            keyspace[Self.index][hash].remove(key.rawSpan, hash)
            expected[key] = nil
        default:
            keyspace[Self.index][hash].setString(
                key.rawSpan, hash, existing: existing, RawSpan(literal: "text"), .clear, Self.access)
            keyspace[Self.index][hash].remove(key.rawSpan, hash)
            expected[key] = nil
        }
    }

    func check(_ note: String) {
        keyspace.checkInvariants()
        var found: [[UInt8]: [[UInt8]: Value]] = [:]
        keyspace[Self.index].forEach { entry in
            var fields: [[UInt8]: Value] = [:]
            entry.forEachField { name, value, expiry in fields[name.array] = Value(bytes: value.array, expiry: expiry) }
            #expect(entry.fieldCount == fields.count, Comment(rawValue: note))
            for (name, value) in fields {
                var read: [UInt8] = []
                let presence = entry.readField(name.rawSpan, at: 50) { read = $0.array }
                #expect(presence == (value.expiry.map { $0 <= 50 } ?? false ? .expired : .present))
                if presence == .present { #expect(read == value.bytes) }
            }
            #expect(entry.expiredFieldCount(at: 50) == fields.values.count { $0.expiry.map { $0 <= 50 } ?? false })
            found[entry.key.array] = fields
        }
        #expect(found == expected, Comment(rawValue: note))
        let expiring = keyspace[Self.index].fieldExpiringCount
        #expect(expiring == expected.values.count { $0.values.contains { $0.expiry != nil } }, Comment(rawValue: note))
    }
}

@Suite struct HashModelTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func hashesBehaveAsDictionaries(seed: UInt64) {
        var model = HashModel(seed: seed)
        for step in 0..<500 {
            model.step()
            model.check("seed \(seed), step \(step)")
        }
    }

    @Test func dueFieldsAreFoundInOrder() {
        let seed = HashSeed(5, 6)
        var partition = Partition(seed: seed, bin: GarbageBin())
        for i in 0..<100 {
            let key = [UInt8]("hash\(i)")
            let hash = key.rawSpan.hash(seed)
            var entry: Entry?
            _ = partition.setField(
                key.rawSpan, hash, &entry, RawSpan(literal: "f"), RawSpan(literal: "v"), .at(Milliseconds(1000 - i)),
                HashLimits(entries: i % 2 * 10, bytes: 64), AccessBits(raw: 0))
        }
        partition.checkInvariants()
        let early = partition.keyOfDueField(at: 900)
        #expect(early == nil)
        let first = partition.keyOfDueField(at: 901)
        #expect(first == [UInt8]("hash99"))
        let count = partition.fieldExpiringCount
        #expect(count == 100)
    }
}
