import Engine
import Keyspace
import Primitives
import RESP

/// A blocking command on strings, for tests of the engine's mechanism.
public enum SampleBlocking {
    public static var declarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "btake", arity: 3, [.write, .blocking], .list, keys: [.key(1, [.readWrite, .access, .delete])],
                group: .list, since: "2.0.0", summary: "Takes a value or waits for one.", blockingTake),
        ]
    }

    /// Takes the string at the key, or waits until there is one.
    static func blockingTake(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = try context.stringForWriting(key)
        guard let entry = slot.entry else {
            let timeout = try context.integer(arguments[2])
            context.wait(
                for: [key.array], until: timeout.value == 0 ? nil : context.now + timeout.value * 1000, .nullArray)
            return .block
        }
        context.reply.array(2)
        context.reply.bulk(key)
        context.reply(string: entry)
        context.remove(key, slot)
        context.keyModified(key, KeyEvent("del", .generic))
        context.effects.begin(2)
        context.effects.word("DEL")
        context.effects.word(key)
        return .done
    }
}
