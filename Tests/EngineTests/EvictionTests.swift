import Engine
import Keyspace
import Primitives
import RESP
import System
import Testing
import TestSupport

/// A server whose memory is what the test's thread has really allocated.
private func measuredServer(partitions: Int = 1, _ configure: @escaping (inout Configuration) -> Void) -> TestServer {
    let server = TestServer(partitionCount: partitions, configure: configure)
    let meter = MemoryMeter()
    meter.addCurrentThread()
    // The thread may have freed what others allocated.
    let base = meter.used - (1 << 30)
    server.engine.context.host.memory = { MemoryReading(used: meter.used - base, resident: 0) }
    return server
}

extension TestServer {
    fileprivate var goesOn: Bool { engine.hasYielded }
    fileprivate var used: Int64 { engine.context.host.memory().used }
    fileprivate var evictedKeys: Int64 { engine.context.statistics.eviction.removedKeys }
    /// Sets the limit `bytes` below what is used, and lets the cycle evict.
    fileprivate func takeAway(_ bytes: Int64) {
        engine.context.configuration.maximumMemory = used - bytes
        cycle()
    }
}

/// Which keys go, by policy.
@Suite struct EvictionOrderTests {
    private static let value = String(repeating: "v", count: 1000)

    /// A server with keys 0 to 99, of which `takeAway` takes about twenty; and its client.
    private func filled(_ policy: EvictionPolicy, seconds: ((Int) -> Int)? = nil) -> (server: TestServer, client: TestClient) {
        let server = measuredServer {
            $0.maximumMemoryPolicy = policy
            $0.eviction.samples = 32
            // Every use counts.
            $0.lfuLogFactor = 0
        }
        let client = server.connect()
        for key in 0..<100 {
            if let seconds, seconds(key) > 0 {
                client("SETEX", "\(key)", "\(seconds(key))", Self.value)
            } else {
                client("SET", "\(key)", Self.value)
            }
        }
        server.advance(milliseconds: 10_000)
        return (server, client)
    }

    /// The keys that are no more.
    private func evicted(_ server: TestServer) -> [Int] {
        server.takeAway(20_000)
        let client = server.connect()
        let gone = (0..<100).filter { client("EXISTS", "\($0)") == 0 }
        #expect((10...50).contains(gone.count), "\(gone.count) keys")
        #expect(server.evictedKeys >= Int64(gone.count))
        server.engine.context.checkKeyspace()
        return gone
    }

    @Test(arguments: [EvictionPolicy.allKeysLRU, .volatileLRU])
    func theLongestUnusedGo(_ policy: EvictionPolicy) {
        let (server, client) = filled(policy) { _ in 1000 }
        for key in 40..<100 { client("GET", "\(key)") }
        #expect(evicted(server).allSatisfy { $0 < 40 })
    }

    @Test(arguments: [EvictionPolicy.allKeysLRM, .volatileLRM])
    func theLongestUnchangedGo(_ policy: EvictionPolicy) {
        let (server, client) = filled(policy) { _ in 1000 }
        for key in 40..<100 { client("SETRANGE", "\(key)", "1", "w") }
        server.advance(milliseconds: 10_000)
        for key in 0..<40 { client("GET", "\(key)") }
        #expect(client("OBJECT", "IDLETIME", "1") == 20)
        #expect(client("OBJECT", "IDLETIME", "41") == 10)
        #expect(evicted(server).allSatisfy { $0 < 40 })
    }

    @Test(arguments: [EvictionPolicy.allKeysLFU, .volatileLFU])
    func theLeastUsedGo(_ policy: EvictionPolicy) {
        let (server, client) = filled(policy) { _ in 1000 }
        for key in 40..<100 { for _ in 0..<30 { client("GET", "\(key)") } }
        server.advance(milliseconds: 10_000)
        for key in 0..<40 { client("GET", "\(key)") }
        #expect(evicted(server).allSatisfy { $0 < 40 })
    }

    @Test func theFirstToExpireGo() {
        let (server, _) = filled(.volatileTTL) { $0 % 2 == 0 ? 0 : 2000 - 10 * $0 }
        #expect(evicted(server).allSatisfy { $0 % 2 == 1 && $0 > 40 })
    }

    @Test(arguments: EvictionPolicy.allCases.filter(\.isVolatile))
    func onlyVolatileKeysGo(_ policy: EvictionPolicy) {
        let (server, _) = filled(policy) { $0 % 2 * 1000 }
        #expect(evicted(server).allSatisfy { $0 % 2 == 1 })
    }

    @Test func anyKeysGo() {
        let (server, _) = filled(.allKeysRandom)
        let gone = evicted(server)
        #expect(gone.contains { $0 < 50 } && gone.contains { $0 >= 50 })
    }

    /// What the Swift runtime keeps about types is allocated where a type is first used, 16 KB at a time, and counts as
    /// the thread's memory like all else: once a first server has used them all, the second is alone in its memory.
    @Test func allDatabasesAreSampled() {
        for isFirst in [true, false] {
            let server = measuredServer { $0.maximumMemoryPolicy = .allKeysLRU }
            let client = server.connect()
            client("SELECT", "9")
            client("SET", "old", Self.value)
            server.advance(milliseconds: 5000)
            client("SELECT", "3")
            for key in 0..<50 { client("SET", "\(key)", Self.value) }
            server.takeAway(1)
            client("SELECT", "9")
            #expect(client("EXISTS", "old") == 0)
            #expect(isFirst || server.evictedKeys == 1)
        }
    }

    @Test func whatWasUsedSinceItWasSampledStays() {
        let (server, client) = filled(.allKeysLRU)
        server.takeAway(1)
        server.advance(milliseconds: 10_000)
        // Fifteen candidates are left in the pool.
        for key in 0..<60 { client("GET", "\(key)") }
        let before = Set((0..<100).filter { client("EXISTS", "\($0)") == 0 })
        #expect(Set(evicted(server)).subtracting(before).allSatisfy { $0 >= 60 })
    }

    @Test func candidatesMayVanish() {
        let (server, client) = filled(.allKeysLRU)
        server.takeAway(1)
        client("SWAPDB", "0", "1")
        client("FLUSHALL", "SYNC")
        for key in 0..<100 { client("SET", "\(key)", Self.value) }
        #expect(!evicted(server).isEmpty)
    }
}

/// Room for commands.
@Suite struct EvictionTests {
    private let refusal = Reply.error("OOM command not allowed when used memory > 'maxmemory'.")

    @Test(arguments: EvictionPolicy.allCases.filter { $0 != .noEviction }, [1, 4])
    func theLimitHolds(_ policy: EvictionPolicy, partitions: Int) {
        let server = measuredServer(partitions: partitions) { $0.maximumMemoryPolicy = policy }
        let client = server.connect()
        var random = RandomGenerator(seed: 7)
        client("SETEX", "first", "1000", "1")
        let limit = server.used + 300_000
        server.engine.context.configuration.maximumMemory = limit
        var worst: Int64 = 0
        for step in 0..<3000 {
            let key = "\(random.below(2000))"
            let reply =
                switch random.below(4) {
                case 0: client("GET", key)
                case 1: client("RPUSH", "list\(key)", String(repeating: "e", count: random.below(2000)))
                default: client("SETEX", key, "1000", String(repeating: "v", count: random.below(2000)))
                }
            if policy.isVolatile, random.below(2) == 0 { client("EXPIRE", "list\(key)", "500") }
            if !policy.isVolatile { #expect(reply != refusal, "step \(step)") }
            worst = max(worst, server.used - limit)
            if step % 100 == 0 { server.advance(milliseconds: 1000) }
        }
        // One request with its reply, and a table that grows, may stand above it.
        #expect(worst < 100_000)
        #expect(server.evictedKeys > 100)
        server.engine.context.checkKeyspace()
    }

    @Test func nothingToEvictIsRefused() {
        let server = measuredServer { $0.maximumMemoryPolicy = .volatileLRU }
        let client = server.connect()
        client("SET", "a", "1")
        client("SETEX", "b", "100", "1")
        client("CONFIG", "SET", "maxmemory", "1")
        #expect(client("SET", "c", "1") == refusal)
        #expect(client("MGET", "a", "b") == ["1", nil])
        client("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        #expect(client("SET", "c", "1") == refusal)
        #expect(client("DBSIZE") == 0)
        client("CONFIG", "SET", "maxmemory", "0")
        #expect(client("SET", "c", "1") == "OK")
    }

    /// What trackers are told about a removed key takes more memory than the key did.
    @Test func noticesAboutEvictionsCauseNone() {
        let server = measuredServer { $0.maximumMemoryPolicy = .allKeysLRU }
        let client = server.connect()
        let trackers = (0..<10).map { _ in server.connect() }
        for tracker in trackers {
            tracker("HELLO", "3")
            #expect(tracker("CLIENT", "TRACKING", "ON") == "OK")
        }
        for key in 0..<300 {
            let name = "\(key)" + String(repeating: "x", count: 1000)
            client("SET", name, "x")
            for tracker in trackers { #expect(tracker("GET", name) == "x") }
        }
        server.takeAway(40_000)
        #expect((10...80).contains(server.evictedKeys), "\(server.evictedKeys) keys")
    }

    /// Who reads makes room as well: memory may have been used up by other things than writing.
    @Test func readersEvict() {
        let server = measuredServer { $0.maximumMemoryPolicy = .allKeysLRU }
        let client = server.connect()
        for key in 0..<100 { client("SET", "\(key)", String(repeating: "v", count: 1000)) }
        server.engine.context.configuration.maximumMemory = server.used - 20_000
        #expect(server.evictedKeys == 0)
        #expect(client("GET", "none") == nil)
        #expect((10...50).contains(server.evictedKeys), "\(server.evictedKeys) keys")
    }

    @Test(arguments: [false, true])
    func evictionsArePropagatedAheadOfTheCommand(isLazy: Bool) {
        let server = measuredServer {
            $0.maximumMemoryPolicy = .allKeysRandom
            $0.lazyFree.eviction = isLazy
        }
        let client = server.connect()
        client("SET", "a", String(repeating: "v", count: 200_000))
        server.recordEffects()
        server.engine.observeNotices()
        server.engine.context.configuration.maximumMemory = server.used - 100_000
        #expect(client("SET", "b", "1") == "OK")
        #expect(server.takeEffects() == [["SELECT", "0"], [isLazy ? "UNLINK" : "DEL", "a"], ["SET", "b", "1"]])
        let notices = server.engine.takeNotices()
        #expect(notices.map { "\($0.event.name) " + String(decoding: $0.key, as: UTF8.self) } == ["evicted a", "set b"])
        #expect(client("INFO", "stats").text?.contains("evicted_keys:1\r\n") == true)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func effectsOfEvictionsLeadToTheSameData(seed: UInt64) {
        let policies = EvictionPolicy.allCases.filter { $0 != .noEviction }
        let primary = measuredServer { $0.lazyFree.eviction = seed % 2 == 0 }
        let replica = TestServer(seed: seed &+ 1000)
        replica.engine.context.host.debug.isExpiryActive = false
        primary.recordEffects()
        let client = primary.connect()
        let link = replica.connect()
        var random = RandomGenerator(seed: seed)
        primary.engine.context.configuration.maximumMemory = primary.used + 200_000
        for step in 0..<1500 {
            if step % 150 == 0 { primary.engine.context.configuration.maximumMemoryPolicy = policies[random.below(policies.count)] }
            client.run(Generators.command(of: Generators.all, &random))
            if random.below(3) == 0 { client("SETEX", "\(random.below(500))", "1000", String(repeating: "v", count: 1500)) }
            if random.below(20) == 0 { primary.cycle() }
            while primary.engine.takeGarbage() != nil {}
        }
        link.send(primary.engine.context.journal.takePending().array)
        #expect(primary.evictedKeys > 10)
        let found = differences(primary.digest, replica.digest)
        #expect(found.isEmpty, "seed \(seed): \(found.joined(separator: "\n"))")
    }

    @Test func evictionOfAWatchedKeyAbortsTheTransaction() {
        let server = measuredServer { $0.maximumMemoryPolicy = .allKeysRandom }
        let client = server.connect()
        client("SET", "a", String(repeating: "v", count: 200_000))
        client("WATCH", "a")
        client("MULTI")
        #expect(client("SET", "b", "1") == "QUEUED")
        server.engine.context.configuration.maximumMemory = server.used - 100_000
        #expect(client("EXEC") == .null)
        #expect(client("EXISTS", "a", "b") == 0)
        client("MULTI")
        client("SET", "b", "1")
        #expect(client("EXEC") == ["OK"])
    }

    @Test func whatIsAboutToBeFreedCountsAsFree() {
        let server = measuredServer {
            $0.maximumMemoryPolicy = .allKeysRandom
            $0.lazyFree.eviction = true
        }
        let client = server.connect()
        for key in 0..<4 {
            for member in 0..<1000 { client("SADD", "set\(key)", "member:\(member)") }
        }
        server.takeAway(10_000)
        #expect(server.evictedKeys == 1)
        server.cycle()
        #expect(server.evictedKeys == 1)
        var garbage = server.engine.takeGarbage()
        var bytes: Int64 = 0
        switch garbage {
        case .some(let value): bytes = value.bytes
        case .none: break
        }
        #expect(bytes > 20_000)
        // On its way to the worker; then freed.
        let pendingBytes = bytes
        server.engine.context.host.lazyFree = { (pending: 1, freed: 0, bytes: pendingBytes) }
        server.cycle()
        #expect(server.evictedKeys == 1)
        garbage = nil
        server.engine.context.host.lazyFree = { (pending: 0, freed: 1, bytes: 0) }
        server.cycle()
        #expect(server.evictedKeys == 1)
    }

    @Test func commandsAreNotRefusedWhileGarbageWaits() {
        let server = measuredServer { _ in }
        let client = server.connect()
        client("SET", "a", "1")
        client("CONFIG", "SET", "maxmemory", "1")
        #expect(client("SET", "b", "1") == refusal)
        #expect(client("FLUSHALL", "ASYNC") == "OK")
        #expect(client("SET", "b", "1") == "OK")
        while server.engine.takeGarbage() != nil {}
        #expect(client("SET", "b", "1") == refusal)
    }

    @Test func timeIsLimited() {
        let server = measuredServer { $0.maximumMemoryPolicy = .allKeysLRU }
        let client = server.connect()
        for key in 0..<200 { client("SET", "\(key)", String(repeating: "v", count: 1000)) }
        let clock = server.clock
        let memory = server.engine.context.host.memory
        server.engine.context.host.memory = {
            clock.advance(milliseconds: 1)
            return memory()
        }
        server.engine.context.configuration.maximumMemory = server.used - 100_000
        #expect(client("SET", "x", "1") == "OK")
        #expect(server.evictedKeys == 16)
        #expect(server.goesOn)
        while server.engine.hasYielded { server.engine.resumeYielded() }
        #expect((60...140).contains(server.evictedKeys))
        let info = client("INFO", "stats").text ?? ""
        #expect(info.contains("current_eviction_exceeded_time:0\r\n"))
        #expect(!info.contains("total_eviction_exceeded_time:0\r\n"))
        // Nothing holds it up at the highest tenacity.
        server.engine.context.configuration.eviction.tenacity = 100
        server.engine.context.configuration.maximumMemory = server.used - 40_000
        let before = server.evictedKeys
        #expect(client("SET", "x", "1") == "OK")
        #expect(server.evictedKeys - before > 20)
        #expect(!server.goesOn)
    }

    @Test func timeAboveTheLimitIsCounted() {
        let server = measuredServer { _ in }
        let client = server.connect()
        client("CONFIG", "SET", "maxmemory", "1")
        server.cycle()
        server.advance(milliseconds: 1500)
        #expect(client("INFO", "stats").text?.contains("current_eviction_exceeded_time:1500\r\n") == true)
        client("CONFIG", "SET", "maxmemory", "0")
        server.cycle()
        server.advance(milliseconds: 1500)
        let info = client("INFO", "stats").text ?? ""
        #expect(info.contains("current_eviction_exceeded_time:0\r\n") && info.contains("total_eviction_exceeded_time:1500\r\n"))
    }

    @Test func sharedIntegersAreNotToldWhereUsesCount() {
        let server = measuredServer { $0.maximumMemory = 1 << 40 }
        let client = server.connect()
        client("SET", "a", "1")
        #expect(client("OBJECT", "REFCOUNT", "a") == 2_147_483_647)
        client("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
        #expect(client("OBJECT", "REFCOUNT", "a") == 1)
    }
}
