import Engine
import Keyspace
import Primitives
import RESP

/// The version whose behaviour is followed, for clients that look at it.
public enum Identity {
    public static var compatibleVersion: String { "7.2.4" }
    public static var version: String { "0.1.0" }
}

extension Administration {
    static var info: CommandDeclaration {
        CommandDeclaration(
            "info", arity: -1, [.loading, .stale], .dangerous, group: .server, since: "1.0.0",
            summary: "Returns facts and statistics about the server.", syntax: "[section [section ...]]", info)
    }

    private enum Section: String, CaseIterable {
        case server, clients, memory, persistence, stats, replication, cpu, modules, commandstats, errorstats, cluster
        case keyspace

        /// What INFO without arguments shows.
        static var common: [Section] { allCases.filter { $0 != .commandstats } }
    }

    private static func info(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var chosen: Set<Section> = []
        for i in 1..<arguments.count {
            let word = arguments[i].text.lowercased()
            let wanted: [Section] =
                switch word {
                case "default": Section.common
                case "all", "everything": Section.allCases
                default: Section(rawValue: word).map { [$0] } ?? []
                }
            chosen.formUnion(wanted)
        }
        if arguments.count == 1 { chosen = Set(Section.common) }
        let sections = Section.allCases.filter(chosen.contains)
        let text = sections.map { "# \(title($0))\r\n" + body($0, &context) }.joined(separator: "\r\n")
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
        return .done
    }

    private static func title(_ section: Section) -> String {
        section == .cpu ? "CPU" : section.rawValue.prefix(1).uppercased() + section.rawValue.dropFirst()
    }

    private static func body(_ section: Section, _ context: inout CommandContext) -> String {
        let fields: [(String, String)]
        switch section {
        case .server: fields = server(context)
        case .clients: fields = clients(context)
        case .memory: fields = memory(context)
        case .persistence: fields = persistence(context)
        case .stats: fields = stats(context)
        case .replication: fields = [("role", "master"), ("connected_slaves", "0")]
        case .cpu: fields = cpu(context)
        case .modules: fields = []
        case .errorstats:
            fields = context.statistics.errors.sorted { $0.code < $1.code }
                .map { ("errorstat_" + fieldName($0.code), "count=\($0.count)") }
        case .cluster: fields = [("cluster_enabled", "0")]
        case .keyspace: fields = keyspace(&context)
        case .commandstats: fields = commandStatistics(context)
        }
        return fields.map { "\($0.0):\($0.1)\r\n" }.joined()
    }

    private static func server(_ context: borrowing CommandContext) -> [(String, String)] {
        let uptime = max(0, (context.now - context.host.startMilliseconds) / 1000)
        return [
            ("redis_version", Identity.compatibleVersion), ("server_name", "needletail"),
            ("needletail_version", Identity.version), ("redis_mode", "standalone"), ("server_mode", "standalone"),
            ("os", context.host.systemName), ("arch_bits", "64"), ("multiplexing_api", "epoll"),
            ("process_id", "\(context.host.processID)"), ("run_id", context.host.runID),
            ("tcp_port", "\(context.host.port)"), ("server_time_usec", "\(context.time.wallMicroseconds)"),
            ("uptime_in_seconds", "\(uptime)"), ("uptime_in_days", "\(uptime / 86400)"),
            ("hz", "\(context.configuration.hz)"), ("configured_hz", "\(context.configuration.hz)"),
            ("lru_clock", "\(AccessBits(seconds: context.now).raw)"), ("executable", context.host.executable),
            ("config_file", context.host.configurationFile),
        ]
    }

    private static func clients(_ context: borrowing CommandContext) -> [(String, String)] {
        [
            ("connected_clients", "\(context.clients.count)"), ("cluster_connections", "0"),
            ("maxclients", "\(context.configuration.network.maximumClients)"),
            ("blocked_clients", "\(context.statistics.blockedClients)"),
        ]
    }

    private static func memory(_ context: borrowing CommandContext) -> [(String, String)] {
        let reading = context.host.memory()
        let peak = max(context.statistics.peakMemory, reading.used)
        let limit = context.configuration.maximumMemory
        let ratio = reading.used > 0 ? Double(reading.resident) / Double(reading.used) : 0
        return [
            ("used_memory", "\(reading.used)"), ("used_memory_human", human(reading.used)),
            ("used_memory_rss", "\(reading.resident)"), ("used_memory_rss_human", human(reading.resident)),
            ("used_memory_peak", "\(peak)"), ("used_memory_peak_human", human(peak)),
            ("maxmemory", "\(limit)"), ("maxmemory_human", human(limit)),
            ("maxmemory_policy", context.configuration.maximumMemoryPolicy.rawValue),
            ("mem_fragmentation_ratio", twoDecimals(ratio)), ("mem_allocator", context.host.allocator),
            ("lazyfree_pending_objects", "\(context.host.lazyFree().pending)"),
            ("lazyfreed_objects", "\(context.host.lazyFree().freed)"),
        ]
    }

    private static func persistence(_ context: borrowing CommandContext) -> [(String, String)] {
        [("loading", "0"), ("rdb_changes_since_last_save", "\(context.statistics.dirty)")]
    }

    private static func stats(_ context: borrowing CommandContext) -> [(String, String)] {
        let s = context.statistics.summary
        return [
            ("total_connections_received", "\(s.connections)"), ("total_commands_processed", "\(s.commands)"),
            ("instantaneous_ops_per_sec", "\(s.rates.commandsPerSecond)"),
            ("total_net_input_bytes", "\(s.inputBytes)"), ("total_net_output_bytes", "\(s.outputBytes)"),
            ("instantaneous_input_kbps", twoDecimals(s.rates.inputKilobytesPerSecond)),
            ("instantaneous_output_kbps", twoDecimals(s.rates.outputKilobytesPerSecond)),
            ("rejected_connections", "\(s.rejectedConnections)"), ("expired_keys", "\(s.expiredKeys)"),
            ("expired_subkeys", "\(s.expiredFields)"), ("expired_fields", "\(s.expiredFields)"),
            ("expired_stale_perc", twoDecimals(s.staleShare * 100)),
            ("expired_time_cap_reached_count", "\(s.expireCycleTimeouts)"), ("evicted_keys", "0"),
            ("keyspace_hits", "\(s.keyHits)"), ("keyspace_misses", "\(s.keyMisses)"),
            ("total_error_replies", "\(s.errors)"),
        ]
    }

    private static func cpu(_ context: borrowing CommandContext) -> [(String, String)] {
        let time = context.host.cpuTime()
        return [("used_cpu_sys", seconds(time.system)), ("used_cpu_user", seconds(time.user))]
    }

    private static func keyspace(_ context: inout CommandContext) -> [(String, String)] {
        var fields: [(String, String)] = []
        for i in 0..<context.databaseCount {
            let index = DatabaseIndex(i)
            let keys = context.keyCount(index)
            guard keys > 0 else { continue }
            let expiring = context.expiringKeyCount(index)
            let hashes = context.fieldExpiringCount(index)
            fields.append((
                "db\(i)",
                "keys=\(keys),expires=\(expiring),avg_ttl=\(context.averageTimeToLive(index)),subexpiry=\(hashes),"
                    + "keys_with_volatile_items=\(hashes)"
            ))
        }
        return fields
    }

    private static func commandStatistics(_ context: borrowing CommandContext) -> [(String, String)] {
        var fields: [(String, String)] = []
        for command in context.commands.commands {
            let s = context.statistics.commands[command.id]
            guard s.calls > 0 || s.rejected > 0 || s.failed > 0 else { continue }
            let microseconds = s.nanoseconds / 1000
            let perCall = s.calls > 0 ? Double(s.nanoseconds) / 1000 / Double(s.calls) : 0
            fields.append((
                "cmdstat_\(command.fullName)",
                "calls=\(s.calls),usec=\(microseconds),usec_per_call=\(twoDecimals(perCall)),"
                    + "rejected_calls=\(s.rejected),failed_calls=\(s.failed)"
            ))
        }
        return fields
    }

    /// A name that cannot be taken for anything else of the text; codes may come from scripts.
    private static func fieldName(_ text: String) -> String {
        String(decoding: text.utf8.map { [10, 13, 35, 58].contains($0) ? 95 : $0 }, as: UTF8.self)
    }

    // MARK: Numbers as INFO prints them

    static func twoDecimals(_ value: Double) -> String {
        let hundredths = Int64(min(max((value * 100).rounded(), -9e15), 9e15))
        let fraction = hundredths.magnitude % 100
        return "\(hundredths < 0 ? "-" : "")\(hundredths.magnitude / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }

    private static func human(_ bytes: Int64) -> String {
        let units = ["B", "K", "M", "G", "T", "P"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(bytes)B" : twoDecimals(value) + units[unit]
    }
}
