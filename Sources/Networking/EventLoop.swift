// The event loop. Its interface is shaped by completions ("these bytes
// arrived", "send this", "connect there"), so that io_uring can take the place
// of epoll behind it. It knows bytes and connections, nothing of RESP or keys.
//
// A turn: `wait`, then `next` until it returns nil, then sends. A connection
// costs one epoll_ctl in its life; a turn costs a
// connection one read and one write.
//
// Connections are watched edge-triggered: the kernel need not look at a socket
// again after it was read. What is left to read (a full buffer, an end behind
// the bytes) is therefore remembered in `again`. The end of a sleep is a timer
// descriptor that is set when the moment changes, not a timeout of every sleep.

import CSystem
import Glibc
import Primitives

public typealias ConnectionID = SlabID

public enum NetworkError: Error, Sendable {
    /// The system refused; `message` is its text.
    case cannotListen(errno: Int32, message: String)
    case cannotConnect(errno: Int32)
    case cannotStart(errno: Int32)
}

@safe
public struct EventLoop: ~Copyable {
    // SAFETY: `events` and `buffer` are allocations of the stated sizes, owned
    // until deinit; the kernel writes within the counts that it is given.
    let poll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let buffer: UnsafeMutableRawPointer
    private var eventCount = 0
    private var pacing = TurnPacing()
    private var eventIndex = 0
    private var receivedCount = 0
    var connections = Slab<Connection>()
    var listeners: [ListeningSocket] = []
    /// The clocks by which it wakes.
    public let time: TimeSource
    private let signals: Int32
    private let timer: Int32
    private var timerMoment: Int64 = 0
    /// Connections with more to read, for the next turn, and those of this turn.
    private var again: [ConnectionID] = []
    private var rereading: [ConnectionID] = []
    /// Threads write here to end a wait.
    public let wakeDescriptor: Int32
    /// When listeners that rest are to go on, monotonic nanoseconds.
    var pausedUntil: Int64?
    /// Connections that may be accepted in one turn, so that many new ones do not keep the others waiting.
    public var acceptLimit = 10
    private var accepted = 0

    static var eventCapacity: Int { 1024 }
    /// Size of the input buffer that all connections share.
    public static var inputBytes: Int { 64 * 1024 }
    /// How long a listener rests when accepting fails (no descriptors left).
    static var acceptPauseNanoseconds: Int64 { 100_000_000 }

    struct Connection: ~Copyable {
        let descriptor: Int32
        var tag: UInt64 = 0
        var unsent = ByteChain()
        var isWaitingToSend = false
        var isConnecting = false
        var closesWhenSent = false
    }

    public enum Completion: Sendable {
        case accepted(ConnectionID, ListenerID, descriptor: Int32)
        /// Accepting failed; the listener rests a little.
        case acceptFailed(errno: Int32)
        /// An outbound connection is made, or failed (errno not 0).
        case connected(ConnectionID, tag: UInt64, errno: Int32)
        /// Bytes are in `received` until the next call.
        case received(ConnectionID, tag: UInt64)
        /// Bytes that could not be sent at once have been sent.
        case sent(ConnectionID, tag: UInt64, count: Int)
        /// The other side is gone, or sending failed; the connection does not exist any more.
        case closed(ConnectionID, tag: UInt64)
        case signal(Int32)
        /// A thread called `wake`.
        case woken
    }

    // Tokens of what is not a connection: this bit in the slot.
    static var special: UInt32 { 0x8000_0000 }
    private static var signalToken: UInt64 { UInt64(special) | 0x4000_0000 }
    private static var wakeToken: UInt64 { UInt64(special) | 0x4000_0001 }
    private static var timerToken: UInt64 { UInt64(special) | 0x4000_0002 }
    private static var edges: UInt32 { EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue }
    private static var end: UInt32 { EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue }

    /// `signals`: delivered as completions instead of interrupting.
    public init(signals wanted: [Int32], time: TimeSource) throws(NetworkError) {
        self.time = time
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw .cannotStart(errno: cs_errno()) }
        unsafe events = .allocate(capacity: Self.eventCapacity)
        unsafe buffer = allocate(Self.inputBytes)
        signals = unsafe cs_signal_descriptor(wanted, wanted.count)
        wakeDescriptor = cs_wake_descriptor()
        timer = cs_timer_descriptor()
        _ = cs_epoll_change(poll, EPOLL_CTL_ADD, timer, EPOLLIN.rawValue | EPOLLET.rawValue, Self.timerToken)
        _ = cs_epoll_change(poll, EPOLL_CTL_ADD, signals, EPOLLIN.rawValue, Self.signalToken)
        _ = cs_epoll_change(poll, EPOLL_CTL_ADD, wakeDescriptor, EPOLLIN.rawValue, Self.wakeToken)
    }

    deinit {
        unsafe events.deallocate()
        unsafe free(buffer)
        for listener in listeners { Glibc.close(listener.descriptor) }
        Glibc.close(signals)
        Glibc.close(timer)
        Glibc.close(wakeDescriptor)
        Glibc.close(poll)
    }

    /// Ends the wait of the loop with this descriptor; from any thread.
    public static func wake(_ descriptor: Int32) { cs_wake(descriptor) }

    // MARK: Turns

    /// Sleeps until something happens, at the longest until `moment` of the
    /// loop's time source, in monotonic nanoseconds; 0: only takes what has happened.
    public mutating func wait(until moment: Int64) {
        resumeListeners()
        if moment > 0, moment != timerMoment {
            timerMoment = moment
            cs_timer_set(timer, max(1, moment - time.monotonicNanoseconds))
        }
        take(timeout: again.isEmpty && moment > 0 ? -1 : 0)
    }

    /// A moment in which requests gather.
    public func rest() { cs_rest(TurnPacing.rest) }

    private mutating func take(timeout: Int32) {
        accepted = 0
        rereading.removeAll(keepingCapacity: true)
        swap(&rereading, &again)
        eventIndex = 0
        if timeout != 0, pacing.rests(after: eventCount, now: time.monotonicNanoseconds) {
            cs_rest(TurnPacing.rest)
        }
        let count = unsafe epoll_wait(poll, events, Int32(Self.eventCapacity), timeout)
        eventCount = max(0, Int(count))
    }

    /// The next thing that happened; nil when the turn is over.
    public mutating func next() -> Completion? {
        while eventIndex < eventCount {
            let happened = unsafe events[eventIndex].events
            let token = unsafe cs_event_token(events + eventIndex)
            if UInt32(truncatingIfNeeded: token) & Self.special != 0 {
                if let completion = special(token) { return completion }
                eventIndex += 1
                continue
            }
            eventIndex += 1
            let id = ConnectionID(raw: token)
            let isReadable = happened & (EPOLLIN.rawValue | Self.end) != 0
            if happened & EPOLLOUT.rawValue != 0, let completion = writable(id) {
                if isReadable { again.append(id) }
                return completion
            }
            if isReadable, let completion = readable(id, hasEnd: happened & Self.end != 0) { return completion }
        }
        while let id = rereading.popLast() {
            if let completion = readable(id, hasEnd: true) { return completion }
        }
        return nil
    }

    /// The bytes of the last `.received`, valid until the next call of `next`.
    public var received: RawSpan {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(RawSpan(_unsafeStart: buffer, byteCount: receivedCount), borrowing: self)
        }
    }

    private mutating func special(_ token: UInt64) -> Completion? {
        if token == Self.signalToken {
            let signal = cs_next_signal(signals)
            return signal > 0 ? .signal(signal) : nil
        }
        if token == Self.timerToken { return nil }
        if token == Self.wakeToken {
            cs_wake_clear(wakeDescriptor)
            eventIndex += 1
            return .woken
        }
        return accept(Int(UInt32(truncatingIfNeeded: token) & ~Self.special))
    }

    /// One connection a call; the event stays until there is none left, or the turn has had its share.
    private mutating func accept(_ listener: ListenerID) -> Completion? {
        guard accepted < acceptLimit else { return nil }
        let descriptor = cs_accept(listeners[listener].descriptor)
        if descriptor >= 0 {
            accepted += 1
            if !listeners[listener].isUnixSocket { _ = cs_set_no_delay(descriptor) }
            let id = add(descriptor)
            return .accepted(id, listener, descriptor: descriptor)
        }
        let failure = -descriptor
        if failure == EAGAIN || failure == EINTR || Self.endsOneConnection(failure) { return nil }
        eventIndex += 1
        pauseListeners()
        return .acceptFailed(errno: failure)
    }

    /// `hasEnd`: there may be something behind what one read gives.
    private mutating func readable(_ id: ConnectionID, hasEnd: Bool) -> Completion? {
        guard connections.contains(id) else { return nil }
        let (descriptor, tag) = connections.with(id) { ($0.descriptor, $0.tag) } ?? (-1, 0)
        let count = unsafe cs_socket_receive(descriptor, buffer, Self.inputBytes)
        if count > 0 {
            receivedCount = count
            unsafe cs_note_input(buffer, count)
            if count == Self.inputBytes || hasEnd { again.append(id) }
            return .received(id, tag: tag)
        }
        if count == -Int(EAGAIN) || count == -Int(EINTR) { return nil }
        close(id)
        return .closed(id, tag: tag)
    }

    private mutating func writable(_ id: ConnectionID) -> Completion? {
        guard var box = connections.take(id) else { return nil }
        let tag = box.value.tag
        guard box.value.isConnecting || box.value.isWaitingToSend else {
            connections.put(box, back: id)
            return nil
        }
        if box.value.isConnecting {
            box.value.isConnecting = false
            let error = cs_socket_error(box.value.descriptor)
            let hasMore = box.value.isWaitingToSend
            connections.put(box, back: id)
            // What was given to it meanwhile is sent when the same event is looked at again.
            if error != 0 { close(id) } else if hasMore { eventIndex -= 1 }
            return .connected(id, tag: tag, errno: error)
        }
        let sent = flush(&box.value)
        let isDone = box.value.unsent.isEmpty
        if isDone {
            box.value.isWaitingToSend = false
        }
        let ends = isDone && box.value.closesWhenSent
        connections.put(box, back: id)
        if sent < 0 || ends {
            close(id)
            return .closed(id, tag: tag)
        }
        return sent > 0 ? .sent(id, tag: tag, count: sent) : nil
    }

    // MARK: Connections

    mutating func add(_ descriptor: Int32) -> ConnectionID {
        let id = connections.insert { _ in Connection(descriptor: descriptor) }
        _ = cs_epoll_change(poll, EPOLL_CTL_ADD, descriptor, Self.edges, id.raw)
        return id
    }

    /// Gives the connection a word of the owner's, told with its completions.
    public mutating func setTag(_ tag: UInt64, of id: ConnectionID) { _ = connections.with(id) { $0.tag = tag } }

    /// Has the kernel probe a silent peer every `seconds`.
    public func keepAlive(_ descriptor: Int32, seconds: Int32) { _ = cs_set_keep_alive(descriptor, seconds) }

    /// Starts a connection; `.connected` tells how it went. `source`: the local
    /// address, empty for any; `mark`: SO_MARK, 0 for none.
    public mutating func connect(
        to address: String, port: UInt16, from source: String = "", mark: UInt32 = 0
    ) throws(NetworkError) -> ConnectionID {
        let descriptor = unsafe cs_connect_tcp(address, port, source, mark)
        guard descriptor >= 0 else { throw .cannotConnect(errno: -descriptor) }
        _ = cs_set_no_delay(descriptor)
        let id = add(descriptor)
        _ = connections.with(id) { $0.isConnecting = true }
        return id
    }

    /// Takes over `chain` and sends it, behind what is still unsent. Returns the
    /// bytes sent at once; `.sent` tells of the rest. `closing`: closes when all is sent.
    public mutating func send(_ chain: consuming ByteChain, on id: ConnectionID, closing: Bool = false) -> Int {
        guard var box = connections.take(id) else { return 0 }
        if closing { box.value.closesWhenSent = true }
        if box.value.isWaitingToSend || box.value.isConnecting {
            box.value.isWaitingToSend = true
            chain.compact()
            box.value.unsent.append(chain)
            connections.put(box, back: id)
            return 0
        }
        box.value.unsent.append(chain)
        let sent = flush(&box.value)
        let descriptor = box.value.descriptor
        let isDone = box.value.unsent.isEmpty
        let ends = sent < 0 || (isDone && box.value.closesWhenSent)
        if !isDone, sent >= 0 {
            box.value.unsent.compact()
            box.value.isWaitingToSend = true
        }
        connections.put(box, back: id)
        // A read will find the end and tell the owner in its turn.
        if ends { shutdown(descriptor, Int32(SHUT_RDWR)) }
        return max(0, sent)
    }

    /// Sends until done or refused; the bytes sent, or -1 when the connection is broken.
    private func flush(_ connection: inout Connection) -> Int {
        var total = 0
        while !connection.unsent.isEmpty {
            let count = connection.unsent.send(to: connection.descriptor)
            if count > 0 {
                connection.unsent.removeFirst(count)
                total += count
            } else if count == -Int(EINTR) {
                continue
            } else {
                return count == -Int(EAGAIN) ? total : -1
            }
        }
        return total
    }

    /// Closes at once; no completion follows.
    public mutating func close(_ id: ConnectionID) {
        guard let box = connections.remove(id) else { return }
        Glibc.close(box.value.descriptor)
    }

    public var connectionCount: Int { connections.count }
}

/// The numeric addresses of a host's name; none when there are none. May take seconds: not for a thread that serves clients.
public func addresses(of name: String) -> [String] {
    let capacity = 1024
    var text = [CChar](repeating: 0, count: capacity)
    _ = unsafe cs_resolve(name, &text, capacity)
    return Networking.text(of: text).split(separator: "\n").map(String.init)
}

/// The system's text for an error number.
public func errorText(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

/// The text before the terminating zero.
func text(of characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// "address:port" of a socket's peer, or of its own end.
public func socketName(_ descriptor: Int32, ofPeer: Bool) -> String {
    let capacity = 128
    var text = [CChar](repeating: 0, count: capacity)
    _ = unsafe cs_socket_name(descriptor, ofPeer, &text, capacity)
    return Networking.text(of: text)
}

