// The sections of INFO that count: stats, commandstats, errorstats, latencystats, debug.

import Engine
import Primitives
import RESP

extension InfoReport {
    static func stats(_ context: borrowing CommandContext) -> Fields {
        traffic(context) + keys(context)
            + subscriptions(context.clients.pubsub)
            + [("latest_fork_usec", "\(context.statistics.snapshots.lastForkMicroseconds)")]
            + [("total_forks", "\(context.statistics.snapshots.forks)")]
            + [("migrate_cached_sockets", "\(context.statistics.blocking.restingLinks)")]
            + zeros([
                "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
                "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
                "current_active_defrag_time",
            ]) + tracking(context.clients.tracking)
            + zeros(["unexpected_error_replies"]) + [("total_error_replies", "\(context.statistics.errors.total)"), ("dump_payload_sanitizations", "0")]
            + disconnections(context) + loop(context)
    }

    private static func subscriptions(_ pubsub: PubSub) -> Fields {
        [
            ("pubsub_channels", "\(pubsub.count(.channel))"), ("pubsub_patterns", "\(pubsub.count(.pattern))"),
            ("pubsubshard_channels", "\(pubsub.count(.shardChannel))"),
        ]
    }

    private static func tracking(_ tracking: Tracking) -> Fields {
        [
            ("tracking_total_keys", "\(tracking.keyCount)"), ("tracking_total_items", "\(tracking.readerCount)"),
            ("tracking_total_prefixes", "\(tracking.prefixCount)"),
        ]
    }

    private static func disconnections(_ context: borrowing CommandContext) -> Fields {
        let counters = context.clients.limitCounters
        return [
            ("client_query_buffer_limit_disconnections", "\(counters.queryBufferDisconnections)"),
            ("client_output_buffer_limit_disconnections", "\(counters.outputBufferDisconnections)"),
        ]
    }

    private static func traffic(_ context: borrowing CommandContext) -> Fields {
        let rates = context.statistics.rates
        return [
            ("total_connections_received", "\(context.statistics.totalConnections)"),
            ("total_commands_processed", "\(context.statistics.totalCommands)"),
            ("instantaneous_ops_per_sec", "\(rates.commandsPerSecond)"),
            ("total_net_input_bytes", "\(context.statistics.inputBytes)"),
            ("total_net_output_bytes", "\(context.statistics.outputBytes)"),
            ("total_net_repl_input_bytes", "0"), ("total_net_repl_output_bytes", "0"),
            ("instantaneous_input_kbps", Administration.twoDecimals(rates.inputKilobytesPerSecond)),
            ("instantaneous_output_kbps", Administration.twoDecimals(rates.outputKilobytesPerSecond)),
            ("instantaneous_input_repl_kbps", "0.00"), ("instantaneous_output_repl_kbps", "0.00"),
            ("rejected_connections", "\(context.statistics.rejectedConnections)"),
        ]
    }

    private static func keys(_ context: borrowing CommandContext) -> Fields {
        let expiry = context.statistics.expiry
        let eviction = context.statistics.eviction
        let moment = context.time.monotonicNanoseconds
        return zeros(["sync_full", "sync_partial_ok", "sync_partial_err"]) + [
            ("expired_keys", "\(expiry.removedKeys)"), ("expired_subkeys", "\(expiry.removedFields)"),
            ("expired_fields", "\(expiry.removedFields)"),
            ("expired_stale_perc", Administration.twoDecimals(expiry.staleShare * 100)),
            ("expired_time_cap_reached_count", "\(expiry.timeouts)"),
            ("expire_cycle_cpu_milliseconds", "\(expiry.nanoseconds / 1_000_000)"), ("evicted_keys", "\(eviction.removedKeys)"),
            ("evicted_clients", "\(context.clients.limitCounters.evictedClients)"),
            ("total_eviction_exceeded_time", "\(eviction.totalExceededMilliseconds(at: moment))"),
            ("current_eviction_exceeded_time", "\(eviction.currentExceededMilliseconds(at: moment))"),
            ("keyspace_hits", "\(context.statistics.lookups.hits)"), ("keyspace_misses", "\(context.statistics.lookups.misses)"),
        ]
    }

    private static func loop(_ context: borrowing CommandContext) -> Fields {
        let turns = context.statistics.turns
        let rates = context.statistics.rates
        return [
            ("total_reads_processed", "\(turns.reads)"), ("total_writes_processed", "\(turns.writes)"),
            ("io_threaded_reads_processed", "0"), ("io_threaded_writes_processed", "0"), ("reply_buffer_shrinks", "0"),
            ("reply_buffer_expands", "0"), ("eventloop_cycles", "\(turns.turns)"),
            ("eventloop_duration_sum", "\(turns.nanoseconds / 1000)"),
            ("eventloop_duration_cmd_sum", "\(context.statistics.commandNanoseconds / 1000)"),
            ("instantaneous_eventloop_cycles_per_sec", "\(rates.turnsPerSecond)"),
            ("instantaneous_eventloop_duration_usec", "\(rates.microsecondsPerTurn)"),
            ("acl_access_denied_auth", "0"), ("acl_access_denied_cmd", "0"), ("acl_access_denied_key", "0"),
            ("acl_access_denied_channel", "0"),
        ]
    }

    static func debug(_ context: borrowing CommandContext) -> Fields {
        let turns = context.statistics.turns
        return [
            ("eventloop_duration_max", "\(turns.longestNanoseconds / 1000)"),
            ("eventloop_cmd_per_cycle_max", "\(turns.mostCommands)"),
        ]
    }

    static func commandStatistics(_ context: borrowing CommandContext) -> Fields {
        var fields: Fields = []
        for command in context.commands.commands {
            let calls = context.statistics.commands[command.id].calls
            let nanoseconds = context.statistics.commands[command.id].nanoseconds
            let rejected = context.statistics.commands[command.id].rejected
            let failed = context.statistics.commands[command.id].failed
            guard calls > 0 || rejected > 0 || failed > 0 else { continue }
            let perCall = calls > 0 ? Double(nanoseconds) / 1000 / Double(calls) : 0
            fields.append((
                "cmdstat_\(command.fullName)",
                "calls=\(calls),usec=\(nanoseconds / 1000),usec_per_call=\(Administration.twoDecimals(perCall)),"
                    + "rejected_calls=\(rejected),failed_calls=\(failed)"
            ))
        }
        return fields
    }

    static func errorStatistics(_ context: borrowing CommandContext) -> Fields {
        context.statistics.errors.codes.sorted { $0.code < $1.code }
            .map { ("errorstat_" + fieldName($0.code), "count=\($0.count)") }
    }

    static func latencyStatistics(_ context: borrowing CommandContext) -> Fields {
        let percentiles = context.configuration.monitoring.percentiles
        var fields: Fields = []
        for command in context.commands.commands where context.statistics.commands[command.id].histogram.count > 0 {
            var parts: [String] = []
            for percentile in percentiles {
                let value = context.statistics.commands[command.id].histogram.value(atPercentile: percentile)
                let name = String(decoding: shortestText(of: percentile), as: UTF8.self)
                parts.append("p\(name)=\(Administration.decimals(Double(value) / 1000, 3))")
            }
            fields.append(("latency_percentiles_usec_\(command.fullName)", parts.joined(separator: ",")))
        }
        return fields
    }

    /// A name that cannot be taken for anything else of the text; codes may come from scripts.
    private static func fieldName(_ text: String) -> String {
        String(decoding: text.utf8.map { [10, 13, 35, 58].contains($0) ? 95 : $0 }, as: UTF8.self)
    }
}
