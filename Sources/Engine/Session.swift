import Primitives
import RESP
import Keyspace

/// Addresses a session; stale ones find nothing.
public typealias SessionID = SlabID

/// State of a session that is on or off.
public struct SessionFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The client has proved who it is, or need not.
    public static var authenticated: Self { Self(rawValue: 1 << 0) }
    /// The connection ends once the output is sent.
    public static var closing: Self { Self(rawValue: 1 << 1) }
    /// The client wants no replies (CLIENT REPLY OFF).
    public static var replyOff: Self { Self(rawValue: 1 << 2) }
    /// The next reply is dropped; becomes `replySkip` when the command ends.
    public static var replySkipNext: Self { Self(rawValue: 1 << 3) }
    /// The reply of the command under way is dropped.
    public static var replySkip: Self { Self(rawValue: 1 << 4) }
    /// Reading a key does not count as its use (CLIENT NO-TOUCH).
    public static var noTouch: Self { Self(rawValue: 1 << 5) }
    /// `maxmemory-clients` spares the client (CLIENT NO-EVICT).
    public static var noEvict: Self { Self(rawValue: 1 << 6) }
    /// In the list of sessions whose output is to be sent.
    static var dirty: Self { Self(rawValue: 1 << 7) }
    /// Had its share of the turn; goes on in the next with what it has sent.
    static var yielding: Self { Self(rawValue: 1 << 20) }
    /// Beyond `maxclients`: may only administer the server.
    static var reserve: Self { Self(rawValue: 1 << 28) }
    /// The client came over the unix socket.
    public static var unixSocket: Self { Self(rawValue: 1 << 8) }
    /// The client waits with its command.
    public static var blocked: Self { Self(rawValue: 1 << 9) }
    /// A watched key was changed: the next EXEC runs nothing.
    static var touched: Self { Self(rawValue: 1 << 29) }
    /// Another client had it closed: nothing is done for it any more.
    public static var killed: Self { Self(rawValue: 1 << 10) }
    /// Fed with every command (MONITOR).
    public static var monitoring: Self { Self(rawValue: 1 << 11) }
    /// Held back by CLIENT PAUSE or for a key, not blocked by its command.
    static var postponed: Self { Self(rawValue: 1 << 12) }
    /// Blocked until another server answers.
    static var exchanging: Self { Self(rawValue: 1 << 18) }
    /// The transaction's commands are run just now: nothing may wait.
    public static var executing: Self { Self(rawValue: 1 << 13) }
    /// Follows redirections of a cluster (CLIENT CAPA redirect).
    public static var redirectable: Self { Self(rawValue: 1 << 14) }
    /// Subscribed to something.
    public static var subscribed: Self { Self(rawValue: 1 << 15) }
    /// Told of changed keys (CLIENT TRACKING).
    public static var tracking: Self { Self(rawValue: 1 << 17) }
    /// The command under way is answered although CLIENT REPLY wants no replies.
    static var answersAnyway: Self { Self(rawValue: 1 << 16) }
}

/// Where a session comes from.
public struct Peer: Sendable {
    /// `address:port` of the client; `path:0` over a unix socket.
    public var address: String
    /// `address:port` of this side.
    public var localAddress: String
    /// Whether the client came over the unix socket.
    public var isUnixSocket: Bool
    /// The socket's number, -1 when there is none.
    public var descriptor: Int32
    /// Whether the client runs on this machine: loopback or unix socket.
    public var isLocal: Bool { isUnixSocket || address.hasPrefix("127.") || address.hasPrefix("[::1]") }

    /// A session from `address` to `localAddress`.
    public init(address: String, localAddress: String, isUnixSocket: Bool = false, descriptor: Int32 = -1) {
        self.address = address
        self.localAddress = localAddress
        self.isUnixSocket = isUnixSocket
        self.descriptor = descriptor
    }
}

/// What clients tell and are told about a connection.
public struct SessionIdentity: Sendable {
    /// The client's number, never used twice.
    public var number: Int64
    /// Where the client comes from.
    public var peer: Peer
    /// What CLIENT SETNAME said; empty: nothing.
    public var name: [UInt8] = []
    /// What CLIENT SETINFO LIB-NAME said.
    public var libraryName: [UInt8] = []
    /// What CLIENT SETINFO LIB-VER said.
    public var libraryVersion: [UInt8] = []
    /// The user whose rights the client has.
    public var user: [UInt8] = [UInt8]("default")
    /// When the connection was made, milliseconds of wall time.
    public var created: Milliseconds
}

/// Commands waiting for EXEC.
public struct Transaction: ~Copyable {
    var queue = UniqueArray<OwnedArguments>()
    /// A queued command was refused: EXEC will answer EXECABORT.
    public var isAborted = false
    /// The flags of all queued commands together.
    var flags: CommandFlags = []
    /// Bytes that the queued words occupy.
    var bytes = 0
    /// Commands in the queue.
    public var count: Int { queue.count }

    /// An empty queue.
    public init() {}
}

/// A blocked command.
struct BlockedCommand: ~Copyable {
    let arguments: OwnedArguments
    let database: DatabaseIndex
    let keys: [[UInt8]]
    /// When to give up, milliseconds of wall time; nil: never.
    let deadline: Milliseconds?
    /// How to answer when it gives up.
    let timeoutReply: TimeoutReply
}

/// What a blocked client gets when its time is over.
public enum TimeoutReply: Sendable {
    case null, nullArray
    /// The command runs once more and answers with what there is.
    case lastRun
}

/// What a session is told without asking.
struct SessionInterests: Sendable {
    var subscriptions = PerKind(each: OrderedNames())
    var tracking = SessionTracking()
}

/// How far a session's output has come, and what is counted of it.
struct Delivery: ~Copyable {
    /// Older replies, which wait until what they tell of is on the disk.
    var held = ByteChain()
    /// Where the journal stood behind the session's last write.
    var lastWrite: JournalPosition = 0
    /// The journal position on which the held output depends.
    var heldPosition: JournalPosition = 0
    /// Bytes that the network has taken over but not sent.
    var unsentBytes = 0
    /// Since when the output is above the soft limit, milliseconds of wall time.
    var softLimitSince: Milliseconds?
    /// Bytes that the sum of all clients' memory counts for this one.
    var countedMemory = 0
}

/// One connected client: session state, owned by the thread that serves the connection.
public struct Session: ~Copyable {
    /// The session's address.
    public let id: SessionID
    /// The host's address for the connection.
    public let connection: UInt64
    /// What the client tells and is told about the connection.
    public var identity: SessionIdentity
    /// What is on and off.
    public var flags: SessionFlags = []
    /// The selected database.
    public var database = DatabaseIndex(0)
    /// The dialect of its replies.
    public var version = ProtocolVersion.resp2
    /// The queue of an open transaction.
    public var transaction: Box<Transaction>?
    /// When the client last sent something, milliseconds of wall time.
    public internal(set) var lastInteraction: Milliseconds
    /// The command that ran last.
    public internal(set) var lastCommand: CommandID?
    /// Commands that ran.
    public internal(set) var commandCount: Int64 = 0
    /// Bytes received.
    public internal(set) var inputBytes: Int64 = 0
    /// Bytes handed to the network.
    public internal(set) var outputBytes: Int64 = 0
    /// Names of fields that HIMPORT has prepared.
    public var fieldsets = Fieldsets()
    /// What the session is told without asking.
    var interests = SessionInterests()
    var output = ByteChain()
    var delivery = Delivery()
    var pending: Box<PendingRequest>?
    var blocked: Box<BlockedCommand>?
    /// The command that is held back.
    var postponed: Box<OwnedArguments>?
    /// Keys that the next transaction depends on.
    var watched: [WatchedKey] = []

    /// What the session is subscribed to.
    var subscriptions: PerKind<OrderedNames> {
        _read { yield interests.subscriptions }
        _modify { yield &interests.subscriptions }
    }

    /// How the session is told of changed keys.
    public internal(set) var tracking: SessionTracking {
        _read { yield interests.tracking }
        _modify { yield &interests.tracking }
    }

    init(id: SessionID, connection: UInt64, identity: SessionIdentity) {
        self.id = id
        self.connection = connection
        self.identity = identity
        lastInteraction = identity.created
    }

    /// Whether a transaction is open.
    public var hasTransaction: Bool {
        switch transaction {
        case .some: true
        case .none: false
        }
    }

    /// Whether a queued command was refused, so that EXEC will be as well.
    public var isTransactionAborted: Bool {
        switch transaction {
        case .some(let box): box.value.isAborted
        case .none: false
        }
    }

    /// Keys that the session watches.
    public var watchedCount: Int { watched.count }

    /// Bytes that the session's watch holds.
    var watchedBytes: Int { watched.reduce(0) { $0 + $1.bytes.count + MemoryLayout<WatchedKey>.size + 32 } }

    /// Bytes of an incomplete request held for the session.
    public var pendingInputBytes: Int {
        switch pending {
        case .some(let box): box.value.bytes
        case .none: 0
        }
    }

    /// Room left in the buffer of an incomplete request.
    public var unusedInputBytes: Int {
        switch pending {
        case .some(let box): box.value.unusedBytes
        case .none: 0
        }
    }

    /// Bytes of an incomplete request's words that are complete.
    public var parsedInputBytes: Int {
        switch pending {
        case .some(let box): box.value.parsedBytes
        case .none: 0
        }
    }

    /// The class by which limits and CLIENT KILL TYPE tell clients apart.
    public var clientClass: ClientClass { flags.contains(.subscribed) ? .pubsub : .normal }

    /// The flags of the commands queued in a transaction, all together.
    var queuedFlags: CommandFlags {
        switch transaction {
        case .some(let box): box.value.flags
        case .none: []
        }
    }

    /// Moves the output that may leave; true when some has to wait until more of the journal is committed than
    /// `committed`. `position`: the journal's end, on which new output depends.
    mutating func takeCommitted(into chain: inout ByteChain, _ committed: JournalPosition, _ position: JournalPosition) -> Bool {
        if !delivery.held.isEmpty {
            guard delivery.heldPosition <= committed else { return true }
            swap(&chain, &delivery.held)
        }
        guard !output.isEmpty else { return false }
        guard committed < position else {
            var fresh = ByteChain()
            swap(&fresh, &output)
            if chain.isEmpty { chain = fresh } else { chain.append(fresh) }
            return false
        }
        swap(&delivery.held, &output)
        delivery.heldPosition = position
        return true
    }

    /// Whether a transaction's queue is being run.
    public var isExecuting: Bool { flags.contains(.executing) }

    /// Output that has not reached the kernel.
    public var pendingOutputBytes: Int { output.count + delivery.held.count + delivery.unsentBytes }
}

import BasicContainers
