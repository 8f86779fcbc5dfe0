// MONITOR: every executed command is written once, as one line, and the lines of
// a turn go to all monitors as one shared block.

import Primitives
import RESP

extension Engine {
    /// Lines kept before they are handed to the monitors.
    private static var feedBytes: Int { 16 * 1024 }

    /// A monitor is no longer a client that works with keys. Returns false and
    /// answers when the served session is one and the command is such.
    mutating func isAllowedToMonitor(_ command: CommandID) -> Bool {
        guard context.session.flags.contains(.monitoring),
            !context.commands.commands[command].flags.isDisjoint(with: [.write, .readonly, .mayReplicate])
        else { return true }
        reject([UInt8]("ERR Replica can't interact with the keyspace"), command)
        return false
    }

    /// Notes an executed command for the monitors.
    @inline(never)
    mutating func showExecuted(_ command: CommandID, _ arguments: borrowing Arguments) {
        if context.clients.control.attention.contains(.monitored),
            context.commands.commands[command].flags.isDisjoint(with: [.admin, .skipMonitor]) {
            feed(arguments)
        }
        context.clients.control.redacted.removeAll(keepingCapacity: true)
        context.clients.control.attention.remove(.redacted)
    }

    private mutating func feed(_ arguments: borrowing Arguments) {
        let time = context.time.wallMicroseconds
        let fraction = String(time % 1_000_000)
        let peer = context.session.identity.peer
        let address = peer.isUnixSocket ? "unix:" + peer.address.dropLast(2) : peer.address
        var line = [UInt8]("+\(time / 1_000_000).")
        line += [UInt8](repeating: 48, count: max(0, 6 - fraction.utf8.count)) + [UInt8](fraction)
        line += [UInt8](" [\(context.session.database.value) \(address)]")
        for i in 0..<arguments.count {
            line.append(32)
            if context.clients.control.redacted.contains(i) {
                line += [UInt8]("\"(redacted)\"")
            } else {
                line.append(quoting: arguments[i])
            }
        }
        line += [13, 10]
        context.clients.control.feed += line
        // The replies of a monitor itself are not cut while a command is under way.
        if context.clients.control.feed.count > Self.feedBytes, !context.session.flags.contains(.monitoring) {
            sendFeed()
        }
    }

    /// Hands the lines to the monitors. One that is served just now gets them
    /// behind the replies that it has so far.
    mutating func sendFeed() {
        guard !context.clients.control.feed.isEmpty else { return }
        let block = Block(copying: context.clients.control.feed.rawSpan)
        context.clients.control.feed.removeAll(keepingCapacity: true)
        let served = context.session.id
        for id in context.clients.control.monitors {
            if id == served {
                if context.reply.bytes.count > 0 { context.reply.bytes.cut(into: &context.served.value.output) }
                context.session.output.append(Segment(block.share(), 0, block.count))
                continue
            }
            guard var box = context.clients.slab.take(id) else { continue }
            if !box.value.flags.contains(.killed) {
                box.value.output.append(Segment(block.share(), 0, block.count))
                context.markDirty(&box.value)
                context.checkOutput(of: &box.value)
                if context.clients.control.countsMemory { context.countMemory(of: &box.value) }
            }
            context.clients.slab.put(box, back: id)
        }
    }
}

extension [UInt8] {
    /// Appends a word in double quotes, with everything that does not print escaped.
    mutating func append(quoting word: RawSpan) {
        append(34)
        for i in 0..<word.byteCount {
            let byte = word.byte(i)
            switch byte {
            case 34, 92: self += [92, byte]
            case 7: self += [92, 97]
            case 8: self += [92, 98]
            case 9: self += [92, 116]
            case 10: self += [92, 110]
            case 13: self += [92, 114]
            case 32...126: append(byte)
            default: self += [92, 120, Self.hexDigit(byte >> 4), Self.hexDigit(byte & 15)]
            }
        }
        append(34)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
