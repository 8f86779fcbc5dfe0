import Engine
import Keyspace
import Primitives
import RESP

extension Strings {
    static var getDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "get", arity: 2, [.readonly, .fast], .string, keys: [.key(1, [.readOnly, .access])],
                group: .string, since: "1.0.0", summary: "Returns the string stored under a key.", syntax: "key", get),
            CommandDeclaration(
                "getdel", arity: 2, [.write, .fast], .string, keys: [.key(1, [.readWrite, .access, .delete])],
                group: .string, since: "6.2.0", summary: "Returns the string of a key and deletes the key.",
                syntax: "key", getdel),
            CommandDeclaration(
                "getex", arity: -2, [.write, .fast], .string,
                keys: [
                    .key(1, [.readWrite, .access, .update], notes: "RW and UPDATE because it changes the TTL")
                ],
                group: .string, since: "6.2.0", summary: "Returns the string of a key and may change when it expires.",
                syntax: """
                    key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | \
                    PERSIST]
                    """, getex),
        ]
    }

    static func get(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        if let entry = try context.stringForReading(arguments[1]) {
            context.reply(string: entry)
        } else {
            context.reply.null()
        }
        return .done
    }

    static func getdel(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.slotForReading(key, .string)
        guard let entry = slot.entry else {
            context.reply.null()
            return .done
        }
        context.reply(string: entry)
        delete(key, slot, &context)
        return .done
    }

    static func getex(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let change = try GetExpiryChange(arguments)
        let key = arguments[1]
        let slot = try context.slotForReading(key, .string)
        guard let entry = slot.entry else {
            context.reply.null()
            return .done
        }
        switch change {
        case .none:
            context.reply(string: entry)
        case .persist:
            context.reply(string: entry)
            guard entry.hasExpiry else { break }
            context.setExpiry(entry, slot, nil)
            context.keyModified(key, KeyEvent("persist", .generic))
            context.effects.begin(2)
            context.effects.word("PERSIST")
            context.effects.word(key)
        case .expire(let option):
            let moment = try option.moment(arguments, in: "getex", &context)
            context.reply(string: entry)
            guard moment > context.now else {
                context.removeAsPast(key, slot)
                break
            }
            context.setExpiry(entry, slot, moment)
            context.keyModified(key, KeyEvent("expire", .generic))
            context.effects.begin(3)
            context.effects.word("PEXPIREAT")
            context.effects.word(key)
            context.effects.word(moment)
        }
        return .done
    }
}

/// What GETEX does to the expiry of its key.
private enum GetExpiryChange {
    case none
    case persist
    case expire(ExpiryArgument)

    init(_ arguments: borrowing Arguments) throws(CommandError) {
        self = .none
        var index = 2
        while index < arguments.count {
            if arguments[index].matches("PERSIST") {
                if case .expire = self { throw .syntax }
                self = .persist
                index += 1
            } else if let option = ExpiryArgument(arguments, at: index) {
                switch self {
                case .none: break
                case .persist: throw .syntax
                case .expire(let earlier): guard option.mayFollow(earlier) else { throw .syntax }
                }
                self = .expire(option)
                index += 2
            } else {
                throw .syntax
            }
        }
    }
}
