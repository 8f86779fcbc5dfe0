// Directives whose feature does not act yet: they are checked, kept and told by
// CONFIG GET, and listed so in the README. Each moves to
// Configuration+Directives.swift when its feature comes.

import Primitives

/// What the values of a kept directive look like.
enum KeptShape: Sendable {
    case text, flag
    case number(ClosedRange<Int64>)
    /// Bytes, with units.
    case memory(ClosedRange<Int64>)
    case choice([String])
    /// Words with a rule of their own; the closure gives their canonical spelling.
    case checked(@Sendable ([[UInt8]]) throws(Directive.Refusal) -> [UInt8])

    /// The value to keep, in the spelling that CONFIG GET shows.
    func checked(_ words: [[UInt8]]) throws(Directive.Refusal) -> [UInt8] {
        switch self {
        case .text: words[0]
        case .flag: [UInt8](try Directive.flag(words[0]) ? "yes" : "no")
        case .number(let range): [UInt8](String(try Directive.integer(words[0], range)))
        case .memory(let range): [UInt8](String(try Directive.memory(words[0], range)))
        case .choice(let options): [UInt8](try Directive.option(words[0], of: options))
        case .checked(let check): try check(words)
        }
    }

    static var int: KeptShape { .number(DirectiveTable.int) }
    static var long: KeptShape { .number(DirectiveTable.long) }
    static var port: KeptShape { .number(DirectiveTable.port) }
    static var size: KeptShape { .memory(DirectiveTable.long) }
    /// 32 bits with their sign.
    static var signed: KeptShape { .number(Int64(Int32.min)...Int64(Int32.max)) }
}

enum KeptDirectives {
    static var all: [Directive] { encodings + memory + persistence + replication + cluster + security + process }

    static func kept(
        _ name: String, _ shape: KeptShape, _ initial: String = "", _ traits: DirectiveTraits = [], aliases: [String] = []
    ) -> Directive {
        Directive(name, .kept(shape, initial: [UInt8](initial)), traits, aliases: aliases)
    }

    private static var encodings: [Directive] {
        [
            kept("stream-node-max-bytes", .size, "4096"),
            kept("stream-node-max-entries", .long, "100"),
            kept("stream-idmp-duration", .long, "100"),
            kept("stream-idmp-maxsize", .long, "100"),
            kept("hash-max-template-entries", .long, "0"),
            kept("hash-min-template-entries", .long, "0"),
            kept("hash-rdb-load-max-template-entries", .long, "0"),
            kept("hash-rdb-load-min-template-entries", .long, "0"),
            kept("hash-rdb-load-template-disassembly-threshold", .long, "0"),
            kept("array-slice-size", .long, "4096"),
            kept("array-sparse-kmax", .long, "8"),
            kept("array-sparse-kmin", .long, "4"),
        ]
    }

    private static var memory: [Directive] {
        [
            kept("lazyfree-lazy-server-del", .flag, "no"),
            kept("lazyfree-lazy-user-del", .flag, "no"),
            kept("activerehashing", .flag, "yes"),
            kept("activedefrag", .checked(defragmentation), "no"),
            kept("active-defrag-cycle-min", .number(1...99), "1"),
            kept("active-defrag-cycle-max", .number(1...99), "25"),
            kept("active-defrag-cycle-us", .number(0...100_000), "500"),
            kept("active-defrag-ignore-bytes", .memory(1...Int64.max), "104857600"),
            kept("active-defrag-max-scan-fields", .number(1...Int64.max), "1000"),
            kept("active-defrag-threshold-lower", .number(0...1000), "10"),
            kept("active-defrag-threshold-upper", .number(0...1000), "100"),
            kept("jemalloc-bg-thread", .flag, "yes"),
            kept("key-memory-histograms", .flag, "no"),
        ]
    }

    private static var persistence: [Directive] {
        [
            kept("rdb-del-sync-files", .flag, "no"),
        ]
    }

    private static var security: [Directive] {
        [
            kept("acl-pubsub-default", .choice(["allchannels", "resetchannels"]), "resetchannels"),
            kept("aclfile", .text, "", [.immutable, .promise]),
            kept("acllog-max-len", .long, "128"),
            kept("enable-module-command", .choice(["no", "yes", "local"]), "no", .immutable),
            kept("tls-port", .port, "0", .promise),
            kept("tls-cluster", .flag, "no", .promise),
            kept("tls-replication", .flag, "no", .promise),
            kept("tls-auth-clients", .choice(["no", "yes", "optional"]), "yes"),
            kept("tls-auth-clients-user", .choice(["CN", "URI", "off"]), "off"),
            kept("tls-auto-reload-interval", .int, "0"),
            kept("tls-ca-cert-dir", .text),
            kept("tls-ca-cert-file", .text),
            kept("tls-cert-file", .text),
            kept("tls-ciphers", .text),
            kept("tls-ciphersuites", .text),
            kept("tls-client-cert-file", .text),
            kept("tls-client-key-file", .text),
            kept("tls-client-key-file-pass", .text, "", .sensitive),
            kept("tls-dh-params-file", .text),
            kept("tls-key-file", .text),
            kept("tls-key-file-pass", .text, "", .sensitive),
            kept("tls-prefer-server-ciphers", .flag, "no"),
            kept("tls-protocols", .text),
            kept("tls-session-cache-size", .int, "20480"),
            kept("tls-session-cache-timeout", .int, "300"),
            kept("tls-session-caching", .flag, "yes"),
        ]
    }

    private static var process: [Directive] {
        [
            kept("busy-reply-threshold", .long, "5000", aliases: ["lua-time-limit"]),
            kept("crash-memcheck-enabled", .flag, "yes"),
            kept("dynamic-hz", .flag, "yes"),
            kept("extended-redis-compatibility", .flag, "no"),
            kept("ignore-warnings", .text),
            kept("io-threads", .number(1...128), "1", .immutable),
            kept("io-threads-do-reads", .flag, "no", .immutable),
            kept("events-per-io-thread", .int, "2", .hidden),
            kept("prefetch-batch-max-size", .number(0...128), "16"),
            kept("lookahead", .number(1...Int64(Int32.max)), "16"),
            kept("server_cpulist", .text, "", [.immutable, .quietAliases], aliases: ["server-cpulist"]),
            kept("bio_cpulist", .text, "", [.immutable, .quietAliases], aliases: ["bio-cpulist"]),
            kept("aof_rewrite_cpulist", .text, "", [.immutable, .quietAliases], aliases: ["aof-rewrite-cpulist"]),
            kept("bgsave_cpulist", .text, "", [.immutable, .quietAliases], aliases: ["bgsave-cpulist"]),
            kept("hash-seed", .text, "", [.immutable, .sensitive, .hidden]),
            kept("import-mode", .flag, "no"),
            kept("max-new-tls-connections-per-cycle", .number(1...1000), "1"),
            kept("mptcp", .flag, "no", [.immutable, .hidden]),
            kept("rdma-bind", .text, "", .promise),
            kept("rdma-port", .port, "0", .promise),
            kept("rdma-completion-vector", .number(-1...1024), "-1", [.immutable, .hidden]),
            kept("rdma-rx-size", .number(65536...16_777_216), "1048576", [.immutable, .hidden]),
            kept("debug-context", .text, "", .hidden),
            kept("enable-debug-assert", .flag, "no", [.hidden, .immutable]),
            kept("use-exit-on-panic", .flag, "no", .hidden),
        ]
    }
}
