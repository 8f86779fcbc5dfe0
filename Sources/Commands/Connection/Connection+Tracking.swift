// CLIENT TRACKING and its kin: clients that keep copies of what they have read.

import Engine
import Primitives
import RESP

extension Connection {
    static var clientTrackings: [CommandDeclaration] {
        [
            CommandDeclaration(
                "tracking", arity: -3, flags, .connection, group: .connection, since: "6.0.0",
                complexity: "O(1), options aside", summary: "Switches on or off that the client is told of changed keys.",
                syntax: """
                    <status: ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] \
                    [NOLOOP]
                    """, clientTracking),
            CommandDeclaration(
                "caching", arity: 3, flags, .connection, group: .connection, since: "6.0.0",
                summary: "Tells whether the keys of the next command are tracked.", syntax: "<mode: YES | NO>",
                clientCaching),
            CommandDeclaration(
                "getredir", arity: 2, flags, .connection, group: .connection, since: "6.0.0",
                summary: "Tells which client is told of changed keys in place of this one.", clientGetRedirection),
            CommandDeclaration(
                "trackinginfo", arity: 2, flags, .connection, group: .connection, since: "6.2.0",
                summary: "Tells how the client is told of changed keys.", clientTrackingInfo),
        ]
    }

    /// The options of CLIENT TRACKING.
    private struct TrackingRequest {
        var options: TrackingOptions = []
        var redirection: Int64 = 0
        var prefixes: [[UInt8]] = []

        mutating func read(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) {
            var next = 3
            while next < arguments.count {
                let hasValue = next + 1 < arguments.count
                if arguments[next].matches("redirect"), hasValue {
                    guard redirection == 0 else {
                        throw context.failure("ERR A client can only redirect to a single other client")
                    }
                    redirection = try context.integer(arguments[next + 1]).value
                    guard context.clients.find(number: redirection) != nil else {
                        throw context.failure("ERR The client ID you want redirect to does not exist")
                    }
                    next += 1
                } else if arguments[next].matches("prefix"), hasValue {
                    prefixes.append(arguments[next + 1].array)
                    next += 1
                } else if arguments[next].matches("bcast") {
                    options.insert(.broadcast)
                } else if arguments[next].matches("optin") {
                    options.insert(.optIn)
                } else if arguments[next].matches("optout") {
                    options.insert(.optOut)
                } else if arguments[next].matches("noloop") {
                    options.insert(.noLoop)
                } else {
                    throw .syntax
                }
                next += 1
            }
        }

        /// Refuses what does not go together, or with what holds already.
        func check(_ context: inout CommandContext) throws(CommandError) {
            guard prefixes.isEmpty || options.contains(.broadcast) else {
                throw context.failure("ERR PREFIX option requires BCAST mode to be enabled")
            }
            let again = "before disabling tracking for this client, and then re-enabling it with a different mode."
            let isTracking = context.session.flags.contains(.tracking)
            let present = context.session.tracking.options
            if isTracking, present.contains(.broadcast) != options.contains(.broadcast) {
                throw context.failure("ERR You can't switch BCAST mode on/off " + again)
            }
            if options.contains(.broadcast), !options.isDisjoint(with: [.optIn, .optOut]) {
                throw context.failure("ERR OPTIN and OPTOUT are not compatible with BCAST")
            }
            if options.isSuperset(of: [.optIn, .optOut]) {
                throw context.failure("ERR You can't specify both OPTIN mode and OPTOUT mode")
            }
            if isTracking, options.contains(.optIn) && present.contains(.optOut)
                || options.contains(.optOut) && present.contains(.optIn) {
                throw context.failure("ERR You can't switch OPTIN/OPTOUT mode " + again)
            }
            try checkPrefixes(&context)
        }

        private func checkPrefixes(_ context: inout CommandContext) throws(CommandError) {
            for (index, prefix) in prefixes.enumerated() {
                for other in context.session.tracking.prefixes where prefix.starts(with: other) || other.starts(with: prefix) {
                    throw overlap(prefix, "an existing prefix", other, &context)
                }
                for other in prefixes[(index + 1)...] where prefix.starts(with: other) || other.starts(with: prefix) {
                    throw overlap(prefix, "another provided prefix", other, &context)
                }
            }
        }

        private func overlap(
            _ prefix: [UInt8], _ kind: String, _ other: [UInt8], _ context: inout CommandContext
        ) -> CommandError {
            let text = [UInt8]("ERR Prefix '") + prefix + [UInt8]("' overlaps with \(kind) '") + other
            return context.failure(bytes: text + [UInt8]("'. Prefixes for a single client must not overlap."))
        }
    }

    static func clientTracking(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var request = TrackingRequest()
        try request.read(&context, arguments)
        if arguments[2].matches("on") {
            try request.check(&context)
            let prefixes = request.options.contains(.broadcast) && request.prefixes.isEmpty ? [[]] : request.prefixes
            context.startTracking(request.options, redirection: request.redirection, prefixes: prefixes)
        } else if arguments[2].matches("off") {
            context.stopTracking()
        } else {
            throw .syntax
        }
        context.reply.ok()
        return .done
    }

    static func clientCaching(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let options = context.session.tracking.options
        guard context.session.flags.contains(.tracking), !options.isDisjoint(with: [.optIn, .optOut]) else {
            throw context.failure(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
        }
        if arguments[2].matches("yes") {
            guard options.contains(.optIn) else {
                throw context.failure("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
        } else if arguments[2].matches("no") {
            guard options.contains(.optOut) else {
                throw context.failure("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
        } else {
            throw .syntax
        }
        context.reverseTrackingOfNextCommand()
        context.reply.ok()
        return .done
    }

    static func clientGetRedirection(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.session.trackingRedirection)
        return .done
    }

    static func clientTrackingInfo(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let tracking = context.session.tracking
        var flags: [StaticString] = [context.session.flags.contains(.tracking) ? "on" : "off"]
        if tracking.options.contains(.broadcast) { flags.append("bcast") }
        if tracking.options.contains(.optIn) { flags += tracking.isNextCommandOther ? ["optin", "caching-yes"] : ["optin"] }
        if tracking.options.contains(.optOut) { flags += tracking.isNextCommandOther ? ["optout", "caching-no"] : ["optout"] }
        if tracking.options.contains(.noLoop) { flags.append("noloop") }
        if tracking.isRedirectionBroken { flags.append("broken_redirect") }
        let redirection = context.session.trackingRedirection
        context.reply.map(3)
        context.reply.bulk("flags")
        context.reply.set(flags.count)
        for flag in flags { context.reply.bulk(flag) }
        context.reply.bulk("redirect")
        context.reply.integer(redirection)
        context.reply.bulk("prefixes")
        context.reply.array(tracking.prefixes.count)
        for prefix in tracking.prefixes { context.reply.bulk(prefix) }
        return .done
    }
}
