// All directives. Each is declared once: here where it acts, in
// KeptDirectives.swift where its feature is not there yet.

import Primitives

/// All directives, found by name.
public struct DirectiveTable: Sendable {
    /// In order of declaration.
    public let directives: [Directive]
    private let byName: [String: Int]

    public init() {
        directives = Self.acting + KeptDirectives.all
        var byName: [String: Int] = [:]
        for (index, directive) in directives.enumerated() {
            for name in [directive.name] + directive.aliases { byName[name] = index }
        }
        self.byName = byName
    }

    /// The directive with this name or alias, in any case.
    public func find(_ name: [UInt8]) -> Directive? {
        byName[String(decoding: name, as: UTF8.self).lowercased()].map { directives[$0] }
    }

    /// What the configuration asks for of durability, security or topology that is
    /// not there yet, as lines of redis.conf.
    public func promises(in configuration: Configuration) -> [String] {
        let initial = Configuration()
        let lines = directives.filter { $0.traits.contains(.promise) }.compactMap { directive -> String? in
            let value = directive.value(in: configuration)
            return value == directive.value(in: initial) ? nil : directive.name + " " + String(decoding: value, as: UTF8.self)
        }
        return lines + configuration.process.ignoredLines
    }

    static var int: ClosedRange<Int64> { 0...Int64(Int32.max) }
    static var long: ClosedRange<Int64> { 0...Int64.max }
    static var port: ClosedRange<Int64> { 0...65535 }

    private static var acting: [Directive] { engine + network + process + log + monitoring + limits + values + persistence + appendOnly }

    private static var engine: [Directive] {
        [
            Directive("databases", .integer(\.databases, 1...Int64(Int32.max)), .immutable),
            Directive("maxmemory", .memory(\.maximumMemory, long)),
            Directive("maxmemory-policy", Directive.choice(\.maximumMemoryPolicy)),
            Directive("maxmemory-samples", .integer(\.eviction.samples, 1...Int64(Int32.max))),
            Directive("maxmemory-eviction-tenacity", .integer(\.eviction.tenacity, 0...100)),
            Directive("lfu-log-factor", .integer(\.lfuLogFactor, int)),
            Directive("lfu-decay-time", .integer(\.lfuDecayMinutes, int)),
            Directive("proto-max-bulk-len", .memory(\.maximumBulkBytes, 1024 * 1024...Int64.max)),
            Directive("client-query-buffer-limit", .memory(\.queryBufferLimit, 1024 * 1024...Int64.max)),
            Directive("requirepass", .text(\.requiredPassword), .sensitive),
            Directive("active-expire-effort", .integer(\.activeExpireEffort, 1...10)),
            Directive("hz", .integer(\.hz, int)),
            Directive("tracking-table-max-keys", .integer(\.limits.trackedKeys, long)),
            Directive("lazyfree-lazy-expire", .flag(\.lazyFree.expire)),
            Directive("lazyfree-lazy-eviction", .flag(\.lazyFree.eviction)),
            Directive("lazyfree-lazy-user-flush", .flag(\.lazyFree.userFlush)),
        ]
    }

    private static var network: [Directive] {
        [
            Directive("port", .integer(\.network.port, port)),
            Directive("bind", bind, .several),
            Directive("tcp-backlog", .integer(\.network.backlog, int), .immutable),
            Directive("unixsocket", .text(\.network.unixSocket), .immutable),
            Directive("unixsocketperm", .octal(\.network.unixSocketMode, 0...0o777), .immutable),
            Directive("maxclients", .integer(\.network.maximumClients, 1...Int64(UInt32.max))),
            Directive("timeout", .integer(\.network.timeoutSeconds, int)),
            Directive("tcp-keepalive", .integer(\.network.keepAliveSeconds, int)),
            Directive("protected-mode", .flag(\.network.isProtected)),
        ]
    }

    private static var process: [Directive] {
        [
            Directive("dir", .text(\.process.directory), [.protected, .fixedWhileLoading]),
            Directive("pidfile", .text(\.process.pidFile), .immutable),
            Directive("always-show-logo", .flag(\.process.showsLogo), .immutable),
            Directive("enable-debug-command", Directive.choice(\.process.debugCommand), .immutable),
            Directive("enable-protected-configs", Directive.choice(\.process.protectedDirectives), .immutable),
            Directive("daemonize", .flag(\.process.runsInBackground), .immutable),
            Directive("supervised", Directive.choice(\.process.supervision), .immutable),
            Directive("set-proc-title", .flag(\.process.setsTitle), .immutable),
            Directive("proc-title-template", .text(\.process.titleTemplate, check: checkTitle)),
            Directive("oom-score-adj", outOfMemoryScore),
            Directive("oom-score-adj-values", outOfMemoryValues, .several),
            Directive("shutdown-timeout", .integer(\.process.shutdownSeconds, int)),
            Directive("shutdown-on-sigint", shutdownWords(\.process.shutdownOnInterrupt), .several),
            Directive("shutdown-on-sigterm", shutdownWords(\.process.shutdownOnTermination), .several),
            Directive("disable-thp", .flag(\.process.disablesHugePages), .immutable),
            Directive("locale-collate", .text(\.process.collation, check: checkLocale)),
            Directive("needletail-ignore-unsupported", .flag(\.process.ignoresUnsupported), [.immutable, .hidden]),
        ]
    }

    private static var log: [Directive] {
        [
            Directive("loglevel", Directive.choice(\.log.level)),
            Directive("logfile", .text(\.log.file), .immutable),
            Directive("log-format", Directive.choice(\.log.format)),
            Directive("log-timestamp-format", Directive.choice(\.log.timestamps)),
            Directive("syslog-enabled", .flag(\.log.usesSyslog), .immutable),
            Directive("syslog-ident", .text(\.log.syslogIdentity), .immutable),
            Directive("syslog-facility", Directive.choice(\.log.syslogFacility), .immutable),
            Directive("crash-log-enabled", .flag(\.log.reportsCrashes)),
            Directive("hide-user-data-from-log", .flag(\.log.hidesUserData)),
            Directive("watchdog-period", watchdog, .hidden),
        ]
    }

    private static var monitoring: [Directive] {
        let any = -1...Int64.max
        return [
            Directive(
                "slowlog-log-slower-than", .integer(\.monitoring.thresholds[0], any),
                aliases: ["commandlog-execution-slower-than"]),
            Directive("commandlog-request-larger-than", .integer(\.monitoring.thresholds[1], any)),
            Directive("commandlog-reply-larger-than", .integer(\.monitoring.thresholds[2], any)),
            Directive(
                "slowlog-max-len", .integer(\.monitoring.lengths[0], long), aliases: ["commandlog-slow-execution-max-len"]),
            Directive("commandlog-large-request-max-len", .integer(\.monitoring.lengths[1], long)),
            Directive("commandlog-large-reply-max-len", .integer(\.monitoring.lengths[2], long)),
            Directive("slowlog-entry-max-argc", .integer(\.monitoring.keptWords, 2...Int64(Int32.max))),
            Directive("slowlog-entry-max-string-len", .integer(\.monitoring.keptWordBytes, 1...Int64(Int32.max))),
            Directive("latency-monitor-threshold", .integer(\.monitoring.latencyThreshold, long)),
            Directive("notify-keyspace-events", keyEvents),
            Directive("latency-tracking", .flag(\.monitoring.tracksLatency)),
            Directive("latency-tracking-info-percentiles", percentiles, .several),
        ]
    }

    private static var limits: [Directive] {
        [
            Directive("client-output-buffer-limit", outputBuffers, [.several, .additive]),
            Directive("maxmemory-clients", Directive.memoryOrPercent(\.limits.totalClientMemory)),
            Directive("bind-source-addr", .text(\.network.outboundAddress)),
            Directive("unixsocketgroup", .text(\.network.unixSocketGroup), [.immutable, .hidden]),
            Directive("socket-mark-id", .integer(\.network.socketMark, 0...Int64(UInt32.max)), .immutable),
            Directive("max-new-connections-per-cycle", .integer(\.network.acceptsPerTurn, 1...1000)),
            Directive("availability-zone", .text(\.network.availabilityZone)),
        ]
    }
}
