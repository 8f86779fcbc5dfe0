// The language of redis.conf: a directive and its words a line, quoted where
// they hold blanks, with comments and includes.

import Commands
import Engine
import Networking
import Primitives
import RESP
import System

/// Reads directives from files and options into a configuration.
struct ConfigurationReader {
    private(set) var configuration = Configuration()
    private let directives = DirectiveTable()
    private let changesDirectory: Bool
    private var depth = 0
    private var seen: Set<String> = []
    /// What commands are called, as far as a line has renamed any.
    private var commandNames: Set<String>?

    /// Files that include files: deeper is taken for a circle.
    private static var deepestInclude: Int { 16 }

    /// `changesDirectory`: whether `dir` takes the process there at once, so that what
    /// follows is found from there.
    init(changesDirectory: Bool = false) { self.changesDirectory = changesDirectory }

    /// The configuration, unless it asks for what is not there.
    func finish() throws(StartupError) -> Configuration {
        let promises = directives.promises(in: configuration)
        guard promises.isEmpty || configuration.process.ignoresUnsupported else {
            throw StartupError(
                "Can't start: the configuration asks for features that this version does not have yet:\n"
                    + promises.map { "    \($0)\n" }.joined()
                    + "Remove these directives, or set 'needletail-ignore-unsupported yes' to start without what they promise.")
        }
        return configuration
    }

    static func contents(of path: String) throws(StartupError) -> [UInt8] {
        do throws(FileError) {
            return try File.read(path)
        } catch {
            throw StartupError("Fatal error, can't open config file '\(path)': \(error.message)")
        }
    }

    mutating func read(file path: String) throws(StartupError) {
        guard depth < Self.deepestInclude else { throw StartupError("Fatal error, includes are nested too deeply: \(path)") }
        depth += 1
        try read(text: try Self.contents(of: path))
        depth -= 1
    }

    mutating func read(text: [UInt8]) throws(StartupError) {
        var number = 0
        for row in text.split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            let line = Self.trimmed(row)
            guard let first = line.first, first != 35 else { continue }
            guard let words = InlineWords.split(line.rawSpan) else {
                throw Self.failure(number, line, "Unbalanced quotes in configuration line")
            }
            if words.isEmpty { continue }
            let name = words[0]
            if words.count == 2, name.rawSpan.matches("include") {
                try include(String(decoding: words[1], as: UTF8.self))
                continue
            }
            do throws(Directive.Refusal) {
                try apply(words, line)
            } catch {
                throw Self.failure(number, line, error.text)
            }
        }
    }

    /// A file, or all that match a pattern, in order.
    private mutating func include(_ path: String) throws(StartupError) {
        guard path.contains(where: { "*?[".contains($0) }) else { return try read(file: path) }
        for path in File.paths(matching: path) { try read(file: path) }
    }

    private mutating func apply(_ words: [[UInt8]], _ line: [UInt8]) throws(Directive.Refusal) {
        let values = Array(words.dropFirst())
        if let directive = directives.find(words[0]) {
            try directive.read(values, isFirst: seen.insert(directive.name).inserted, in: &configuration)
            if directive.name == "dir", changesDirectory { try changeDirectory() }
            return
        }
        switch (String(decoding: words[0], as: UTF8.self).lowercased(), values.count) {
        case ("rename-command", 2): try renameCommand(values[0], values[1])
        case ("user", 1...), ("loadmodule", 1...):
            configuration.process.ignoredLines.append(String(decoding: line, as: UTF8.self))
        // Of lists before Redis 3.2; Redis passes over them as well.
        case ("list-max-ziplist-entries", 1), ("list-max-ziplist-value", 1): break
        default: throw Directive.Refusal(text: "Bad directive or wrong number of arguments")
        }
    }

    private mutating func changeDirectory() throws(Directive.Refusal) {
        let failure = Process.changeDirectory(String(decoding: configuration.process.directory, as: UTF8.self))
        guard failure == 0 else { throw Directive.Refusal(text: errorText(failure)) }
        configuration.process.directory = [UInt8](Process.currentDirectory)
    }

    private mutating func renameCommand(_ old: [UInt8], _ new: [UInt8]) throws(Directive.Refusal) {
        var names = commandNames ?? Set(Families.all.map { "\($0.name)" })
        guard names.remove(String(decoding: old, as: UTF8.self).lowercased()) != nil else {
            throw Directive.Refusal(text: "No such command in rename-command")
        }
        guard new.isEmpty || names.insert(String(decoding: new, as: UTF8.self).lowercased()).inserted else {
            throw Directive.Refusal(text: "Target command name already exists")
        }
        commandNames = names
        configuration.process.renamedCommands.append((old, new))
    }

    private static func trimmed(_ row: ArraySlice<UInt8>) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        var row = row.drop(while: isBlank)
        while let last = row.last, isBlank(last) { row.removeLast() }
        return Array(row)
    }

    private static func failure(_ number: Int, _ line: [UInt8], _ reason: String) -> StartupError {
        StartupError(
            """

            *** FATAL CONFIG FILE ERROR (Needletail \(Identity.version)) ***
            Reading the configuration file, at line \(number)
            >>> '\(String(decoding: line, as: UTF8.self))'
            \(reason)

            """)
    }
}
