/// What the values of a kept directive look like, told from its name and default.
enum KeptShape: Sendable {
    case text, flag, number, memory, savePoints
    case choice([String])

    init(_ name: String, initial: [UInt8]) {
        let text = String(decoding: initial, as: UTF8.self)
        if name == "save" {
            self = .savePoints
        } else if let choices = Self.choices[name] {
            self = .choice(choices)
        } else if Self.odd.contains(name) {
            self = .text
        } else if text == "yes" || text == "no" {
            self = .flag
        } else if Int64(text) == nil {
            self = .text
        } else {
            self = Self.memoryEndings.contains { name.hasSuffix($0) } ? .memory : .number
        }
    }

    /// Directives that know other values than their default leads one to think.
    private static var odd: [String] {
        ["enable-module-command", "maxmemory-clients", "supervised"]
    }

    private static var choices: [String: [String]] {
        [
            "acl-pubsub-default": ["allchannels", "resetchannels"],
            "appendfsync": ["everysec", "always", "no"],
            "cluster-preferred-endpoint-type": ["ip", "hostname", "unknown-endpoint"],
            "oom-score-adj": ["no", "yes", "relative", "absolute"],
            "propagation-error-behavior": ["ignore", "panic", "panic-on-replicas"],
            "repl-diskless-load": ["disabled", "on-empty-db", "swapdb", "flush-before-load"],
            "sanitize-dump-payload": ["no", "yes", "clients"],
            "tls-auth-clients": ["no", "yes", "optional"],
        ]
    }

    private static var memoryEndings: [String] {
        ["-bytes", "-listpack-value", "-ziplist-value", "rewrite-min-size", "repl-backlog-size", "sendbuf-limit"]
    }

    /// The value to keep, in the spelling that CONFIG GET shows.
    func checked(_ words: [[UInt8]]) throws(Directive.Refusal) -> [UInt8] {
        switch self {
        case .text: return Array(words.joined(separator: [32]))
        case .savePoints: return try Self.savePoints(words)
        case .flag, .number, .memory, .choice: break
        }
        guard words.count == 1 else { throw .wordCount }
        return switch self {
        case .flag: try Directive.flag(words[0]) ? [UInt8]("yes") : [UInt8]("no")
        case .number: [UInt8](String(try Directive.integer(words[0])))
        case .choice(let options): [UInt8](try Directive.option(words[0], of: options))
        default: [UInt8](String(try Directive.memory(words[0])))
        }
    }

    /// Pairs of seconds and changes; nothing at all means never.
    private static func savePoints(_ words: [[UInt8]]) throws(Directive.Refusal) -> [UInt8] {
        let numbers = words.flatMap { $0.split(separator: 32) }
        let values = numbers.map { Array($0).rawSpan.canonicalInteger ?? -1 }
        let isPaired = values.count % 2 == 0 && values.indices.allSatisfy { values[$0] >= ($0 % 2 == 0 ? 1 : 0) }
        guard isPaired else { throw Directive.Refusal(text: "Invalid save parameters") }
        return Array(numbers.joined(separator: [32]))
    }
}

/// Directives of Redis 7.0 and Valkey 9.1 whose feature does not act yet: they
/// are accepted, kept and told by CONFIG GET, and listed so in the README. One a
/// line: name and default; `!` marks those that only a start can set.
enum KeptDirectives {
    static var all: [(name: String, initial: [UInt8], isImmutable: Bool)] {
        table.split(separator: "\n").map { line in
            let isImmutable = line.first == "!"
            let words = (isImmutable ? line.dropFirst() : line).split(separator: " ", maxSplits: 1)
            return (String(words[0]), words.count > 1 ? [UInt8](String(words[1])) : [], isImmutable)
        }
    }

    private static var table: String {
        """
        acl-pubsub-default resetchannels
        !aclfile
        acllog-max-len 128
        active-defrag-cycle-max 25
        active-defrag-cycle-min 1
        active-defrag-cycle-us 500
        active-defrag-ignore-bytes 104857600
        active-defrag-max-scan-fields 1000
        active-defrag-threshold-lower 10
        active-defrag-threshold-upper 100
        activedefrag no
        lazyfree-lazy-eviction no
        lazyfree-lazy-server-del no
        lazyfree-lazy-user-del no
        activerehashing yes
        aof-load-truncated yes
        !aof-rewrite-cpulist
        aof-rewrite-incremental-fsync yes
        aof-timestamp-enabled no
        aof-use-rdb-preamble yes
        !aof_rewrite_cpulist
        !appenddirname appendonlydir
        !appendfilename appendonly.aof
        appendfsync everysec
        appendonly no
        auto-aof-rewrite-min-size 67108864
        auto-aof-rewrite-percentage 100
        !bgsave-cpulist
        !bgsave_cpulist
        !bio-cpulist
        !bio_cpulist
        busy-reply-threshold 5000
        cluster-allow-pubsubshard-when-down yes
        cluster-allow-reads-when-down no
        cluster-allow-replica-migration yes
        cluster-announce-bus-port 0
        cluster-announce-client-ipv4
        cluster-announce-client-ipv6
        cluster-announce-client-port 0
        cluster-announce-client-tls-port 0
        cluster-announce-hostname
        cluster-announce-human-nodename
        cluster-announce-ip
        cluster-announce-port 0
        cluster-announce-tls-port 0
        cluster-blacklist-ttl 60
        !cluster-config-file nodes.conf
        cluster-config-save-behavior sync
        !cluster-databases 1
        !cluster-enabled no
        cluster-link-sendbuf-limit 0
        cluster-manual-failover-timeout 5000
        cluster-migration-barrier 1
        cluster-node-timeout 15000
        !cluster-port 0
        cluster-preferred-endpoint-type ip
        cluster-replica-no-failover no
        cluster-replica-validity-factor 10
        cluster-require-full-coverage yes
        cluster-slave-no-failover no
        cluster-slave-validity-factor 10
        cluster-slot-migration-log-max-len 1000
        cluster-slot-stats-enabled no
        dbfilename dump.rdb
        dual-channel-replication-enabled no
        dynamic-hz yes
        !enable-module-command no
        extended-redis-compatibility no
        !hash-seed
        ignore-warnings
        import-mode no
        !io-threads 1
        !io-threads-do-reads no
        jemalloc-bg-thread yes
        lua-time-limit 5000
        masterauth
        masteruser
        max-new-tls-connections-per-cycle 1
        maxmemory-eviction-tenacity 10
        maxmemory-samples 5
        min-replicas-max-lag 10
        min-replicas-to-write 0
        min-slaves-max-lag 10
        min-slaves-to-write 0
        !mptcp no
        no-appendfsync-on-rewrite no
        notify-keyspace-events
        prefetch-batch-max-size 16
        primaryauth
        primaryuser
        propagation-error-behavior ignore
        rdb-del-sync-files no
        rdb-save-incremental-fsync yes
        rdb-version-check strict
        !rdbchecksum yes
        rdbcompression yes
        !rdma-bind
        !rdma-completion-vector -1
        rdma-port 0
        !rdma-rx-size 1048576
        repl-backlog-size 1048576
        repl-backlog-ttl 3600
        repl-disable-tcp-nodelay no
        repl-diskless-load disabled
        repl-diskless-sync yes
        repl-diskless-sync-delay 5
        repl-diskless-sync-max-replicas 0
        !repl-mptcp no
        repl-ping-replica-period 10
        repl-ping-slave-period 10
        repl-timeout 60
        replica-announce-ip
        replica-announce-port 0
        replica-announced yes
        replica-ignore-disk-write-errors no
        replica-ignore-maxmemory yes
        replica-lazy-flush no
        replica-priority 100
        replica-read-only yes
        replica-serve-stale-data yes
        !replicaof
        sanitize-dump-payload no
        save 3600 1 300 100 60 10000
        !server-cpulist
        !server_cpulist
        slave-announce-ip
        slave-announce-port 0
        slave-ignore-maxmemory yes
        slave-lazy-flush no
        slave-priority 100
        slave-read-only yes
        slave-serve-stale-data yes
        !slaveof
        slot-migration-max-failover-repl-bytes 0
        stop-writes-on-bgsave-error yes
        stream-node-max-bytes 4096
        stream-node-max-entries 100
        tls-auth-clients yes
        tls-auth-clients-user off
        tls-auto-reload-interval 0
        tls-ca-cert-dir
        tls-ca-cert-file
        tls-cert-file
        tls-ciphers
        tls-ciphersuites
        tls-client-cert-file
        tls-client-key-file
        tls-client-key-file-pass
        tls-cluster no
        tls-dh-params-file
        tls-key-file
        tls-key-file-pass
        tls-port 0
        tls-prefer-server-ciphers no
        tls-protocols
        tls-replication no
        tls-session-cache-size 20480
        tls-session-cache-timeout 300
        tls-session-caching yes
        tracking-table-max-keys 1000000
        """
    }
}
