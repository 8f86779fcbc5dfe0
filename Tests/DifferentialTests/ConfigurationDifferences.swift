// Where configuration differs from Redis 7.0 on purpose, and what cannot be tried.

import Engine

/// A class of values of some directives that Redis 7.0 answers in another way.
struct ConfigurationDifference {
    enum Extent {
        case untried
        /// Reply and value may be anything, or the words of a refusal may.
        case anything, text
    }

    let names: Set<String>
    let extent: Extent
    let reason: String
    let concerns: @Sendable (_ value: [UInt8]) -> Bool

    init(
        _ names: Set<String>, _ extent: Extent, _ reason: String, where concerns: @escaping @Sendable ([UInt8]) -> Bool = { _ in true }
    ) {
        self.names = names
        self.extent = extent
        self.reason = reason
        self.concerns = concerns
    }

    /// The difference that explains this directive and value.
    static func of(_ directive: Directive, _ value: [UInt8]) -> ConfigurationDifference? {
        all.first { difference in
            !difference.names.isDisjoint(with: [directive.name] + directive.aliases) && difference.concerns(value)
        }
    }

    private static func isBeyondSigned(_ value: [UInt8]) -> Bool {
        let text = String(decoding: value, as: UTF8.self)
        guard let first = text.first, first.isNumber else { return false }
        let digits = text.prefix { $0.isNumber }
        let units: [Substring: Int64] = ["gb": 1 << 30, "kb": 1 << 10]
        guard let number = Int64(digits) else { return true }
        return number.multipliedReportingOverflow(by: units[text.dropFirst(digits.count)] ?? 1).overflow
    }

    private static func number(_ value: [UInt8]) -> Int64 { Int64(String(decoding: value, as: UTF8.self)) ?? -1 }

    private static func isWord(_ value: [UInt8]) -> Bool {
        ["yes", "auto", "systemd", "upstart", "relative", "absolute"].contains(String(decoding: value, as: UTF8.self).lowercased())
    }

    static var all: [ConfigurationDifference] {
        [
            ConfigurationDifference(["bind", "dir", "unixsocket", "logfile", "pidfile"], .untried, "the host decides"),
            ConfigurationDifference(["port"], .untried, "the host decides", where: { (0...65535).contains(number($0)) }),
            ConfigurationDifference(["maxclients"], .untried, "the host decides", where: { number($0) > 10_000 }),
            ConfigurationDifference(["databases"], .untried, "takes the memory", where: { number($0) > 1000 }),
            ConfigurationDifference(["oom-score-adj"], .untried, "the host decides", where: { [UInt8]("no") != $0 && isWord($0) }),
            ConfigurationDifference(["daemonize", "supervised"], .untried, "acts on the machine", where: isWord),
            ConfigurationDifference(["maxmemory-clients"], .untried, "drops the connection of the test", where: { $0 == [49] }),
            ConfigurationDifference(
                ["appendonly", "tls-port", "tls-cluster", "tls-replication", "aclfile", "replicaof", "cluster-enabled",
                 "min-replicas-to-write"], .untried, "promises are refused until they can be kept (PromiseTests)",
                where: { !["no", "0", ""].contains(String(decoding: $0, as: UTF8.self).lowercased()) }),
            ConfigurationDifference(
                ["loglevel", "maxmemory-policy", "shutdown-on-sigint", "shutdown-on-sigterm", "repl-diskless-load"], .text, "newer choices are named"),
            ConfigurationDifference(
                ["notify-keyspace-events"], .anything, "letters of Redis 8.2 and 8.8",
                where: { $0.contains { "ocaSTIV".utf8.contains($0) } }),
            ConfigurationDifference(["notify-keyspace-events"], .text, "newer letters are named"),
            ConfigurationDifference(
                ["maxmemory", "maxmemory-clients", "cluster-link-sendbuf-limit", "client-output-buffer-limit"], .anything,
                "no size above 2^63 - 1; Redis wraps around", where: isBeyondSigned),
            ConfigurationDifference(
                ["proto-max-bulk-len", "client-query-buffer-limit"], .anything, "moved below 2^61: no sum of sizes overflows",
                where: { $0.count > 18 || isBeyondSigned($0) }),
            ConfigurationDifference(
                ["active-defrag-ignore-bytes", "auto-aof-rewrite-min-size", "hash-max-listpack-value", "hll-sparse-max-bytes",
                 "repl-backlog-size", "stream-node-max-bytes", "zset-max-listpack-value"], .anything,
                "a size that overflows is refused as such; Redis wraps around", where: isBeyondSigned),
            ConfigurationDifference(
                ["save", "bind", "oom-score-adj-values", "client-output-buffer-limit", "latency-tracking-info-percentiles",
                 "shutdown-on-sigint", "shutdown-on-sigterm", "replicaof"], .text,
                "open quotes within a value are an error in a file; Redis takes them for no value at all",
                where: { $0.contains(34) || $0.contains(39) }),
            ConfigurationDifference(
                ["latency-tracking-info-percentiles"], .anything, "zero has no sign", where: { $0 == [45, 48] }),
            ConfigurationDifference(
                ["requirepass", "masterauth", "masteruser"], .untried, "an authenticated connection is wanted afterwards",
                where: { $0.count > 100 }),
        ]
    }
}
