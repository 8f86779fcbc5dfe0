// CLIENT LIST and INFO: one line per connection.

import Engine
import Primitives
import RESP

/// What CLIENT TYPE tells connections apart by.
enum ClientType {
    case normal, replica, primary, subscriber

    init?(_ word: RawSpan) {
        if word.matches("normal") {
            self = .normal
        } else if word.matches("slave") || word.matches("replica") {
            self = .replica
        } else if word.matches("master") || word.matches("primary") {
            self = .primary
        } else if word.matches("pubsub") {
            self = .subscriber
        } else {
            return nil
        }
    }

    /// The type of a session. No replication and no subscriptions yet: all are normal.
    static func of(_ session: borrowing Session) -> ClientType { .normal }

    /// The type that a request names, or the error.
    static func parse(_ word: RawSpan, _ context: inout CommandContext) throws(CommandError) -> ClientType {
        guard let type = ClientType(word) else {
            throw context.failure("ERR Unknown client type '", quoting: word)
        }
        return type
    }
}

extension Connection {
    static func clientInfo(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let line = ClientLines(context, arguments).line(of: context.session)
        context.reply.verbatim(line.rawSpan, format: "txt")
        return .done
    }

    static func clientList(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let lines = ClientLines(context, arguments)
        var text: [UInt8] = []
        if arguments.count == 4, arguments[2].matches("type") {
            let type = try ClientType.parse(arguments[3], &context)
            context.forEachSession { session in
                if ClientType.of(session) == type { text += lines.line(of: session) }
            }
        } else if arguments.count > 3, arguments[2].matches("id") {
            for i in 3..<arguments.count {
                guard let number = arguments[i].canonicalInteger else {
                    throw context.failure("ERR Invalid client ID")
                }
                _ = context.withSession(number: number) { session in text += lines.line(of: session) }
            }
        } else if arguments.count != 2 {
            throw .syntax
        } else {
            context.forEachSession { session in text += lines.line(of: session) }
        }
        context.reply.verbatim(text.rawSpan, format: "txt")
        return .done
    }
}

/// Writes the lines of one listing.
private struct ClientLines {
    let now: Milliseconds
    let commands: CommandTable
    /// The listing client and the bytes of its request's words.
    let served: SessionID
    let argumentBytes: Int
    let inputAtHand: Int

    init(_ context: borrowing CommandContext, _ arguments: borrowing Arguments) {
        now = context.now
        commands = context.commands
        served = context.session.id
        inputAtHand = context.inputAtHand
        var total = 0
        for i in 0..<arguments.count { total += arguments[i].byteCount }
        argumentBytes = total
    }

    func line(of session: borrowing Session) -> [UInt8] {
        let identity = session.identity
        let isServed = session.id == served
        let words = isServed ? argumentBytes : session.blockedBytes
        let input = isServed ? inputAtHand : session.pendingInputBytes
        let isWriting = session.unsentBytes > 0
        let command = session.lastCommand.map { commands.commands[$0].fullName } ?? "NULL"
        var text = "id=\(identity.number) addr=\(identity.peer.address) laddr=\(identity.peer.localAddress)"
        text += " fd=\(identity.peer.descriptor) name="
        var line = [UInt8](text) + identity.name
        text = " age=\(seconds(since: identity.created)) idle=\(seconds(since: session.lastInteraction))"
        text += " flags=\(flags(of: session)) db=\(session.database.value) sub=0 psub=0 ssub=0"
        text += " multi=\(session.queuedCommands ?? -1)"
        text += " qbuf=\(input) qbuf-free=\(session.unusedInputBytes)"
        text += " argv-mem=\(words) multi-mem=\(session.transactionBytes) rbs=0 rbp=0 obl=0"
        text += " oll=\(session.outputSegments) omem=\(session.pendingOutputBytes)"
        text += " tot-mem=\(session.memoryUsage + words) events=\(isWriting ? "rw" : "r") cmd=\(command) user="
        line += [UInt8](text) + identity.user
        line += [UInt8](" redir=-1 resp=\(session.version.rawValue) lib-name=") + identity.libraryName
        line += [UInt8](" lib-ver=") + identity.libraryVersion
        // A field of 7.4, and so behind those of 7.2.
        line += [UInt8](" watch=0\n")
        return line
    }

    private func seconds(since moment: Milliseconds) -> Int64 { max(0, now - moment) / 1000 }

    private func flags(of session: borrowing Session) -> String {
        var letters = ""
        if session.hasTransaction { letters += "x" }
        if session.flags.contains(.blocked) { letters += "b" }
        if session.flags.contains(.closing) { letters += "c" }
        if session.identity.peer.isUnixSocket { letters += "U" }
        if session.flags.contains(.noEvict) { letters += "e" }
        if session.flags.contains(.noTouch) { letters += "T" }
        return letters.isEmpty ? "N" : letters
    }
}
