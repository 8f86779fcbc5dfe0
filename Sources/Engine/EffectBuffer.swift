import Keyspace
import Primitives
import RESP

/// The commands that an execution unit has to propagate, encoded as requests.
/// They are shared, not copied, by everyone who wants them (AOF, replicas, backlog).
public struct EffectBuffer: ~Copyable {
    var bytes = ByteWriter()
    /// Commands in the buffer since the unit began.
    public private(set) var count = 0
    /// Commands among them that change no data.
    private var messages = 0
    /// Whether the command under way has said itself what to propagate.
    private(set) var isExplicit = false
    /// The database of the command under way, of the first command in the
    /// buffer and of the last: a transaction may change it on its way.
    private var database = DatabaseIndex(0)
    private var firstDatabase = DatabaseIndex(0)
    private var lastDatabase = DatabaseIndex(0)
    /// Deletions of keys and fields that a look-up found expired: propagated before everything else.
    private(set) var lazyDeletions: [LazyDeletion] = []

    struct LazyDeletion {
        let key: [UInt8]
        let database: DatabaseIndex
        let word: StaticString
        /// The hash's field that goes; nil: the key goes.
        var field: [UInt8]?
    }

    init() {}

    mutating func lazyDelete(_ key: RawSpan, _ database: DatabaseIndex, _ word: StaticString) {
        lazyDeletions.append(LazyDeletion(key: key.array, database: database, word: word))
    }

    /// A field was found expired.
    mutating func lazyDelete(field: [UInt8], of key: RawSpan, _ database: DatabaseIndex) {
        lazyDeletions.append(LazyDeletion(key: key.array, database: database, word: "HDEL", field: field))
    }

    /// A command that applies to `database` is about to run.
    mutating func prepare(in database: DatabaseIndex) {
        isExplicit = false
        self.database = database
    }

    /// Starts a command that changes no data, for those only who listen now: a file that holds nothing else goes without it.
    public mutating func beginMessage(_ words: Int) {
        messages += 1
        begin(words)
    }

    /// Starts a command of `words` words, which must follow.
    public mutating func begin(_ words: Int) {
        isExplicit = true
        add(words)
    }

    private mutating func add(_ words: Int) {
        if count == 0 {
            firstDatabase = database
        } else if database != lastDatabase {
            bytes.appendHeader(42, 2)
            bytes.appendBulk(RawSpan(literal: "SELECT"))
            word(Int64(database.value))
        }
        lastDatabase = database
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
        add(arguments.count)
        for i in 0..<arguments.count { bytes.appendBulk(arguments[i]) }
    }

    /// Whether the unit has collected nothing so far.
    @inline(__always)
    var isEmpty: Bool { count == 0 && lazyDeletions.isEmpty }

    /// Forgets what the unit collected.
    mutating func discard() {
        lazyDeletions.removeAll()
        bytes.discard()
        (count, messages) = (0, 0)
    }

    /// Hands everything the unit collected to the journal.
    mutating func drain(into journal: inout Journal) {
        let total = lazyDeletions.count + count
        guard total > 0 else { return }
        let isGrouped = total > 1 && messages < total
        if isGrouped { journal.beginGroup(in: lazyDeletions.first?.database ?? firstDatabase) }
        for deletion in lazyDeletions {
            journal.append(in: deletion.database) { writer in
                writer.appendHeader(42, deletion.field == nil ? 2 : 3)
                writer.appendBulk(RawSpan(literal: deletion.word))
                writer.appendBulk(deletion.key.rawSpan)
                if let field = deletion.field { writer.appendBulk(field.rawSpan) }
            }
        }
        lazyDeletions.removeAll()
        if count > 0 {
            var chain = ByteChain()
            bytes.cut(into: &chain)
            if messages == total { journal.pass(chain) } else { journal.append(chain, in: firstDatabase, endingIn: lastDatabase) }
            bytes.recycle()
            (count, messages) = (0, 0)
        }
        if isGrouped { journal.endGroup() }
    }
}
