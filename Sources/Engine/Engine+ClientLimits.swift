// What a client may hold: unread replies (client-output-buffer-limit), unread
// requests (client-query-buffer-limit), and all clients together (maxmemory-clients).
// Who is beyond a limit is dropped without a further byte; the connection ends
// with the turn.

import Keyspace
import Primitives
import RESP

extension Engine {
    // MARK: Replies

    /// Bytes of replies that the served session may get in this turn before it is dropped.
    func outputAllowanceOfServed() -> Int { context.replyAllowance }

    /// Whether the served session may have `replies` bytes after all, the limit
    /// having changed; if not, no further request of it is run.
    @inline(never)
    mutating func hasRoom(for replies: Int) -> Bool {
        outputAllowance = outputAllowanceOfServed()
        if replies > outputAllowance { context.session.flags.insert(.closing) }
        return replies <= outputAllowance
    }

    /// Looks at the clients that were above their soft limit, though nothing happens to them.
    mutating func checkSoftLimits() {
        let suspects = context.clients.control.aboveSoftLimit
        for id in suspects { reviewOutput(id) }
    }

    /// Looks at what a session holds, which has changed though it is not served.
    @inline(never)
    mutating func reviewOutput(_ id: SessionID) {
        guard var box = context.clients.slab.take(id) else { return }
        if !box.value.flags.contains(.killed) { context.checkOutput(of: &box.value) }
        if context.clients.control.countsMemory { context.countMemory(of: &box.value) }
        context.clients.slab.put(box, back: id)
    }

    // MARK: Requests

    /// Whether what the served session has sent and was not run is too much; drops it then.
    mutating func isBeyondQueryLimit(_ pending: borrowing PendingRequest) -> Bool {
        let held = pending.bytes + context.session.transactionBytes
        guard held > Int(context.configuration.queryBufferLimit) else { return false }
        var start: [UInt8] = []
        start.append(quoting: pending.firstBytes(64).rawSpan)
        dropServed {
            "Closing client that reached max query buffer length: \($0) (qbuf initial bytes: "
                + String(decoding: start, as: UTF8.self) + ")"
        }
        context.clients.control.counters.queryBufferDisconnections += 1
        return true
    }

    // MARK: All clients

    /// Bytes that all clients may hold together; nil: any number.
    private var totalMemoryLimit: Int? {
        let limit = context.configuration.limits.totalClientMemory
        guard limit < 0 else { return limit > 0 ? Int(limit) : nil }
        let maximum = Int(context.configuration.maximumMemory)
        let percent = Int(min(limit.magnitude, 100))
        return maximum > 0 ? maximum / 100 * percent + maximum % 100 * percent / 100 : nil
    }

    /// Starts or ends the counting when the limit was set or taken away.
    private mutating func switchCounting(_ isOn: Bool) {
        context.clients.control.countsMemory = isOn
        context.clients.control.memory = 0
        var total = 0
        context.clients.slab.forEach { _, session in
            session.delivery.countedMemory = isOn && !session.flags.contains(.killed) ? session.memoryUsage : 0
            total += session.delivery.countedMemory
        }
        context.clients.control.memory = total
    }

    /// Drops those who hold most until the others fit; called when no session is served.
    mutating func evictClients() {
        guard context.configuration.limits.totalClientMemory != 0 || context.clients.control.countsMemory else { return }
        let limit = totalMemoryLimit
        if context.clients.control.countsMemory != (limit != nil) { switchCounting(limit != nil) }
        guard let limit, context.clients.control.memory > limit else { return }
        var candidates: [(bytes: Int, id: SessionID)] = []
        context.clients.slab.forEach { id, session in
            if session.flags.isDisjoint(with: [.noEvict, .killed]) { candidates.append((session.delivery.countedMemory, id)) }
        }
        candidates.sort { $0.bytes > $1.bytes }
        for candidate in candidates {
            guard context.clients.control.memory > limit else { return }
            guard var box = context.clients.slab.take(candidate.id) else { continue }
            context.drop(&box.value) { "Evicting client: \($0)" }
            context.clients.control.counters.evictedClients += 1
            context.clients.slab.put(box, back: candidate.id)
        }
    }

    // MARK: Dropping

    private mutating func dropServed(_ line: (String) -> String) {
        context.reply.bytes.discard()
        // Out of the context, so that both can change.
        var box = Box(CommandContext.nobody())
        swap(&box, &context.served)
        context.drop(&box.value, line)
        swap(&box, &context.served)
    }
}
