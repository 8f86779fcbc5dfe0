import Commands
import Engine
import Keyspace
import Primitives
import RESP
import TestSupport

/// What these transcripts need and other families bring: a way into another
/// database, a session that leaves no trace, a way to begin and end a transaction.
enum KeysFixture {
    static var declarations: [CommandDeclaration] {
        Families.all + [
            CommandDeclaration(
                "test.select", arity: 2, [.fast], group: .connection, since: "0", summary: "Selects a database.", select),
            CommandDeclaration(
                "test.notouch", arity: 1, [.fast], group: .connection, since: "0", summary: "Leaves no trace.", noTouch),
            CommandDeclaration(
                "test.multi", arity: 1, [.fast, .immediate], group: .transactions, since: "0",
                summary: "Begins a transaction.", multi),
            CommandDeclaration(
                "test.exec", arity: 1, [.immediate], group: .transactions, since: "0", summary: "Ends a transaction.", exec),
        ]
    }

    static func server(
        partitionCount: Int = 1, seed: UInt64 = 1, configure: (inout Configuration) -> Void = { _ in }
    ) -> TestServer {
        TestServer(seed: seed, partitionCount: partitionCount, declarations: declarations, configure: configure)
    }

    private static func select(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.session.database = try context.databaseIndex(arguments[1], notInteger: .notInteger)
        context.reply.ok()
        return .done
    }

    private static func noTouch(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.session.flags.insert(.noTouch)
        context.reply.ok()
        return .done
    }

    private static func multi(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.session.transaction = Box(Transaction())
        context.reply.ok()
        return .done
    }

    private static func exec(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome { .executeTransaction }
}

extension TestServer {
    /// Events since the last call, as "name key@database".
    func takeEvents() -> [String] {
        engine.takeNotices().map { "\($0.event.name) \(String(decoding: $0.key, as: UTF8.self))@\($0.database.value)" }
    }
}
