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
                    history: ["7.0.0": "More than one pattern."], configGet),
                CommandDeclaration(
                    "set", arity: -4, flags, group: .server, since: "2.0.0", complexity: "O(N) where N is the number of settings given",
                    summary: "Changes settings, all of them or none.",
                    syntax: "parameter value [parameter value ...]",
                    history: ["7.0.0": "More than one setting."],
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], configSet),
                CommandDeclaration(
                    "resetstat", arity: 2, flags, group: .server, since: "2.0.0",
                    summary: "Sets the statistics back to zero.",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], configResetStatistics),
                CommandDeclaration(
                    "rewrite", arity: 2, flags, group: .server, since: "2.8.0",
                    summary: "Writes the present settings into the configuration file.", configRewrite),
                CommandDeclaration(
                    "help", arity: 2, [.loading, .stale], group: .server, since: "5.0.0",
                    summary: "Lists the subcommands.", configHelp),
            ])
    }

    private static func configGet(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        var found: [String: Directive] = [:]
        for i in 2..<arguments.count {
            if isPattern(arguments[i]) {
                for directive in context.directives.directives where !directive.traits.contains(.hidden) {
                    for name in [directive.name] + (directive.traits.contains(.quietAliases) ? [] : directive.aliases) {
                        let text = [UInt8](name)
                        if Glob.matches(arguments[i], text.rawSpan, .ignoringCase) { found[name] = directive }
                    }
                }
            } else if let directive = context.directives.find(arguments[i].array) {
                found[arguments[i].text.lowercased()] = directive
            }
        }
        context.reply.map(found.count)
        for name in found.keys.sorted() {
            context.reply.bulk(name)
            context.reply.bulk(found[name]?.value(in: context.configuration) ?? [])
        }
        return .done
    }

    private static func isPattern(_ word: RawSpan) -> Bool {
        word.firstIndex(of: 42) != nil || word.firstIndex(of: 63) != nil || word.firstIndex(of: 91) != nil
    }

    // MARK: SET

    /// A directive by one of its names, and the words that CONFIG SET gives for it.
    private struct Change {
        let directive: Directive
        /// The name as declared, or the alias that was used.
        let name: String
        let value: [UInt8]
    }

    private static func refusal(_ name: [UInt8], _ text: String) -> [UInt8] {
        [UInt8]("ERR CONFIG SET failed (possibly related to argument '") + name + [UInt8]("') - \(text)")
    }

    /// All or nothing, in three steps: names, values, and what the host makes of them.
    private static func configSet(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count % 2 == 0 else { throw .syntax }
        let changes = try configChanges(&context, arguments)
        let old = context.configuration
        var new = old
        for change in changes {
            do throws(Directive.Refusal) {
                try change.directive.set(value: change.value, in: &new)
                try change.directive.checkPromise(in: new)
            } catch {
                throw context.failure(bytes: refusal([UInt8](change.name), error.text))
            }
        }
        var applied: [String] = []
        for change in changes where change.directive.value(in: new) != change.directive.value(in: old) {
            let name = change.directive.name
            guard !applied.contains(name) else { continue }
            if let text = context.host.configuration.apply(name, &new) {
                var restored = old
                for name in applied.reversed() { _ = context.host.configuration.apply(name, &restored) }
                throw context.failure(bytes: refusal([UInt8](change.name), text))
            }
            applied.append(name)
        }
        context.configuration = new
        guard context.followAppendOnlySetting() else {
            context.configuration = old
            throw context.failure(bytes: refusal([UInt8]("appendonly"), "Unable to turn on AOF. Check server logs."))
        }
        if applied.contains("aof-disable-auto-gc") { context.deleteHistory() }
        context.requests.changedDirectives += changes.map(\.directive.name)
        context.reply.ok()
        return .done
    }

    private static func configChanges(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> [Change] {
        let mayChangeProtected = context.configuration.process.protectedDirectives.allows(context.session.identity.peer)
        var changes: [Change] = []
        for i in stride(from: 2, to: arguments.count, by: 2) {
            let word = arguments[i].array
            guard let directive = context.directives.find(word) else {
                throw context.failure(bytes: [UInt8]("ERR Unknown option or number of arguments for CONFIG SET - '") + word + [39])
            }
            if directive.traits.contains(.sensitive) { context.redact(i + 1) }
            guard !directive.traits.contains(.immutable) else {
                throw context.failure(bytes: refusal(word, "can't set immutable config"))
            }
            guard !directive.traits.contains(.protected) || mayChangeProtected else {
                throw context.failure(bytes: refusal(word, "can't set protected config"))
            }
            guard context.statistics.snapshots.loading == nil || !directive.traits.contains(.fixedWhileLoading) else {
                throw context.failure("LOADING Redis is loading the dataset in memory")
            }
            let name = String(decoding: word, as: UTF8.self).lowercased()
            guard !changes.contains(where: { $0.name == name }) else {
                throw context.failure(bytes: refusal(word, "duplicate parameter"))
            }
            changes.append(Change(directive: directive, name: name, value: arguments[i + 1].array))
        }
        return changes
    }

    // MARK: RESETSTAT, REWRITE, HELP

    private static func configResetStatistics(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.statistics.reset()
        context.clients.resetCounters()
        context.requests.resetStatistics = true
        context.reply.ok()
        return .done
    }

    private static func configRewrite(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try rewriteConfiguration(&context, everything: false)
    }

    /// `everything`: defaults as well (DEBUG CONFIG-REWRITE-FORCE-ALL).
    static func rewriteConfiguration(
        _ context: inout CommandContext, everything: Bool
    ) throws(CommandError) -> Outcome {
        try writeConfiguration(&context, everything: everything)
        context.reply.ok()
        return .done
    }

    /// Renews the configuration's file.
    static func writeConfiguration(_ context: inout CommandContext, everything: Bool) throws(CommandError) {
        let path = context.host.configurationFile
        guard !path.isEmpty else { throw context.failure("ERR The server is running without a config file") }
        let old = context.host.configuration.read(path)
        if let text = old.failure { throw context.failure("ERR Rewriting config file: \(text)") }
        let new = ConfigurationRewrite(old.bytes, context.directives).text(for: context.configuration, everything: everything)
        if let text = context.host.configuration.replace(path, new) {
            throw context.failure("ERR Rewriting config file: \(text)")
        }
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
                "REWRITE", "    Rewrite the configuration file.",
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
