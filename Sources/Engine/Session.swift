import Primitives
import RESP
import Keyspace

/// Addresses a session; stale ones find nothing.
public typealias SessionID = SlabID

public struct SessionFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var authenticated: Self { Self(rawValue: 1 << 0) }
    /// The connection ends once the output is sent.
    public static var closing: Self { Self(rawValue: 1 << 1) }
    public static var replyOff: Self { Self(rawValue: 1 << 2) }
    /// The next reply is dropped; becomes `replySkip` when the command ends.
    public static var replySkipNext: Self { Self(rawValue: 1 << 3) }
    public static var replySkip: Self { Self(rawValue: 1 << 4) }
    public static var noTouch: Self { Self(rawValue: 1 << 5) }
    public static var noEvict: Self { Self(rawValue: 1 << 6) }
    /// In the list of sessions whose output is to be sent.
    static var dirty: Self { Self(rawValue: 1 << 7) }
    /// Had its share of the turn; goes on in the next with what it has sent.
    static var yielding: Self { Self(rawValue: 1 << 20) }
    public static var unixSocket: Self { Self(rawValue: 1 << 8) }
    public static var blocked: Self { Self(rawValue: 1 << 9) }
    /// Another client had it closed: nothing is done for it any more.
    public static var killed: Self { Self(rawValue: 1 << 10) }
}

/// Where a session comes from.
public struct Peer: Sendable {
    public var address: String
    public var localAddress: String
    public var isUnixSocket: Bool
    public var descriptor: Int32
    /// Whether the client runs on this machine: loopback or unix socket.
    public var isLocal: Bool { isUnixSocket || address.hasPrefix("127.") || address.hasPrefix("[::1]") }

    public init(address: String, localAddress: String, isUnixSocket: Bool = false, descriptor: Int32 = -1) {
        self.address = address
        self.localAddress = localAddress
        self.isUnixSocket = isUnixSocket
        self.descriptor = descriptor
    }
}

/// What clients tell and are told about a connection.
public struct SessionIdentity: Sendable {
    public var number: Int64
    public var peer: Peer
    public var name: [UInt8] = []
    public var libraryName: [UInt8] = []
    public var libraryVersion: [UInt8] = []
    public var user: [UInt8] = [UInt8]("default")
    public var created: Milliseconds
}

/// Commands waiting for EXEC.
public struct Transaction: ~Copyable {
    var queue = UniqueArray<OwnedArguments>()
    /// A queued command was refused: EXEC will answer EXECABORT.
    public var isAborted = false
    public var count: Int { queue.count }

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
public enum TimeoutReply: Sendable { case null, nullArray }

/// One connected client: session state, owned by the thread that serves the connection.
public struct Session: ~Copyable {
    public let id: SessionID
    /// The host's address for the connection.
    public let connection: UInt64
    public var identity: SessionIdentity
    public var flags: SessionFlags = []
    public var database = DatabaseIndex(0)
    public var version = ProtocolVersion.resp2
    public var transaction: Box<Transaction>?
    public internal(set) var lastInteraction: Milliseconds
    public internal(set) var lastCommand: CommandID?
    public internal(set) var commandCount: Int64 = 0
    public internal(set) var inputBytes: Int64 = 0
    public internal(set) var outputBytes: Int64 = 0
    /// Bytes that the network has taken over but not sent.
    public internal(set) var unsentBytes = 0
    /// Names of fields that HIMPORT has prepared.
    public var fieldsets = Fieldsets()
    var output = ByteChain()
    /// The journal position on which the output depends.
    var outputPosition: JournalPosition = 0
    var pending: Box<PendingRequest>?
    var blocked: Box<BlockedCommand>?

    init(id: SessionID, connection: UInt64, identity: SessionIdentity) {
        self.id = id
        self.connection = connection
        self.identity = identity
        lastInteraction = identity.created
    }

    public var hasTransaction: Bool {
        switch transaction {
        case .some: true
        case .none: false
        }
    }

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

    /// Output that has not reached the kernel.
    public var pendingOutputBytes: Int { output.count + unsentBytes }
}

import BasicContainers
