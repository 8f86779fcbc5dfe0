// One connection to another server, and how an exchange goes over it. It has no
// socket: whoever has one sends what `takeOutput` gives and tells what happens.

import Keyspace
import Primitives
import RESP

/// A connection to another server, at rest or with an exchange on its way.
public struct Link: ~Copyable {
    /// Where it leads.
    public let peer: PeerAddress
    let credentials: [[UInt8]]
    private(set) var isOpen = false
    /// Whether it has served an exchange before the present one.
    var isReused = false
    /// The database selected there; nil: not known.
    var database: Int64?
    /// Requests that the host has not taken yet.
    private var output = ByteChain()
    /// Bytes that are not sent.
    private var unsentBytes = 0
    /// The beginning of a line, or what came behind the last.
    private(set) var input: [UInt8] = []
    /// What it does; nil: it rests.
    var running: RunningExchange?
    /// Who waits for that; nil: everybody.
    var waiting: Box<ExchangingCommand>?
    /// Milliseconds without progress that the exchange grants.
    public private(set) var patience: Milliseconds = 0
    /// When it is given up, or has rested long enough.
    var deadline: Milliseconds = 0

    /// A longer line is no answer.
    private static var lineBytes: Int { 64 * 1024 }

    init(to peer: PeerAddress, _ credentials: [[UInt8]]) {
        self.peer = peer
        self.credentials = credentials
    }

    var isResting: Bool { running == nil }

    /// Starts an exchange, which goes out behind AUTH, since a password may have changed while
    /// the link rested, and SELECT where another database is selected.
    mutating func begin(_ exchange: consuming Exchange) {
        var writer = ByteWriter()
        var preludes = 0
        if !credentials.isEmpty {
            writer.appendHeader(42, credentials.count + 1)
            writer.appendBulk(RawSpan(literal: "AUTH"))
            for word in credentials { writer.appendBulk(word.rawSpan) }
            preludes += 1
        }
        if database != exchange.database {
            let number = DecimalText(exchange.database)
            writer.appendHeader(42, 2)
            writer.appendBulk(RawSpan(literal: "SELECT"))
            writer.appendBulk(number.bytes)
            preludes += 1
        }
        writer.cut(into: &output)
        exchange.requests.cut(into: &output)
        unsentBytes = output.count
        database = exchange.database
        patience = exchange.patience
        running = RunningExchange(
            preludes: preludes, expected: preludes + exchange.count, answer: ExchangeAnswer(subjects: exchange.subjects))
    }

    // MARK: What the host tells

    /// The connection is made.
    public mutating func open() { isOpen = true }

    /// Moves what there is to send to the host.
    public mutating func takeOutput(into chain: inout ByteChain) { swap(&chain, &output) }

    /// The network has sent `count` bytes.
    public mutating func sent(_ count: Int) { unsentBytes = max(0, unsentBytes - count) }

    /// What bytes that have arrived are to an exchange.
    public enum Progress: Sendable {
        /// No line came to its end: bytes alone are no progress, a line might never end.
        case none
        /// A request was answered.
        case line
        /// The last one was.
        case end
    }

    /// Takes the lines in `bytes`. What stands behind the last line of the exchange stays in the input.
    public mutating func receive(_ bytes: RawSpan) -> Progress {
        var progress = Progress.none
        var index = 0
        while index < bytes.byteCount {
            let byte = bytes.byte(index)
            index += 1
            guard byte == 10 else {
                if input.count < Self.lineBytes { input.append(byte) }
                continue
            }
            if input.last == 13 { input.removeLast() }
            let line = input
            input = []
            guard let isLast = running?.take(line) else { return .none }
            progress = .line
            if isLast {
                input = bytes.suffix(from: index).array
                return .end
            }
        }
        return progress
    }

    /// Ends the exchange: what came of it when the link has ended so, nil: when all was answered.
    mutating func takeAnswer(_ end: LinkEnd?) -> ExchangeAnswer? {
        var answer = running.take()?.answer
        if let end { answer?.failure = failure(at: end) }
        return answer
    }

    /// At what an exchange breaks off when the link ends so.
    private func failure(at end: LinkEnd) -> ExchangeFailure {
        switch end {
        case .unreachable: .connecting
        case .late where !isOpen: .connecting
        case .closed, .late: !isOpen || unsentBytes > 0 ? .writing : .reading
        }
    }
}

/// Other servers, for commands during which nobody else may be served.
public protocol LinkHost: AnyObject, Sendable {
    /// Connects a link, and brings its exchange to the end before it returns: nil, or how the link
    /// ended before. It is given up when for its `patience` nothing has happened.
    func carryOut(_ link: inout Link, _ settings: NetworkSettings) -> LinkEnd?
}
