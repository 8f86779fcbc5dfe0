import Engine
import Keyspace
import Primitives
import RESP

/// Commands on strings.
public enum Strings {
    public static var declarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "get", arity: 2, [.readonly, .fast], .string, keys: [.key(1, [.readOnly, .access])],
                group: .string, since: "1.0.0", summary: "Returns the string value of a key.", syntax: "key", get),
            CommandDeclaration(
                "set", arity: -3, [.write, .denyOOM], .string, keys: [.key(1, [.readWrite, .access, .update, .variableFlags])],
                group: .string, since: "1.0.0", summary: "Sets the string value of a key.", syntax: "key value", set),
        ]
    }

    static func set(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let key = arguments[1]
        let slot = context.lookupWrite(key)
        context.setString(key, slot, argument: 2, of: arguments, .clear)
        context.keyModified(key, KeyEvent("set", .string))
        context.reply.ok()
        return .done
    }
}
