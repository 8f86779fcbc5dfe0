import Engine
import Primitives
import RESP

extension CommandContext {
    /// Answers a container's HELP from the declarations of its subcommands.
    mutating func replyHelp(of container: StaticString) {
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
