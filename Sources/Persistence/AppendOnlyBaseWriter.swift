import Keyspace
import Primitives
import Structures

/// Writes all keys as the commands that make them, for a base that is not a snapshot.
public struct AppendOnlyBaseWriter: ~Copyable {
    private var bytes = GrowingBytes(capacity: 1 << 17)
    private let drain: (RawSpan) -> Int32
    /// An errno; 0 as long as all went well.
    private var failure: Int32 = 0
    private var keys = 0

    /// Elements that one command adds, so that none of them takes long.
    private static var batch: Int { 64 }
    private static var flushBytes: Int { 1 << 16 }

    /// `drain` gets the bytes in order; it returns an errno, 0 for success.
    public init(drain: @escaping (RawSpan) -> Int32) { self.drain = drain }

    /// Writes everything; `moment`: seconds for an annotation in front, if one is wanted;
    /// `afterKey` is called behind each key with the number of keys so far. Returns an errno, 0 for success.
    public mutating func write(_ keyspace: borrowing Keyspace, moment: Int64?, afterKey: (Int) -> Void = { _ in }) -> Int32 {
        if let moment { bytes.append([UInt8]("#TS:\(moment)\r\n").rawSpan) }
        var walk = SnapshotWalk()
        while failure == 0 {
            let step = walk.step(in: keyspace) { entry in
                write(entry)
                keys += 1
                afterKey(keys)
                flush()
            }
            switch step {
            case .begin(let index): begin("SELECT", [Int64(index.value)])
            case .bucket: break
            case .end:
                flush(always: true)
                return failure
            }
        }
        return failure
    }

    private mutating func flush(always: Bool = false) {
        guard bytes.count >= Self.flushBytes || always, failure == 0 else { return }
        failure = drain(bytes.bytes)
        bytes.truncate(to: 0)
    }

    // MARK: Requests

    private mutating func header(_ mark: UInt8, _ number: Int) {
        bytes.append(mark)
        let digits = DecimalText(Int64(number))
        bytes.append(digits.bytes)
        bytes.append(13)
        bytes.append(10)
    }

    private mutating func word(_ word: RawSpan) {
        header(36, word.byteCount)
        bytes.append(word)
        bytes.append(13)
        bytes.append(10)
    }

    private mutating func number(_ number: Int64) {
        let digits = DecimalText(number)
        word(digits.bytes)
    }

    private mutating func begin(_ name: StaticString, _ numbers: [Int64]) {
        header(42, 1 + numbers.count)
        word(RawSpan(literal: name))
        for value in numbers { number(value) }
    }

    private mutating func begin(_ name: StaticString, _ key: RawSpan, words: Int) {
        header(42, 2 + words)
        word(RawSpan(literal: name))
        word(key)
    }

    // MARK: Values

    private mutating func write(_ entry: Entry) {
        switch entry.type {
        case .string: string(entry)
        case .list: words(of: entry, "RPUSH", count: entry.listCount)
        case .set: words(of: entry, "SADD", count: entry.memberCount)
        case .sortedSet: sortedSet(entry)
        case .hash: hash(entry)
        default: preconditionFailure("a type that is not written")
        }
        if let expiry = entry.expiry {
            begin("PEXPIREAT", entry.key, words: 1)
            number(expiry)
        }
    }

    private mutating func string(_ entry: Entry) {
        begin("SET", entry.key, words: 1)
        if let integer = entry.integer { number(integer) } else { word(entry.bytes) }
    }

    /// Starts a further command where a batch is full; `left` elements of `size` words each are to come.
    private mutating func beginBatch(_ name: StaticString, _ key: RawSpan, at index: Int, of count: Int, size: Int = 1) {
        guard index % Self.batch == 0 else { return }
        begin(name, key, words: min(Self.batch, count - index) * size)
        flush()
    }

    private mutating func words(of entry: Entry, _ name: StaticString, count: Int) {
        var index = 0
        entry.forEachWord { element in
            beginBatch(name, entry.key, at: index, of: count)
            word(element)
            index += 1
        }
    }

    private mutating func sortedSet(_ entry: Entry) {
        var index = 0
        let count = entry.scoredCount
        entry.forEachScored(0..<count) { member, score in
            beginBatch("ZADD", entry.key, at: index, of: count, size: 2)
            let text = DoubleText(score)
            word(text.bytes)
            word(member)
            index += 1
        }
    }

    private mutating func hash(_ entry: Entry) {
        var index = 0
        let count = entry.fieldCount
        entry.forEachField { name, value, _ in
            beginBatch("HMSET", entry.key, at: index, of: count, size: 2)
            word(name)
            word(value)
            index += 1
        }
        guard entry.hasFieldExpiries else { return }
        entry.forEachField { name, _, expiry in
            guard let expiry else { return }
            begin("HPEXPIREAT", entry.key, words: 4)
            number(expiry)
            word(RawSpan(literal: "FIELDS"))
            number(1)
            word(name)
            flush()
        }
    }
}
