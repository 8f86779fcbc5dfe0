// The sections of INFO: names and texts of their fields, in the order in which
// Redis 7.2 has them. Fields of features that are not there tell what is so
// without them.

import Engine
import Keyspace
import Primitives
import RESP

/// The fields of a section.
enum InfoReport {
    typealias Fields = [(String, String)]

    static func server(_ context: borrowing CommandContext) -> Fields {
        let uptime = max(0, (context.now - context.host.startMilliseconds) / 1000)
        let process = context.configuration.process
        var fields: Fields = [
            ("redis_version", Identity.compatibleVersion), ("server_name", "needletail"),
            ("needletail_version", Identity.version), ("redis_git_sha1", "00000000"), ("redis_git_dirty", "0"),
            ("redis_build_id", "0"), ("redis_mode", "standalone"), ("server_mode", "standalone"),
            ("os", context.host.systemName), ("arch_bits", "64"), ("monotonic_clock", context.time.clockName),
            ("multiplexing_api", "epoll"), ("process_id", "\(context.host.processID)"),
            ("process_supervised", process.supervision.rawValue), ("run_id", context.host.runID),
            ("tcp_port", "\(context.host.port)"), ("server_time_usec", "\(context.time.wallMicroseconds)"),
            ("uptime_in_seconds", "\(uptime)"), ("uptime_in_days", "\(uptime / 86400)"),
            ("hz", "\(context.configuration.hz)"), ("configured_hz", "\(context.configuration.hz)"),
            ("lru_clock", "\(AccessBits(seconds: context.now).raw)"), ("executable", context.host.executable),
            ("config_file", context.host.configurationFile), ("io_threads_active", "0"),
            ("availability_zone", text(context.configuration.network.availabilityZone)),
        ]
        for (number, listener) in listeners(context.configuration.network, port: context.host.port).enumerated() {
            fields.append(("listener\(number)", listener))
        }
        return fields
    }

    private static func listeners(_ network: NetworkSettings, port: Int64) -> [String] {
        var all: [String] = []
        if port > 0 { all.append("name=tcp," + network.bind.map { "bind=\($0)," }.joined() + "port=\(port)") }
        if !network.unixSocket.isEmpty { all.append("name=unix,bind=\(text(network.unixSocket))") }
        return all
    }

    static func clients(_ context: inout CommandContext) -> Fields {
        var input = 0
        var output = 0
        var watching = 0
        context.forEachSession { session in
            if session.watchedCount > 0 { watching += 1 }
            input = max(input, session.pendingInputBytes)
            output = max(output, session.pendingOutputBytes)
        }
        return [
            ("connected_clients", "\(context.clients.count)"), ("cluster_connections", "0"),
            ("maxclients", "\(context.configuration.network.maximumClients)"),
            ("client_recent_max_input_buffer", "\(input)"), ("client_recent_max_output_buffer", "\(output)"),
            ("blocked_clients", "\(context.statistics.blocking.clients)"),
            ("tracking_clients", "\(context.clients.tracking.clientCount)"),
            ("pubsub_clients", "\(context.clients.pubsub.clientCount)"), ("watching_clients", "\(watching)"),
            ("clients_in_timeout_table", "0"), ("total_watched_keys", "\(context.clients.watchedKeyCount)"),
            ("total_blocking_keys", "\(context.statistics.blocking.keys)"),
            ("total_blocking_keys_on_nokey", "0"),
        ] + pause(context)
    }

    private static func pause(_ context: borrowing CommandContext) -> Fields {
        let pause = context.clientPause
        let actions = pause.map { $0.scope == .all ? "all" : "write" } ?? "none"
        return [
            ("paused_reason", pause == nil ? "none" : "client_pause"), ("paused_actions", actions),
            ("paused_timeout_milliseconds", "\(pause.map { $0.end - context.now } ?? 0)"),
        ]
    }

    static func persistence(_ context: borrowing CommandContext) -> Fields {
        let state = context.statistics.snapshots
        let child = state.child
        let report = child?.report
        let total = child?.keys ?? 0
        let done = min(report?.keys ?? 0, total)
        let age = child.map { $0.reportTime > 0 ? (context.now - $0.reportTime) / 1000 : 0 } ?? 0
        let share = total > 0 ? Double(done) * 100 / Double(total) : 0
        var fields: Fields = [("loading", state.loading == nil ? "0" : "1"), ("async_loading", "0")]
        fields += [("current_cow_peak", String(child == nil ? 0 : state.peakCopiedBytes))]
        fields += [("current_cow_size", String(report?.copiedBytes ?? 0)), ("current_cow_size_age", String(age))]
        fields += [("current_fork_perc", Administration.twoDecimals(share)), ("current_save_keys_processed", String(done))]
        fields += [("current_save_keys_total", String(total))]
        fields += [("rdb_changes_since_last_save", String(context.statistics.dirty))]
        fields += [("rdb_bgsave_in_progress", child == nil ? "0" : "1"), ("rdb_last_save_time", String(state.lastSave / 1000))]
        fields += [("rdb_last_bgsave_status", state.isLastSaveGood ? "ok" : "err")]
        fields += [("rdb_last_bgsave_time_sec", String(state.lastSeconds))]
        fields += [("rdb_current_bgsave_time_sec", child.map { String((context.now - $0.begin) / 1000) } ?? "-1")]
        fields += [("rdb_saves", String(state.saves)), ("rdb_last_cow_size", String(state.lastCopiedBytes))]
        fields += [("rdb_last_load_keys_expired", String(state.expiredKeys))]
        fields += [("rdb_last_load_keys_loaded", String(state.loadedKeys))]
        return fields + appendOnlyFile(context)
            + zeros(["module_fork_in_progress", "module_fork_last_cow_size"]) + loading(context)
    }

    private static func appendOnlyFile(_ context: borrowing CommandContext) -> Fields {
        let state = context.statistics.appendOnly
        let rewriting = state.rewriting
        let current = rewriting.child.map { String((context.now - $0.begin) / 1000) } ?? "-1"
        let fields: Fields = [
            ("aof_enabled", state.mode == .off ? "0" : "1"), ("aof_rewrite_in_progress", rewriting.child == nil ? "0" : "1"),
            ("aof_rewrite_scheduled", rewriting.isScheduled ? "1" : "0"), ("aof_last_rewrite_time_sec", String(rewriting.lastSeconds)),
            ("aof_current_rewrite_time_sec", current), ("aof_last_bgrewrite_status", rewriting.isLastGood ? "ok" : "err"),
            ("aof_rewrites", String(rewriting.count)), ("aof_rewrites_consecutive_failures", String(rewriting.consecutiveFailures)),
            ("aof_last_write_status", state.writeFailure == 0 && state.syncFailure == 0 ? "ok" : "err"),
            ("aof_last_cow_size", String(rewriting.lastCopiedBytes)),
        ]
        guard state.mode != .off else { return fields }
        return fields + [
            ("aof_current_size", String(state.bytes)), ("aof_base_size", String(state.baseBytes)),
            ("aof_pending_rewrite", rewriting.isScheduled ? "1" : "0"), ("aof_buffer_length", String(context.journal.pendingBytes)),
            ("aof_pending_bio_fsync", state.isSyncPending ? "1" : "0"), ("aof_delayed_fsync", String(state.delayedSyncs)),
        ]
    }

    private static func loading(_ context: borrowing CommandContext) -> Fields {
        guard let load = context.statistics.snapshots.loading else { return [] }
        let seconds = max(1, (context.now - load.begin) / 1000)
        let share = load.total > 0 ? Double(load.loaded) * 100 / Double(load.total) : 0
        let rate = max(1, load.loaded / seconds)
        return [
            ("loading_start_time", "\(load.begin / 1000)"), ("loading_total_bytes", "\(load.total)"),
            ("loading_rdb_used_mem", "0"), ("loading_loaded_bytes", "\(load.loaded)"),
            ("loading_loaded_perc", Administration.twoDecimals(share)), ("loading_eta_seconds", "\((load.total - load.loaded) / rate)"),
        ]
    }

    static func replication(_ context: borrowing CommandContext) -> Fields {
        let backlog = context.configuration.kept["repl-backlog-size"].flatMap { Int64(text($0)) } ?? 1 << 20
        return [
            ("role", "master"), ("connected_slaves", "0"), ("master_failover_state", "no-failover"),
            ("master_replid", context.host.replicationID), ("master_replid2", String(repeating: "0", count: 40)),
            ("master_repl_offset", "0"), ("second_repl_offset", "-1"), ("repl_backlog_active", "0"),
            ("repl_backlog_size", "\(backlog)"), ("repl_backlog_first_byte_offset", "0"), ("repl_backlog_histlen", "0"),
        ]
    }

    static func cpu(_ context: borrowing CommandContext) -> Fields {
        let time = context.host.cpuTime()
        return [
            ("used_cpu_sys", seconds(time.process.system)), ("used_cpu_user", seconds(time.process.user)),
            ("used_cpu_sys_children", seconds(time.children.system)),
            ("used_cpu_user_children", seconds(time.children.user)),
            ("used_cpu_sys_main_thread", seconds(time.thread.system)),
            ("used_cpu_user_main_thread", seconds(time.thread.user)),
        ]
    }

    static func keyspace(_ context: inout CommandContext) -> Fields {
        var fields: Fields = []
        for i in 0..<context.databaseCount {
            let index = DatabaseIndex(i)
            let keys = context.keyCount(index)
            guard keys > 0 else { continue }
            let expiring = context.expiringKeyCount(index)
            let hashes = context.fieldExpiringCount(index)
            let text = "keys=\(keys),expires=\(expiring),avg_ttl=\(context.averageTimeToLive(index)),subexpiry=\(hashes)"
            fields.append(("db\(i)", text + ",keys_with_volatile_items=\(hashes)"))
        }
        return fields
    }

    // MARK: Texts

    static func zeros(_ names: [String]) -> Fields { names.map { ($0, "0") } }

    /// On one line, whatever the setting holds.
    static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 }, as: UTF8.self)
    }

    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: max(0, 6 - fraction.count)) + fraction
    }
}
