// The machine-readable description of a command: COMMAND and COMMAND INFO.

import Engine
import Primitives
import RESP

extension ReplyWriter {
    /// The ten facts about a command.
    mutating func describe(_ id: CommandID, _ commands: CommandTable) {
        let command = commands.commands[id]
        let declaration = command.declaration
        let keys = declaration.legacyKeyRange
        array(10)
        bulk(command.fullName)
        integer(declaration.arity)
        statuses(CommandFlags.names.filter { declaration.toldFlags.contains($0.0) }.map(\.1))
        integer(keys.first)
        integer(keys.last)
        integer(keys.step)
        let categories = CommandCategories.names.filter { declaration.allCategories.contains($0.0) }
        set(categories.count)
        for (_, name) in categories { status([UInt8]("@\(name)").rawSpan) }
        set(declaration.tips.count)
        for tip in declaration.tips { bulk(tip) }
        set(declaration.keys.count)
        for specification in declaration.keys { describe(specification) }
        if command.subcommands.isEmpty { return set(0) }
        array(command.subcommands.count)
        for sub in command.subcommands { describe(sub, commands) }
    }

    private mutating func describe(_ specification: KeySpecification) {
        map(specification.notes == nil ? 3 : 4)
        if let notes = specification.notes {
            bulk("notes")
            bulk(notes)
        }
        bulk("flags")
        describe(specification.flags)
        bulk("begin_search")
        describe(specification.begin)
        bulk("find_keys")
        describe(specification.find)
    }

    /// What a command does with a key, as a set of statuses.
    mutating func describe(_ flags: KeyFlags) {
        statuses(KeyFlags.names.filter { flags.contains($0.0) }.map(\.1))
    }

    private mutating func describe(_ begin: KeySpecification.Begin) {
        switch begin {
        case .index(let index):
            typed("index", 1)
            pair("index", index)
        case .keyword(let keyword, let start):
            typed("keyword", 2)
            bulk("keyword")
            bulk(keyword)
            pair("startfrom", start)
        case .unknown:
            typed("unknown", 0)
        }
    }

    private mutating func describe(_ find: KeySpecification.Find) {
        switch find {
        case .range(let last, let step, let limit):
            typed("range", 3)
            pair("lastkey", last)
            pair("keystep", step)
            pair("limit", limit)
        case .keynum(let index, let first, let step):
            typed("keynum", 3)
            pair("keynumidx", index)
            pair("firstkey", first)
            pair("keystep", step)
        case .unknown:
            typed("unknown", 0)
        }
    }

    /// Starts a typed part of a key specification with `count` properties.
    private mutating func typed(_ type: StaticString, _ count: Int) {
        map(2)
        bulk("type")
        bulk(type)
        bulk("spec")
        map(count)
    }

    private mutating func pair(_ name: StaticString, _ value: Int) {
        bulk(name)
        integer(value)
    }

    /// A set of status lines.
    mutating func statuses(_ words: [StaticString]) {
        set(words.count)
        for word in words { simple(word) }
    }
}
