import Engine
import Primitives
import RESP

extension Administration {
    static var config: CommandDeclaration {
        let flags: CommandFlags = [.admin, .noScript, .loading, .stale]
        return CommandDeclaration(
            container: "config", group: .server, since: "2.0.0", summary: "Reads and changes settings of the server.",
            subcommands: [
                CommandDeclaration(
                    "get", arity: -3, flags, group: .server, since: "2.0.0", complexity: "O(N) where N is the number of settings",
                    summary: "Returns the settings whose names match patterns.", syntax: "parameter [parameter ...]",
                    configGet),
                CommandDeclaration(
                    "set", arity: -4, flags, group: .server, since: "2.0.0", complexity: "O(N) where N is the number of settings given",
                    summary: "Changes settings, all of them or none.",
                    syntax: "parameter value [parameter value ...]", configSet),
                CommandDeclaration(
                    "resetstat", arity: 2, flags, group: .server, since: "2.0.0",
                    summary: "Sets the statistics back to zero.", configResetStatistics),
                CommandDeclaration(
                    "help", arity: 2, [.loading, .stale], group: .server, since: "5.0.0",
                    summary: "Lists the subcommands.", configHelp),
            ])
    }

    private static func configGet(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var found: [(name: String, value: [UInt8])] = []
        for directive in context.directives.directives {
            for name in [directive.name] + directive.aliases {
                let text = [UInt8](name)
                for i in 2..<arguments.count where Glob.matches(arguments[i], text.rawSpan, .ignoringCase) {
                    found.append((name, directive.value(in: context.configuration)))
                    break
                }
            }
        }
        context.reply.map(found.count)
        for (name, value) in found {
            context.reply.bulk(name)
            context.reply.bulk(value)
        }
        return .done
    }

    private static func configSet(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count % 2 == 0 else { throw .syntax }
        func refusal(_ name: [UInt8], _ text: String) -> [UInt8] {
            [UInt8]("ERR CONFIG SET failed (possibly related to argument '") + name + [UInt8]("') - \(text)")
        }
        let mayChangeProtected = context.configuration.process.protectedDirectives.allows(context.session.identity.peer)
        // All names are looked at before any value.
        var wanted: [Directive] = []
        for i in stride(from: 2, to: arguments.count, by: 2) {
            let word = arguments[i].array
            guard let directive = context.directives.find(word) else {
                throw context.failure(bytes: [UInt8]("ERR Unknown option or number of arguments for CONFIG SET - '") + word + [39])
            }
            guard !directive.isImmutable else { throw context.failure(bytes: refusal(word, "can't set immutable config")) }
            guard !directive.isProtected || mayChangeProtected else {
                throw context.failure(bytes: refusal(word, "can't set protected config"))
            }
            guard !wanted.contains(where: { $0.name == directive.name }) else {
                throw context.failure(bytes: refusal(word, "duplicate parameter"))
            }
            wanted.append(directive)
        }
        var changed = context.configuration
        for (i, directive) in wanted.enumerated() {
            do throws(Directive.Refusal) {
                try directive.set([arguments[3 + 2 * i].array], in: &changed)
            } catch {
                throw context.failure(bytes: refusal([UInt8](directive.name), error.text))
            }
        }
        context.configuration = changed
        context.requests.changedDirectives += wanted.map(\.name)
        context.reply.ok()
        return .done
    }

    private static func configResetStatistics(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.statistics.reset()
        context.clients.resetCounters()
        context.requests.resetStatistics = true
        context.reply.ok()
        return .done
    }

    private static func configHelp(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.replyHelp(
            "CONFIG",
            [
                "GET <pattern>", "    Return parameters matching the glob-like <pattern> and their values.",
                "SET <directive> <value>", "    Set the configuration <directive> to <value>.",
                "RESETSTAT", "    Reset statistics reported by the INFO command.",
            ])
        return .done
    }
}

extension CommandContext {
    /// The reply of a HELP subcommand: `lines` between the customary head and tail.
    mutating func replyHelp(_ name: String, _ lines: [String]) {
        let all =
            ["\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"] + lines
            + ["HELP", "    Prints this help."]
        reply.array(all.count)
        for line in all { reply.status([UInt8](line).rawSpan) }
    }
}
