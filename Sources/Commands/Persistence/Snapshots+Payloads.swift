import Engine
import Keyspace
import Persistence
import Primitives
import RESP

extension Snapshots {
    static var payloads: [CommandDeclaration] {
        [
            CommandDeclaration(
                "dump", arity: 2, [.readonly], .keyspace, keys: [.key(1, [.readOnly, .access])], group: .generic,
                since: "2.6.0",
                complexity: "O(1) to find the key, O(N*M) to write N elements of M bytes.",
                summary: "Returns the value of a key as bytes that RESTORE takes.", syntax: "key",
                tips: ["nondeterministic_output"], dumpKey),
            restoreDeclaration("restore", since: "2.6.0", isInternal: false),
            restoreDeclaration("restore-asking", since: "3.0.0", isInternal: true),
        ]
    }

    private static func restoreDeclaration(
        _ name: StaticString, since: StaticString, isInternal: Bool
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: -4, isInternal ? [.write, .denyOOM, .asking] : [.write, .denyOOM], [.keyspace, .dangerous],
            keys: [.key(1, [.overwrite, .update])], group: isInternal ? .server : .generic, since: since,
            complexity: "O(1) to create the key, O(N*M) to make N elements of M bytes; O(N*M*log(N)) for sorted sets.",
            summary: isInternal ? "The RESTORE of a cluster's MIGRATE." : "Creates a key from what DUMP returned.",
            syntax: "key ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] [FREQ frequency=integer@5.0.0]",
            history: ["3.0.0": "REPLACE.", "5.0.0": "ABSTTL.", "5.0.0": "IDLETIME and FREQ."],
            isInternal: isInternal, restore)
    }

    private static func dumpKey(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let entry = context.lookupRead(arguments[1]).entry else {
            context.reply.null()
            return .done
        }
        let payload = Payload.make(
            from: entry, dialect: context.snapshotDialect, compresses: context.configuration.persistence.compresses)
        context.reply.bulk(payload.bytes)
        return .done
    }

    /// The words behind the payload.
    private struct RestoreOptions {
        var replaces = false
        var isAbsolute = false
        var idleSeconds: Int64?
        var frequency: UInt8?

        init(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
            var index = 4
            while index < arguments.count {
                let word = arguments[index]
                let hasMore = index + 1 < arguments.count
                if word.matches("REPLACE") {
                    replaces = true
                } else if word.matches("ABSTTL") {
                    isAbsolute = true
                } else if word.matches("IDLETIME"), hasMore, frequency == nil {
                    idleSeconds = try context.integer(arguments[index + 1]).value
                    guard let idleSeconds, idleSeconds >= 0 else {
                        throw context.failure("ERR Invalid IDLETIME value, must be >= 0")
                    }
                    index += 1
                } else if word.matches("FREQ"), hasMore, idleSeconds == nil {
                    let value = try context.integer(arguments[index + 1]).value
                    guard let frequency = UInt8(exactly: value) else {
                        throw context.failure("ERR Invalid FREQ value, must be >= 0 and <= 255")
                    }
                    self.frequency = frequency
                    index += 1
                } else {
                    throw .syntax
                }
                index += 1
            }
        }
    }

    private static func restore(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let options = try RestoreOptions(arguments, &context)
        let key = arguments[1]
        let slot = context.lookupWrite(key)
        guard options.replaces || slot.entry == nil else {
            throw context.failure("BUSYKEY Target key name already exists.")
        }
        let lifetime = try context.integer(arguments[2]).value
        guard lifetime >= 0 else { throw context.failure("ERR Invalid TTL value, must be >= 0") }
        guard Payload.hasValidFooter(arguments[3], acceptsAnySum: context.host.debug.skipsChecksums) else {
            throw context.failure("ERR DUMP payload version or checksum are wrong")
        }
        var expiry: Milliseconds?
        if lifetime > 0 {
            expiry = options.isAbsolute ? lifetime : context.presentTime.addingReportingOverflow(lifetime).partialValue
            if !options.isAbsolute, lifetime > Int64.max - context.presentTime { throw context.failure("ERR Invalid TTL value, must be >= 0") }
        }
        let isPast = expiry.map { $0 <= context.now } ?? false
        if isPast { return try restorePast(&context, slot, arguments, key) }
        let old = slot.entry?.type
        guard context.restore(arguments[3], at: key, slot, expiry, access(options, context)) else {
            throw context.failure("ERR Bad data format")
        }
        context.keyModified(key, KeyEvent("restore", .generic))
        context.noticeReplacement(key, old, slot.database)
        propagate(&context, arguments, expiry)
        context.reply.ok()
        return .done
    }

    /// A value whose time is over already takes no place: what was there goes.
    private static func restorePast(
        _ context: inout CommandContext, _ slot: KeySlot, _ arguments: borrowing Arguments, _ key: RawSpan
    ) throws(CommandError) -> Outcome {
        guard context.isRestorable(arguments[3]) else { throw context.failure("ERR Bad data format") }
        if slot.entry != nil { context.removeAsPast(key, slot) } else { context.effects.suppress() }
        context.reply.ok()
        return .done
    }

    private static func access(_ options: RestoreOptions, _ context: borrowing CommandContext) -> AccessBits {
        switch context.configuration.accessPolicy {
        case .frequency:
            if let frequency = options.frequency { return AccessBits(frequencyAt: context.presentTime, counter: frequency) }
        case .recency, .modification:
            if let idle = options.idleSeconds {
                return AccessBits(seconds: max(0, context.presentTime - min(idle, 1 << 32) * 1000))
            }
        }
        return context.freshAccess
    }

    /// As it came, but with a moment instead of a span.
    private static func propagate(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, _ expiry: Milliseconds?
    ) {
        var hasMoment = expiry == nil
        for index in 4..<arguments.count where arguments[index].matches("ABSTTL") { hasMoment = true }
        guard !hasMoment, let expiry else { return }
        context.effects.begin(arguments.count + 1)
        for index in 0..<arguments.count {
            if index == 2 { context.effects.word(expiry) } else { context.effects.word(arguments[index]) }
        }
        context.effects.word("ABSTTL")
    }
}
