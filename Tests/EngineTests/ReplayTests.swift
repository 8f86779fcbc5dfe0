import Commands
import Engine
import Keyspace
import Primitives
import RESP
import Testing
import TestSupport

/// Effects are what a replica or a file gets to see: replaying them must lead
/// to the same data, expiries included.
@Suite struct ReplayTests {
    private func check(seed: UInt64, partitions: Int, generators: [CommandGenerator], steps: Int) {
        var random = RandomGenerator(seed: seed)
        let primary = TestServer(seed: seed, partitionCount: partitions, declarations: Families.all)
        let replica = TestServer(seed: seed &+ 1000, declarations: Families.all)
        // The replica removes nothing by itself: it does what it is told.
        replica.engine.context.host.debug.isExpiryActive = false
        primary.recordEffects()
        primary.peer = .agreeing()
        let client = primary.connect()
        let other = primary.connect()
        let link = replica.connect()
        var recent: [String] = []
        var inTransaction = false
        for step in 0..<steps {
            let command = Generators.command(of: generators, &random)
            recent.append(printable(command))
            if recent.count > 15 { recent.removeFirst() }
            let speaker = random.below(4) == 0 ? other : client
            if speaker === client, random.below(30) == 0 {
                client(inTransaction ? "EXEC" : "MULTI")
                inTransaction.toggle()
            }
            speaker.run(command)
            _ = client.takeBytes()
            _ = other.takeBytes()
            if random.below(4) == 0 {
                let time = Int64(random.below(random.below(10) == 0 ? 20_000 : 50))
                primary.advance(milliseconds: time)
                replica.advance(milliseconds: time)
            }
            if random.below(20) == 0 { primary.cycle() }
            guard step % 50 == 49 || step == steps - 1 else { continue }
            let effects = primary.engine.context.journal.takePending().array
            link.send(effects)
            let replies = link.takeBytes()
            var offset = 0
            while let reply = Reply.parse(replies, &offset) {
                if case .error(let text) = reply { Issue.record("seed \(seed), step \(step): an effect is refused: \(text)") }
            }
            let found = differences(primary.digest, replica.digest)
            if !found.isEmpty {
                Issue.record("seed \(seed), step \(step): \(found.joined(separator: "\n"))\nlately:\n\(recent.joined(separator: "\n"))")
                return
            }
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func effectsLeadToTheSameData(seed: UInt64) {
        check(seed: seed, partitions: seed % 2 == 0 ? 1 : 4, generators: Generators.all + Generators.chancy, steps: 1500)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func effectsOfNewerCommandsLeadToTheSameData(seed: UInt64) {
        check(seed: seed, partitions: 1, generators: Generators.all + Generators.newer + [Generators.blocking, Generators.sorting], steps: 1500)
    }

    @Test func aDifferenceWouldBeSeen() {
        let a = TestServer(seed: 1)
        let b = TestServer(seed: 2, partitionCount: 4)
        let clients = [a.connect(), b.connect()]
        for client in clients { client("SET", "k", "v") }
        #expect(differences(a.digest, b.digest) == [])
        clients[0]("SET", "k", "w")
        #expect(differences(a.digest, b.digest).count == 1)
    }

    @Test func effectsOfATransactionAcrossDatabases() {
        let server = TestServer()
        let client = server.connect()
        server.recordEffects()
        client("MULTI")
        client("SET", "a", "0")
        client("SELECT", "3")
        client("SET", "b", "3")
        client("SELECT", "0")
        client("SET", "c", "0")
        client("SELECT", "5")
        #expect(client("EXEC") == ["OK", "OK", "OK", "OK", "OK", "OK"])
        #expect(client("SET", "d", "5") == "OK")
        #expect(server.takeEffects() == [
            ["SELECT", "0"], ["MULTI"], ["SET", "a", "0"], ["SELECT", "3"], ["SET", "b", "3"], ["SELECT", "0"],
            ["SET", "c", "0"], ["EXEC"], ["SELECT", "5"], ["SET", "d", "5"],
        ])
    }
}
