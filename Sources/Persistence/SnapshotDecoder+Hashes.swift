import Keyspace
import Primitives
import Structures

extension SnapshotDecoder {
    /// A hash field by field.
    mutating func plainHash() throws(SnapshotError) -> DecodedValue {
        let count = try count(bytes: 2)
        var hash = HashBuilder(limits, expected: count)
        for _ in 0..<count {
            try string()
            try secondPart()
            try add(to: &hash, nil)
        }
        return finished(&hash)
    }

    /// Fields that may expire. `relative`: expiries, in front of their fields, count from
    /// the first one, plus 1; else they are moments, in front of the fields or behind the values.
    mutating func hashWithExpiries(relative: Bool, isBehind: Bool) throws(SnapshotError) -> DecodedValue {
        let first = relative ? try source.littleEndian(Int64.self) : 0
        let count = try count(bytes: 2)
        var hash = HashBuilder(limits, expected: count)
        for _ in 0..<count {
            let distance = isBehind ? 0 : try number()
            try string()
            try secondPart()
            let moment = isBehind ? try source.littleEndian(Int64.self) : try expiry(distance, after: relative ? first - 1 : 0)
            guard moment >= -1 else { throw failure("Hash integrity check failed: an expiry is negative") }
            try add(to: &hash, moment > 0 ? moment : nil)
        }
        return finished(&hash)
    }

    /// The moment of a field; 0 for none.
    private func expiry(_ distance: UInt64, after origin: Int64) throws(SnapshotError) -> Int64 {
        guard distance > 0 else { return 0 }
        let (moment, overflow) = origin.addingReportingOverflow(Int64(clamping: distance))
        guard !overflow, moment > 0 else { throw failure("Hash integrity check failed: an expiry is out of range") }
        return moment
    }

    /// Reads the value that belongs to the field in `text`; it is in `second` then.
    private mutating func secondPart() throws(SnapshotError) {
        swap(&text, &second)
        defer { swap(&text, &second) }
        try string()
    }

    private func add(to hash: inout HashBuilder, _ expiry: Milliseconds?) throws(SnapshotError) {
        guard hash.add(text.bytes, second.bytes, expiry) else { throw failure("a hash has a field twice") }
    }

    private mutating func finished(_ hash: inout HashBuilder) -> DecodedValue {
        if hash.isEmpty { return .nothing }
        if let table = hash.takeTable() { return .fields(table) }
        text.truncate(to: 0)
        text.append(hash.pack)
        return .packed(.hash, hash.isTimed ? .listpackex : .listpack)
    }

    // MARK: Runs of bytes

    /// A hash in a listpack, or in what was there before listpacks.
    mutating func packedHash(_ code: ValueCode) throws(SnapshotError) -> DecodedValue {
        try string()
        switch code {
        case .hashZipmap: try replaceText(by: OldPacks.listpack(ofZipmap: text.bytes), "Zipmap")
        case .hashZiplist: try replaceText(by: OldPacks.listpack(ofZiplist: text.bytes), "Hash ziplist")
        default: break
        }
        try checkListpack(groups: 2, "Hash listpack")
        let pack = Listpack(text.bytes)
        guard !pack.isEmpty else { return .nothing }
        if pack.count / 2 <= limits.hashEntries, longestWord <= limits.hashBytes { return .packed(.hash, .listpack) }
        var table = FieldTable(seed: limits.seed)
        table.reserve(pack.count / 2)
        var place = Listpack.headerBytes
        while place < pack.end {
            let value = pack.skip(1, from: place)
            pack.withText(at: place) { name in pack.withText(at: value) { _ = table.set(name, $0, .clear) } }
            place = pack.skip(1, from: value)
        }
        return .fields(table)
    }

    /// Field, value and expiry in turn, ordered by expiry. `hasFirst`: the first expiry stands in front.
    mutating func packedHashWithExpiries(hasFirst: Bool) throws(SnapshotError) -> DecodedValue {
        if hasFirst { _ = try source.littleEndian(Int64.self) }
        try listpack(groups: 3, "Hash listpackex")
        var hash = try timedFields()
        return finished(&hash)
    }

    /// The fields of the listpack in `text`.
    private func timedFields() throws(SnapshotError) -> HashBuilder {
        let pack = Listpack(text.bytes)
        var hash = HashBuilder(limits, expected: pack.count / 3)
        var place = Listpack.headerBytes
        while place < pack.end {
            let value = pack.skip(1, from: place)
            let moment = pack.element(at: pack.skip(1, from: value))
            guard moment.isInteger, moment.integer >= 0 else { throw failure("Hash listpackex integrity check failed") }
            let expiry = moment.integer == 0 ? nil : moment.integer
            pack.withText(at: place) { name in pack.withText(at: value) { _ = hash.add(name, $0, expiry) } }
            place = pack.skip(2, from: value)
        }
        return hash
    }
}

/// A hash that comes field by field: a listpack as long as it is small.
struct HashBuilder: ~Copyable {
    private let limits: LoadLimits
    private var buffer = ByteBuffer(copying: Listpack.empty.rawSpan)
    private var table: FieldTable?
    private(set) var isTimed = false
    private var count = 0

    init(_ limits: LoadLimits, expected: Int) {
        self.limits = limits
        if expected > limits.hashEntries {
            var table = FieldTable(seed: limits.seed)
            table.reserve(expected)
            self.table = .some(consume table)
        }
    }

    var isEmpty: Bool { count == 0 }

    /// The fields of a hash that is small.
    var pack: RawSpan {
        @_lifetime(borrow self)
        get { buffer.bytes }
    }

    /// The fields of a hash that is large.
    mutating func takeTable() -> FieldTable? { table.take() }

    /// False when the field is there.
    mutating func add(_ name: RawSpan, _ value: RawSpan, _ expiry: Milliseconds?) -> Bool {
        if table == nil, max(name.byteCount, value.byteCount) > limits.hashBytes || buffer.count > Self.largestPack { makeTable() }
        count += 1
        let change: ExpiryChange = expiry.map { .at($0) } ?? .clear
        if table != nil { return table!.set(name, value, change) }
        if expiry != nil, !isTimed {
            isTimed = true
            buffer.addExpiries()
        }
        return isTimed ? buffer.setTimed(name, value, change) : buffer.setPair(name, value)
    }

    /// Listpacks that grow field by field stay below this, lest that take too long.
    private static var largestPack: Int { 1 << 16 }

    private mutating func makeTable() { table = .some(asTable()) }

    private func asTable() -> FieldTable {
        var table = FieldTable(seed: limits.seed)
        let pack = Listpack(buffer.bytes)
        var place = Listpack.headerBytes
        while place < pack.end {
            let value = pack.skip(1, from: place)
            let expiry = isTimed ? pack.expiry(ofFieldAt: place) : nil
            let change: ExpiryChange = expiry.map { .at($0) } ?? .clear
            pack.withText(at: place) { name in pack.withText(at: value) { _ = table.set(name, $0, change) } }
            place = pack.skip(isTimed ? 2 : 1, from: value)
        }
        return table
    }
}
