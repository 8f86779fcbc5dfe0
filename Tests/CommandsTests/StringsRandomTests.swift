import Commands
import Engine
import Keyspace
import Primitives
import RESP
import TestSupport
import Testing

/// The commands that effects consist of and that other families own, where they are not there yet.
private enum Replayed {
    static var declarations: [CommandDeclaration] {
        let all: [CommandDeclaration] = [
            declare("del", arity: -2) { context, arguments in
                let slot = context.lookupWrite(arguments[1])
                if slot.entry != nil { context.remove(arguments[1], slot) }
            },
            declare("unlink", arity: -2) { context, arguments in
                let slot = context.lookupWrite(arguments[1])
                if slot.entry != nil { context.remove(arguments[1], slot) }
            },
            declare("persist", arity: 2) { context, arguments in
                let slot = context.lookupWrite(arguments[1])
                if let entry = slot.entry { context.setExpiry(entry, slot, nil) }
            },
            declare("pexpireat", arity: -3) { context, arguments in
                let slot = context.lookupWrite(arguments[1])
                if let entry = slot.entry { context.setExpiry(entry, slot, arguments[2].canonicalInteger) }
            },
            declare("select", arity: 2) { _, _ in },
            declare("multi", arity: 1) { _, _ in },
            declare("exec", arity: 1) { _, _ in },
        ]
        let known = Set(Families.all.map { "\($0.name)" })
        return Families.all + all.filter { !known.contains("\($0.name)") }
    }

    private static func declare(
        _ name: StaticString, arity: Int,
        _ body: @escaping @Sendable (inout CommandContext, borrowing Arguments) -> Void
    ) -> CommandDeclaration {
        CommandDeclaration(name, arity: arity, [.write], group: .generic, since: "1.0.0", summary: "") { context, arguments in
            body(&context, arguments)
            context.reply.ok()
            return .done
        }
    }
}

/// Whatever happened, whoever replays the effects has the same strings and expiries.
@Suite struct StringsRandomTests {
    @Test(arguments: 1...8)
    func effectsReplay(_ seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let original = TestServer(seed: seed)
        let copy = TestServer(seed: ~seed, declarations: Replayed.declarations)
        original.recordEffects()
        let client = original.connect()
        let replica = copy.connect()
        for step in 0..<3000 {
            let command = random.below(3) == 0 ? StringGenerator.newer(&random) : StringGenerator.command(&random)
            if client.run(command) == .none { Issue.record("no reply to \(command)") }
            guard step % 50 == 49 else { continue }
            original.advance(milliseconds: 1000)
            copy.advance(milliseconds: 1000)
            original.cycle()
            copy.cycle()
            replica.send(original.engine.context.journal.takePending().array)
            while true {
                let reply = replica.nextReply()
                if reply == .none { break }
                if case .error(let text) = reply { Issue.record("an effect failed: \(text)") }
            }
            for key in StringGenerator.keys {
                #expect(client.run([[UInt8]("GET"), key]) == replica.run([[UInt8]("GET"), key]))
                let mine = original.engine.context.lookupWrite(key.rawSpan).entry?.expiry
                let theirs = copy.engine.context.lookupWrite(key.rawSpan).entry?.expiry
                #expect(mine == theirs)
            }
        }
    }
}
