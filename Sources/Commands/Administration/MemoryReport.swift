// What MEMORY STATS and MEMORY DOCTOR say.

import Engine
import RESP

enum MemoryReport {
    private enum Value { case bytes(Int64), ratio(Double), tables(keys: Int64, expiring: Int64) }

    static func write(_ memory: MemoryOverview, to reply: inout ReplyWriter) {
        let fields = totals(memory) + shares(memory)
        reply.map(fields.count)
        for (name, value) in fields {
            reply.bulk(name)
            switch value {
            case .bytes(let bytes): reply.integer(bytes)
            case .ratio(let ratio): reply.double(ratio)
            case .tables(let keys, let expiring):
                reply.map(2)
                reply.bulk("overhead.hashtable.main")
                reply.integer(keys)
                reply.bulk("overhead.hashtable.expires")
                reply.integer(expiring)
            }
        }
    }

    private static func totals(_ memory: MemoryOverview) -> [(String, Value)] {
        let perKey = memory.keys > 0 ? max(0, memory.used - memory.startup) / memory.keys : 0
        return [
            ("peak.allocated", .bytes(memory.peak)), ("total.allocated", .bytes(memory.used)),
            ("startup.allocated", .bytes(memory.startup)), ("replication.backlog", .bytes(0)),
            ("clients.slaves", .bytes(0)), ("clients.normal", .bytes(memory.clients)), ("cluster.links", .bytes(0)),
            ("aof.buffer", .bytes(memory.appendOnlyBuffer)), ("lua.caches", .bytes(0)), ("functions.caches", .bytes(0)),
        ] + memory.tables.map { ("db.\($0.database)", .tables(keys: $0.keys, expiring: $0.expiring)) } + [
            ("overhead.total", .bytes(memory.overhead)), ("keys.count", .bytes(memory.keys)),
            ("keys.bytes-per-key", .bytes(perKey)), ("dataset.bytes", .bytes(memory.dataset)),
            ("dataset.percentage", .ratio(memory.datasetPercentage)), ("peak.percentage", .ratio(memory.peakPercentage)),
        ]
    }

    private static func shares(_ memory: MemoryOverview) -> [(String, Value)] {
        let allocator = memory.allocator
        func pair(_ name: String, _ a: Int64, _ b: Int64) -> [(String, Value)] {
            [("\(name).ratio", .ratio(MemoryOverview.ratio(a, b))), ("\(name).bytes", .bytes(a - b))]
        }
        return [
            ("allocator.allocated", .bytes(allocator.allocated)), ("allocator.active", .bytes(allocator.active)),
            ("allocator.resident", .bytes(allocator.resident)),
        ] + pair("allocator-fragmentation", allocator.active, allocator.allocated)
            + pair("allocator-rss", allocator.resident, allocator.active)
            + pair("rss-overhead", memory.resident, allocator.resident)
            + [("fragmentation", .ratio(memory.fragmentation)), ("fragmentation.bytes", .bytes(memory.resident - memory.used))]
    }

    // MARK: Advice

    /// Below that many bytes the shares say nothing.
    private static var smallestDataset: Int64 { 5 << 20 }
    /// Below that many bytes unused memory is not worth a word.
    private static var worthwhile: Int64 { 10 << 20 }
    /// Bytes of buffers per client that are suspicious.
    private static var largeBuffers: Int64 { 200 << 10 }

    /// What may be wrong, and what may be done about it.
    static func advice(_ memory: MemoryOverview, clients: Int) -> String {
        guard memory.used >= smallestDataset else {
            return "The server holds very little (\(InfoReport.human(memory.used))): there is nothing to diagnose yet.\n"
        }
        var findings: [String] = []
        if MemoryOverview.ratio(memory.peak, memory.used) > 1.5 {
            findings.append(
                "The peak was \(InfoReport.human(memory.peak)), more than one and a half times of what is used now. "
                    + "Pages of that time may still be held: MEMORY PURGE gives back what is free.")
        }
        let allocator = memory.allocator
        findings += excess(
            "Fragmentation", allocator.active, allocator.allocated, 1.1,
            "Memory is scattered over pages that are only partly used. It is used again by what is stored next; a restart gathers it.")
        findings += excess(
            "Resident memory of the allocator", allocator.resident, allocator.active, 1.1,
            "The allocator holds free pages: MEMORY PURGE gives them back.")
        findings += excess(
            "Memory of the process beside the allocator", memory.resident, allocator.resident, 1.1,
            "It is held by something that the allocator does not know, such as stacks of threads.")
        if clients > 0, memory.clients / Int64(clients) > largeBuffers {
            findings.append(
                "Clients hold \(InfoReport.human(memory.clients / Int64(clients))) each on average: see omem, tot-mem and qbuf "
                    + "of CLIENT LIST for those that send or read too slowly.")
        }
        guard !findings.isEmpty else { return "Nothing unusual about the use of memory was found.\n" }
        return "What was found about the use of memory:\n\n" + findings.map { "- \($0)\n" }.joined()
    }

    private static func excess(_ name: String, _ a: Int64, _ b: Int64, _ limit: Double, _ help: String) -> [String] {
        let ratio = MemoryOverview.ratio(a, b)
        guard ratio > limit, a - b > worthwhile else { return [] }
        return ["\(name): \(InfoReport.human(a - b)) too much (ratio \(Administration.twoDecimals(ratio))). \(help)"]
    }
}
