import Engine
import Keyspace
import Primitives
import RESP

extension Strings {
    static func get(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        if let entry = try context.stringForReading(arguments[1]) {
            context.reply(string: entry)
        } else {
            context.reply.null()
        }
        return .done
    }
}
