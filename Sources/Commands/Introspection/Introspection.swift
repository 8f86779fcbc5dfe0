import Engine
import Primitives
import RESP

/// Commands that tell about the server's commands, clock and art.
public enum Introspection {
    public static var declarations: [CommandDeclaration] { [command] + server }

    private static var server: [CommandDeclaration] {
        [
            CommandDeclaration(
                "time", arity: 1, [.loading, .stale, .fast], group: .server, since: "2.6.0",
                summary: "Tells the server's time.", tips: ["nondeterministic_output"], time),
            CommandDeclaration(
                "lolwut", arity: -1, [.readonly, .fast], group: .server, since: "5.0.0",
                complexity: "O(N) where N is the number of characters drawn", summary: "Draws something.",
                syntax: "[VERSION version]", lolwut),
        ]
    }

    private static var command: CommandDeclaration {
        CommandDeclaration(
            CommandDeclaration(
                "command", arity: -1, [.loading, .stale], .connection, group: .server, since: "2.8.13",
                complexity: perCommand, summary: "Describes all commands.", tips: unordered, commandAll),
            subcommands: describing + extracting)
    }

    private static var perCommand: StaticString { "O(N) where N is the number of commands told" }
    private static var unordered: [StaticString] { ["nondeterministic_output_order"] }

    private static var describing: [CommandDeclaration] {
        let flags: CommandFlags = [.loading, .stale]
        return [
            CommandDeclaration(
                "count", arity: 2, flags, .connection, group: .server, since: "2.8.13",
                summary: "Counts the commands.", commandCount),
            CommandDeclaration(
                "info", arity: -2, flags, .connection, group: .server, since: "2.8.13", complexity: perCommand,
                summary: "Describes commands for programs.", syntax: "[command-name [command-name ...]]",
                history: ["7.0.0": "All commands, where none is named."], tips: unordered, commandInfo),
            CommandDeclaration(
                "docs", arity: -2, flags, .connection, group: .server, since: "7.0.0", complexity: perCommand,
                summary: "Describes commands for people.", syntax: "[command-name [command-name ...]]",
                tips: unordered, commandDocs),
            CommandDeclaration(
                "list", arity: -2, flags, .connection, group: .server, since: "7.0.0", complexity: perCommand,
                summary: "Lists the names of commands.",
                syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", tips: unordered,
                commandList),
            .help(of: "command", .connection, group: .server, since: "5.0.0"),
        ]
    }

    private static var extracting: [CommandDeclaration] {
        let flags: CommandFlags = [.loading, .stale]
        return [
            CommandDeclaration(
                "getkeys", arity: -3, flags, .connection, group: .server, since: "2.8.13",
                complexity: "O(N) where N is the number of words", summary: "Tells which words of a request are keys.",
                syntax: "command [arg [arg ...]]", commandGetKeys),
            CommandDeclaration(
                "getkeysandflags", arity: -3, flags, .connection, group: .server, since: "7.0.0",
                complexity: "O(N) where N is the number of words",
                summary: "Tells which words of a request are keys and what happens to them.",
                syntax: "command [arg [arg ...]]", commandGetKeysAndFlags),
        ]
    }

    static func time(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let microseconds = context.time.wallMicroseconds
        context.reply.array(2)
        context.reply.bulk(decimal: microseconds / 1_000_000)
        context.reply.bulk(decimal: microseconds % 1_000_000)
        return .done
    }

    // MARK: COMMAND

    static func commandAll(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let commands = context.commands
        context.reply.array(commands.topLevel.count)
        for id in commands.topLevel { context.reply.describe(id, commands) }
        return .done
    }

    static func commandCount(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        context.reply.integer(context.commands.topLevel.count)
        return .done
    }

    static func commandInfo(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard arguments.count > 2 else { return try commandAll(&context, arguments) }
        let commands = context.commands
        context.reply.array(arguments.count - 2)
        for i in 2..<arguments.count {
            if let id = commands.resolve(fullName: arguments[i]) {
                context.reply.describe(id, commands)
            } else {
                context.reply.null()
            }
        }
        return .done
    }

    // MARK: COMMAND LIST

    private enum Filter {
        case none, module, category(CommandCategories), pattern([UInt8])
    }

    static func commandList(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let filter = try filter(arguments)
        let commands = context.commands
        var names: [[UInt8]] = []
        for command in commands.commands {
            let name = [UInt8](command.fullName)
            switch filter {
            case .none: break
            case .module: continue
            case .category(let category):
                guard !command.declaration.allCategories.isDisjoint(with: category) else { continue }
            case .pattern(let pattern):
                guard Glob.matches(pattern.rawSpan, name.rawSpan, .ignoringCase) else { continue }
            }
            names.append(name)
        }
        context.reply.array(names.count)
        for name in names { context.reply.bulk(name) }
        return .done
    }

    private static func filter(_ arguments: borrowing Arguments) throws(CommandError) -> Filter {
        if arguments.count == 2 { return .none }
        guard arguments.count == 5, arguments[2].matches("filterby") else { throw .syntax }
        // There are no modules.
        if arguments[3].matches("module") { return .module }
        if arguments[3].matches("pattern") { return .pattern(arguments[4].array) }
        guard arguments[3].matches("aclcat") else { throw .syntax }
        for (category, name) in CommandCategories.names where arguments[4].matches(name) { return .category(category) }
        return .category([])
    }
}
