import Commands
import Engine
import Foundation
import Primitives
import Testing
import TestSupport

/// Directories of append-only files go from a server of ours to a live peer and back with the same data.
@Suite(.serialized, .enabled(if: LivePeer.program != nil, "no redis-server in PATH and no .peers/valkey-server: nothing to compare with"))
struct AppendOnlyDifferentialTests {
    private static func end(_ bytes: [UInt8], _ offset: inout Int) -> Bool { Reply.parse(bytes, &offset) != nil }

    private func ask(_ peer: LivePeer, _ words: String...) throws -> Reply { try ask(peer, words.map { [UInt8]($0) }) }

    private func ask(_ peer: LivePeer, _ words: [[UInt8]]) throws -> Reply {
        try peer.send(TestClient.encode(words))
        var offset = 0
        return Reply.parse(try peer.replies(1, end: Self.end), &offset) ?? .none
    }

    /// Waits until no rewrite is under way or due.
    private func waitForRewrite(_ peer: LivePeer) throws {
        var text = ""
        for _ in 0..<1200 {
            text = try ask(peer, "INFO", "persistence").text ?? ""
            if text.contains("aof_rewrite_in_progress:0"), text.contains("aof_rewrite_scheduled:0") {
                #expect(text.contains("aof_last_bgrewrite_status:ok"))
                return
            }
            usleep(50_000)
        }
        Issue.record("the rewrite does not end: \(text)")
    }

    /// The digest of every key by database, as the peer itself sees it.
    private func digests(_ peer: LivePeer) throws -> [String: Reply] {
        var found: [String: Reply] = [:]
        for database in 0..<4 {
            #expect(try ask(peer, "SELECT", "\(database)") == "OK")
            for case .bulk(let key) in try ask(peer, "KEYS", "*").elements {
                let words: [[UInt8]] = [[UInt8]("DEBUG"), [UInt8]("DIGEST-VALUE"), key]
                let type = try ask(peer, [[UInt8]("TYPE"), key])
                let expiry = try ask(peer, [[UInt8]("PEXPIRETIME"), key])
                found["\(database) \(String(decoding: key, as: UTF8.self)) \(key.count)"] = .array([try ask(peer, words), type, expiry])
            }
        }
        return found
    }

    /// A server on that directory, which has written everything that it has answered: it will be killed.
    private func start(_ program: String, _ directory: URL, usesSnapshots: Bool, syncs: String = "no") throws -> LivePeer {
        let options = program == LivePeer.own ? ["--rdb-version", "10"] : []
        let peer = try LivePeer(program, options: [
            "--dir", directory.path, "--appendonly", "yes", "--appendfsync", syncs, "--aof-use-rdb-preamble", usesSnapshots ? "yes" : "no",
        ] + options)
        for _ in 0..<1200 {
            guard case .error = try ask(peer, "DBSIZE") else { return peer }
            usleep(50_000)
        }
        return peer
    }

    private func fill(_ peer: LivePeer, seed: UInt64, steps: Int) throws {
        _ = try ask(peer, "SELECT", "0")
        var random = RandomGenerator(seed: seed)
        for _ in 0..<steps { _ = try ask(peer, Generators.command(of: Generators.all, &random)) }
        for word in ["MULTI", "INCR counter", "SELECT 3", "SET other database", "EXEC", "SELECT 0"] {
            _ = try ask(peer, word.split(separator: " ").map { [UInt8](String($0)) })
        }
        // Beyond the small encodings.
        for index in 0..<600 {
            _ = try ask(peer, "RPUSH", "a long list", "element \(index)")
            _ = try ask(peer, "SADD", "a large set", "member \(index)")
            _ = try ask(peer, "SADD", "large integers", "\(index * 7919)")
            _ = try ask(peer, "ZADD", "a large zset", "\(Double(index) / 7)", "member \(index)")
            _ = try ask(peer, "HSET", "a large hash", "field \(index)", "value \(index)")
        }
    }

    @Test(arguments: LivePeer.programs, [true, false])
    func directoriesGoRound(program: String, usesSnapshots: Bool) throws {
        let seed: UInt64 = usesSnapshots ? 31 : 32
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        // What each has written comes back to it when the other has loaded it and written it anew.
        var before: [String: [String: Reply]] = [:]
        for (turn, maker) in [LivePeer.own, program, LivePeer.own, program, LivePeer.own, program].enumerated() {
            let server = try start(maker, directory, usesSnapshots: usesSnapshots)
            try expect(try digests(server), before[maker], "seed \(seed), turn \(turn), \(maker)")
            if turn == 0 || turn == 3 {
                try fill(server, seed: seed + UInt64(turn), steps: 500)
                try rewrite(server)
                try fill(server, seed: seed + UInt64(turn) + 50, steps: 500)
                // What is about to expire is no part of the comparison.
                try dropShortLived(server)
                before = [:]
            } else {
                try rewrite(server)
            }
            before[maker] = try digests(server)
        }
    }

    /// A server that syncs all the time was killed with room ahead in its file; others load that, write behind it, and it
    /// comes back.
    @Test(arguments: LivePeer.programs)
    func roomOfAKilledServer(program: String) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let increment = directory.appendingPathComponent("appendonlydir/appendonly.aof.1.incr.aof")
        var known: [String: Reply] = [:]
        do {
            let server = try start(LivePeer.own, directory, usesSnapshots: true, syncs: "always")
            // A slow disk, or a busy machine, may need more attempts until writes follow each other quickly.
            for number in 0..<20_000 {
                _ = try ask(server, "RPUSH", "list:\(number % 40)", "element \(number)")
                if number % 100 == 99, try isRoomThere(increment) { break }
            }
            for number in 0..<50 { _ = try ask(server, "SET", "key:\(number)", "value") }
            known = try values(server)
        }
        #expect(try isRoomThere(increment), "the server was not killed with room in its file")
        for maker in [program, LivePeer.own, program] {
            let server = try start(maker, directory, usesSnapshots: true)
            try expect(try values(server), known, maker)
            _ = try ask(server, "SELECT", "0")
            _ = try ask(server, "SET", "by \(maker)", "there")
            known = try values(server)
        }
    }

    /// The values of the lists and strings of the first database.
    private func values(_ peer: LivePeer) throws -> [String: Reply] {
        var found: [String: Reply] = [:]
        for case .bulk(let key) in try ask(peer, "KEYS", "*").elements {
            let words = key.starts(with: [UInt8]("list".utf8)) ? [[UInt8]("LRANGE"), key, [UInt8]("0"), [UInt8]("-1")] : [[UInt8]("GET"), key]
            found[String(decoding: key, as: UTF8.self)] = try ask(peer, words)
        }
        return found
    }

    private func isRoomThere(_ file: URL) throws -> Bool {
        let bytes = try Data(contentsOf: file)
        return bytes.count % 64 == 0 && bytes.suffix(200).allSatisfy { $0 == 35 || $0 == 10 } && bytes.range(of: Data("#SUM:".utf8)) != nil
    }

    private func expect(_ found: [String: Reply], _ known: [String: Reply]?, _ place: String) throws {
        guard let known else { return }
        #expect(known.count > 20 && found.count == known.count, "\(place)")
        for (key, value) in known where found[key] != value {
            Issue.record("\(place), \(key): \(value) | \(String(describing: found[key]))")
        }
    }

    private func rewrite(_ server: LivePeer) throws {
        _ = try ask(server, "BGREWRITEAOF")
        try waitForRewrite(server)
    }

    private func dropShortLived(_ peer: LivePeer) throws {
        for database in 0..<4 {
            _ = try ask(peer, "SELECT", "\(database)")
            for case .bulk(let key) in try ask(peer, "KEYS", "*").elements {
                guard let left = try ask(peer, [[UInt8]("PTTL"), key]).integerValue, left >= 0, left < 3_600_000 else { continue }
                _ = try ask(peer, [[UInt8]("DEL"), key])
            }
        }
        _ = try ask(peer, "SELECT", "0")
    }
}
