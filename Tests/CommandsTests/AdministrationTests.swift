import Engine
import TestSupport
import Testing

@Suite struct AdministrationMemoryTests {
    let server = TestServer()

    @Test func usage() {
        let client = server.connect()
        #expect(client("MEMORY", "USAGE", "none") == nil)
        client("SET", "short", "v")
        client("SET", "long", String(repeating: "x", count: 5000))
        let short = client("MEMORY", "USAGE", "short").integerValue ?? 0
        let long = client("MEMORY", "USAGE", "long").integerValue ?? 0
        #expect(short > 5 && short < 200)
        #expect(long >= 5000 && long < 8192)
        for samples in ["0", "5", "9223372036854775807"] {
            #expect(client("MEMORY", "USAGE", "short", "samples", samples) == .integer(short))
        }
        #expect(client("MEMORY", "USAGE", "short", "SAMPLES", "1", "SAMPLES", "2") == .integer(short))
    }

    /// Whatever the type and encoding: more than the elements' own bytes, and not many times as much.
    @Test(arguments: [
        ["RPUSH", "k"], ["SADD", "k"], ["HSET", "k"], ["ZADD", "k"],
    ]) func usageOfEveryType(_ command: [String]) {
        let client = server.connect()
        var bytes = 0
        for number in 0..<2000 {
            let word = "element-\(number)-\(String(repeating: "x", count: number % 40))"
            switch command[0] {
            case "HSET": client.run((command + [word, "value"]).map { [UInt8]($0) })
            case "ZADD": client.run((command + ["\(number)", word]).map { [UInt8]($0) })
            default: client.run((command + [word]).map { [UInt8]($0) })
            }
            bytes += word.utf8.count
            guard number == 50 || number == 1999 else { continue }
            let usage = client("MEMORY", "USAGE", "k").integerValue ?? 0
            #expect(usage > Int64(bytes) && usage < Int64(4 * bytes + 500), "\(command[0]) of \(number + 1): \(usage) for \(bytes)")
            for samples in ["0", "5", "100000"] {
                #expect(client("MEMORY", "USAGE", "k", "SAMPLES", samples) == .integer(usage))
            }
        }
        #expect(client("MEMORY", "USAGE", "k", "SAMPLES", "-1") == .error("ERR syntax error"))
    }

    /// An entry of the 32-byte class and a seventh of a bucket; with an expiry, 48 bytes and two.
    @Test func usageCountsTheTables() {
        let client = server.connect()
        client("SET", "0123456789abcdef", "8 bytes.")
        #expect(client("MEMORY", "USAGE", "0123456789abcdef") == 42)
        client("PEXPIRE", "0123456789abcdef", "100000")
        #expect(client("MEMORY", "USAGE", "0123456789abcdef") == 68)
    }

    @Test func statistics() throws {
        server.engine.context.host.memory = { MemoryReading(used: 3000, resident: 6000) }
        server.engine.context.host.allocatorAccount.reading = { AllocatorReading(allocated: 2000, active: 3000, resident: 6000) }
        server.engine.context.statistics.memory.startup = 1000
        let client = server.connect()
        client("HELLO", "3")
        client("SET", "a", "1")
        client("SET", "b", "1", "PX", "1000")
        let fields = client("MEMORY", "STATS").elements
        func value(_ name: String) throws -> Reply {
            let index = try #require(fields.firstIndex { $0.text == name })
            return fields[index + 1]
        }
        #expect(try value("total.allocated") == 3000 && value("startup.allocated") == 1000)
        #expect(try value("keys.count") == 2 && value("keys.bytes-per-key") == 1000)
        #expect(try value("db.0") == .map(["overhead.hashtable.main", 64, "overhead.hashtable.expires", 64]))
        #expect(try value("fragmentation") == .double("2") && value("fragmentation.bytes") == 3000)
        #expect(try value("allocator-fragmentation.ratio") == .double("1.5") && value("allocator-rss.bytes") == 3000)
        let clients = try #require(value("clients.normal").integerValue)
        #expect(try value("overhead.total") == .integer(1000 + 128 + clients))
    }

    @Test func doctor() {
        let client = server.connect()
        let megabyte = 1 << 20 as Int64
        #expect(client("MEMORY", "DOCTOR").text?.contains("nothing to diagnose") == true)
        server.engine.context.host.memory = { MemoryReading(used: 100 * megabyte, resident: 100 * megabyte) }
        #expect(client("MEMORY", "DOCTOR").text?.hasPrefix("Nothing unusual") == true)
        server.engine.context.host.allocatorAccount.reading = {
            AllocatorReading(allocated: 100 * megabyte, active: 150 * megabyte, resident: 300 * megabyte)
        }
        server.engine.context.statistics.memory.peak = 200 * megabyte
        let text = client("MEMORY", "DOCTOR").text ?? ""
        #expect(text.contains("The peak was 200.00M") && text.contains("Fragmentation: 50.00M too much (ratio 1.50)"))
        #expect(text.contains("Resident memory of the allocator: 150.00M too much (ratio 2.00)"))
    }

    @Test func allocatorReport() {
        server.engine.context.host.allocatorAccount.report = { [UInt8]("an account") }
        #expect(server.connect()("MEMORY", "MALLOC-STATS") == "an account")
    }

    @Test func usageOfWhatHasExpired() {
        let client = server.connect()
        client("SET", "k", "v", "PX", "10")
        server.advance(milliseconds: 11)
        #expect(client("MEMORY", "USAGE", "k") == nil)
    }

    /// Looking at a key's size is no use of it.
    @Test func usageLeavesTheAccessTime() {
        let client = server.connect()
        client("SET", "k", "v")
        server.advance(milliseconds: 60_000)
        client("MEMORY", "USAGE", "k")
        #expect(client("OBJECT", "IDLETIME", "k") == 60)
    }

    @Test func usageErrors() {
        let client = server.connect()
        let notInteger = Reply.error("ERR value is not an integer or out of range")
        let syntax = Reply.error("ERR syntax error")
        #expect(client("MEMORY", "USAGE") == .error("ERR wrong number of arguments for 'memory|usage' command"))
        for words in ["SAMPLES", "SAMPLES -1", "FOO", "FOO 5", "SAMPLES 1 SAMPLES", "SAMPLES 1 FOO 2", "SAMPLES 1 2"] {
            #expect(client.line("MEMORY USAGE none \(words)") == syntax, "\(words)")
        }
        for word in ["abc", "1.5", "9223372036854775808"] {
            #expect(client("MEMORY", "USAGE", "none", "SAMPLES", word) == notInteger)
        }
    }

    @Test func purge() {
        let client = server.connect()
        #expect(client("MEMORY", "PURGE") == "OK")
        #expect(server.engine.takeRequests().purgeMemory)
        #expect(client("MEMORY", "PURGE", "x") == .error("ERR wrong number of arguments for 'memory|purge' command"))
        #expect(!server.asksTheHost)
    }

    @Test func help() {
        let client = server.connect()
        let lines = client("MEMORY", "HELP").elements.compactMap(\.text)
        #expect(lines.first == "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(lines.contains("HELP") && lines.contains("USAGE key [SAMPLES count]"))
        #expect(client("MEMORY") == .error("ERR wrong number of arguments for 'memory' command"))
        #expect(client("MEMORY", "FOO") == .error("ERR unknown subcommand 'FOO'. Try MEMORY HELP."))
    }
}

@Suite struct AdministrationShutdownTests {
    @Test(arguments: ["SHUTDOWN", "shutdown nosave", "SHUTDOWN NOW", "SHUTDOWN FORCE NOSAVE now", "SHUTDOWN NOSAVE NOSAVE"])
    func ends(_ line: String) {
        let server = TestServer()
        let client = server.connect()
        client.send([UInt8](line + "\r\nPING\r\n"))
        #expect(client.takeBytes() == [])
        #expect(client.isClosed)
        #expect(server.engine.takeRequests().isShuttingDown)
    }

    @Test(arguments: [
        "FOO", "SAVE NOSAVE", "NOSAVE SAVE", "ABORT NOW", "NOSAVE ABORT", "ABORT SAVE", "FORCE ABORT", "NOW NOW FOO", "NOSAV",
    ])
    func syntaxErrors(_ words: String) {
        let server = TestServer()
        let client = server.connect()
        #expect(client.line("SHUTDOWN \(words)") == .error("ERR syntax error"))
        #expect(!server.asksTheHost && !client.isClosed)
    }

    @Test func refusals() {
        let server = TestServer()
        let client = server.connect()
        #expect(client("SHUTDOWN", "ABORT") == .error("ERR No shutdown in progress."))
        #expect(client("SHUTDOWN", "SAVE") == .error("ERR Errors trying to SHUTDOWN. Check logs."))
        #expect(!server.asksTheHost && !client.isClosed)
    }
}

/// Commands that need memory, where `maxmemory` is used up.
@Suite struct MemoryLimitTests {
    private let refusal = Reply.error("OOM command not allowed when used memory > 'maxmemory'.")

    private func fullServer(_ used: Int64 = 101) -> TestServer {
        let server = KeysFixture.server()
        let client = server.connect()
        client("SET", "k", "1")
        client("CONFIG", "SET", "maxmemory", "100")
        server.engine.context.host.memory = { MemoryReading(used: used, resident: 0) }
        return server
    }

    @Test func onlyWhatNeedsMemoryIsRefused() {
        let client = fullServer().connect()
        #expect(client("SET", "k", "2") == refusal)
        #expect(client("APPEND", "k", "2") == refusal)
        #expect(client("INCR", "k") == refusal)
        #expect(client("GET", "k") == "1")
        #expect(client("EXPIRE", "k", "100") == 1)
        #expect(client("DEL", "k") == 1)
        #expect(client("CONFIG", "SET", "maxmemory", "0") == "OK")
        #expect(client("SET", "k", "2") == "OK")
    }

    @Test func theLimitItselfMayBeUsed() {
        #expect(fullServer(100).connect()("SET", "k", "2") == "OK")
    }

    @Test func memoryThatIsFreedCountsAtOnce() {
        let server = fullServer()
        let client = server.connect()
        #expect(client("SET", "k", "2") == refusal)
        server.engine.context.host.memory = { MemoryReading(used: 99, resident: 0) }
        #expect(client("SET", "k", "2") == "OK")
    }

    @Test(arguments: EvictionPolicy.allCases)
    func anyPolicy(_ policy: EvictionPolicy) {
        let client = fullServer().connect()
        #expect(client("CONFIG", "SET", "maxmemory-policy", policy.rawValue) == "OK")
        #expect(client("SET", "k", "2") == refusal)
    }

    @Test func otherErrorsGoFirst() {
        let server = fullServer()
        #expect(server.connect()("SET", "k") == .error("ERR wrong number of arguments for 'set' command"))
        server.engine.context.configuration.requiredPassword = [UInt8]("secret")
        #expect(server.connect()("SET", "k", "v") == .error("NOAUTH Authentication required."))
    }

    @Test func transactionsAreAborted() {
        let client = fullServer().connect()
        client("TEST.MULTI")
        #expect(client("GET", "k") == refusal)
        #expect(client("SET", "k", "2") == refusal)
        #expect(client("TEST.EXEC") == .error("EXECABORT Transaction discarded because of previous errors."))
        #expect(client("GET", "k") == "1")
    }

    @Test func refusalsAreCounted() {
        let client = fullServer().connect()
        client("SET", "k", "2")
        client("SET", "k", "2")
        let info = client("INFO", "commandstats", "errorstats").text ?? ""
        #expect(info.contains("cmdstat_set:calls=1,usec=0,usec_per_call=0.00,rejected_calls=2,failed_calls=0\r\n"))
        #expect(info.contains("errorstat_OOM:count=2\r\n"))
    }

    @Test func withoutLimitNobodyAsks() {
        let server = TestServer()
        server.engine.context.host.memory = {
            Issue.record("the meter was read")
            return MemoryReading(used: .max, resident: .max)
        }
        #expect(server.connect()("SET", "k", "v") == "OK")
    }
}

extension TestServer {
    /// Whether a command has asked something of the host.
    var asksTheHost: Bool { engine.hasRequests }
}
