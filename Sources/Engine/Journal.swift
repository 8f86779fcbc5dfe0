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
    /// What consumers have not taken yet; filled only when there is one.
    private var pending = ByteChain()
    /// Whether somebody takes the bytes.
    public private(set) var isConsumed = false

    public init() {}

    public mutating func startConsuming() {
        isConsumed = true
        selectedDatabase = -1
    }

    /// Takes the bytes since the last call.
    public mutating func takePending() -> ByteChain {
        var taken = ByteChain()
        swap(&taken, &pending)
        return taken
    }

    /// Positions up to here are safe.
    public var committed: JournalPosition { position }

    /// Appends encoded commands that start in `database` and end in `last`, if that differs.
    mutating func append(
        _ commands: consuming ByteChain, in database: DatabaseIndex, endingIn last: DatabaseIndex? = nil
    ) {
        select(database)
        if let last { selectedDatabase = last.value }
        position += Int64(commands.count)
        if isConsumed { pending.append(commands) }
    }

    /// What follows until `endGroup` takes effect together.
    mutating func beginGroup(in database: DatabaseIndex) {
        select(database)
        add(literal: "*1\r\n$5\r\nMULTI\r\n")
    }

    mutating func endGroup() { add(literal: "*1\r\n$4\r\nEXEC\r\n") }

    private mutating func select(_ database: DatabaseIndex) {
        guard database.value != selectedDatabase else { return }
        selectedDatabase = database.value
        let digits = DecimalText(Int64(database.value))
        var writer = ByteWriter()
        writer.appendHeader(42, 2)
        writer.appendBulk(RawSpan(literal: "SELECT"))
        writer.appendBulk(digits.bytes)
        add(&writer)
    }

    private mutating func add(_ writer: inout ByteWriter) {
        var chain = ByteChain()
        writer.cut(into: &chain)
        position += Int64(chain.count)
        if isConsumed { pending.append(chain) }
    }

    private mutating func add(literal: StaticString) {
        position += Int64(literal.utf8CodeUnitCount)
        if isConsumed { pending.append(RawSpan(literal: literal)) }
    }
}
