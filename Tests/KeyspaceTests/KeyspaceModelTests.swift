import CSystem
import Keyspace
import Primitives
import Structures
import Testing

/// A keyspace of two databases beside the dictionaries that it should equal.
private struct Model: ~Copyable {
    struct Value: Equatable {
        var bytes: [UInt8]
        var expiry: Milliseconds?
        /// What OBJECT ENCODING should say.
        var encoding: ValueEncoding
    }

    var keyspace: Keyspace
    var expected: [[[UInt8]: Value]] = [[:], [:]]
    var random: RandomGenerator
    static let access = AccessBits(raw: 0x123456)

    init(seed: UInt64, partitions: Int) {
        keyspace = Keyspace(databaseCount: 2, partitionCount: partitions, seed: HashSeed(seed, ~seed))
        random = RandomGenerator(seed: seed)
    }

    mutating func key() -> [UInt8] {
        let number = random.below(60)
        let padding = [0, 0, 1, 7, 15, 100, 247, 248, 300, 5000][number % 10]
        return number == 0 ? [] : [UInt8]("\(number)") + [UInt8](repeating: 107, count: padding)
    }

    mutating func bytes() -> [UInt8] {
        let sizes = [0, 1, 7, 8, 9, 20, 21, 40, 44, 45, 64, 100, 128, 200, 1000, 4096, 16_383, 16_384, 16_385, 20_000, 70_000]
        var count = sizes[random.below(sizes.count)]
        if count > 5000, random.below(3) > 0 { count = random.below(100) }
        let fill = UInt8(97 + random.below(26))
        return [UInt8](repeating: fill, count: count)
    }

    mutating func expiry() -> Milliseconds? { random.below(2) == 0 ? nil : Milliseconds(1 + random.below(1_000_000)) }

    private static func encoding(_ bytes: [UInt8]) -> ValueEncoding {
        if bytes.rawSpan.canonicalInteger != nil { return .int }
        return bytes.count <= 44 ? .embstr : .raw
    }

    mutating func step() {
        let database = random.below(2)
        let index = DatabaseIndex(database)
        let key = key()
        let hash = keyspace.hash(key.rawSpan)
        let existing = keyspace[index][hash].find(key.rawSpan, hash)
        switch random.below(12) {
        case 0..<3:
            let value = bytes()
            let kind = random.below(3)
            let moment = Milliseconds(1 + random.below(1000))
            let change: ExpiryChange = kind == 0 ? .keep : kind == 1 ? .clear : .at(moment)
            keyspace[index][hash].setString(key.rawSpan, hash, existing: existing, value.rawSpan, change, Self.access)
            let old = expected[database][key]?.expiry
            expected[database][key] = Value(
                bytes: value, expiry: kind == 0 ? old : kind == 1 ? nil : moment, encoding: Self.encoding(value))
        case 3..<5:
            let value = Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))
            let moment = expiry()
            let asText = random.below(2) == 0
            let change: ExpiryChange = moment.map { .at($0) } ?? .clear
            if asText {
                keyspace[index][hash].setString(
                    key.rawSpan, hash, existing: existing, [UInt8](String(value)).rawSpan, change, Self.access)
            } else {
                keyspace[index][hash].setInteger(key.rawSpan, hash, existing: existing, value, change, Self.access)
            }
            expected[database][key] = Value(bytes: [UInt8](String(value)), expiry: moment, encoding: .int)
        case 5:
            let value = [UInt8](repeating: 98, count: 20_000 + random.below(30_000))
            keyspace[index][hash].setString(
                key.rawSpan, hash, existing: existing, sharing: Block(copying: value.rawSpan), .keep, Self.access)
            expected[database][key] = Value(bytes: value, expiry: expected[database][key]?.expiry, encoding: .raw)
        case 6..<8:
            guard let existing, var value = expected[database][key] else { return }
            let offset = random.below(2) == 0 ? value.bytes.count : random.below(value.bytes.count * 2 + 10)
            let patch = [UInt8](repeating: 112, count: 1 + random.below(random.below(10) == 0 ? 20_000 : 30))
            // A further owner of the block must not see the change.
            let held = random.below(2) == 0 ? existing.sharedBlock?.share() : nil
            let before = value.bytes
            let count = keyspace[index][hash].patchString(existing, hash, at: offset, with: patch.rawSpan)
            let end = max(value.bytes.count, offset + patch.count)
            value.bytes += [UInt8](repeating: 0, count: end - value.bytes.count)
            value.bytes.replaceSubrange(offset..<offset + patch.count, with: patch)
            value.encoding = .raw
            expected[database][key] = value
            #expect(count == value.bytes.count)
            if let held { #expect(held.bytes.array == before, "a shared block was written") }
        case 8:
            guard let existing else { return }
            let moment = expiry()
            keyspace[index][hash].setExpiry(existing, hash, moment)
            expected[database][key]?.expiry = moment
        case 9:
            let removed = keyspace[index][hash].remove(key.rawSpan, hash)
            #expect(removed == (expected[database].removeValue(forKey: key) != nil))
        default: relocate(key, database)
        }
    }

    private mutating func relocate(_ key: [UInt8], _ database: Int) {
        let index = DatabaseIndex(database)
        let other = DatabaseIndex(1 - database)
        guard let value = expected[database][key] else { return }
        let target = self.key()
        switch random.below(4) {
        case 0 where target != key:
            keyspace.rename(key.rawSpan, to: target.rawSpan, in: index)
            expected[database][key] = nil
            expected[database][target] = value
        case 1 where expected[1 - database][target] == nil:
            keyspace.copy(key.rawSpan, in: index, to: target.rawSpan, in: other)
            expected[1 - database][target] = value
        case 2 where expected[1 - database][key] == nil:
            let moved = keyspace.move(key.rawSpan, from: index, to: other)
            #expect(moved)
            expected[database][key] = nil
            expected[1 - database][key] = value
        case 3 where random.below(20) == 0:
            keyspace.swap(index, other)
            expected.swapAt(0, 1)
        case 3 where random.below(50) == 0:
            let contents = keyspace.takeContents(of: index)
            #expect(contents.count == expected[database].count)
            expected[database] = [:]
        default: break
        }
    }

    func check(_ note: String) {
        keyspace.checkInvariants()
        for database in 0..<2 {
            var got: [[UInt8]: Value] = [:]
            keyspace[DatabaseIndex(database)].forEach { entry in
                let bytes = entry.withString { $0.array }
                got[entry.key.array] = Value(bytes: bytes, expiry: entry.expiry, encoding: entry.encoding)
                #expect(entry.stringCount == bytes.count, Comment(rawValue: note))
                #expect(entry.access.raw == Self.access.raw, Comment(rawValue: note))
                #expect(entry.memoryUsage >= bytes.count.advanced(by: entry.encoding == .int ? -bytes.count : 0))
            }
            #expect(got.count == expected[database].count, Comment(rawValue: note))
            for (key, value) in expected[database] where got[key] != value {
                Issue.record("\(note): key of \(key.count) bytes: \(String(describing: got[key])), expected \(value)")
            }
            let counts = (keyspace[DatabaseIndex(database)].count, keyspace[DatabaseIndex(database)].expiringCount)
            #expect(counts.0 == expected[database].count, Comment(rawValue: note))
            #expect(counts.1 == expected[database].values.count { $0.expiry != nil }, Comment(rawValue: note))
        }
    }
}

@Suite struct KeyspaceModelTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func behavesAsDictionaries(seed: UInt64) {
        var model = Model(seed: seed, partitions: seed % 2 == 0 ? 1 : 8)
        for step in 0..<3000 {
            model.step()
            if step % 100 == 0 { model.check("seed \(seed), step \(step)") }
        }
        model.check("seed \(seed), end")
    }

    /// Bytes that the thread holds; nil where the allocator does not count (AddressSanitizer, which tells leaks itself).
    private static func balance() -> Int? {
        guard let allocated = cs_thread_allocated_counter(), let freed = cs_thread_deallocated_counter() else { return nil }
        return Int(bitPattern: UInt(allocated.pointee &- freed.pointee))
    }

    private func work(seed: UInt64) {
        var model = Model(seed: seed, partitions: 4)
        for _ in 0..<2000 { model.step() }
    }

    @Test(.enabled(if: balance() != nil, "the allocator has no counters"), arguments: 1...3 as ClosedRange<UInt64>)
    func everythingIsFreed(seed: UInt64) {
        work(seed: seed)
        let before = Self.balance() ?? 0
        work(seed: seed)
        let after = Self.balance() ?? -1
        #expect(after == before, "seed \(seed): \(after - before) bytes were not freed")
    }

    @Test func entriesFitTheirSizeClasses() {
        func usage(key: Int, value: Int, expiry: Bool) -> Int {
            var keyspace = Keyspace(databaseCount: 1, partitionCount: 1, seed: HashSeed(1, 2))
            let key = [UInt8](repeating: 107, count: key)
            let hash = keyspace.hash(key.rawSpan)
            keyspace[DatabaseIndex(0)][hash].setString(
                key.rawSpan, hash, existing: nil, [UInt8](repeating: 118, count: value).rawSpan, expiry ? .at(1) : .clear,
                AccessBits(raw: 0))
            return keyspace[DatabaseIndex(0)][hash].find(key.rawSpan, hash)?.memoryUsage ?? 0
        }
        #expect(usage(key: 16, value: 8, expiry: false) == 32)
        #expect(usage(key: 16, value: 64, expiry: false) == 96)
        #expect(usage(key: 16, value: 32, expiry: true) == 64)
        #expect(usage(key: 255, value: 0, expiry: false) < usage(key: 256, value: 57, expiry: false))
    }
}

@Suite struct ScanAndExpiryTests {
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func scanOverPartitionsReturnsEachKeyOnce(seed: UInt64) {
        var database = Database(partitionCount: 8, seed: HashSeed(seed, seed), bin: GarbageBin())
        for i in 0..<1000 {
            let key = [UInt8]("key\(i)")
            let hash = key.rawSpan.hash(HashSeed(seed, seed))
            database[hash].setInteger(key.rawSpan, hash, existing: nil, Int64(i), .clear, AccessBits(raw: 0))
        }
        var seen: [[UInt8]: Int] = [:]
        var cursor = ScanCursor.start
        repeat { cursor = database.scan(from: cursor) { seen[$0.key.array, default: 0] += 1 } } while cursor != .start
        #expect(seen.count == 1000 && seen.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        // Cursors that nobody gave out do no harm.
        let strangers: [UInt64] = [.max, 1 << 63, 8 << 48, 0xffff_ffff_ffff, 0x3_ffff_ffff_ffff]
        for value in strangers {
            _ = database.scan(from: ScanCursor(value)) { _ in }
        }
    }

    @Test func dueKeysAreFoundByTheCycle() {
        let seed = HashSeed(3, 4)
        var partition = Partition(seed: seed, bin: GarbageBin())
        for i in 0..<500 {
            let key = [UInt8]("key\(i)")
            let hash = key.rawSpan.hash(seed)
            partition.setInteger(
                key.rawSpan, hash, existing: nil, 1, i % 2 == 0 ? .at(Milliseconds(i)) : .clear, AccessBits(raw: 0))
        }
        var due: [[UInt8]] = []
        var visited = 0
        while true {
            let result = partition.collectDue(at: 100, buckets: 3, into: &due)
            visited += result.visited
            if result.wrapped { break }
        }
        #expect(visited == 250)
        #expect(Set(due) == Set(stride(from: 0, through: 100, by: 2).map { [UInt8]("key\($0)") }))
        var random = RandomGenerator(seed: 1)
        let average = partition.averageTimeToLive(at: 0, samples: 100, using: &random)
        #expect(average > 100 && average < 400)
    }
}
