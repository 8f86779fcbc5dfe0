// What names a setting in redis.conf, on the command line and in CONFIG. Each
// directive is declared once.

import Primitives

/// One directive: its names, how its value reads and prints, and when it may change.
public struct Directive: Sendable {
    public typealias Field<Value> = WritableKeyPath<Configuration, Value> & Sendable

    enum Kind: Sendable {
        case integer(Field<Int64>, ClosedRange<Int64>)
        /// Bytes, with units: `1gb`.
        case memory(Field<Int64>, ClosedRange<Int64>)
        /// Octal, as permissions are written.
        case octal(Field<Int64>, ClosedRange<Int64>)
        case flag(Field<Bool>)
        case text(Field<[UInt8]>)
        case words(Field<[String]>)
        /// A value that is a part of a setting, or several numbers, or has a spelling of its own.
        case composed(
            get: @Sendable (Configuration) -> String,
            set: @Sendable (inout Configuration, [[UInt8]]) throws(Refusal) -> Void)
        case choice([String], get: @Sendable (Configuration) -> String, set: @Sendable (inout Configuration, String) -> Void)
        case kept(KeptShape, initial: [UInt8])
    }

    public let name: String
    public let aliases: [String]
    public let isImmutable: Bool
    let kind: Kind

    /// Whether it says where files are written: `enable-protected-configs` tells who may change it.
    public var isProtected: Bool { name == "dir" || name == "dbfilename" }

    init(_ name: String, _ kind: Kind, aliases: [String] = [], isImmutable: Bool = false) {
        self.name = name
        self.kind = kind
        self.aliases = aliases
        self.isImmutable = isImmutable
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ field: Field<Value>
    ) -> Kind {
        .choice(
            Value.allCases.map(\.rawValue), get: { $0[keyPath: field].rawValue },
            set: { configuration, word in
                if let value = Value(rawValue: word) { configuration[keyPath: field] = value }
            })
    }

    /// Why a value is refused; the text that CONFIG SET and the start-up show.
    public struct Refusal: Error, Sendable {
        public let text: String

        /// Not about the value: a directive takes one word, or at least one.
        public static var wordCount: Refusal { Refusal(text: "wrong number of arguments") }
        public var isWordCount: Bool { text == Self.wordCount.text }
    }

    /// The value as CONFIG GET shows it.
    public func value(in configuration: Configuration) -> [UInt8] {
        switch kind {
        case .integer(let field, _), .memory(let field, _): [UInt8](String(configuration[keyPath: field]))
        case .octal(let field, _): [UInt8](String(configuration[keyPath: field], radix: 8))
        case .flag(let field): [UInt8](configuration[keyPath: field] ? "yes" : "no")
        case .text(let field): configuration[keyPath: field]
        case .words(let field): [UInt8](configuration[keyPath: field].joined(separator: " "))
        case .choice(_, let get, _), .composed(let get, _): [UInt8](get(configuration))
        case .kept(_, let initial): configuration.kept[name] ?? initial
        }
    }

    /// Sets the directive from the words behind its name.
    public func set(_ words: [[UInt8]], in configuration: inout Configuration) throws(Refusal) {
        guard !words.isEmpty else { throw .wordCount }
        switch kind {
        case .words(let field):
            configuration[keyPath: field] = words.flatMap { word in
                String(decoding: word, as: UTF8.self).split(separator: " ").map(String.init)
            }
            return
        case .kept(let shape, _):
            configuration.kept[name] = try shape.checked(words)
            return
        case .composed(_, let set):
            try set(&configuration, words)
            return
        default: break
        }
        guard words.count == 1 else { throw .wordCount }
        try set(words[0], in: &configuration)
    }

    private func set(_ word: [UInt8], in configuration: inout Configuration) throws(Refusal) {
        switch kind {
        case .integer(let field, let range):
            configuration[keyPath: field] = try Self.checked(Self.integer(word), range)
        case .memory(let field, let range):
            configuration[keyPath: field] = try Self.checked(Self.memory(word), range)
        case .octal(let field, let range):
            guard let value = Int64(String(decoding: word, as: UTF8.self), radix: 8) else {
                throw Refusal(text: "argument couldn't be parsed as an octal number")
            }
            configuration[keyPath: field] = try Self.checked(value, range)
        case .flag(let field):
            configuration[keyPath: field] = try Self.flag(word)
        case .text(let field):
            configuration[keyPath: field] = word
        case .choice(let options, _, let set):
            set(&configuration, try Self.option(word, of: options))
        case .words, .kept, .composed: break
        }
    }

    private static func checked(_ value: Int64, _ range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        guard range.contains(value) else {
            throw Refusal(
                text: "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
        }
        return value
    }

    static func option(_ word: [UInt8], of options: [String]) throws(Refusal) -> String {
        let wanted = String(decoding: word, as: UTF8.self).lowercased()
        guard options.contains(wanted) else {
            throw Refusal(text: "argument(s) must be one of the following: " + options.joined(separator: ", "))
        }
        return wanted
    }

    static func flag(_ word: [UInt8]) throws(Refusal) -> Bool {
        if word.rawSpan.matches("yes") { return true }
        if word.rawSpan.matches("no") { return false }
        throw Refusal(text: "argument must be 'yes' or 'no'")
    }

    static func integer(_ word: [UInt8]) throws(Refusal) -> Int64 {
        guard let value = word.rawSpan.canonicalInteger else {
            throw Refusal(text: "argument couldn't be parsed into an integer")
        }
        return value
    }

    static func memory(_ word: [UInt8]) throws(Refusal) -> Int64 {
        guard let value = bytes(word) else { throw Refusal(text: "argument must be a memory value") }
        return value
    }

    /// A number of bytes: `100`, `1k` (1000), `1kb` (1024), `2mb`, `1gb`; nil for anything else.
    public static func bytes(_ word: [UInt8]) -> Int64? {
        let digits = word.prefix { $0.isDigit }
        guard !digits.isEmpty, let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        let factor: Int64
        switch String(decoding: word.dropFirst(digits.count), as: UTF8.self).lowercased() {
        case "", "b": factor = 1
        case "k": factor = 1000
        case "kb": factor = 1024
        case "m": factor = 1_000_000
        case "mb": factor = 1024 * 1024
        case "g": factor = 1_000_000_000
        case "gb": factor = 1024 * 1024 * 1024
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}

/// All directives, found by name.
public struct DirectiveTable: Sendable {
    public let directives: [Directive]
    private let byName: [String: Int]

    public init() {
        directives = Self.acting + KeptDirectives.all.map {
            Directive(
                $0.name, .kept(KeptShape($0.name, initial: $0.initial), initial: $0.initial), isImmutable: $0.isImmutable)
        }
        var byName: [String: Int] = [:]
        for (index, directive) in directives.enumerated() {
            for name in [directive.name] + directive.aliases { byName[name] = index }
        }
        self.byName = byName
    }

    public func find(_ name: [UInt8]) -> Directive? {
        byName[String(decoding: name, as: UTF8.self).lowercased()].map { directives[$0] }
    }

    private static var acting: [Directive] { engine + network + process + log + monitoring + limits + values }

    private static var engine: [Directive] {
        [
            Directive("databases", .integer(\.databases, 1...Int64(Int32.max)), isImmutable: true),
            Directive("maxmemory", .memory(\.maximumMemory, 0...Int64.max)),
            Directive("maxmemory-policy", Directive.choice(\.maximumMemoryPolicy)),
            Directive("lfu-log-factor", .integer(\.lfuLogFactor, 0...Int64(Int32.max))),
            Directive("lfu-decay-time", .integer(\.lfuDecayMinutes, 0...Int64(Int32.max))),
            Directive("proto-max-bulk-len", .memory(\.maximumBulkBytes, 1024 * 1024...Int64.max / 4)),
            Directive("client-query-buffer-limit", .memory(\.queryBufferLimit, 1024 * 1024...Int64.max / 4)),
            Directive("requirepass", .text(\.requiredPassword)),
            Directive("active-expire-effort", .integer(\.activeExpireEffort, 1...10)),
            Directive("hz", .integer(\.hz, 0...Int64(Int32.max))),
            Directive("lazyfree-lazy-expire", .flag(\.lazyFree.expire)),
            Directive("lazyfree-lazy-user-flush", .flag(\.lazyFree.userFlush)),
        ]
    }

    private static var network: [Directive] {
        [
            Directive("port", .integer(\.network.port, 0...65535), isImmutable: true),
            Directive("bind", .words(\.network.bind), isImmutable: true),
            Directive("tcp-backlog", .integer(\.network.backlog, 0...Int64(Int32.max)), isImmutable: true),
            Directive("unixsocket", .text(\.network.unixSocket), isImmutable: true),
            Directive("unixsocketperm", .octal(\.network.unixSocketMode, 0...0o777), isImmutable: true),
            Directive("maxclients", .integer(\.network.maximumClients, 1...Int64(UInt32.max))),
            Directive("timeout", .integer(\.network.timeoutSeconds, 0...Int64(Int32.max))),
            Directive("tcp-keepalive", .integer(\.network.keepAliveSeconds, 0...Int64(Int32.max))),
            Directive("protected-mode", .flag(\.network.isProtected)),
        ]
    }

    private static var process: [Directive] {
        [
            Directive("dir", .text(\.process.directory)),
            Directive("pidfile", .text(\.process.pidFile), isImmutable: true),
            Directive("always-show-logo", .flag(\.process.showsLogo), isImmutable: true),
            Directive("enable-debug-command", Directive.choice(\.process.debugCommand), isImmutable: true),
            Directive("enable-protected-configs", Directive.choice(\.process.protectedDirectives), isImmutable: true),
            Directive("daemonize", .flag(\.process.runsInBackground), isImmutable: true),
            Directive("supervised", Directive.choice(\.process.supervision), isImmutable: true),
            Directive("set-proc-title", .flag(\.process.setsTitle), isImmutable: true),
            Directive("proc-title-template", .text(\.process.titleTemplate)),
            Directive("oom-score-adj", Directive.choice(\.process.outOfMemoryScore)),
            Directive("oom-score-adj-values", Directive.numbers(\.process.outOfMemoryValues, -2000...2000)),
            Directive("shutdown-timeout", .integer(\.process.shutdownSeconds, 0...Int64(Int32.max))),
            Directive("shutdown-on-sigint", .text(\.process.shutdownOnInterrupt)),
            Directive("shutdown-on-sigterm", .text(\.process.shutdownOnTermination)),
            Directive("disable-thp", .flag(\.process.disablesHugePages), isImmutable: true),
            Directive("locale-collate", .text(\.process.collation)),
        ]
    }

    private static var log: [Directive] {
        [
            Directive("loglevel", Directive.choice(\.log.level)),
            Directive("logfile", .text(\.log.file), isImmutable: true),
            Directive("log-format", Directive.choice(\.log.format)),
            Directive("log-timestamp-format", Directive.choice(\.log.timestamps)),
            Directive("syslog-enabled", .flag(\.log.usesSyslog), isImmutable: true),
            Directive("syslog-ident", .text(\.log.syslogIdentity), isImmutable: true),
            Directive("syslog-facility", Directive.choice(\.log.syslogFacility), isImmutable: true),
            Directive("crash-log-enabled", .flag(\.log.reportsCrashes)),
            Directive("crash-memcheck-enabled", .flag(\.log.checksMemoryOnCrash)),
            Directive("hide-user-data-from-log", .flag(\.log.hidesUserData)),
            Directive("watchdog-period", .integer(\.log.watchdogMilliseconds, 0...Int64(Int32.max))),
        ]
    }

    private static var monitoring: [Directive] {
        let any = -1...Int64.max
        let lengths = 0...Int64.max
        return [
            Directive(
                "slowlog-log-slower-than", .integer(\.monitoring.thresholds[0], any),
                aliases: ["commandlog-execution-slower-than"]),
            Directive("commandlog-request-larger-than", .integer(\.monitoring.thresholds[1], any)),
            Directive("commandlog-reply-larger-than", .integer(\.monitoring.thresholds[2], any)),
            Directive(
                "slowlog-max-len", .integer(\.monitoring.lengths[0], lengths), aliases: ["commandlog-slow-execution-max-len"]),
            Directive("commandlog-large-request-max-len", .integer(\.monitoring.lengths[1], lengths)),
            Directive("commandlog-large-reply-max-len", .integer(\.monitoring.lengths[2], lengths)),
            Directive("slowlog-entry-max-argc", .integer(\.monitoring.keptWords, 2...Int64(Int32.max))),
            Directive("slowlog-entry-max-string-len", .integer(\.monitoring.keptWordBytes, 1...Int64(Int32.max))),
            Directive("latency-monitor-threshold", .integer(\.monitoring.latencyThreshold, lengths)),
            Directive("latency-tracking", .flag(\.monitoring.tracksLatency)),
            Directive("latency-tracking-info-percentiles", percentiles),
        ]
    }

    private static var limits: [Directive] {
        [
            Directive("client-output-buffer-limit", outputBuffers),
            Directive("maxmemory-clients", Directive.memoryOrPercent(\.limits.totalClientMemory)),
            Directive("bind-source-addr", .text(\.network.outboundAddress)),
            Directive("unixsocketgroup", .text(\.network.unixSocketGroup), isImmutable: true),
            Directive("socket-mark-id", .integer(\.network.socketMark, 0...Int64(UInt32.max)), isImmutable: true),
            Directive("max-new-connections-per-cycle", .integer(\.network.acceptsPerTurn, 1...1000)),
            Directive("availability-zone", .text(\.network.availabilityZone)),
        ]
    }
}
