// What the program is asked on its command line, and the configuration that
// follows from it: a file, `-` for standard input, and `--name value ...`
// options, which count after the file.

import Commands
import Engine
import Primitives
import RESP
import System

/// Why the server did not start: what is written to standard error.
public struct StartupError: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

enum Invocation {
    case serve(Configuration, file: String)
    /// Print and leave with this status.
    case say(String, status: Int32)

    static func read(_ arguments: [String]) throws(StartupError) -> Invocation {
        let name = arguments.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
        switch name {
        case "redis-check-rdb", "redis-check-aof", "redis-sentinel":
            return .say("\(name): this mode of needletail-server is not there yet.\n", status: 1)
        default: break
        }
        var rest = Array(arguments.dropFirst())
        switch rest.first {
        case "-v", "--version": return .say(versionText, status: 0)
        case "-h", "--help": return .say(helpText, status: 0)
        default: break
        }
        var reader = ConfigurationReader()
        var file = ""
        if let first = rest.first, first == "-" || !first.hasPrefix("-") {
            rest.removeFirst()
            if first == "-" {
                try reader.read(text: standardInput())
            } else {
                file = first.hasPrefix("/") ? first : Process.currentDirectory + "/" + first
                try reader.read(file: first)
            }
        }
        try reader.read(options: rest)
        return .serve(reader.configuration, file: file)
    }

    private static func standardInput() throws(StartupError) -> [UInt8] {
        do throws(FileError) { return try File.read(0) } catch { throw StartupError("Can't read standard input: \(error.message)") }
    }

    private static var versionText: String {
        "Needletail server v=\(Identity.version) redis_version=\(Identity.compatibleVersion) "
            + "malloc=\(MemoryMeter.allocatorName) bits=64\n"
    }

    private static var helpText: String {
        """
        Usage: needletail-server [/path/to/redis.conf] [options] [-]
               needletail-server -v or --version
               needletail-server -h or --help

        Examples:
               needletail-server                          (default settings)
               needletail-server /etc/redis/redis.conf
               needletail-server --port 7777
               needletail-server /etc/redis.conf --loglevel verbose --maxmemory 1gb
               echo 'maxmemory 128mb' | needletail-server -

        The program answers to the name redis-server as well.

        """
    }
}

/// Reads directives from files and options into a configuration.
struct ConfigurationReader {
    private(set) var configuration = Configuration()
    private let directives = DirectiveTable()
    private var depth = 0
    private var hasSavePoints = false

    /// Files that include files: deeper is taken for a circle.
    private static var deepestInclude: Int { 16 }

    mutating func read(file path: String) throws(StartupError) {
        guard depth < Self.deepestInclude else { throw StartupError("Fatal error, includes are nested too deeply: \(path)") }
        let text: [UInt8]
        do throws(FileError) {
            text = try File.read(path)
        } catch {
            throw StartupError("Fatal error, can't open config file '\(path)': \(error.message)")
        }
        depth += 1
        try read(text: text)
        depth -= 1
    }

    mutating func read(text: [UInt8]) throws(StartupError) {
        var number = 0
        for line in text.split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            let trimmed = Array(line)
            guard let first = trimmed.first(where: { $0 != 32 && $0 != 9 && $0 != 13 }), first != 35 else { continue }
            let place = "Reading the configuration file, at line \(number)"
            guard let words = InlineWords.split(trimmed.rawSpan) else {
                throw failure(place, trimmed, "Unbalanced quotes in configuration line")
            }
            if !words.isEmpty { try apply(words, place, trimmed) }
        }
    }

    /// `--name value value --name value ...`
    mutating func read(options: [String]) throws(StartupError) {
        var index = 0
        while index < options.count {
            guard options[index].hasPrefix("--"), options[index].count > 2 else {
                throw failure("Reading the command line", [UInt8](options[index]), "Bad directive or wrong number of arguments")
            }
            var words = [[UInt8](String(options[index].dropFirst(2)))]
            index += 1
            while index < options.count, !options[index].hasPrefix("--") {
                words.append([UInt8](options[index]))
                index += 1
            }
            let shown = words.reduce(into: [UInt8]()) { $0 += $0.isEmpty ? $1 : [32] + $1 }
            // A value may be given as one word with blanks, quoted for the shell.
            if words.count == 2, ["save", "bind"].map({ [UInt8]($0) }).contains(words[0]) {
                let value = words[1]
                if let split = InlineWords.split(value.rawSpan) { words = [words[0]] + (split.isEmpty ? [[]] : split) }
            }
            try apply(words, "Reading the command line", shown)
        }
    }

    private mutating func apply(_ words: [[UInt8]], _ place: String, _ line: [UInt8]) throws(StartupError) {
        let name = words[0]
        if name.rawSpan.matches("include"), words.count == 2 {
            return try read(file: String(decoding: words[1], as: UTF8.self))
        }
        guard let directive = directives.find(name) else {
            throw failure(place, line, "Bad directive or wrong number of arguments")
        }
        var values = Array(words.dropFirst())
        if directive.name == "save" {
            // Save points add up over lines; an empty one, or none, takes back those before it.
            if values.isEmpty { values = [[]] }
            if hasSavePoints, values != [[]] { values.insert(directive.value(in: configuration), at: 0) }
            hasSavePoints = true
        }
        do throws(Directive.Refusal) {
            try directive.set(values, in: &configuration)
        } catch {
            throw failure(place, line, error.isWordCount ? "Bad directive or wrong number of arguments" : error.text)
        }
    }

    private func failure(_ place: String, _ line: [UInt8], _ reason: String) -> StartupError {
        StartupError(
            """

            *** FATAL CONFIG FILE ERROR (Needletail \(Identity.version)) ***
            \(place)
            >>> '\(String(decoding: line, as: UTF8.self))'
            \(reason)

            """)
    }
}
