// Who is there, and in which dialect: AUTH and HELLO.

import Engine
import Primitives
import RESP

extension Connection {
    static var handshake: [CommandDeclaration] {
        let flags: CommandFlags = [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy]
        return [
            CommandDeclaration(
                "auth", arity: -2, flags, .connection, group: .connection, since: "1.0.0",
                complexity: "O(N) where N is the number of passwords of the user",
                summary: "Proves who the client is.", syntax: "[username@6.0.0] password",
                history: ["6.0.0": "A user's name before the password."], auth),
            CommandDeclaration(
                "hello", arity: -1, flags, .connection, group: .connection, since: "6.0.0",
                summary: "Chooses the protocol version and tells about the server.",
                syntax: "[arguments: protover [AUTH username password] [SETNAME clientname]]",
                history: [
                    "6.2.0": "The version may be left out.", "8.1.0": "availability_zone in the reply where it is set.",
                ], hello),
        ]
    }

    static func auth(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count <= 3 else { throw .syntax }
        for i in 1..<arguments.count { context.redact(i) }
        if arguments.count == 2 {
            guard !context.configuration.requiredPassword.isEmpty else {
                throw context.failure(
                    "ERR AUTH <password> called without any password configured for the default user. "
                        + "Are you sure your configuration is correct?")
            }
            try authenticate(&context, RawSpan(literal: "default"), arguments[1])
        } else {
            try authenticate(&context, arguments[1], arguments[2])
        }
        context.reply.ok()
        return .done
    }

    private static func authenticate(
        _ context: inout CommandContext, _ user: RawSpan, _ password: RawSpan
    ) throws(CommandError) {
        let required = context.configuration.requiredPassword
        guard user.equals(RawSpan(literal: "default")), required.isEmpty || isSame(password, required.rawSpan) else {
            throw context.failure("WRONGPASS invalid username-password pair or user is disabled.")
        }
        context.session.identity.user = user.array
        context.session.flags.insert(.authenticated)
    }

    /// Compares in a time that does not tell where the first difference is.
    private static func isSame(_ given: RawSpan, _ required: RawSpan) -> Bool {
        var difference = given.byteCount ^ required.byteCount
        for i in 0..<given.byteCount where required.byteCount > 0 {
            difference |= Int(given.byte(i) ^ required.byte(i % required.byteCount))
        }
        return difference == 0
    }

    static func hello(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let version = try helloVersion(&context, arguments)
        var credentials: Int?
        var name: Int?
        var next = 2
        while next < arguments.count {
            let following = arguments.count - 1 - next
            if arguments[next].matches("auth"), following >= 2 {
                context.redact(next + 1)
                context.redact(next + 2)
                credentials = next + 1
                context.redact(next + 1)
                context.redact(next + 2)
                next += 3
            } else if arguments[next].matches("setname"), following >= 1 {
                try checkName(arguments[next + 1], &context)
                name = next + 1
                next += 2
            } else {
                throw context.failure("ERR Syntax error in HELLO option '", quoting: arguments[next])
            }
        }
        if let credentials { try authenticate(&context, arguments[credentials], arguments[credentials + 1]) }
        guard context.session.flags.contains(.authenticated) else {
            throw context.failure(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                    + "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
                    + "version at the same time")
        }
        if let name { context.session.identity.name = arguments[name].array }
        context.session.version = version
        context.reply.version = version
        replyGreeting(&context)
        return .done
    }

    private static func helloVersion(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> ProtocolVersion {
        guard arguments.count > 1 else { return context.session.version }
        guard let number = arguments[1].canonicalInteger else {
            throw context.failure("ERR Protocol version is not an integer or out of range")
        }
        switch number {
        case 2: return .resp2
        case 3: return .resp3
        default: throw context.failure("NOPROTO unsupported protocol version")
        }
    }

    private static func replyGreeting(_ context: inout CommandContext) {
        let number = context.session.identity.number
        let version = context.session.version.rawValue
        context.reply.map(7)
        context.reply.bulk("server")
        context.reply.bulk(ServerIdentity.name)
        context.reply.bulk("version")
        context.reply.bulk(ServerIdentity.version)
        context.reply.bulk("proto")
        context.reply.integer(version)
        context.reply.bulk("id")
        context.reply.integer(number)
        context.reply.bulk("mode")
        context.reply.bulk("standalone")
        context.reply.bulk("role")
        context.reply.bulk("master")
        context.reply.bulk("modules")
        context.reply.array(0)
    }

    /// Names are shown in lines of words: only bytes from '!' to '~' fit there.
    static func isPlainWord(_ word: RawSpan) -> Bool {
        for i in 0..<word.byteCount where word.byte(i) < 33 || word.byte(i) > 126 { return false }
        return true
    }

    static func checkName(_ name: RawSpan, _ context: inout CommandContext) throws(CommandError) {
        guard isPlainWord(name) else {
            throw context.failure("ERR Client names cannot contain spaces, newlines or special characters.")
        }
    }
}
