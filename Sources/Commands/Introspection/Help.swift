import Engine
import Primitives
import RESP

extension CommandDeclaration {
    /// The HELP of a container, which it answers from the declarations of its subcommands.
    static func help(
        of container: StaticString, _ categories: CommandCategories = [], group: CommandGroup, since: StaticString
    ) -> CommandDeclaration {
        CommandDeclaration(
            "help", arity: 2, [.loading, .stale], categories, group: group, since: since, summary: "Lists the subcommands."
        ) { context, _ in
            context.replyHelp(of: container)
            return .done
        }
    }
}

extension CommandContext {
    fileprivate mutating func replyHelp(of container: StaticString) {
        guard let id = commands.resolve(fullName: RawSpan(literal: container)) else { return reply.array(0) }
        var lines = ["\(container)".uppercased() + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        if commands.commands[id].handler != nil {
            lines += ["(no subcommand)", "    \(commands.commands[id].declaration.summary)"]
        }
        for sub in commands.commands[id].subcommands {
            let declaration = commands.commands[sub].declaration
            let syntax = declaration.syntax.utf8CodeUnitCount > 0 ? " \(declaration.syntax)" : ""
            lines.append("\(declaration.name)".uppercased() + syntax)
            lines.append("    \(declaration.summary)")
        }
        reply.array(lines.count)
        for line in lines { reply.status([UInt8](line).rawSpan) }
    }
}
