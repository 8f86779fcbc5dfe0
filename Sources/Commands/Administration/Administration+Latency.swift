// LATENCY: how long commands take, and what kept clients waiting.

import Engine
import Primitives
import RESP

extension Administration {
    static var latency: CommandDeclaration {
        let flags: CommandFlags = [.admin, .noScript, .loading, .stale]
        let perServer: [StaticString] = ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]
        return CommandDeclaration(
            container: "latency", group: .server, since: "2.8.13", summary: "Tells what kept clients waiting.",
            subcommands: [
                CommandDeclaration(
                    "doctor", arity: 2, flags, group: .server, since: "2.8.13",
                    summary: "Explains in words what kept clients waiting.", tips: perServer, latencyDoctor),
                CommandDeclaration(
                    "graph", arity: 3, flags, group: .server, since: "2.8.13", summary: "Draws the samples of an event.",
                    syntax: "event", tips: perServer, latencyGraph),
                .help(of: "latency", group: .server, since: "2.8.13"),
                CommandDeclaration(
                    "histogram", arity: -2, flags, group: .server, since: "7.0.0",
                    complexity: "O(N) where N is the number of commands told",
                    summary: "Returns how many calls of commands took how long.", syntax: "[command [command ...]]",
                    tips: perServer, latencyHistogram),
                CommandDeclaration(
                    "history", arity: 3, flags, group: .server, since: "2.8.13",
                    summary: "Returns the samples of an event: Unix time and milliseconds.", syntax: "event",
                    tips: perServer, latencyHistory),
                CommandDeclaration(
                    "latest", arity: 2, flags, group: .server, since: "2.8.13",
                    summary: "Returns the latest sample of every event.", tips: perServer, latencyLatest),
                CommandDeclaration(
                    "reset", arity: -2, flags, group: .server, since: "2.8.13",
                    summary: "Forgets the samples of events, without names of all.", syntax: "[event [event ...]]",
                    tips: ["request_policy:all_nodes", "response_policy:agg_sum"], latencyReset),
            ])
    }

    private static func event(_ word: RawSpan) -> LatencyEvent? { LatencyEvent(rawValue: word.text) }

    // MARK: Events

    private static func latencyLatest(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let events = context.statistics.latency.observed
        context.reply.array(events.count)
        for event in events {
            let samples = context.statistics.latency[event]
            guard let last = samples.samples.last else { continue }
            context.reply.array(4)
            context.reply.bulk(event.rawValue)
            context.reply.integer(last.seconds)
            context.reply.integer(last.milliseconds)
            context.reply.integer(samples.worst)
        }
        return .done
    }

    private static func latencyHistory(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let samples = event(arguments[2]).map { context.statistics.latency[$0].samples } ?? []
        context.reply.array(samples.count)
        for sample in samples {
            context.reply.array(2)
            context.reply.integer(sample.seconds)
            context.reply.integer(sample.milliseconds)
        }
        return .done
    }

    private static func latencyReset(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var events: [LatencyEvent] = arguments.count == 2 ? LatencyEvent.allCases : []
        for i in 2..<arguments.count { if let event = event(arguments[i]) { events.append(event) } }
        var count = 0
        for event in events where context.statistics.latency.reset(event) { count += 1 }
        context.reply.integer(count)
        return .done
    }

    private static func latencyGraph(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard let event = event(arguments[2]), !context.statistics.latency[event].samples.isEmpty else {
            throw context.failure(
                bytes: [UInt8]("ERR No samples available for event '") + arguments[2].array + [39])
        }
        let text = LatencyReport.graph(
            event, context.statistics.latency[event], at: context.time.wallMicroseconds / 1_000_000)
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
        return .done
    }

    private static func latencyDoctor(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let text = LatencyReport.advice(
            context.statistics.latency, context.configuration.monitoring,
            at: context.time.wallMicroseconds / 1_000_000)
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
        return .done
    }

    // MARK: Commands

    private static func latencyHistogram(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let table = context.commands
        var wanted: [CommandID] = []
        if arguments.count == 2 {
            wanted = table.commands.map(\.id)
        } else {
            for i in 2..<arguments.count {
                guard let id = table.resolve(fullName: arguments[i]) else { continue }
                wanted += [id] + table.commands[id].subcommands
            }
        }
        var shown: [CommandID] = []
        for id in wanted where context.statistics.commands[id].histogram.count > 0 && !shown.contains(id) { shown.append(id) }
        context.reply.map(shown.count)
        for id in shown {
            let steps = context.statistics.commands[id].histogram.cumulative
            context.reply.bulk(table.commands[id].fullName)
            context.reply.map(2)
            context.reply.bulk("calls")
            context.reply.integer(context.statistics.commands[id].histogram.count)
            context.reply.bulk("histogram_usec")
            context.reply.map(steps.count)
            for step in steps {
                context.reply.integer(step.microseconds)
                context.reply.integer(step.calls)
            }
        }
        return .done
    }
}
