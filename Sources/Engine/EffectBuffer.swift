import Keyspace
import Primitives
import RESP

/// The commands that an execution unit has to propagate, encoded as requests.
/// They are shared, not copied, by everyone who wants them (AOF, replicas, backlog).
public struct EffectBuffer: ~Copyable {
    var bytes = ByteWriter()
    /// Commands in the buffer since the unit began.
    public private(set) var count = 0
    /// Whether the command under way has said itself what to propagate.
    var isExplicit = false
    /// Deletions of keys that a look-up found expired: propagated before everything else.
    private(set) var lazyDeletions: [LazyDeletion] = []

    struct LazyDeletion {
        let key: [UInt8]
        let database: DatabaseIndex
        let word: StaticString
    }

    init() {}

    mutating func lazyDelete(_ key: RawSpan, _ database: DatabaseIndex, _ word: StaticString) {
        lazyDeletions.append(LazyDeletion(key: key.array, database: database, word: word))
    }

    /// Starts a command of `words` words, which must follow.
    public mutating func begin(_ words: Int) {
        isExplicit = true
        count += 1
        bytes.appendHeader(42, words)
    }

    public mutating func word(_ literal: StaticString) { bytes.appendBulk(RawSpan(literal: literal)) }

    public mutating func word(_ value: RawSpan) { bytes.appendBulk(value) }

    public mutating func word(_ number: Int64) {
        let digits = DecimalText(number)
        bytes.appendBulk(digits.bytes)
    }

    /// Nothing of the command under way is propagated, whatever it changed.
    public mutating func suppress() { isExplicit = true }

    mutating func verbatim(_ arguments: borrowing Arguments) {
        count += 1
        bytes.appendHeader(42, arguments.count)
        for i in 0..<arguments.count { bytes.appendBulk(arguments[i]) }
    }

    /// Hands everything the unit collected to the journal.
    mutating func drain(into journal: inout Journal, database: DatabaseIndex) {
        let total = lazyDeletions.count + count
        guard total > 0 else { return }
        if total > 1 { journal.beginGroup(in: lazyDeletions.first?.database ?? database) }
        for deletion in lazyDeletions {
            var writer = ByteWriter()
            writer.appendHeader(42, 2)
            writer.appendBulk(RawSpan(literal: deletion.word))
            writer.appendBulk(deletion.key.rawSpan)
            var chain = ByteChain()
            writer.cut(into: &chain)
            journal.append(chain, in: deletion.database)
        }
        lazyDeletions.removeAll()
        if count > 0 {
            var chain = ByteChain()
            bytes.cut(into: &chain)
            journal.append(chain, in: database)
            bytes.recycle()
            count = 0
        }
        if total > 1 { journal.endGroup() }
    }
}
