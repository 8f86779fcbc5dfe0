import Engine
import Primitives
import RESP

/// The version whose behaviour is followed, for clients that look at it.
public enum Identity {
    public static var compatibleVersion: String { "7.2.4" }
    /// Our own version.
    public static var version: String { "0.1.0" }
}

extension Administration {
    static var info: CommandDeclaration {
        CommandDeclaration(
            "info", arity: -1, [.loading, .stale], .dangerous, group: .server, since: "1.0.0",
            summary: "Returns facts and statistics about the server.", syntax: "[section [section ...]]",
            history: ["7.0.0": "More than one section."],
            tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], info)
    }

    private enum Section: String, CaseIterable {
        case server, clients, memory, persistence, stats, replication, cpu, modules, commandstats, errorstats
        case latencystats, cluster, keyspace, debug

        /// What INFO without arguments shows.
        static var common: [Section] { all.filter { $0 != .commandstats && $0 != .latencystats } }
        /// The section `debug` is shown only to those who ask for it.
        static var all: [Section] { allCases.filter { $0 != .debug } }

        static func named(_ word: String) -> [Section] {
            switch word {
            case "default": common
            case "all", "everything": all
            default: Section(rawValue: word).map { [$0] } ?? []
            }
        }

        var title: String { self == .cpu ? "CPU" : rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
    }

    private static func info(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var chosen = Set(arguments.count == 1 ? Section.common : [])
        for i in 1..<arguments.count { chosen.formUnion(Section.named(arguments[i].text.lowercased())) }
        let text = text(of: chosen, &context, lineEnd: "\r\n")
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
        return .done
    }

    private static func text(of chosen: Set<Section>, _ context: inout CommandContext, lineEnd: String) -> String {
        var texts: [String] = []
        for section in Section.allCases where chosen.contains(section) {
            let lines = fields(section, &context).map { "\($0.0):\($0.1)\(lineEnd)" }
            texts.append("# \(section.title)\(lineEnd)" + lines.joined())
        }
        return texts.joined(separator: lineEnd)
    }

    /// The sections that a report of a crash shows: what is quickly told, and what commands were used.
    static func infoForReport(_ context: inout CommandContext) -> String {
        text(of: Set(Section.common + [.commandstats]), &context, lineEnd: "\n")
    }

    private static func fields(_ section: Section, _ context: inout CommandContext) -> [(String, String)] {
        switch section {
        case .server: InfoReport.server(context)
        case .clients: InfoReport.clients(&context)
        case .memory: InfoReport.memory(MemoryOverview(&context), context)
        case .persistence: InfoReport.persistence(context)
        case .stats: InfoReport.stats(context)
        case .replication: InfoReport.replication(context)
        case .cpu: InfoReport.cpu(context)
        case .modules: []
        case .commandstats: InfoReport.commandStatistics(context)
        case .errorstats: InfoReport.errorStatistics(context)
        case .latencystats: InfoReport.latencyStatistics(context)
        case .cluster: [("cluster_enabled", "0")]
        case .keyspace: InfoReport.keyspace(&context)
        case .debug: InfoReport.debug(context)
        }
    }

    // MARK: Numbers as INFO prints them

    static func twoDecimals(_ value: Double) -> String { decimals(value, 2) }

    /// `value` with so many digits behind the point; not above 9e12.
    static func decimals(_ value: Double, _ digits: Int) -> String {
        let unit = digits == 2 ? 100 : 1000 as Int64
        let scaled = Int64(min(max((value * Double(unit)).rounded(), -9e15), 9e15))
        let fraction = String(scaled.magnitude % UInt64(unit))
        let padding = String(repeating: "0", count: max(0, digits - fraction.count))
        return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / UInt64(unit)).\(padding)\(fraction)"
    }
}
