import Engine
import TestSupport
import Testing

@Suite struct AdministrationInfoTests {
    let server = TestServer()
    private static let common = [
        "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats", "Cluster",
        "Keyspace",
    ]
    private static let all = [
        "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Commandstats",
        "Errorstats", "Latencystats", "Cluster", "Keyspace",
    ]

    private func titles(_ words: String...) -> [String] {
        let text = server.connect().run(["INFO"].map { [UInt8]($0) } + words.map { [UInt8]($0) }).text ?? ""
        return text.split(separator: "\r\n").filter { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) }
    }

    @Test func sections() {
        #expect(titles() == Self.common)
        #expect(titles("default") == Self.common)
        #expect(titles("all") == Self.all)
        #expect(titles("EVERYTHING") == Self.all)
        #expect(titles("default", "commandstats", "latencystats") == Self.all)
        #expect(titles("all", "debug") == Self.all + ["Debug"])
    }

    /// They come in their own order, each once.
    @Test func chosenSections() {
        #expect(titles("keyspace") == ["Keyspace"])
        #expect(titles("KeySpace", "nosuch", "keyspace", "cpu", "SERVER") == ["Server", "CPU", "Keyspace"])
        #expect(titles("commandstats") == ["Commandstats"])
    }

    @Test func layout() {
        let client = server.connect()
        #expect(client("INFO", "cluster") == .bulk([UInt8]("# Cluster\r\ncluster_enabled:0\r\n")))
        #expect(client("INFO", "cluster", "keyspace") == .bulk([UInt8]("# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n")))
    }

    @Test func unknownSectionIsEmpty() {
        let client = server.connect()
        for word in ["nosuch", "", " server", "# Server"] { #expect(client("INFO", word) == .bulk([])) }
    }

    @Test func verbatimText() {
        let client = server.connect()
        client("HELLO", "3")
        client.send([UInt8]("INFO nosuch\r\nINFO cluster\r\n"))
        #expect(client.takeBytes() == [UInt8]("=4\r\ntxt:\r\n=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n"))
    }

    @Test func everyLineIsAField() {
        let client = server.connect()
        client("SET", "k", "v")
        client("NOSUCH")
        for line in (client("INFO", "everything").text ?? "").split(separator: "\r\n") {
            #expect(line.hasPrefix("# ") || line.contains(":"), "\(line)")
        }
    }

    @Test func serverFacts() {
        server.engine.context.host.processID = 42
        server.engine.context.host.runID = "abc"
        server.engine.context.host.startMilliseconds = server.engine.context.now
        let client = server.connect()
        server.advance(milliseconds: 86_400_000 + 5999)
        server.cycle()
        let fields = client.info("server")
        #expect(fields["process_id"] == "42" && fields["run_id"] == "abc" && fields["redis_mode"] == "standalone")
        #expect(fields["redis_version"] == "7.2.4" && fields["hz"] == "10")
        #expect(fields["uptime_in_seconds"] == "86405" && fields["uptime_in_days"] == "1")
    }

    @Test func clients() {
        let client = server.connect()
        _ = server.connect()
        #expect(client.info("clients")["connected_clients"] == "2")
        #expect(client.info("clients")["blocked_clients"] == "0")
        #expect(client.info("clients")["maxclients"] == "10000")
    }

    @Test func memory() {
        let client = server.connect()
        server.engine.context.host.memory = { MemoryReading(used: 1536, resident: 3072) }
        client("CONFIG", "SET", "maxmemory", "3gb")
        var fields = client.info("memory")
        #expect(fields["used_memory"] == "1536" && fields["used_memory_human"] == "1.50K")
        #expect(fields["used_memory_rss"] == "3072" && fields["mem_fragmentation_ratio"] == "2.00")
        #expect(fields["maxmemory"] == "3221225472" && fields["maxmemory_human"] == "3.00G")
        #expect(fields["maxmemory_policy"] == "noeviction")
        server.cycle()
        server.engine.context.host.memory = { MemoryReading(used: 0, resident: 0) }
        fields = client.info("memory")
        #expect(fields["used_memory_human"] == "0B" && fields["mem_fragmentation_ratio"] == "0.00")
        #expect(fields["used_memory_peak"] == "1536" && fields["used_memory_peak_human"] == "1.50K")
    }

    @Test func processorTime() {
        let client = server.connect()
        server.engine.context.host.cpuTime = {
            CPUReading(process: (1_000_001, 12), children: (0, 3), thread: (123_456, 0))
        }
        #expect(client.info("cpu") == [
            "used_cpu_sys": "0.000012", "used_cpu_user": "1.000001", "used_cpu_sys_children": "0.000003",
            "used_cpu_user_children": "0.000000", "used_cpu_sys_main_thread": "0.000000",
            "used_cpu_user_main_thread": "0.123456",
        ])
    }

    @Test func keyspace() {
        let client = server.connect()
        #expect(client("INFO", "keyspace") == .bulk([UInt8]("# Keyspace\r\n")))
        client("SET", "a", "1")
        client("SET", "b", "1", "PX", "100000")
        client("SELECT", "9")
        client("SET", "c", "1")
        #expect(client.info("keyspace") == [
            "db0": "keys=2,expires=1,avg_ttl=100000,subexpiry=0,keys_with_volatile_items=0",
            "db9": "keys=1,expires=0,avg_ttl=0,subexpiry=0,keys_with_volatile_items=0",
        ])
        client("FLUSHALL")
        #expect(client("INFO", "keyspace") == .bulk([UInt8]("# Keyspace\r\n")))
    }

    @Test func hitsAndMisses() {
        let client = server.connect()
        client("SET", "a", "1")
        client("GET", "a")
        client("GET", "a")
        client("GET", "none")
        let fields = client.info("stats")
        #expect(fields["keyspace_hits"] == "2" && fields["keyspace_misses"] == "1")
        #expect(fields["total_commands_processed"] == "4" && fields["total_connections_received"] == "1")
    }

    /// The fields that programs which watch servers read, whatever features are there.
    @Test func fieldsThatMonitorsRead() {
        server.engine.context.host.port = 6379
        let mayBeEmpty = ["os", "run_id", "executable", "config_file", "master_replid", "mem_allocator"]
        let client = server.connect()
        let expected = [
            "server": "redis_version server_name needletail_version redis_mode os arch_bits monotonic_clock process_id run_id tcp_port "
                + "uptime_in_seconds hz configured_hz lru_clock executable config_file io_threads_active listener0",
            "clients": "connected_clients maxclients blocked_clients tracking_clients pubsub_clients total_blocking_keys",
            "memory": "used_memory used_memory_rss used_memory_peak_perc used_memory_overhead used_memory_startup "
                + "used_memory_dataset used_memory_dataset_perc total_system_memory used_memory_lua allocator_frag_ratio "
                + "mem_fragmentation_ratio mem_fragmentation_bytes mem_clients_normal mem_allocator active_defrag_running",
            "persistence": "loading rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time rdb_last_bgsave_status "
                + "aof_enabled aof_rewrite_in_progress aof_last_write_status",
            "stats": "instantaneous_ops_per_sec sync_full evicted_keys pubsub_channels latest_fork_usec total_error_replies "
                + "total_reads_processed total_writes_processed expire_cycle_cpu_milliseconds eventloop_cycles",
            "replication": "role connected_slaves master_replid master_replid2 master_repl_offset second_repl_offset "
                + "repl_backlog_active repl_backlog_size",
        ]
        for (section, names) in expected {
            let fields = client.info(section)
            for name in names.split(separator: " ").map({ String($0) }) {
                #expect(fields[name] != nil && (mayBeEmpty.contains(name) || fields[name] != ""), "\(name)")
            }
        }
    }

    @Test func listeners() {
        let server = TestServer { $0.network.unixSocket = [UInt8]("/tmp/n.sock") }
        server.engine.context.host.port = 7000
        let fields = server.connect().info("server")
        #expect(fields["listener0"] == "name=tcp,bind=*,bind=-::*,port=7000")
        #expect(fields["listener1"] == "name=unix,bind=/tmp/n.sock")
    }

    @Test func turns() {
        let client = server.connect()
        client("PING")
        server.advance(milliseconds: 3)
        server.engine.endTurn()
        server.engine.endTurn()
        let fields = client.info("stats")
        #expect(fields["eventloop_cycles"] == "2" && fields["eventloop_duration_sum"] == "3000")
        #expect(fields["total_reads_processed"] == "2" && fields["total_writes_processed"] == "1")
        #expect(client.info("debug") == ["eventloop_duration_max": "3000", "eventloop_cmd_per_cycle_max": "1"])
    }

    @Test func latencyPercentiles() {
        let client = server.connect()
        client("DEBUG", "SLEEP", "0.05")
        #expect(client.info("latencystats") == ["latency_percentiles_usec_debug": "p50=50069.503,p99=50069.503,p99.9=50069.503"])
        client("CONFIG", "SET", "latency-tracking-info-percentiles", "0 100")
        client("CONFIG", "RESETSTAT")
        for _ in 0..<3 { client("DEBUG", "SLEEP", "0.001") }
        client("DEBUG", "SLEEP", "1")
        #expect(client.info("latencystats")["latency_percentiles_usec_debug"] == "p0=999.424,p100=1002438.655")
    }

    @Test func latencyTrackingCanBeOff() {
        let client = server.connect()
        client("CONFIG", "SET", "latency-tracking", "no")
        client("SET", "a", "b")
        #expect(client.info("latencystats")["latency_percentiles_usec_set"] == nil)
        client("CONFIG", "SET", "latency-tracking", "yes")
        client("SET", "a", "b")
        #expect(client.info("latencystats")["latency_percentiles_usec_set"] == "p50=0.000,p99=0.000,p99.9=0.000")
    }

    @Test func commandCounts() {
        let client = server.connect()
        client("SET", "a", "x")
        client("GET", "a")
        client("get", "none")
        client("INCR", "a")
        client("GET")
        client("CONFIG", "GET", "hz")
        client("CONFIG", "GET")
        client("CONFIG", "NOSUCH")
        let fields = client.info("commandstats")
        let idle = "usec=0,usec_per_call=0.00"
        #expect(fields["cmdstat_set"] == "calls=1,\(idle),rejected_calls=0,failed_calls=0")
        #expect(fields["cmdstat_get"] == "calls=2,\(idle),rejected_calls=1,failed_calls=0")
        #expect(fields["cmdstat_incr"] == "calls=1,\(idle),rejected_calls=0,failed_calls=1")
        #expect(fields["cmdstat_config|get"] == "calls=1,\(idle),rejected_calls=1,failed_calls=0")
        #expect(fields["cmdstat_config"] == nil)
        #expect(fields["cmdstat_info"] == nil)
        #expect(client.info("commandstats")["cmdstat_info"] == "calls=1,\(idle),rejected_calls=0,failed_calls=0")
    }

    @Test func errorCounts() {
        let client = server.connect()
        client("GET")
        client("NOSUCH")
        client("SET", "a", "x")
        client("INCR", "a")
        client("HELLO", "3", "AUTH", "default", "wrong")
        client("HELLO", "9")
        client("DEBUG", "ERROR", "AAA first of all")
        #expect(client("INFO", "errorstats").text?.hasPrefix("# Errorstats\r\nerrorstat_AAA:count=1\r\nerrorstat_ERR:count=3\r\n") == true)
        #expect(client.info("errorstats")["errorstat_NOPROTO"] == "count=1")
    }

    @Test func errorCodesMakeNoLines() {
        let client = server.connect()
        client("DEBUG", "ERROR", "A\r\nfake:1 x")
        client("DEBUG", "ERROR", "B\n#C:D x")
        #expect(client("INFO", "errorstats") == .bulk([UInt8](
            "# Errorstats\r\nerrorstat_A__fake_1:count=1\r\nerrorstat_B__C_D:count=1\r\n")))
    }

    /// Codes made from input cannot grow the table without limit.
    @Test func errorCodesAreBounded() {
        let client = server.connect()
        for i in 0..<1000 { client("DEBUG", "ERROR", "CODE\(i) x") }
        #expect(client.info("errorstats").count == 129)
        #expect(client.info("errorstats")["errorstat_ERRORSTATS_OVERFLOW"] == "count=872")
        client("DEBUG", "ERROR", "CODE5 x")
        #expect(client.info("errorstats")["errorstat_CODE5"] == "count=2")
        client("CONFIG", "RESETSTAT")
        #expect(client.info("errorstats") == [:])
        for i in 0..<1000 { client("DEBUG", "ERROR", "CODE\(i) x") }
        #expect(client.info("stats")["total_error_replies"] == "1000")
    }
}
