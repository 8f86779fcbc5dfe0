// Memory, as INFO and MEMORY STATS tell it.

import Engine
import Keyspace
import Primitives
import RESP

/// Where the memory is, in bytes.
struct MemoryOverview {
    let used: Int64
    let resident: Int64
    let peak: Int64
    let startup: Int64
    /// Sessions with their buffers.
    let clients: Int64
    let keys: Int64
    /// Tables of the databases that hold keys: number, all keys, expiring keys.
    let tables: [(database: Int, keys: Int64, expiring: Int64)]
    let allocator: AllocatorReading
    /// What waits to be written to the append-only file.
    let appendOnlyBuffer: Int64

    init(_ context: inout CommandContext) {
        let reading = context.host.memory()
        used = reading.used
        resident = reading.resident
        peak = max(context.statistics.memory.peak, reading.used)
        startup = context.statistics.memory.startup
        var clients: Int64 = 0
        context.forEachSession { clients += Int64($0.memoryUsage) }
        self.clients = clients
        var keys: Int64 = 0
        var tables: [(database: Int, keys: Int64, expiring: Int64)] = []
        for i in 0..<context.databaseCount where context.keyCount(DatabaseIndex(i)) > 0 {
            let bytes = context.tableBytes(DatabaseIndex(i))
            tables.append((i, Int64(bytes.keys), Int64(bytes.expiring)))
            keys += Int64(context.keyCount(DatabaseIndex(i)))
        }
        self.keys = keys
        self.tables = tables
        allocator = context.host.allocatorAccount.reading()
        appendOnlyBuffer = Int64(context.journal.pendingBytes)
    }

    /// What is not data: what the server took at its start, clients, tables.
    var overhead: Int64 { startup + clients + appendOnlyBuffer + tables.reduce(0) { $0 + $1.keys + $1.expiring } }
    var dataset: Int64 { max(0, used - overhead) }
    /// Of what came on top of the memory at the start, the percentage that is data.
    var datasetPercentage: Double { min(100, Self.ratio(dataset, used - startup) * 100) }
    var peakPercentage: Double { Self.ratio(used, peak) * 100 }
    var fragmentation: Double { Self.ratio(resident, used) }

    static func ratio(_ a: Int64, _ b: Int64) -> Double { b > 0 ? Double(a) / Double(b) : 0 }
}

extension InfoReport {
    static func memory(_ memory: MemoryOverview, _ context: borrowing CommandContext) -> Fields {
        let limit = context.configuration.maximumMemory
        return occupied(memory)
            + zeros(["used_memory_lua", "used_memory_vm_eval"]) + [("used_memory_lua_human", "0B")]
            + zeros([
                "used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
                "used_memory_vm_functions", "used_memory_vm_total",
            ]) + [("used_memory_vm_total_human", "0B"), ("used_memory_functions", "0"), ("used_memory_scripts", "0")]
            + [("used_memory_scripts_human", "0B"), ("maxmemory", "\(limit)"), ("maxmemory_human", human(limit))]
            + [("maxmemory_policy", context.configuration.maximumMemoryPolicy.rawValue)] + ratios(memory)
            + zeros([
                "mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers",
                "mem_clients_slaves",
            ])
            + [("mem_clients_normal", "\(memory.clients)"), ("mem_cluster_links", "0"), ("mem_aof_buffer", "\(context.journal.pendingBytes)")]
            + [("mem_allocator", context.host.allocator), ("active_defrag_running", "0")]
            + [("lazyfree_pending_objects", "\(context.host.lazyFree().pending)")]
            + [("lazyfreed_objects", "\(context.host.lazyFree().freed)")]
    }

    private static func occupied(_ memory: MemoryOverview) -> Fields {
        [
            ("used_memory", "\(memory.used)"), ("used_memory_human", human(memory.used)),
            ("used_memory_rss", "\(memory.resident)"), ("used_memory_rss_human", human(memory.resident)),
            ("used_memory_peak", "\(memory.peak)"), ("used_memory_peak_human", human(memory.peak)),
            ("used_memory_peak_perc", percent(memory.peakPercentage)), ("used_memory_overhead", "\(memory.overhead)"),
            ("used_memory_startup", "\(memory.startup)"), ("used_memory_dataset", "\(memory.dataset)"),
            ("used_memory_dataset_perc", percent(memory.datasetPercentage)),
            ("allocator_allocated", "\(memory.allocator.allocated)"), ("allocator_active", "\(memory.allocator.active)"),
            ("allocator_resident", "\(memory.allocator.resident)"),
            ("total_system_memory", "\(memory.allocator.systemMemory)"),
            ("total_system_memory_human", human(memory.allocator.systemMemory)),
        ]
    }

    private static func ratios(_ memory: MemoryOverview) -> Fields {
        let allocator = memory.allocator
        func pair(_ ratioName: String, _ bytesName: String, _ a: Int64, _ b: Int64) -> Fields {
            [(ratioName, Administration.twoDecimals(MemoryOverview.ratio(a, b))), (bytesName, "\(a - b)")]
        }
        return pair("allocator_frag_ratio", "allocator_frag_bytes", allocator.active, allocator.allocated)
            + pair("allocator_rss_ratio", "allocator_rss_bytes", allocator.resident, allocator.active)
            + pair("rss_overhead_ratio", "rss_overhead_bytes", memory.resident, allocator.resident)
            + pair("mem_fragmentation_ratio", "mem_fragmentation_bytes", memory.resident, memory.used)
    }

    private static func percent(_ value: Double) -> String { Administration.twoDecimals(value) + "%" }

    static func human(_ bytes: Int64) -> String {
        let units = ["B", "K", "M", "G", "T", "P"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(bytes)B" : Administration.twoDecimals(value) + units[unit]
    }
}
