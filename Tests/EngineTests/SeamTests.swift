import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport
import Commands

/// Throwaway commands of the kinds that later issues bring, to prove that the
/// handler signature and the execution unit hold them.
private enum Throwaway {
    static var declarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "multi", arity: 1, [.fast, .immediate], .transaction, group: .transactions, since: "1.2.0",
                summary: "Starts a transaction.", multi),
            CommandDeclaration(
                "exec", arity: 1, [.immediate], .transaction, group: .transactions, since: "1.2.0",
                summary: "Runs a transaction.", exec),
            CommandDeclaration(
                "blpop", arity: 3, [.write, .blocking], .list, keys: [.key(1, [.readWrite, .access, .delete])],
                group: .list, since: "2.0.0", summary: "Takes a value or waits for one.", blockingTake),
        ]
    }

    static func multi(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        context.session.transaction = Box(Transaction())
        context.reply.ok()
        return .done
    }

    static func exec(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard context.session.hasTransaction else { throw context.failure("ERR EXEC without MULTI") }
        return .executeTransaction
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

@Suite struct SeamTests {
    let server = TestServer(declarations: Families.all + Throwaway.declarations)

    @Test func getAndSet() {
        let client = server.connect()
        #expect(client("GET", "k") == nil)
        #expect(client("SET", "k", "v") == "OK")
        #expect(client("GET", "k") == "v")
    }

    @Test func transactionIsOneUnit() {
        let client = server.connect()
        server.recordEffects()
        #expect(client("MULTI") == "OK")
        #expect(client("SET", "a", "1") == "QUEUED")
        #expect(client("SET", "b", "2") == "QUEUED")
        #expect(client("EXEC") == ["OK", "OK"])
        #expect(server.takeEffects() == [["SELECT", "0"], ["MULTI"], ["SET", "a", "1"], ["SET", "b", "2"], ["EXEC"]])
    }

    @Test func unknownCommandAbortsTransaction() {
        let client = server.connect()
        client("MULTI")
        #expect(client("NOSUCH") == .error("ERR unknown command 'NOSUCH', with args beginning with: "))
        #expect(client("EXEC") == .error("EXECABORT Transaction discarded because of previous errors."))
        #expect(client("EXEC") == .error("ERR EXEC without MULTI"))
    }

    @Test func blockedClientIsServedInOrder() {
        let first = server.connect()
        let second = server.connect()
        let writer = server.connect()
        #expect(first("BLPOP", "k", "0") == .none)
        #expect(second("BLPOP", "k", "0") == .none)
        server.recordEffects()
        #expect(writer("SET", "k", "1") == "OK")
        #expect(first.nextReply() == ["k", "1"])
        #expect(second.nextReply() == .none)
        writer("SET", "k", "2")
        #expect(second.nextReply() == ["k", "2"])
        #expect(writer("GET", "k") == nil)
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["SET", "k", "1"], ["DEL", "k"], ["SET", "k", "2"], ["DEL", "k"],
        ])
    }

    /// A waiter is served between the commands of a pipeline, as its reply and its effects show.
    @Test func blockedClientIsServedBeforeTheNextCommandOfAPipeline() {
        let waiter = server.connect()
        let writer = server.connect()
        #expect(waiter("BLPOP", "k", "0") == .none)
        server.recordEffects()
        let set1 = TestClient.encode([[UInt8]("SET"), [UInt8]("k"), [UInt8]("1")])
        let set2 = TestClient.encode([[UInt8]("SET"), [UInt8]("k"), [UInt8]("2")])
        let get = TestClient.encode([[UInt8]("GET"), [UInt8]("k")])
        writer.send(set1 + set2 + get)
        #expect(writer.nextReply() == "OK")
        #expect(writer.nextReply() == "OK")
        #expect(writer.nextReply() == "2")
        #expect(waiter.nextReply() == ["k", "1"])
        #expect(server.takeEffects() == [["SELECT", "0"], ["SET", "k", "1"], ["DEL", "k"], ["SET", "k", "2"]])
    }

    @Test func blockedClientTimesOutAndGoesOn() {
        let client = server.connect()
        #expect(client("BLPOP", "k", "5") == .none)
        // What it pipelined behind waits with it.
        #expect(client("SET", "x", "1") == .none)
        server.advance(milliseconds: 5001)
        server.cycle()
        #expect(client.nextReply() == nil)
        #expect(client.nextReply() == "OK")
    }

    @Test func vanishedClientIsForgotten() {
        let client = server.connect()
        let writer = server.connect()
        client("BLPOP", "k", "0")
        client.disconnect()
        writer("SET", "k", "v")
        #expect(writer("GET", "k") == "v")
    }
}
