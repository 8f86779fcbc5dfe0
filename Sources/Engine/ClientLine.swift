import Keyspace
import Primitives
import RESP

/// Writes sessions as CLIENT LIST and the log show them: one line of `name=value`
/// fields, those of Redis 7.2 in their order, younger ones behind them.
public struct ClientLines {
    private let now: Milliseconds
    private let commands: CommandTable
    /// The session that is served, the bytes of its request's words, and those of its input.
    private var served: (id: SessionID, words: Int, input: Int)?

    init(now: Milliseconds, commands: CommandTable) {
        self.now = now
        self.commands = commands
    }

    /// For a listing that nobody asks for.
    public init(_ context: borrowing CommandContext) { self.init(now: context.now, commands: context.commands) }

    /// For a listing that the served session asks for with `arguments`.
    public init(_ context: borrowing CommandContext, _ arguments: borrowing Arguments) {
        self.init(now: context.now, commands: context.commands)
        var total = 0
        for i in 0..<arguments.count { total += arguments[i].byteCount }
        served = (context.session.id, total, context.inputAtHand)
    }

    /// The line of a session, without a newline.
    public func line(of session: borrowing Session) -> [UInt8] {
        let identity = session.identity
        var words = session.blockedBytes + session.parsedInputBytes
        var input = session.pendingInputBytes - session.parsedInputBytes
        if let served, served.id == session.id { (words, input) = (served.words, served.input) }
        let command = session.lastCommand.map { commands.commands[$0].fullName } ?? "NULL"
        var text = "id=\(identity.number) addr=\(identity.peer.address) laddr=\(identity.peer.localAddress)"
        text += " fd=\(identity.peer.descriptor) name="
        var line = [UInt8](text) + identity.name
        text = " age=\(seconds(since: identity.created)) idle=\(seconds(since: session.lastInteraction))"
        text += " flags=\(session.flagLetters) db=\(session.database.value) sub=\(session.subscriptions[.channel].count)"
        text += " psub=\(session.subscriptions[.pattern].count) ssub=\(session.subscriptions[.shardChannel].count)"
        text += " multi=\(session.queuedCommands ?? -1)"
        text += " qbuf=\(input) qbuf-free=\(session.unusedInputBytes)"
        text += " argv-mem=\(words) multi-mem=\(session.transactionBytes) rbs=0 rbp=0 obl=0"
        // What the network has taken over counts as one piece.
        text += " oll=\(session.outputSegments + (session.delivery.unsentBytes > 0 ? 1 : 0)) omem=\(session.pendingOutputBytes)"
        text += " tot-mem=\(session.memoryUsage + (served?.id == session.id ? words : 0))"
        text += " events=\(session.delivery.unsentBytes > 0 ? "rw" : "r") cmd=\(command) user="
        line += [UInt8](text) + identity.user
        line += [UInt8](" redir=\(session.trackingRedirection) resp=\(session.version.rawValue) lib-name=") + identity.libraryName
        line += [UInt8](" lib-ver=") + identity.libraryVersion
        text = " watch=\(session.watchedCount) io-thread=0 tot-net-in=\(session.inputBytes) tot-net-out=\(session.outputBytes)"
        text += " tot-cmds=\(session.commandCount) capa=\(session.capabilityLetters)"
        return line + [UInt8](text)
    }

    private func seconds(since moment: Milliseconds) -> Int64 { max(0, now - moment) / 1000 }
}

extension Session {
    /// The letters by which CLIENT LIST shows the state, "N" when there is nothing to tell.
    public var flagLetters: String {
        var letters = ""
        if flags.contains(.monitoring) { letters += "O" }
        if flags.contains(.subscribed) { letters += "P" }
        if hasTransaction { letters += "x" }
        if flags.contains(.blocked) { letters += "b" }
        if flags.contains(.tracking) { letters += "t" }
        if tracking.isRedirectionBroken { letters += "R" }
        if tracking.options.contains(.broadcast) { letters += "B" }
        if flags.contains(.touched) { letters += "d" }
        if flags.contains(.closing) { letters += "c" }
        if identity.peer.isUnixSocket { letters += "U" }
        if flags.contains(.noEvict) { letters += "e" }
        if flags.contains(.noTouch) { letters += "T" }
        return letters.isEmpty ? "N" : letters
    }

    /// The letters of what the client can do (CLIENT CAPA).
    public var capabilityLetters: String { flags.contains(.redirectable) ? "r" : "" }
}
