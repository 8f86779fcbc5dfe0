import Keyspace
import Primitives

/// A place in the stream of effects, in bytes since the engine started.
public typealias JournalPosition = Int64

/// The stream of everything that changed the data: where AOF, replicas and the
/// backlog will read. Knows when a position is committed, which is what gated
/// replies wait for. Without a consumer every position is committed at once.
public struct Journal: ~Copyable {
    /// The end of the stream.
    public private(set) var position: JournalPosition = 0
    private var selectedDatabase = -1
    private var isInGroup = false
    /// What consumers have not taken yet; filled only when there is one.
    private var pending = ByteChain()
    /// The last of it, in one piece until it is taken.
    private var writer = ByteWriter()
    /// Whether somebody takes the bytes.
    public private(set) var isConsumed = false
    /// Up to here the stream is on the disk; nil: nobody has to wait for that.
    var durable: JournalPosition?
    /// The second of the last annotation, and of the unit under way, where moments are annotated; else nil.
    private var annotatedSecond: Int64?
    var second: Int64?

    /// A stream without a consumer.
    public init() {}

    /// Keeps the bytes from here on; they begin with a SELECT.
    public mutating func startConsuming() {
        isConsumed = true
        beginFile()
    }

    /// What follows will be read by itself: it says anew to which database it belongs.
    mutating func beginFile() {
        selectedDatabase = -1
        annotatedSecond = nil
    }

    /// Nobody wants the bytes any more.
    mutating func stopConsuming() {
        isConsumed = false
        durable = nil
        _ = takePending()
    }

    /// Bytes that wait for the consumer.
    public var pendingBytes: Int { pending.count + writer.count }

    /// Takes the bytes since the last call.
    public mutating func takePending() -> ByteChain {
        var taken = ByteChain()
        writer.cut(into: &pending)
        swap(&taken, &pending)
        return taken
    }

    /// Positions up to here are safe.
    public var committed: JournalPosition { durable ?? position }

    /// Puts bytes that could not be written in front of those that came since.
    mutating func putBack(_ bytes: consuming ByteChain) {
        var all = bytes
        all.append(takePending())
        swap(&all, &pending)
    }

    /// Appends encoded commands that start in `database` and end in `last`, if that differs.
    mutating func append(
        _ commands: consuming ByteChain, in database: DatabaseIndex, endingIn last: DatabaseIndex? = nil
    ) {
        annotate()
        select(database)
        if let last { selectedDatabase = last.value }
        position += Int64(commands.count)
        guard isConsumed else { return }
        if commands.count < ByteWriter.largeBytes {
            writer.recycle()
            commands.forEachSegment { writer.append($0) }
        } else {
            writer.cut(into: &pending)
            pending.append(commands)
        }
    }

    /// Appends a command that `encode` writes.
    mutating func append(in database: DatabaseIndex, _ encode: (inout ByteWriter) -> Void) {
        annotate()
        select(database)
        write(encode)
    }

    /// Counts commands that no file needs.
    mutating func pass(_ commands: consuming ByteChain) { position += Int64(commands.count) }

    /// What follows until `endGroup` takes effect together.
    mutating func beginGroup(in database: DatabaseIndex) {
        annotate()
        select(database)
        isInGroup = true
        write { $0.append(literal: "*1\r\n$5\r\nMULTI\r\n") }
    }

    mutating func endGroup() {
        isInGroup = false
        write { $0.append(literal: "*1\r\n$4\r\nEXEC\r\n") }
    }

    /// Notes the moment where that is wanted, in front of what happened at it.
    private mutating func annotate() {
        guard let second, isConsumed, !isInGroup, annotatedSecond != second else { return }
        annotatedSecond = second
        let line = [UInt8]("#TS:\(second)\r\n")
        writer.append(line.rawSpan)
    }

    private mutating func select(_ database: DatabaseIndex) {
        guard database.value != selectedDatabase else { return }
        selectedDatabase = database.value
        let digits = DecimalText(Int64(database.value))
        write { writer in
            writer.appendHeader(42, 2)
            writer.appendBulk(RawSpan(literal: "SELECT"))
            writer.appendBulk(digits.bytes)
        }
    }

    private mutating func write(_ encode: (inout ByteWriter) -> Void) {
        writer.recycle()
        let before = writer.count
        encode(&writer)
        position += Int64(writer.count - before)
        if !isConsumed { writer.discard() }
    }
}
