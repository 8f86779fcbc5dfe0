// CLIENT KILL and UNBLOCK: what one client may do to others.

import Engine
import Primitives
import RESP

extension Connection {
    static func clientKill(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count > 3 else {
            var filter = ClientFilter()
            filter.address = arguments[2].array
            filter.sparesServed = false
            guard kill(filter, &context) > 0 else { throw context.failure("ERR No such client") }
            context.reply.ok()
            return .done
        }
        let filter = try ClientFilter(arguments, &context)
        let killed = kill(filter, &context)
        context.reply.integer(killed)
        return .done
    }

    private static func kill(_ filter: ClientFilter, _ context: inout CommandContext) -> Int {
        let served = context.session.id
        let now = context.now
        var found: [SessionID] = []
        context.forEachSession { session in
            if filter.matches(session, served: served, now: now) { found.append(session.id) }
        }
        for id in found { context.endConnection(id) }
        return found.count
    }

    static func clientUnblock(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var how = Unblocking.timeout
        // Words beyond the reason are not looked at, nor is the reason then; so do the peers.
        if arguments.count == 4 {
            if arguments[3].matches("error") {
                how = .error
            } else if !arguments[3].matches("timeout") {
                throw context.failure("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        }
        let number = try context.integer(arguments[2]).value
        let id = context.clients.find(number: number)
        let isWoken = id.map { context.unblock($0, how) } ?? false
        context.reply.flag(isWoken)
        return .done
    }
}

/// Which clients CLIENT KILL means: those that pass every filter given.
private struct ClientFilter {
    var number: Int64?
    var type: ClientType?
    var address: [UInt8]?
    var localAddress: [UInt8]?
    var user: [UInt8]?
    var minimumAge: Int64?
    var sparesServed = true

    init() {}

    init(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
        var next = 2
        while next < arguments.count {
            guard next + 1 < arguments.count else { throw .syntax }
            let option = arguments[next]
            let value = arguments[next + 1]
            if option.matches("id") {
                number = value.canonicalInteger
                guard let number, number > 0 else {
                    throw context.failure("ERR client-id should be greater than 0")
                }
            } else if option.matches("type") {
                type = try ClientType.parse(value, &context)
            } else if option.matches("addr") {
                address = value.array
            } else if option.matches("laddr") {
                localAddress = value.array
            } else if option.matches("user") {
                guard value.equals(RawSpan(literal: "default")) else {
                    throw context.failure("ERR No such user '", quoting: value)
                }
                user = value.array
            } else if option.matches("maxage") {
                minimumAge = try Self.age(value, &context)
            } else if option.matches("skipme") {
                guard value.matches("yes") || value.matches("no") else { throw .syntax }
                sparesServed = value.matches("yes")
            } else {
                throw .syntax
            }
            next += 2
        }
    }

    private static func age(_ word: RawSpan, _ context: inout CommandContext) throws(CommandError) -> Int64 {
        guard let age = word.canonicalInteger else {
            throw context.failure("ERR maxage is not an integer or out of range")
        }
        guard age > 0 else { throw context.failure("ERR maxage should be greater than 0") }
        return age
    }

    func matches(_ session: borrowing Session, served: SessionID, now: Milliseconds) -> Bool {
        let identity = session.identity
        if sparesServed, session.id == served { return false }
        if let number, identity.number != number { return false }
        if let type, ClientType.of(session) != type { return false }
        if let address, [UInt8](identity.peer.address) != address { return false }
        if let localAddress, [UInt8](identity.peer.localAddress) != localAddress { return false }
        if let user, identity.user != user { return false }
        if let minimumAge, max(0, now - identity.created) / 1000 < minimumAge { return false }
        return true
    }
}
