import Primitives
import Structures
import Testing

/// A table of fields beside the dictionary that it should equal.
private struct FieldModel: ~Copyable {
    struct Value: Equatable {
        var bytes: [UInt8]
        var expiry: Int64?
    }

    var table: FieldTable
    var expected: [[UInt8]: Value] = [:]
    var random: RandomGenerator

    init(seed: UInt64) {
        table = FieldTable(seed: HashSeed(seed, 11))
        random = RandomGenerator(seed: seed)
    }

    /// Lengths around the borders where lengths leave the word.
    mutating func name() -> [UInt8] {
        let lengths = [0, 1, 5, 16, 125, 126, 127, 128, 300]
        return [UInt8](repeating: UInt8(random.below(6)), count: lengths[random.below(lengths.count)])
    }

    mutating func value() -> [UInt8] {
        let lengths = [0, 1, 8, 16, 17, 253, 254, 255, 256, 300, 5000]
        return [UInt8](repeating: UInt8(random.below(200)), count: lengths[random.below(lengths.count)])
    }

    mutating func moment() -> Int64 { Int64(1 + random.below(1000)) }

    mutating func step() {
        let name = name()
        switch random.below(10) {
        case 0...4:
            let value = value()
            let changes: [ExpiryChange] = [.keep, .clear, .at(moment())]
            let change = changes[random.below(3)]
            let isNew = table.set(name.rawSpan, value.rawSpan, change)
            #expect(isNew == (expected[name] == nil))
            expected[name] = Value(bytes: value, expiry: change.applied(to: expected[name]?.expiry))
        case 5, 6:
            let wasThere = table.remove(name.rawSpan)
            #expect(wasThere == (expected.removeValue(forKey: name) != nil))
        case 7, 8:
            let field = table.find(name.rawSpan)
            #expect((field != nil) == (expected[name] != nil))
            guard let field else { return }
            let moment = random.below(3) == 0 ? nil : moment()
            table.setExpiry(field, moment)
            expected[name]?.expiry = moment
        default:
            let now = Int64(random.below(60))
            let earliest = expected.values.compactMap(\.expiry).min()
            let removed = table.removeFirstDue(at: now)
            #expect((removed != nil) == (earliest.map { $0 <= now } ?? false))
            guard let removed else { return }
            #expect(expected[removed]?.expiry == earliest)
            expected[removed] = nil
        }
    }

    static func contents(_ table: borrowing FieldTable) -> [[UInt8]: Value] {
        var contents: [[UInt8]: Value] = [:]
        table.forEach { contents[$0.name.array] = Value(bytes: $0.value.array, expiry: $0.expiry) }
        return contents
    }

    func check() {
        table.checkInvariants()
        let contents = Self.contents(table)
        #expect(contents == expected)
        let expired = table.expiredCount(at: 500)
        #expect(expired == expected.values.count { $0.expiry.map { $0 <= 500 } ?? false })
        let next = table.nextExpiry
        #expect(next == expected.values.compactMap(\.expiry).min())
    }
}

struct FieldTableTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func equalsADictionary(seed: UInt64) {
        var model = FieldModel(seed: seed)
        for _ in 0..<1000 {
            model.step()
            model.check()
        }
        let copy = model.table.copy()
        copy.checkInvariants()
        let contents = FieldModel.contents(copy)
        #expect(contents == model.expected)
        var scanned: [[UInt8]] = []
        var position: UInt64? = 0
        while let here = position { position = copy.scan(from: here) { scanned.append($0.name.array) } }
        #expect(scanned.count == model.expected.count && Set(scanned) == Set(model.expected.keys))
    }

    @Test func sixteenBytesEachTakeThirtyTwo() {
        var table = FieldTable(seed: HashSeed(1, 2))
        table.reserve(1000)
        let before = table.memoryUsage
        for i in 0..<1000 {
            let text = [UInt8](String(1_000_000_000_000_000 + i))
            table.set(text.rawSpan, text.rawSpan, .clear)
        }
        let after = table.memoryUsage
        #expect(after - before == 32_000)
    }
}

/// A small hash beside the array of fields that it should equal, in both forms.
private struct SmallModel: ~Copyable {
    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var expiry: Int64?
    }

    var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
    var expected: [Field] = []
    var isTimed = false
    var random: RandomGenerator

    init(seed: UInt64) { random = RandomGenerator(seed: seed) }

    mutating func word() -> [UInt8] {
        random.below(2) == 0 ? [UInt8](String(random.below(20))) : [UInt8](repeating: 97, count: random.below(70))
    }

    private mutating func insert(_ field: Field) {
        let place = field.expiry.flatMap { expiry in expected.firstIndex { ($0.expiry ?? .max) > expiry } }
        expected.insert(field, at: place ?? expected.count)
    }

    mutating func step() {
        let name = word()
        let value = word()
        let known = expected.firstIndex { $0.name == name }
        let shape: Listpack.FieldShape = isTimed ? .timed : .pair
        let place = Listpack(buffer.bytes).field(ListpackWord(name.rawSpan), shape)
        #expect((place == nil) == (known == nil))
        switch random.below(8) {
        case 0...3:
            let isNew: Bool
            var expiry: Int64?
            if isTimed {
                let changes: [ExpiryChange] = [.keep, .clear, .at(Int64(1 + random.below(9)) << Int64(random.below(40)))]
                let change = changes[random.below(3)]
                isNew = buffer.setTimed(name.rawSpan, value.rawSpan, change)
                expiry = change.applied(to: known.flatMap { expected[$0].expiry })
            } else {
                isNew = buffer.setPair(name.rawSpan, value.rawSpan)
            }
            #expect(isNew == (known == nil))
            if let known, expected[known].expiry == expiry {
                expected[known].value = value
            } else {
                if let known { expected.remove(at: known) }
                insert(Field(name: name, value: value, expiry: expiry))
            }
        case 4, 5:
            guard let place, let known else { return }
            buffer.removeElements(at: place, shape.rawValue)
            expected.remove(at: known)
        case 6:
            guard isTimed, let place, let known else { return }
            let expiry: Int64? = random.below(3) == 0 ? nil : Int64(1 + random.below(100))
            guard expected[known].expiry != expiry else { return }
            buffer.setExpiry(ofFieldAt: place, expiry)
            var field = expected.remove(at: known)
            field.expiry = expiry
            insert(field)
        default:
            guard !isTimed, expected.count > 5 else { return }
            buffer.addExpiries()
            isTimed = true
        }
    }

    func check() {
        let isValid = Listpack.isValid(buffer.bytes)
        #expect(isValid)
        var words: [[UInt8]] = []
        Listpack(buffer.bytes).forEach {
            words.append($0.array)
            return true
        }
        let wanted = expected.flatMap { field in
            [field.name, field.value] + (isTimed ? [[UInt8](String(field.expiry ?? 0))] : [])
        }
        #expect(words == wanted)
    }
}

struct ListpackFieldTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func equalsAnArray(seed: UInt64) {
        var model = SmallModel(seed: seed)
        for _ in 0..<400 {
            model.step()
            model.check()
        }
    }
}
