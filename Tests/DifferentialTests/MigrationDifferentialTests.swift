import Foundation
import Primitives
import Testing
import TestSupport

/// Keys move from a server of ours to a live peer and back, over real sockets.
@Suite(.serialized, .enabled(if: LivePeer.program != nil, "no redis-server in PATH and no .peers/valkey-server: nothing to compare with"))
struct MigrationDifferentialTests {
    private static func end(_ bytes: [UInt8], _ offset: inout Int) -> Bool { Reply.parse(bytes, &offset) != nil }

    private func ask(_ server: LivePeer, _ words: [[UInt8]]) throws -> Reply {
        try server.send(TestClient.encode(words))
        var offset = 0
        return Reply.parse(try server.replies(1, end: Self.end), &offset) ?? .none
    }

    private func ask(_ server: LivePeer, _ words: String...) throws -> Reply { try ask(server, words.map { [UInt8]($0) }) }

    private func keys(of server: LivePeer) throws -> [[UInt8]] {
        try ask(server, "KEYS", "*").elements.compactMap { if case .bulk(let bytes) = $0 { bytes } else { nil } }
    }

    private func digests(_ keys: [[UInt8]], of server: LivePeer) throws -> [Reply] {
        try ask(server, [[UInt8]("DEBUG"), [UInt8]("DIGEST-VALUE")] + keys).elements
    }

    private func expiries(_ keys: [[UInt8]], of server: LivePeer) throws -> [Int64] {
        try keys.map { try ask(server, [[UInt8]("PEXPIRETIME"), $0]).integerValue ?? 0 }
    }

    /// Databases other than 0, the only one that is filled, are for what comes from elsewhere.
    private func migrate(
        _ keys: [[UInt8]], from source: LivePeer, to target: LivePeer, in database: Int, _ options: String...
    ) throws -> Reply {
        let head = ["MIGRATE", "127.0.0.1", "\(target.port)", "", "\(database)", "20000"] + options + ["KEYS"]
        return try ask(source, head.map { [UInt8]($0) } + keys)
    }

    /// Fills a server with values of every type and encoding.
    private func fill(_ server: LivePeer, seed: UInt64, hasFieldExpiries: Bool) throws {
        var random = RandomGenerator(seed: seed)
        for _ in 0..<2500 {
            let command = Generators.command(of: Generators.all, &random)
            // Valkey 9.1 takes that number for an index of 1 in LSET.
            if command.contains([UInt8]("-9223372036854775807")) { continue }
            _ = try ask(server, command)
            _ = try ask(server, "SELECT", "0")
        }
        for (count, name) in [(5, "few"), (900, "many")] {
            for index in 0..<count {
                _ = try ask(server, "HSET", "hash \(name)", "field \(index)", "value \(index)")
                _ = try ask(server, "RPUSH", "list \(name)", "element \(index)")
                _ = try ask(server, "SADD", "numbers \(name)", "\(index)")
                _ = try ask(server, "SADD", "set \(name)", "member \(index)")
                _ = try ask(server, "ZADD", "scores \(name)", "\(index).5", "member \(index)")
            }
            guard hasFieldExpiries else { continue }
            _ = try ask(server, "HPEXPIREAT", "hash \(name)", "4000000000000", "FIELDS", "2", "field 1", "field 3")
        }
        _ = try ask(server, "SET", "large", String(repeating: "needle and thread ", count: 100_000))
        _ = try ask(server, "SET", "long", (0..<300_000).map { "\($0 &* 2_654_435_761)" }.joined())
        _ = try ask(server, "SET", "expiring", "12345", "PX", "10000000")
    }

    /// Both servers are filled alike. What comes from ours must be to the peer's digests what it
    /// has itself; back at home it must be to ours what it was.
    @Test(arguments: LivePeer.programs, 1...2 as ClosedRange<UInt64>)
    func everyTypeGoesRound(program: String, seed: UInt64) throws {
        let isValkey = program.contains("valkey")
        let ours = try LivePeer(LivePeer.own)
        let peer = try LivePeer(program)
        if isValkey { _ = try ask(ours, "CONFIG", "SET", "rdb-version", "valkey80") }
        for server in [ours, peer] { try fill(server, seed: seed, hasFieldExpiries: isValkey) }
        let keys = try keys(of: ours)
        #expect(keys.count > 15)
        let expiries = try expiries(keys, of: ours)
        let atHome = try digests(keys, of: ours)
        let elsewhere = try digests(keys, of: peer)

        #expect(try migrate(keys, from: ours, to: peer, in: 7) == "OK")
        #expect(try ask(ours, "DBSIZE") == 0)
        _ = try ask(peer, "SELECT", "7")
        try check(keys, elsewhere, expiries, on: peer)

        #expect(try migrate(keys, from: peer, to: ours, in: 0) == "OK")
        #expect(try ask(peer, "DBSIZE") == 0)
        try check(keys, atHome, expiries, on: ours, isOurs: true)

        // Over a link that rests, to keys that are there, and over a link that the peer has closed meanwhile.
        #expect(try migrate(keys, from: ours, to: peer, in: 7, "COPY") == "OK")
        #expect(
            try migrate(keys, from: ours, to: peer, in: 7)
                == .error("ERR Target instance replied with error: BUSYKEY Target key name already exists."))
        _ = try ask(peer, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        #expect(try migrate(keys, from: ours, to: peer, in: 7, "REPLACE") == "OK")
        try check(keys, elsewhere, expiries, on: peer)
    }

    private func check(
        _ keys: [[UInt8]], _ digests: [Reply], _ expiries: [Int64], on server: LivePeer, isOurs: Bool = false
    ) throws {
        let found = try self.digests(keys, of: server)
        let expiriesFound = try self.expiries(keys, of: server)
        for index in keys.indices {
            // Our digests take the moment of expiry in, which migration moves a little.
            if !isOurs || expiries[index] < 0 { #expect(found[index] == digests[index], "\(printable([keys[index]]))") }
            // What travels is how long it is still to live.
            let difference = expiriesFound[index] - expiries[index]
            #expect(difference >= 0 && difference < 60_000, "\(printable([keys[index]])): \(difference)")
        }
    }

    @Test func names() throws {
        let ours = try LivePeer(LivePeer.own)
        let other = try LivePeer(LivePeer.own, options: ["--requirepass", "secret"])
        _ = try ask(other, "AUTH", "secret")
        _ = try ask(ours, "SET", "k", "v")
        func migrate(_ host: String, _ options: String...) throws -> Reply {
            try ask(ours, (["MIGRATE", host, "\(other.port)", "k", "0", "20000"] + options).map { [UInt8]($0) })
        }
        #expect(try migrate("localhost", "COPY", "AUTH", "secret") == "OK")
        #expect(try migrate("localhost", "COPY", "REPLACE", "AUTH2", "default", "secret") == "OK")
        #expect(try migrate("no.such.host.invalid") == .error("IOERR error or timeout connecting to the client"))
        #expect(
            try migrate("127.0.0.1", "AUTH", "wrong")
                == .error(
                    "ERR Target instance replied with error: WRONGPASS invalid username-password pair or user is disabled."))
        #expect(try migrate("127.0.0.1", "REPLACE", "AUTH", "secret") == "OK")
        #expect(try ask(ours, "DBSIZE") == 0)
    }

    /// Others are served while a server that says nothing is waited for, and the keys are kept for them.
    @Test func nobodyWaits() throws {
        let ours = try LivePeer(LivePeer.own)
        let silent = try LivePeer()
        _ = try ask(ours, "SET", "k", "v")
        _ = try ask(silent, "CLIENT", "PAUSE", "60000")
        let words = ["MIGRATE", "127.0.0.1", "\(silent.port)", "k", "0", "500"].map { [UInt8]($0) }
        try ours.send(TestClient.encode(words))
        let other = try ours.another()
        #expect(try ask(other, "GET", "k") == "v")
        #expect(try ask(other, "PING") == .status("PONG"))
        #expect(try ask(other, "APPEND", "k", "w") == 2)
        #expect(try ours.replies(1, end: Self.end) == [UInt8]("-IOERR error or timeout reading to target instance\r\n"))
        #expect(try ask(other, "GET", "k") == "vw")
    }

    // MARK: In transactions

    /// What EXEC answers to `lines`.
    private func transaction(_ server: LivePeer, _ lines: [String]) throws -> [Reply] {
        for line in ["MULTI"] + lines {
            let words = line.split(separator: " ").map { [UInt8]($0 == "-" ? "" : String($0)) }
            #expect(try ask(server, words) == .status(line == "MULTI" ? "OK" : "QUEUED"), "\(line)")
        }
        return try ask(server, "EXEC").elements
    }

    /// The same transactions of a peer and of ours, both with targets of their own, must be answered alike.
    /// (NOAUTH comes first: a peer's later exchanges may go over a link that somebody else's password has opened.)
    @Test(arguments: LivePeer.programs)
    func transactions(program: String) throws {
        var answers: [[Reply]] = []
        for source in [LivePeer.own, program] {
            let source = try LivePeer(source)
            let target = try LivePeer(program, options: ["--requirepass", "secret"])
            let silent = try LivePeer()
            _ = try ask(target, "AUTH", "secret")
            _ = try ask(target, "SET", "taken", "theirs")
            _ = try ask(silent, "CLIENT", "PAUSE", "600000")
            for key in ["a", "b", "c", "d", "taken"] { _ = try ask(source, "SET", key, key) }
            _ = try ask(source, "SET", "large", String(repeating: "needle and thread ", count: 500_000))
            let there = "MIGRATE 127.0.0.1 \(target.port)"
            answers.append(
                try transaction(source, [
                    "INCR n", "\(there) a 0 20000", "\(there) a 0 20000 AUTH secret", "EXISTS a", "\(there) b 0 20000 COPY AUTH2 default secret", "GET b",
                    "\(there) nokey 0 20000", "\(there) b 0 20000 AUTH secret", "\(there) - 0 20000 REPLACE AUTH secret KEYS b nokey c",
                    "EXISTS b c", "\(there) - 0 20000 AUTH secret KEYS taken d large", "MGET taken d", "EXISTS large", "INCR n",
                ]))
            answers.append(
                try transaction(source, [
                    "\(there) taken 0 20000 AUTH wrong", "\(there) taken 99 20000 AUTH secret",
                    "\(there) taken 0 x", "\(there) taken 0 20000 FOO", "MIGRATE no.such.host.invalid 1 taken 0 20000",
                    "MIGRATE 127.0.0.1 1 taken 0 20000", "MIGRATE 127.0.0.1 \(silent.port) taken 0 50",
                    "MIGRATE localhost \(target.port) taken 0 20000 REPLACE AUTH secret", "EXISTS taken",
                    "MIGRATE 127.0.0.1 \(source.port) n 3 50", "GET n",
                ]))
            answers.append(["MGET a b c d taken", "STRLEN large", "DBSIZE"].map { line in
                (try? ask(target, line.split(separator: " ").map { [UInt8](String($0)) })) ?? .none
            })
        }
        #expect(answers[0] == answers[3])
        #expect(answers[1] == answers[4])
        #expect(answers[2] == answers[5])
        #expect(answers[0].count == 14)
        #expect(answers[1][10] == "2")
        #expect(answers[2] == [.array(["a", "b", "c", "d", "taken"]), 9_000_000, 6])
    }

    /// Everybody waits until the exchange is over, and is served then; so is who has sent it to itself.
    @Test func everybodyWaits() throws {
        let ours = try LivePeer(LivePeer.own)
        _ = try ask(ours, "SET", "k", "v")
        let other = try ours.another()
        let lines = ["MULTI", "MIGRATE 127.0.0.1 \(ours.port) k 0 300", "APPEND k w", "EXEC"]
        try ours.send(lines.flatMap { TestClient.encode($0.split(separator: " ").map { [UInt8](String($0)) }) })
        // The queue has been taken in, and is run in the same turn.
        for _ in 0..<3 { _ = try ours.replies(1, end: Self.end) }
        #expect(try ask(other, "GET", "k") == "vw")
        #expect(
            try ours.replies(1, end: Self.end)
                == [UInt8]("*2\r\n-IOERR error or timeout reading to target instance\r\n:2\r\n"))
        #expect(try ask(ours, "PING") == .status("PONG"))
    }
}
