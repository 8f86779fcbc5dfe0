// The description of commands for people: COMMAND DOCS.

import Engine
import Primitives
import RESP

extension Introspection {
    static func commandDocs(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let commands = context.commands
        var ids = commands.topLevel
        if arguments.count > 2 {
            ids = []
            for i in 2..<arguments.count {
                if let id = commands.resolve(fullName: arguments[i]) { ids.append(id) }
            }
        }
        context.reply.map(ids.count)
        for id in ids { context.reply.document(id, commands) }
        return .done
    }
}

extension ReplyWriter {
    /// The full name of a command and the map that documents it.
    fileprivate mutating func document(_ id: CommandID, _ commands: CommandTable) {
        let command = commands.commands[id]
        let declaration = command.declaration
        let syntax = ArgumentSyntax.parse("\(declaration.syntax)")
        bulk(command.fullName)
        let optional = [
            !declaration.docFlags.isEmpty, !declaration.history.isEmpty, !syntax.isEmpty, !command.subcommands.isEmpty,
        ]
        map(4 + optional.count { $0 } + (declaration.deprecation == nil ? 0 : 2))
        pair("summary", "\(declaration.summary)")
        pair("since", "\(declaration.since)")
        pair("group", declaration.group.rawValue)
        pair("complexity", "\(declaration.complexity)")
        if !declaration.docFlags.isEmpty {
            bulk("doc_flags")
            statuses(declaration.docFlags)
        }
        if let deprecation = declaration.deprecation {
            pair("deprecated_since", "\(deprecation.since)")
            pair("replaced_by", "\(deprecation.replacement)")
        }
        if !declaration.history.isEmpty {
            bulk("history")
            set(declaration.history.count)
            for change in declaration.history {
                array(2)
                bulk(change.key)
                bulk(change.value)
            }
        }
        if !syntax.isEmpty {
            var keys = KeyNumbers(last: declaration.keys.count - 1)
            bulk("arguments")
            array(syntax.count)
            for argument in syntax { document(argument, &keys) }
        }
        if !command.subcommands.isEmpty {
            bulk("subcommands")
            map(command.subcommands.count)
            for sub in command.subcommands { document(sub, commands) }
        }
    }

    private mutating func document(_ argument: ArgumentSyntax, _ keys: inout KeyNumbers) {
        let isGroup = argument.kind == .oneOf || argument.kind == .block
        let keyNumber = argument.kind == .key ? keys.next() : nil
        let flags = argument.flagNames
        var count = 3
        if keyNumber != nil { count += 1 }
        let hasToken = !argument.token.isEmpty || argument.kind == .pureToken
        if hasToken { count += 1 }
        if !argument.since.isEmpty { count += 1 }
        if !flags.isEmpty { count += 1 }
        map(count)
        pair("name", argument.name)
        pair("type", argument.kind.rawValue)
        if !isGroup { pair("display_text", argument.displayText) }
        if let keyNumber {
            bulk("key_spec_index")
            integer(keyNumber)
        }
        if hasToken { pair("token", argument.token) }
        if !argument.since.isEmpty { pair("since", argument.since) }
        if !flags.isEmpty {
            bulk("flags")
            statuses(flags)
        }
        if isGroup {
            bulk("arguments")
            array(argument.children.count)
            for child in argument.children { document(child, &keys) }
        }
    }

    private mutating func pair(_ name: StaticString, _ value: String) {
        bulk(name)
        bulk(value)
    }
}

/// Gives key arguments the numbers of their specifications, in order.
private struct KeyNumbers {
    let last: Int
    private var given = 0

    init(last: Int) { self.last = last }

    mutating func next() -> Int? {
        guard last >= 0 else { return nil }
        defer { given += 1 }
        return min(given, last)
    }
}

extension CommandDeclaration {
    fileprivate var docFlags: [StaticString] {
        (deprecation == nil ? [] : ["deprecated"]) + (isInternal ? ["syscmd"] : [])
    }
}

extension ArgumentSyntax {
    fileprivate var flagNames: [StaticString] {
        var names: [StaticString] = []
        if isOptional { names.append("optional") }
        if isMultiple { names.append("multiple") }
        if repeatsToken { names.append("multiple_token") }
        return names
    }
}
