// What a command says to another server and what that answers: requests go out
// in one piece, behind AUTH and SELECT where they are needed, and each is
// answered by one line.

import Keyspace
import Primitives
import RESP

/// Where another server listens.
public struct PeerAddress: Hashable, Sendable {
    /// A name or number.
    public let host: [UInt8]
    /// Its TCP port.
    public let port: UInt16

    /// The server at `port` of `host`.
    public init(host: [UInt8], port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// An exchange that a handler asks for with `CommandContext.exchange`.
public struct Exchange: ~Copyable {
    /// Who is asked.
    public let peer: PeerAddress
    /// The words of AUTH; empty: it is not sent.
    public let credentials: [[UInt8]]
    /// The other server's database; the number is for that one to judge.
    public let database: Int64
    /// Milliseconds without any progress after which it is given up.
    public let patience: Milliseconds
    /// Keys of the session's database that nobody else may change meanwhile.
    public var heldKeys: [[UInt8]] = []
    /// What the handler wants to find in the answer: the key of each request.
    public var subjects: [[UInt8]] = []
    /// Requests so far.
    public private(set) var count = 0
    var requests = ByteWriter()

    /// Some thirty years: moments that are so far away can still be written in nanoseconds.
    private static var longestPatience: Milliseconds { 1_000_000_000_000 }

    /// An exchange without requests.
    public init(with peer: PeerAddress, credentials: [[UInt8]], database: Int64, patience: Milliseconds) {
        self.peer = peer
        self.credentials = credentials
        self.database = database
        self.patience = min(patience, Self.longestPatience)
    }

    /// Starts a request of `words` words, which must follow.
    public mutating func begin(_ words: Int) {
        count += 1
        requests.appendHeader(42, words)
    }

    /// The next word of the request begun last.
    public mutating func word(_ literal: StaticString) { requests.appendBulk(RawSpan(literal: literal)) }

    /// The next word of the request begun last.
    public mutating func word(_ value: RawSpan) { requests.appendBulk(value) }

    /// A number as the next word of the request begun last.
    public mutating func word(_ number: Int64) {
        let digits = DecimalText(number)
        requests.appendBulk(digits.bytes)
    }
}

/// At what an exchange broke off: an error, or no progress for too long.
public enum ExchangeFailure: Sendable { case connecting, writing, reading }

/// What came of an exchange.
public struct ExchangeAnswer: Sendable {
    /// As the exchange had them.
    public var subjects: [[UInt8]]
    /// The lines that answer the requests, in order, without their ends; fewer when it broke off.
    public var lines: [[UInt8]] = []
    /// The error line that answered AUTH or SELECT.
    public var refusal: [UInt8]?
    /// What broke; nil when all requests were answered.
    public var failure: ExchangeFailure?
}

/// An exchange under way: lines come until every request is answered.
struct RunningExchange: Sendable {
    /// Lines that answer AUTH and SELECT and are still to come.
    var preludes: Int
    /// Lines to come in all.
    var expected: Int
    var answer: ExchangeAnswer

    /// Takes the next line; whether it was the last.
    mutating func take(_ line: [UInt8]) -> Bool {
        expected -= 1
        if preludes > 0 {
            preludes -= 1
            if line.first == 45, answer.refusal == nil { answer.refusal = line }
        } else {
            answer.lines.append(line)
        }
        return expected == 0
    }

    /// Whether nothing has been answered yet.
    var isUnanswered: Bool { answer.lines.isEmpty && answer.refusal == nil }
}

/// The command that waits for an exchange while others are served.
struct ExchangingCommand: ~Copyable {
    /// Who sent it; may be gone by the end.
    let session: SessionID
    let arguments: OwnedArguments
    /// The session's database.
    let database: DatabaseIndex
    let heldKeys: [[UInt8]]
}

extension CommandContext {
    /// Asks for an exchange; the handler then returns `.exchange`.
    public mutating func exchange(_ exchange: consuming Exchange) { blocking.exchange = Box(exchange) }

    /// What came of the exchange that the command has asked for; nil when it runs for the first time.
    public mutating func takeAnswer() -> ExchangeAnswer? {
        defer { blocking.answer = nil }
        return blocking.answer
    }
}
