// Kept directives of replication and of the cluster.

extension KeptDirectives {
    static var replication: [Directive] {
        let positive = KeptShape.number(1...Int64(Int32.max))
        return [
            kept("replicaof", .checked(primary), "", [.immutable, .several, .promise], aliases: ["slaveof"]),
            kept("masterauth", .text, "", .sensitive, aliases: ["primaryauth"]),
            kept("masteruser", .text, "", .sensitive, aliases: ["primaryuser"]),
            kept("min-replicas-to-write", .int, "0", .promise, aliases: ["min-slaves-to-write"]),
            kept("min-replicas-max-lag", .int, "10", aliases: ["min-slaves-max-lag"]),
            kept("repl-backlog-size", .checked(backlogSize), "1048576"),
            kept("repl-backlog-ttl", .long, "3600"),
            kept("repl-disable-tcp-nodelay", .flag, "no"),
            kept("repl-diskless-load", .choice(["disabled", "on-empty-db", "swapdb", "flush-before-load"]), "disabled", .fixedWhileLoading),
            kept("repl-diskless-sync", .flag, "yes"),
            kept("repl-diskless-sync-delay", .int, "5"),
            kept("repl-diskless-sync-max-replicas", .int, "0"),
            kept("repl-mptcp", .flag, "no", [.immutable, .hidden]),
            kept("repl-ping-replica-period", positive, "10", aliases: ["repl-ping-slave-period"]),
            kept("repl-timeout", positive, "60"),
            kept("replica-announce-ip", .text, aliases: ["slave-announce-ip"]),
            kept("replica-announce-port", .port, "0", aliases: ["slave-announce-port"]),
            kept("replica-announced", .flag, "yes"),
            kept("replica-ignore-disk-write-errors", .flag, "no"),
            kept("replica-ignore-maxmemory", .flag, "yes", aliases: ["slave-ignore-maxmemory"]),
            kept("replica-lazy-flush", .flag, "no", aliases: ["slave-lazy-flush"]),
            kept("replica-priority", .int, "100", aliases: ["slave-priority"]),
            kept("replica-read-only", .flag, "yes", aliases: ["slave-read-only"]),
            kept("replica-serve-stale-data", .flag, "yes", aliases: ["slave-serve-stale-data"]),
            kept("dual-channel-replication-enabled", .flag, "no"),
            kept(
                "propagation-error-behavior", .choice(["ignore", "panic", "panic-on-replicas"]), "ignore"),
        ]
    }

    static var cluster: [Directive] {
        let delay = KeptShape.number(1...Int64(Int32.max))
        return [
            kept("cluster-enabled", .flag, "no", [.immutable, .promise]),
            kept("cluster-allow-pubsubshard-when-down", .flag, "yes"),
            kept("cluster-allow-reads-when-down", .flag, "no"),
            kept("cluster-allow-replica-migration", .flag, "yes"),
            kept("cluster-announce-bus-port", .port, "0"),
            kept("cluster-announce-client-ipv4", .checked(addressV4)),
            kept("cluster-announce-client-ipv6", .checked(addressV6)),
            kept("cluster-announce-client-port", .port, "0"),
            kept("cluster-announce-client-tls-port", .port, "0"),
            kept("cluster-announce-hostname", .checked(hostName)),
            kept("cluster-announce-human-nodename", .checked(nodeName)),
            kept("cluster-announce-ip", .text),
            kept("cluster-announce-port", .port, "0"),
            kept("cluster-announce-tls-port", .port, "0"),
            kept("cluster-blacklist-ttl", .signed, "60"),
            kept("cluster-compatibility-sample-ratio", .number(0...100), "0"),
            kept("cluster-config-file", .text, "nodes.conf", .immutable),
            kept("cluster-config-save-behavior", .choice(["sync", "best-effort"]), "sync"),
            kept("cluster-databases", .number(1...Int64(Int32.max)), "1", [.immutable, .hidden]),
            kept("cluster-link-sendbuf-limit", .size, "0"),
            kept("cluster-manual-failover-timeout", delay, "5000"),
            kept("cluster-migration-barrier", .int, "1"),
            kept("cluster-node-timeout", .long, "15000"),
            kept("cluster-ping-interval", .long, "0", .hidden),
            kept("cluster-port", .port, "0", .immutable),
            kept("cluster-preferred-endpoint-type", .choice(["ip", "hostname", "unknown-endpoint"]), "ip"),
            kept("cluster-replica-no-failover", .flag, "no", aliases: ["cluster-slave-no-failover"]),
            kept("cluster-replica-validity-factor", .int, "10", aliases: ["cluster-slave-validity-factor"]),
            kept("cluster-require-full-coverage", .flag, "yes"),
            kept("cluster-slot-migration-handoff-max-lag-bytes", .size, "1048576"),
            kept("cluster-slot-migration-log-max-len", .long, "1000"),
            kept("cluster-slot-migration-write-pause-timeout", .long, "10000"),
            kept("cluster-slot-stats-enabled", .flag, "no"),
            kept("slot-migration-max-failover-repl-bytes", .memory(-1...Int64.max), "0"),
        ]
    }
}
