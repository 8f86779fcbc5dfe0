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
    /// Look at a file of snapshots and say whether it is in order.
    case checkSnapshot(String)
    /// Look at an append-only file, and mend it if that is asked for.
    case checkAppendOnlyFile(AppendOnlyCheck)
    /// Print and leave with this status.
    case say(String, status: Int32)

    static func read(_ arguments: [String]) throws(StartupError) -> Invocation {
        // The name of the program is always among them; a system without /proc gives nothing at all.
        guard !arguments.isEmpty else {
            throw StartupError("Can't start: the command line can't be read. Is /proc mounted?")
        }
        let name = arguments.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
        switch name {
        case "redis-check-rdb", "valkey-check-rdb", "needletail-check-rdb":
            guard arguments.count == 2 else { return .say("Usage: \(name) <rdb-file-name>\n", status: 1) }
            return .checkSnapshot(arguments[1])
        case "redis-check-aof", "valkey-check-aof", "needletail-check-aof":
            return try AppendOnlyCheck.read(Array(arguments.dropFirst()), name)
        case "redis-sentinel":
            return .say("\(name): this mode of needletail-server is not there yet.\n", status: 1)
        default: break
        }
        var rest = Array(arguments.dropFirst())
        switch rest.first {
        case "-v", "--version": return .say(versionText, status: 0)
        case "-h", "--help": return .say(helpText, status: 0)
        case "--check-rdb":
            guard rest.count == 2 else { return .say("Usage: \(name) --check-rdb <rdb-file-name>\n", status: 1) }
            return .checkSnapshot(rest[1])
        case "--check-aof": return try AppendOnlyCheck.read(Array(rest.dropFirst()), "\(name) --check-aof")
        case "--sentinel": return .say("--sentinel: this mode of needletail-server is not there yet.\n", status: 1)
        default: break
        }
        var file = ""
        var text: [UInt8] = []
        if let first = rest.first, !first.hasPrefix("-") {
            rest.removeFirst()
            file = first.hasPrefix("/") ? first : Process.currentDirectory + "/" + first
            text = try ConfigurationReader.contents(of: file)
        }
        if rest.first == "-" || rest.last == "-" {
            if rest.first == "-" { rest.removeFirst() } else { rest.removeLast() }
            text += try standardInput()
        }
        var reader = ConfigurationReader(changesDirectory: true)
        try reader.read(text: text + OptionText.lines(of: rest))
        return .serve(try reader.finish(), file: file)
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
               needletail-server --check-rdb <rdb-file-name>
               needletail-server --check-aof [--fix|--truncate-to-timestamp <timestamp>] <file.manifest|file.aof>

        Examples:
               needletail-server                          (default settings)
               needletail-server /etc/redis/redis.conf
               needletail-server --port 7777
               needletail-server /etc/redis.conf --loglevel verbose --maxmemory 1gb
               echo 'maxmemory 128mb' | needletail-server -

        The program answers to the names redis-server and redis-check-rdb as well.

        """
    }
}

/// Options of the command line as lines of a configuration file.
enum OptionText {
    /// A line break and a line for each option: `--name value value`, or `"--name value"`
    /// as one argument. A value may begin with `--` where it is the first of its option.
    static func lines(of options: [String]) -> [UInt8] {
        var text: [UInt8] = []
        // Whether the next argument may be an option's name.
        var mayBeName = true
        for (index, option) in options.enumerated() {
            guard mayBeName, option.hasPrefix("--") else {
                if text.isEmpty { text.append(10) }
                text += InlineWords.quoted([UInt8](option)) + [32]
                mayBeName = true
                continue
            }
            let body = [UInt8](option).dropFirst(2)
            let name = Array(body)
            let words = InlineWords.split(name.rawSpan) ?? []
            text += [10] + body + [32]
            mayBeName = words.count != 1
            // `--save` may stand without a value, which means never.
            let next = index + 1 < options.count ? options[index + 1] : nil
            let isSave = words.count == 1 && String(decoding: words[0], as: UTF8.self).lowercased() == "save"
            if isSave, next == nil || next?.hasPrefix("--") == true {
                text += [UInt8]("\"\"")
                mayBeName = true
            }
        }
        return text
    }
}
