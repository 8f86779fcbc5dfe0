// A session's output from the moment it grows: that it is to be sent, whether it
// is within the limits, and what becomes of a client that is beyond them.

import Keyspace
import Primitives
import RESP

extension CommandContext {
    func outputLimit(of session: borrowing Session) -> OutputBufferLimit {
        configuration.limits.outputBuffers[session.clientClass.rawValue]
    }

    /// Bytes that the reply of the served session, with what precedes it in this turn, may have: beyond them the
    /// client is dropped. `Int.max`: any number.
    public var replyAllowance: Int {
        let hard = outputLimit(of: session).hard
        return hard > 0 ? max(0, Int(hard) - session.pendingOutputBytes) : .max
    }

    /// A reply may have been broken off for being beyond `allowance`: then the client gets no further one.
    public mutating func endReply(allowed allowance: Int) {
        if reply.bytes.count > allowance { session.flags.insert(.closing) }
    }

    /// Looks at a session's unread replies after they have grown.
    mutating func checkOutput(of session: inout Session) {
        let limit = outputLimit(of: session)
        guard limit.hard > 0 || limit.soft > 0 else { return }
        let bytes = Int64(session.pendingOutputBytes)
        if limit.hard > 0, bytes > limit.hard { return dropForOutput(&session) }
        guard limit.soft > 0, bytes > limit.soft else {
            if session.delivery.softLimitSince != nil { leaveSoftLimit(&session) }
            return
        }
        guard let since = session.delivery.softLimitSince else {
            session.delivery.softLimitSince = now
            clients.control.aboveSoftLimit.append(session.id)
            return
        }
        let patience = limit.softSeconds.multipliedReportingOverflow(by: 1000)
        if !patience.overflow, now - since > patience.partialValue { dropForOutput(&session) }
    }

    private mutating func leaveSoftLimit(_ session: inout Session) {
        let id = session.id
        session.delivery.softLimitSince = nil
        clients.control.aboveSoftLimit.removeAll { $0 == id }
    }

    private mutating func dropForOutput(_ session: inout Session) {
        drop(&session) { "Client \($0) scheduled to be closed ASAP for overcoming of output buffer limits." }
        clients.control.counters.outputBufferDisconnections += 1
    }

    /// Bytes of replies that are on their way out with the turn and do not count: as
    /// much as peers give every client from the start.
    private static var passingBytes: Int { 16 * 1024 }

    /// Brings the count of a session's memory up to date.
    mutating func countMemory(of session: inout Session) {
        let held = session.memoryUsage - min(session.output.count, Self.passingBytes)
        let bytes = session.flags.contains(.killed) ? 0 : held
        clients.control.memory += bytes - session.delivery.countedMemory
        session.delivery.countedMemory = bytes
    }

    /// Ends a session at once: what it has not read is thrown away.
    mutating func drop(_ session: inout Session, _ line: (String) -> String) {
        let lines = ClientLines(now: now, commands: commands)
        requests.logLines.append(line(String(decoding: lines.line(of: session), as: UTF8.self)))
        session.flags.insert(.killed)
        session.output = ByteChain()
        clients.control.memory -= session.delivery.countedMemory
        session.delivery.countedMemory = 0
        requests.closing.append(session.id)
    }

    /// Notes that a session has output to send.
    mutating func markDirty(_ session: inout Session) {
        guard !session.flags.contains(.dirty) else { return }
        session.flags.insert(.dirty)
        clients.dirty.append(session.id)
    }
}
