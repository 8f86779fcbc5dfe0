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

    static var all: [ConfigurationDifference] {
        [
            ConfigurationDifference(["port", "bind", "dir", "maxclients", "oom-score-adj", "unixsocket"], .untried, "the host decides"),
            ConfigurationDifference(
                ["daemonize", "supervised", "logfile", "pidfile", "databases"], .untried, "acts on the machine at the start"),
            ConfigurationDifference(["maxmemory-clients"], .untried, "drops the connection of the test", where: { $0 == [49] }),
            ConfigurationDifference(
                ["appendonly", "tls-port", "tls-cluster", "tls-replication", "aclfile", "replicaof", "cluster-enabled",
                 "min-replicas-to-write"], .untried, "promises are refused until they can be kept (PromiseTests)",
                where: { !["no", "0", ""].contains(String(decoding: $0, as: UTF8.self).lowercased()) }),
            ConfigurationDifference(
                ["loglevel", "shutdown-on-sigint", "shutdown-on-sigterm", "repl-diskless-load"], .text, "newer choices are named"),
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
                ["latency-tracking-info-percentiles"], .anything, "zero has no sign", where: { $0 == [45, 48] }),
            ConfigurationDifference(
                ["requirepass", "masterauth", "masteruser"], .untried, "an authenticated connection is wanted afterwards",
                where: { $0.count > 100 }),
        ]
    }
}
