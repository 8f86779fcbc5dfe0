import Engine
import Keyspace
import Primitives
import RESP

/// Commands on keys, whatever they hold, and on whole databases.
public enum Keys {
    public static var declarations: [CommandDeclaration] {
        lifetimeDeclarations + lifetimeReadingDeclarations + removalDeclarations + lookDeclarations
            + movingDeclarations + iterationDeclarations + flushDeclarations + objectDeclarations
    }

    /// The database that a client's number names, with the errors of a C `int`.
    static func database(
        _ context: inout CommandContext, _ word: RawSpan
    ) throws(CommandError) -> DatabaseIndex {
        guard let number = word.canonicalInteger else { throw .notInteger }
        guard Int32(exactly: number) != nil else {
            throw context.failure("ERR value is out of range, value must between -2147483648 and 2147483647")
        }
        return try context.databaseIndex(word, notInteger: .notInteger)
    }

    /// What commands answer that would give a key its own value.
    static func sameObject(_ context: inout CommandContext) -> CommandError {
        context.failure("ERR source and destination objects are the same")
    }
}
