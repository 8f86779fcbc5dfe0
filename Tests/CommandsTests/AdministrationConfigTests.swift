import TestSupport
import Testing
@testable import Engine

@Suite struct AdministrationConfigTests {
    let server = TestServer()

    private func wrongNumber(_ name: String) -> Reply { .error("ERR wrong number of arguments for '\(name)' command") }

    private func failed(_ name: String, _ reason: String) -> Reply {
        .error("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)")
    }

    private func unknown(_ name: String) -> Reply {
        .error("ERR Unknown option or number of arguments for CONFIG SET - '\(name)'")
    }

    /// Names of a flat reply.
    private func names(_ reply: Reply) -> [String] {
        stride(from: 0, to: reply.elements.count, by: 2).compactMap { reply.elements[$0].text }
    }

    @Test func arity() {
        let client = server.connect()
        #expect(client("CONFIG") == wrongNumber("config"))
        #expect(client("CONFIG", "GET") == wrongNumber("config|get"))
        #expect(client("CONFIG", "SET") == wrongNumber("config|set"))
        #expect(client("CONFIG", "SET", "hz") == wrongNumber("config|set"))
        #expect(client("CONFIG", "SET", "hz", "1", "timeout") == .error("ERR syntax error"))
        #expect(client("CONFIG", "RESETSTAT", "x") == wrongNumber("config|resetstat"))
        #expect(client("CONFIG", "HELP", "x") == wrongNumber("config|help"))
        #expect(client("CONFIG", "foo") == .error("ERR unknown subcommand 'foo'. Try CONFIG HELP."))
    }

    @Test func get() {
        let client = server.connect()
        #expect(client("CONFIG", "GET", "hz") == ["hz", "10"])
        #expect(client("CONFIG", "GET", "HZ") == ["hz", "10"])
        #expect(client("CONFIG", "GET", "nosuch") == [])
        #expect(client("CONFIG", "GET", "") == [])
        #expect(client("CONFIG", "GET", "bind") == ["bind", "* -::*"])
        #expect(client("CONFIG", "GET", "requirepass") == ["requirepass", ""])
        #expect(client("CONFIG", "GET", "save") == ["save", "3600 1 300 100 60 10000"])
    }

    @Test func getByPatterns() {
        let client = server.connect()
        #expect(client("CONFIG", "GET", "[a-c]ind") == ["bind", "* -::*"])
        #expect(client("CONFIG", "GET", "maxc?ients") == ["maxclients", "10000"])
        #expect(Set(names(client("CONFIG", "GET", "maxmemory*"))).isSuperset(of: ["maxmemory", "maxmemory-policy"]))
        #expect(names(client("CONFIG", "GET", "LFU-*")) == ["lfu-decay-time", "lfu-log-factor"])
        let all = names(client("CONFIG", "GET", "*"))
        #expect(all.count > 200 && Set(all).count == all.count)
    }

    @Test func severalPatternsShowEachNameOnce() {
        let client = server.connect()
        #expect(names(client("CONFIG", "GET", "hz", "h?", "HZ", "nosuch", "port")).sorted() == ["hz", "port"])
    }

    @Test func getIsAMap() {
        let client = server.connect()
        client("HELLO", "3")
        #expect(client("CONFIG", "GET", "hz") == .map(["hz", "10"]))
        #expect(client("CONFIG", "GET", "nosuch") == .map([]))
    }

    @Test func set() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "maxmemory", "1Gb") == "OK")
        #expect(client("CONFIG", "GET", "maxmemory") == ["maxmemory", "1073741824"])
        #expect(client("CONFIG", "SET", "maxmemory-policy", "ALLKEYS-LFU") == "OK")
        #expect(client("CONFIG", "GET", "maxmemory-policy") == ["maxmemory-policy", "allkeys-lfu"])
        #expect(client("CONFIG", "SET", "Lazyfree-Lazy-Expire", "NO") == "OK")
        #expect(client("CONFIG", "GET", "lazyfree-lazy-expire") == ["lazyfree-lazy-expire", "no"])
        #expect(client("CONFIG", "SET", "requirepass", "") == "OK")
        #expect(server.engine.takeRequests().changedDirectives == [
            "maxmemory", "maxmemory-policy", "lazyfree-lazy-expire", "requirepass",
        ])
    }

    @Test func setSeveral() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "hz", "20", "timeout", "7", "lfu-log-factor", "0") == "OK")
        #expect(client("CONFIG", "GET", "hz", "timeout") == ["hz", "20", "timeout", "7"])
        #expect(server.engine.takeRequests().changedDirectives == ["hz", "timeout", "lfu-log-factor"])
    }

    @Test func allOrNothing() {
        let client = server.connect()
        let refused = [
            client("CONFIG", "SET", "hz", "20", "timeout", "abc"), client("CONFIG", "SET", "hz", "20", "nosuch", "1"),
            client("CONFIG", "SET", "hz", "20", "databases", "1"), client("CONFIG", "SET", "hz", "20", "timeout"),
            client("CONFIG", "SET", "hz", "20", "hz", "30"),
        ]
        #expect(refused == [
            failed("timeout", "argument couldn't be parsed into an integer"), unknown("nosuch"),
            failed("databases", "can't set immutable config"), .error("ERR syntax error"), failed("hz", "duplicate parameter"),
        ])
        #expect(client("CONFIG", "GET", "hz") == ["hz", "10"])
        #expect(!server.asksTheHost)
    }

    /// The first name at fault is told, and a name goes before any value.
    @Test func namesGoBeforeValues() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "timeout", "abc", "NoSuch", "1") == unknown("NoSuch"))
        #expect(client("CONFIG", "SET", "timeout", "abc", "Databases", "1") == failed("Databases", "can't set immutable config"))
        #expect(client("CONFIG", "SET", "databases", "1", "nosuch", "1") == failed("databases", "can't set immutable config"))
        #expect(client("CONFIG", "SET", "nosuch", "1", "databases", "1") == unknown("nosuch"))
        #expect(client("CONFIG", "SET", "timeout", "1", "TIMEOUT", "2", "nosuch", "3") == failed("TIMEOUT", "duplicate parameter"))
        #expect(client("CONFIG", "SET", "MAXclients", "abc") == failed("maxclients", "argument couldn't be parsed into an integer"))
        #expect(client("CONFIG", "SET", "a\r\nb", "1") == unknown("a  b"))
    }

    @Test(arguments: [
        "databases", "unixsocket", "unixsocketperm", "daemonize", "logfile", "pidfile", "always-show-logo",
        "enable-debug-command", "cluster-enabled", "enable-protected-configs", "io-threads", "supervised", "tcp-backlog",
    ])
    func immutable(_ name: String) {
        #expect(server.connect()("CONFIG", "SET", name, "x") == failed(name, "can't set immutable config"))
    }

    @Test(arguments: ["dir", "dbfilename"])
    func protected(_ name: String) {
        let refused = failed(name, "can't set protected config")
        #expect(server.connect()("CONFIG", "SET", name, "x") == refused)
        #expect(server.connect()("CONFIG", "SET", "timeout", "abc", name, "x") == refused)
        let open = TestServer { $0.process.protectedDirectives = .local }
        #expect(open.connect()("CONFIG", "SET", name, "x") == "OK")
        #expect(open.connect()("CONFIG", "GET", name) == [.bulk([UInt8](name)), "x"])
        let remote = open.connect()
        _ = open.engine.context.clients.slab.with(remote.id) { $0.identity.peer.address = "10.0.0.1:5" }
        #expect(remote("CONFIG", "SET", name, "y") == refused)
    }

    private static let notInteger = "argument couldn't be parsed into an integer"
    private static let notMemory = "argument must be a memory value"
    private static let notFlag = "argument must be 'yes' or 'no'"

    @Test(arguments: [
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("maxclients", "-1", "argument must be between 1 and 4294967295 inclusive"),
        ("maxclients", "99999999999", "argument must be between 1 and 4294967295 inclusive"),
        ("maxclients", "999999999999999999999", notInteger), ("maxclients", "", notInteger),
        ("maxclients", "1.5", notInteger), ("maxclients", " 1", notInteger), ("maxclients", "+100", notInteger),
        ("maxclients", "0100", notInteger),
        ("maxmemory", "abc", notMemory), ("maxmemory", "-1", notMemory), ("maxmemory", "1xb", notMemory),
        ("maxmemory", "1.5gb", notMemory), ("proto-max-bulk-len", "abc", notMemory),
        ("lazyfree-lazy-eviction", "maybe", notFlag), ("lazyfree-lazy-eviction", "", notFlag),
        ("protected-mode", "1", notFlag), ("appendonly", "foo", notFlag),
        ("lfu-log-factor", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("lfu-decay-time", "99999999999", "argument must be between 0 and 2147483647 inclusive"),
        ("active-expire-effort", "11", "argument must be between 1 and 10 inclusive"),
        ("active-expire-effort", "0", "argument must be between 1 and 10 inclusive"),
        ("hz", "-5", "argument must be between 0 and 2147483647 inclusive"),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("tcp-keepalive", "abc", notInteger), ("slowlog-max-len", "abc", notInteger),
        ("list-max-listpack-size", "1k", notInteger), ("hash-max-listpack-entries", "1k", notInteger),
        ("hash-max-listpack-value", "abc", notMemory), ("repl-backlog-size", "abc", notMemory),
        ("active-defrag-ignore-bytes", "x", notMemory),
        ("appendfsync", "foo", "argument(s) must be one of the following: everysec, always, no"),
        ("tls-auth-clients", "foo", "argument(s) must be one of the following: no, yes, optional"),
        ("save", "abc", "Invalid save parameters"), ("save", "900", "Invalid save parameters"),
        ("save", "900 1 60", "Invalid save parameters"),
        (
            "maxmemory-policy", "foo",
            "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, volatile-lrm, "
                + "allkeys-lru, allkeys-lfu, allkeys-random, allkeys-lrm, noeviction"
        ),
    ])
    func badValues(_ name: String, _ value: String, _ reason: String) {
        let client = server.connect()
        let before = client("CONFIG", "GET", name)
        #expect(client("CONFIG", "SET", name, value) == failed(name, reason))
        #expect(client("CONFIG", "GET", name) == before)
    }

    @Test func limitsOfSizes() {
        let client = server.connect()
        for name in ["proto-max-bulk-len", "client-query-buffer-limit"] {
            #expect(client("CONFIG", "SET", name, "1048576") == "OK")
            #expect(client("CONFIG", "SET", name, "9223372036854775807") == "OK")
            #expect(client("CONFIG", "GET", name).elements.last == "2305843009213693951")
            for value in ["1", "1048575", "9223372036854775808"] {
                #expect(client("CONFIG", "SET", name, value).errorText?.contains("argument must be between 1048576 and ") == true)
            }
        }
        // Redis wraps around here; a limit of next to nothing is not what was asked for.
        #expect(client("CONFIG", "SET", "maxmemory", "99999999999gb") == failed("maxmemory", Self.notMemory))
        #expect(client("CONFIG", "SET", "maxmemory", "9223372036854775807") == "OK")
    }

    @Test func frequencyIsMovedIntoItsBounds() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "hz", "0") == "OK")
        #expect(client("CONFIG", "GET", "hz") == ["hz", "1"])
        #expect(client("CONFIG", "SET", "hz", "501") == "OK")
        #expect(client("CONFIG", "GET", "hz") == ["hz", "500"])
    }

    @Test func keptValues() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "appendonly", "No", "repl-backlog-size", "2mb", "save", "900 1") == "OK")
        #expect(client("CONFIG", "GET", "appendonly", "repl-backlog-size", "save")
            == ["appendonly", "no", "repl-backlog-size", "2097152", "save", "900 1"])
        #expect(client("CONFIG", "SET", "save", "", "maxmemory-clients", "5%") == "OK")
        #expect(client("CONFIG", "GET", "save", "maxmemory-clients") == ["maxmemory-clients", "5%", "save", ""])
    }

    @Test func aliasesAreNamesOfTheirOwn() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "slave-priority", "2", "replica-priority", "3") == "OK")
        #expect(client("CONFIG", "GET", "*-priority") == ["replica-priority", "3", "slave-priority", "3"])
        #expect(client("CONFIG", "SET", "slave-priority", "x") == failed("slave-priority", Self.notInteger))
        #expect(client("CONFIG", "GET", "*of") == ["replicaof", "", "slaveof", ""])
    }

    @Test func hiddenNamesAreNotFoundByPatterns() {
        let client = server.connect()
        #expect(client("CONFIG", "GET", "watchdog-perio?") == [])
        #expect(client("CONFIG", "GET", "watchdog-period") == ["watchdog-period", "0"])
        #expect(client("CONFIG", "SET", "watchdog-period", "1") == "OK")
        #expect(client("CONFIG", "GET", "watchdog-period") == ["watchdog-period", "200"])
    }

    @Test func promisesAreRefused() {
        let client = server.connect()
        let refused = failed("tls-cluster", "this feature is not there yet (see needletail-ignore-unsupported)")
        #expect(client("CONFIG", "SET", "hz", "20", "tls-cluster", "yes") == refused)
        #expect(client("CONFIG", "GET", "hz", "tls-cluster") == ["hz", "10", "tls-cluster", "no"])
        let other = TestServer { $0.process.ignoresUnsupported = true }.connect()
        #expect(other("CONFIG", "SET", "tls-cluster", "yes") == "OK")
        #expect(other("CONFIG", "GET", "tls-cluster") == ["tls-cluster", "yes"])
    }

    @Test func anAppendOnlyFileNeedsADisk() {
        let client = server.connect()
        #expect(client("CONFIG", "SET", "hz", "20", "appendonly", "yes") == failed("appendonly", "Unable to turn on AOF. Check server logs."))
        #expect(client("CONFIG", "GET", "hz", "appendonly") == ["appendonly", "no", "hz", "10"])
    }

    /// What was applied before is applied again with the old values.
    @Test func applyErrorsUndoEverything() {
        let applied = Journal()
        server.engine.context.host.configuration.apply = { name, configuration in
            applied.add("\(name) \(name == "hz" ? configuration.hz : configuration.network.timeoutSeconds)")
            return name == "maxclients" ? "no room" : nil
        }
        let client = server.connect()
        #expect(client("CONFIG", "SET", "timeout", "7", "hz", "20", "maxclients", "5", "lfu-decay-time", "3") == failed("maxclients", "no room"))
        #expect(applied.lines == ["timeout 7", "hz 20", "maxclients 7", "hz 10", "timeout 0"])
        #expect(client("CONFIG", "GET", "hz", "maxclients", "timeout") == ["hz", "10", "maxclients", "10000", "timeout", "0"])
        #expect(!server.asksTheHost)
        // What stays as it was needs no applying.
        #expect(client("CONFIG", "SET", "maxclients", "10000", "timeout", "1") == "OK")
        #expect(applied.lines.suffix(1) == ["timeout 1"])
    }

    @Test func theHostMayAdjustAValue() {
        server.engine.context.host.configuration.apply = { _, configuration in
            configuration.network.timeoutSeconds = 99
            return nil
        }
        let client = server.connect()
        #expect(client("CONFIG", "SET", "timeout", "7") == "OK")
        #expect(client("CONFIG", "GET", "timeout") == ["timeout", "99"])
    }

    @Test func rewrite() {
        let client = server.connect()
        #expect(client("CONFIG", "REWRITE") == .error("ERR The server is running without a config file"))
        let written = Journal()
        server.engine.context.host.configurationFile = "/some/redis.conf"
        server.engine.context.host.configuration.read = { $0 == "/some/redis.conf" ? ([UInt8]("# x\nhz 15\n"), nil) : ([], "what?") }
        server.engine.context.host.configuration.replace = { path, bytes in
            written.add("\(path): " + String(decoding: bytes, as: UTF8.self))
            return nil
        }
        client("CONFIG", "SET", "hz", "20")
        #expect(client("CONFIG", "REWRITE") == "OK")
        #expect(written.lines == ["/some/redis.conf: # x\nhz 20\n# Generated by CONFIG REWRITE\ndir .\nenable-debug-command yes\n"])
        #expect(client("DEBUG", "CONFIG-REWRITE-FORCE-ALL") == "OK")
        #expect(written.lines.last?.contains("\ntimeout 0\n") == true)
        server.engine.context.host.configuration.replace = { _, _ in "Permission denied" }
        #expect(client("CONFIG", "REWRITE") == .error("ERR Rewriting config file: Permission denied"))
        server.engine.context.host.configuration.read = { _ in ([], "Is a directory") }
        #expect(client("CONFIG", "REWRITE") == .error("ERR Rewriting config file: Is a directory"))
        #expect(client("CONFIG", "REWRITE", "x") == wrongNumber("config|rewrite"))
    }

    @Test func resetStatistics() {
        let client = server.connect()
        client("SET", "k", "v")
        client("GET", "k")
        client("GET", "none")
        client("NOSUCH")
        #expect(client("CONFIG", "RESETSTAT") == "OK")
        #expect(server.engine.takeRequests().resetStatistics)
        let info = client("INFO", "stats", "commandstats", "errorstats").text ?? ""
        for line in ["keyspace_hits:0", "keyspace_misses:0", "total_error_replies:0", "total_connections_received:0"] {
            #expect(info.contains("\r\n\(line)\r\n"))
        }
        #expect(!info.contains("cmdstat_get") && !info.contains("errorstat_"))
        // The data stays, and so does what describes the present.
        #expect(client("GET", "k") == "v")
        #expect((client("INFO", "persistence").text ?? "").contains("rdb_changes_since_last_save:1\r\n"))
    }

    @Test func help() {
        let lines = server.connect()("CONFIG", "HELP").elements.compactMap(\.text)
        #expect(lines.first == "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(lines.suffix(2) == ["HELP", "    Prints this help."])
        #expect(lines.contains("GET <pattern>") && lines.contains("SET <directive> <value>") && lines.contains("RESETSTAT"))
    }
}

/// Lines that closures of one thread write.
private final class Journal: @unchecked Sendable {
    private(set) var lines: [String] = []
    func add(_ line: String) { lines.append(line) }
}

extension Reply {
    var errorText: String? { if case .error(let text) = self { text } else { nil } }
}
