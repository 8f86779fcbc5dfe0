import Primitives
import RESP

/// The number of a command or subcommand in the table.
public typealias CommandID = Int

/// A declaration with what dispatch needs, worked out ahead.
public struct Command: Sendable {
    public let id: CommandID
    public let declaration: CommandDeclaration
    /// "get", "client|kill".
    public let fullName: String
    public let arity: Int
    public let flags: CommandFlags
    public let handler: Handler?
    public let parent: CommandID?
    public internal(set) var subcommands: [CommandID] = []
    /// The argument that is the first key, if that is certain; for prefetching.
    let firstKey: Int

    init(_ declaration: CommandDeclaration, id: CommandID, parent: Command?) {
        self.id = id
        self.declaration = declaration
        fullName = (parent.map { "\($0.declaration.name)|" } ?? "") + "\(declaration.name)"
        arity = declaration.arity
        flags = declaration.flags
        handler = declaration.handler
        self.parent = parent?.id
        if case .index(let index)? = declaration.keys.first?.begin, case .range? = declaration.keys.first?.find {
            firstKey = index
        } else {
            firstKey = 0
        }
    }

    /// Whether a request may have so many words.
    @inlinable
    public func accepts(_ count: Int) -> Bool { arity >= 0 ? count == arity : count >= -arity }
}

/// All commands of an engine, found by name. Composed once, never changed.
public struct CommandTable: Sendable {
    public let commands: [Command]
    /// Top-level commands in order of declaration.
    public let topLevel: [CommandID]
    // Open addressing on folded names; -1 is empty.
    private let slots: [Slot]
    /// Names that only renaming gives: too long for the slots, in lower case.
    private let longNames: [(name: [UInt8], id: CommandID)]

    private struct Slot: Sendable {
        var name: FoldedName?
        var id: Int
    }

    /// `renamed`: commands by their declared names and what they are called instead;
    /// an empty name takes the command away. Names without a command are ignored.
    public init(_ declarations: [CommandDeclaration], renamed: [(from: [UInt8], to: [UInt8])] = []) {
        var commands: [Command] = []
        var topLevel: [CommandID] = []
        for declaration in declarations {
            var command = Command(declaration, id: commands.count, parent: nil)
            let id = command.id
            topLevel.append(id)
            commands.append(command)
            for sub in declaration.subcommands {
                let child = Command(sub, id: commands.count, parent: command)
                command.subcommands.append(child.id)
                commands.append(child)
            }
            commands[id] = command
        }
        var size = 256
        while size < topLevel.count * 4 { size *= 2 }
        var slots = [Slot](repeating: Slot(name: nil, id: -1), count: size)
        var names = topLevel.map { (name: [UInt8]("\(commands[$0].declaration.name)"), id: $0) }
        Self.rename(&names, by: renamed)
        var longNames: [(name: [UInt8], id: CommandID)] = []
        for (text, id) in names {
            guard let name = FoldedName(text.rawSpan) else {
                longNames.append((text, id))
                continue
            }
            var index = name.tableHash & (size - 1)
            while slots[index].id >= 0 {
                precondition(slots[index].name != name, "command declared twice")
                index = (index + 1) & (size - 1)
            }
            slots[index] = Slot(name: name, id: id)
        }
        self.commands = commands
        self.topLevel = names.map(\.id).sorted()
        self.slots = slots
        self.longNames = longNames
    }

    /// In the order of the lines, since one may free a name that the next takes.
    private static func rename(_ names: inout [(name: [UInt8], id: CommandID)], by lines: [(from: [UInt8], to: [UInt8])]) {
        func folded(_ name: [UInt8]) -> [UInt8] { name.map { (65...90).contains($0) ? $0 | 32 : $0 } }
        for line in lines {
            let (old, new) = (folded(line.from), folded(line.to))
            guard let index = names.firstIndex(where: { $0.name == old }) else { continue }
            let id = names.remove(at: index).id
            if !new.isEmpty, !names.contains(where: { $0.name == new }) { names.append((new, id)) }
        }
    }

    /// The top-level command with this name in any case.
    func find(_ name: RawSpan) -> CommandID? {
        guard let folded = FoldedName(name) else { return longNames.first { name.matches($0.name.rawSpan) }?.id }
        var index = folded.tableHash & (slots.count &- 1)
        while slots[index].id >= 0 {
            if slots[index].name == folded { return slots[index].id }
            index = (index &+ 1) & (slots.count &- 1)
        }
        return nil
    }

    func findSubcommand(_ name: RawSpan, of command: CommandID) -> CommandID? {
        for id in commands[command].subcommands
        where name.matches(RawSpan(literal: commands[id].declaration.name)) { return id }
        return nil
    }

    /// The command that a request names, subcommand included.
    public func resolve(_ arguments: borrowing Arguments, from first: Int = 0) -> CommandID? {
        guard arguments.count > first, let id = find(arguments[first]) else { return nil }
        guard !commands[id].subcommands.isEmpty, arguments.count > first + 1 else { return id }
        return findSubcommand(arguments[first + 1], of: id)
    }

    /// The command with a full name: "get", "client|kill".
    public func resolve(fullName: RawSpan) -> CommandID? {
        if let bar = fullName.firstIndex(of: 124) {
            guard let parent = find(fullName.slice(0, bar)) else { return nil }
            return findSubcommand(fullName.suffix(from: bar + 1), of: parent)
        }
        return find(fullName)
    }
}
