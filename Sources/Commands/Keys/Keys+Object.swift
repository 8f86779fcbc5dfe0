import Engine
import Keyspace
import Primitives
import RESP

extension Keys {
    static var objectDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                container: "object", group: .generic, since: "2.2.3", summary: "Tells how a value is kept.",
                subcommands: [
                    CommandDeclaration(
                        "encoding", arity: 3, [.readonly], .keyspace, keys: [.key(2, .readOnly)], group: .generic,
                        since: "2.2.3", summary: "Names the representation of a value.", syntax: "key",
                        tips: ["nondeterministic_output"], objectEncoding),
                    CommandDeclaration(
                        "freq", arity: 3, [.readonly], .keyspace, keys: [.key(2, .readOnly)], group: .generic,
                        since: "4.0.0", summary: "Returns the counter of a key's uses.", syntax: "key",
                        tips: ["nondeterministic_output"], objectFrequency),
                    CommandDeclaration(
                        "idletime", arity: 3, [.readonly], .keyspace, keys: [.key(2, .readOnly)], group: .generic,
                        since: "2.2.3", summary: "Returns the seconds since a key was last used.", syntax: "key",
                        tips: ["nondeterministic_output"], objectIdleTime),
                    CommandDeclaration(
                        "refcount", arity: 3, [.readonly], .keyspace, keys: [.key(2, .readOnly)], group: .generic,
                        since: "2.2.3", summary: "Returns how many owners a value has.", syntax: "key",
                        tips: ["nondeterministic_output"], objectOwners),
                    CommandDeclaration(
                        "help", arity: 2, [.loading, .stale], .keyspace, group: .generic, since: "6.2.0",
                        summary: "Describes the subcommands.", objectHelp),
                ])
        ]
    }

    static func objectEncoding(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        if let entry = context.lookupUntouched(arguments[2], tellsMiss: false) {
            context.reply.bulk(entry.encoding.name)
        } else {
            context.reply.null()
        }
        return .done
    }

    static func objectFrequency(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let entry = context.lookupUntouched(arguments[2], tellsMiss: false) else {
            context.reply.null()
            return .done
        }
        guard case .frequency(let decayMinutes, _) = context.configuration.accessPolicy else {
            throw context.failure(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
                    + "switching between policies at runtime LRU and LFU data will take some time to adjust.")
        }
        context.reply.integer(Int(entry.access.frequency(at: context.now, decayMinutes: decayMinutes)))
        return .done
    }

    static func objectIdleTime(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let entry = context.lookupUntouched(arguments[2], tellsMiss: false) else {
            context.reply.null()
            return .done
        }
        guard !context.configuration.maximumMemoryPolicy.isFrequency else {
            throw context.failure(
                "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
                    + "switching between policies at runtime LRU and LFU data will take some time to adjust.")
        }
        context.reply.integer(entry.access.idleSeconds(at: context.now))
        return .done
    }

    /// Values are not shared here. Small integers are in Redis, and answer
    /// this number, by which some clients recognise them; unless their uses count for eviction.
    static func objectOwners(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let entry = context.lookupUntouched(arguments[2], tellsMiss: false) else {
            context.reply.null()
            return .done
        }
        let countsUses = context.configuration.maximumMemory > 0 && context.configuration.maximumMemoryPolicy.readsAccess
        let isShared = !countsUses && entry.isString && entry.integer.map { (0..<10_000).contains($0) } ?? false
        context.reply.integer(isShared ? Int64(Int32.max) : 1)
        return .done
    }

    private static var objectHelpLines: [StaticString] {
        [
            "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "ENCODING <key>",
            "    Name the representation in which the value",
            "    of <key> is kept.",
            "FREQ <key>",
            "    Return the counter of uses of <key>, which grows with",
            "    the logarithm of how often it was used of late.",
            "IDLETIME <key>",
            "    Return about how many seconds ago <key>",
            "    was last used.",
            "REFCOUNT <key>",
            "    Return how many owners the value of <key>",
            "    has.",
            "HELP",
            "    Print this help.",
        ]
    }

    static func objectHelp(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let lines = objectHelpLines
        context.reply.array(lines.count)
        for line in lines { context.reply.simple(line) }
        return .done
    }
}
