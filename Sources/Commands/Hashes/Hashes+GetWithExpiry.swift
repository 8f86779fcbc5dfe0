import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var getWithExpiryDeclarations: [CommandDeclaration] {
        [
            writer(
                "hgetex", arity: -5, flags: [.write, .fast], [.readWrite, .access, .update], since: "8.0.0",
                complexity: "O(N) for N fields", summary: "Returns the values of fields and may change when they expire.",
                syntax: """
                    key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] \
                    FIELDS numfields field [field ...]
                    """, hgetex)
        ]
    }

    /// What HGETEX does with the expiry of fields.
    private enum Renewal {
        case none
        case persist
        case at(Milliseconds)
    }

    static func hgetex(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        var slot = try context.slotForWriting(key, .hash)
        var renewal = Renewal.none
        var index = 2
        if arguments[2].matches("PERSIST") {
            renewal = .persist
            index = 3
        } else if let spelling = ExpirySpelling(option: arguments[2]) {
            renewal = .at(try spelling.fieldMoment(arguments[3], in: "hgetex", &context))
            index = 4
        }
        let names = try FieldNames(&context, arguments, at: index)
        context.countRead(key, slot)
        context.reply.array(names.count)
        var expired: [Int] = []
        switch renewal {
        case .none:
            for field in names.range { context.replyField(&slot, field, arguments, &expired) }
            context.noticeExpired(expired, of: key, arguments)
        case .persist: persist(&context, &slot, names, arguments)
        case .at(let moment):
            let future = moment > context.now ? moment : nil
            var changed: [Int] = []
            for field in names.range where context.replyField(&slot, field, arguments, &expired) {
                setExpiry(&context, &slot, arguments[field], future)
                changed.append(field)
            }
            context.noticeExpired(expired, of: key, arguments)
            noteExpiry(&context, changed, future, arguments)
        }
        context.removeIfEmpty(key, &slot)
        return .done
    }

    private static func persist(
        _ context: inout CommandContext, _ slot: inout KeySlot, _ names: FieldNames, _ arguments: borrowing Arguments
    ) {
        var changed: [Int] = []
        var expired: [Int] = []
        for field in names.range where context.replyField(&slot, field, arguments, &expired) {
            guard slot.entry?.fieldExpiry(arguments[field], at: context.now).expiry != nil else { continue }
            context.setFieldExpiry(&slot, arguments[field], nil)
            changed.append(field)
        }
        context.noticeExpired(expired, of: arguments[1], arguments)
        guard !changed.isEmpty else { return }
        context.keyModified(arguments[1], KeyEvent("hpersist", .hash), .words(changed), arguments)
        context.propagatePersistence(of: changed, arguments)
    }
}
