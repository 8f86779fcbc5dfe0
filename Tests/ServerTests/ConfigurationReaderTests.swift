import Engine
import Foundation
import Testing
@testable import Server

/// The configuration that a text leads to, or why there is none.
private func read(_ text: String, options: [String] = []) -> Result<Configuration, StartupError> {
    Result { () throws(StartupError) in
        var reader = ConfigurationReader()
        try reader.read(text: [UInt8](text) + OptionText.lines(of: options))
        return reader.configuration
    }
}

private func refusal(_ text: String, options: [String] = []) -> String {
    switch read(text, options: options) {
    case .success: "accepted"
    case .failure(let error): error.message
    }
}

private func shown(_ name: String, _ configuration: Configuration) -> String {
    DirectiveTable().find([UInt8](name)).map { String(decoding: $0.value(in: configuration), as: UTF8.self) } ?? "unknown"
}

/// A directory that goes away with the test.
private final class Scratch {
    let path = NSTemporaryDirectory() + "needletail-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }
}

@Suite struct ConfigurationTextTests {
    @Test func nothing() throws {
        #expect(try read("").get().network.port == 6379)
        #expect(try read("\n\n \t\r\n# port 1\n   # port 2\n").get().network.port == 6379)
    }

    @Test func directivesOnLines() throws {
        let configuration = try read("port 7000\r\n  MaxClients\t55  \nloglevel WARNING\nbind 127.0.0.1 ::1\ntimeout 3").get()
        #expect(configuration.network.port == 7000)
        #expect(configuration.network.maximumClients == 55)
        #expect(configuration.log.level == .warning)
        #expect(configuration.network.bind == ["127.0.0.1", "::1"])
        #expect(configuration.network.timeoutSeconds == 3)
    }

    @Test func laterLinesWin() throws {
        #expect(try read("port 1\nport 2\n").get().network.port == 2)
    }

    @Test func quotes() throws {
        let configuration = try read(#"""
            requirepass "a b\x41\n\"c\""
            pidfile 'it\'s \n here'
            logfile ""
            "port" "99"
            """#).get()
        #expect(configuration.requiredPassword == [UInt8]("a bA\n\"c\""))
        #expect(configuration.process.pidFile == [UInt8](#"it's \n here"#))
        #expect(configuration.log.file == [])
        #expect(configuration.network.port == 99)
    }

    @Test(arguments: ["requirepass \"abc", "requirepass 'abc", "requirepass \"a\"b", "requirepass 'a'b", "\"", "requirepass \"a\\"])
    func unbalancedQuotes(_ line: String) {
        let text = refusal("port 1\n" + line)
        #expect(text.contains("Unbalanced quotes in configuration line"))
        #expect(text.contains("at line 2"))
        #expect(text.contains(">>> '\(line)'"))
    }

    @Test func units() throws {
        let sizes: [(String, Int64)] = [
            ("0", 0), ("100", 100), ("7b", 7), ("1k", 1000), ("1kb", 1024), ("1KB", 1024), ("2m", 2_000_000),
            ("2mb", 2 << 20), ("3g", 3_000_000_000), ("3Gb", 3 << 30), ("9223372036854775807", .max),
        ]
        for (text, bytes) in sizes { #expect(try read("maxmemory \(text)").get().maximumMemory == bytes) }
    }

    @Test(arguments: ["1.5gb", "-1", "1 gb", "1tb", "18446744073709551616", "18014398509481984kb", "+1", "0x10", "1gbb"])
    func badSizes(_ text: String) {
        #expect(refusal("maxmemory \"\(text)\"").contains("argument must be a memory value"))
    }

    @Test func unknownDirective() {
        let text = refusal("# fine\nnosuch 1\n")
        #expect(text.contains("FATAL CONFIG FILE ERROR"))
        #expect(text.contains("at line 2\n>>> 'nosuch 1'\nBad directive or wrong number of arguments"))
    }

    @Test(arguments: ["port", "port 1 2", "appendonly", "appendonly yes no", "maxmemory", "replicaof a", "oom-score-adj-values 1 2"])
    func wrongNumberOfWords(_ line: String) {
        #expect(refusal(line).contains(">>> '\(line)'\nwrong number of arguments\n"))
    }

    @Test(arguments: ["include", "include a b", "rename-command a", "user", "loadmodule"])
    func badDirectives(_ line: String) {
        #expect(refusal(line).contains(">>> '\(line)'\nBad directive or wrong number of arguments\n"))
    }

    @Test func noWordsMayMeanNothing() throws {
        #expect(shown("save", try read("save").get()) == "")
        #expect(try read("bind").get().network.bind == [])
    }

    @Test(arguments: [
        ("port abc", "argument couldn't be parsed into an integer"),
        ("port 65536", "argument must be between 0 and 65535 inclusive"),
        ("port -1", "argument must be between 0 and 65535 inclusive"),
        ("port 010", "argument couldn't be parsed into an integer"),
        ("daemonize maybe", "argument must be 'yes' or 'no'"),
        ("appendonly maybe", "argument must be 'yes' or 'no'"),
        ("slowlog-max-len few", "argument couldn't be parsed into an integer"),
        ("repl-backlog-size big", "argument must be a memory value"),
        ("save 900", "Invalid save parameters"),
        ("save 0 1", "Invalid save parameters"),
        ("save abc 1", "Invalid save parameters"),
        ("unixsocketperm 888", "argument couldn't be parsed as an octal number"),
        ("unixsocketperm 1777", "argument must be between 0 and 777 inclusive"),
        ("loglevel loud", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"),
    ])
    func badValues(_ line: String, _ reason: String) {
        let text = refusal(line)
        #expect(text.contains(">>> '\(line)'\n\(reason)\n"), "\(text)")
    }

    @Test func octal() throws {
        let configuration = try read("unixsocketperm 700").get()
        #expect(configuration.network.unixSocketMode == 0o700)
        #expect(shown("unixsocketperm", configuration) == "700")
    }

    @Test func frequencyIsKeptWithinBounds() throws {
        #expect(try read("hz 0").get().hz == 1)
        #expect(try read("hz 100000").get().hz == 500)
        #expect(refusal("hz -1").contains("argument must be between 0 and 2147483647 inclusive"))
    }

    @Test func savePointsAddUp() throws {
        #expect(shown("save", try read("").get()) == "3600 1 300 100 60 10000")
        #expect(shown("save", try read("save 900 1\nsave 60 100 10 1000\n").get()) == "900 1 60 100 10 1000")
        #expect(shown("save", try read("save 900 1\nsave \"\"\n").get()) == "")
        #expect(shown("save", try read("save 900 1\nsave \n").get()) == "")
        #expect(shown("save", try read("save 900 1\nsave \"\"\nsave 5 6\n").get()) == "5 6")
    }

    @Test func keptValuesAreSpelledTheSame() throws {
        let configuration = try read("appendonly NO\nrepl-backlog-size 2mb\nnotify-keyspace-events nmKE$lshzxetdg\nreplicaof a 01").get()
        #expect(shown("appendonly", configuration) == "no")
        #expect(shown("repl-backlog-size", configuration) == "2097152")
        #expect(shown("notify-keyspace-events", configuration) == "g$lshzxetdnKEm")
        #expect(shown("replicaof", configuration) == "a 1")
    }

    @Test func controlCharacters() throws {
        #expect(try read("port\u{b}1\u{c}\n\u{b}\n").get().network.port == 1)
        // A zero byte ends a line's words.
        #expect(try read("port 1\u{0} 2\n").get().network.port == 1)
        #expect(try read("\u{0}\nport 1\n\u{0}port 2").get().network.port == 1)
        #expect(refusal("\u{1}port 1").contains("Bad directive"))
        #expect(try read("requirepass \"\\x00\\x01\\xff\"").get().requiredPassword == [0, 1, 255])
    }

    @Test func bytesThatAreNoText() throws {
        var reader = ConfigurationReader()
        try reader.read(text: [UInt8]("requirepass ") + [0xff, 0xfe, 0x80])
        #expect(reader.configuration.requiredPassword == [0xff, 0xfe, 0x80])
        #expect(throws: StartupError.self) { try reader.read(text: [0xff, 0xfe, 32, 49]) }
        #expect(throws: StartupError.self) { try reader.read(text: [UInt8]("loglevel ") + [0xff]) }
    }

    /// Lines of random bytes, and of random words, are accepted or refused.
    @Test func noise() {
        var random = SystemRandomNumberGenerator()
        let names = DirectiveTable().directives.map(\.name)
        let alphabet = [UInt8]("\"'\\ \t\r\nx0#k-9gb") + [0, 11, 255, 195]
        for round in 0..<3000 {
            var line = round % 2 == 0 ? [] : [UInt8](names.randomElement(using: &random) ?? "") + [32]
            for _ in 0..<Int.random(in: 0..<24, using: &random) {
                line.append(alphabet.randomElement(using: &random) ?? 0)
            }
            var reader = ConfigurationReader()
            try? reader.read(text: line)
        }
    }
}

@Suite struct ConfigurationOptionTests {
    @Test func options() throws {
        let configuration = try read("", options: ["--port", "7777", "--loglevel", "verbose", "--maxmemory", "1gb"]).get()
        #expect(configuration.network.port == 7777)
        #expect(configuration.log.level == .verbose)
        #expect(configuration.maximumMemory == 1 << 30)
    }

    @Test func optionsCountAfterTheText() throws {
        let configuration = try read("port 1\ntimeout 5\n", options: ["--port", "2"]).get()
        #expect(configuration.network.port == 2)
        #expect(configuration.network.timeoutSeconds == 5)
    }

    @Test func severalAddresses() throws {
        for options in [["--bind", "127.0.0.1", "::1"], ["--bind", "127.0.0.1 ::1"]] {
            #expect(try read("", options: options).get().network.bind == ["127.0.0.1", "::1"])
        }
        #expect(try read("", options: ["--bind", "-::1", "*", "--port", "1"]).get().network.bind == ["-::1", "*"])
        #expect(try read("", options: ["--bind", ""]).get().network.bind == [])
    }

    @Test func savePoints() throws {
        #expect(shown("save", try read("", options: ["--save", "900", "1", "--save", ""]).get()) == "")
        #expect(shown("save", try read("", options: ["--save", ""]).get()) == "")
        #expect(shown("save", try read("", options: ["--save", "900 1", "--save", "60 2"]).get()) == "900 1 60 2")
    }

    @Test func negativeValues() throws {
        #expect(shown("list-max-listpack-size", try read("", options: ["--list-max-listpack-size", "-1"]).get()) == "-1")
    }

    @Test func wordsNeedNoQuotes() throws {
        #expect(try read("", options: ["--requirepass", "a b\"'\n"]).get().requiredPassword == [UInt8]("a b\"'\n"))
        #expect(try read("", options: ["--requirepass", ""]).get().requiredPassword == [])
    }

    @Test(arguments: [
        ["-"], ["port", "x"], ["--port"], ["--port", "1", "2"], ["--nosuch", "1"], ["--port", "--timeout", "1"],
        ["-port", "1"], ["--save", "900"], ["--save", "\""], ["--include"],
    ])
    func refused(_ options: [String]) {
        let text = refusal("", options: options)
        #expect(text.contains("FATAL CONFIG FILE ERROR"))
        #expect(text.contains("Reading the configuration file, at line 2\n"))
    }

    @Test(arguments: [
        (["--port"], "port", "wrong number of arguments"),
        (["--port", "6379", "6380"], #"port "6379" "6380""#, "wrong number of arguments"),
        (["--port", "--loglevel", "verbose"], #"port "--loglevel" "verbose""#, "wrong number of arguments"),
        (["--port", "--bla"], #"port "--bla""#, "argument couldn't be parsed into an integer"),
        (["--hz 10", "11"], #"hz 10 "11""#, "wrong number of arguments"),
        (["--hz \"x"], #"hz "x"#, "Unbalanced quotes in configuration line"),
        (["--replicaof", "--127.0.0.1", "--abc"], #"replicaof "--127.0.0.1""#, "wrong number of arguments"),
        (["hz", "x"], #""hz" "x""#, "argument couldn't be parsed into an integer"),
    ])
    func shapesOfErrors(_ options: [String], _ line: String, _ reason: String) {
        #expect(refusal("", options: options).hasSuffix("at line 2\n>>> '\(line)'\n\(reason)\n"))
    }

    @Test func linesGoOnBehindTheFile() {
        #expect(refusal("port 0\n", options: ["--port", "1", "--hz", "x"]).contains("at line 4\n>>> 'hz \"x\"'"))
        #expect(refusal("port 0", options: ["--hz", "x"]).contains("at line 2\n"))
    }

    @Test func nameAndValueInOneArgument() throws {
        let configuration = try read("", options: ["--maxmemory 700mb", "--loglevel 'verbose'", "--port", "1"]).get()
        #expect(configuration.maximumMemory == 700 << 20 && configuration.log.level == .verbose && configuration.network.port == 1)
        #expect(try read("", options: ["hz", "20", "--timeout", "3"]).get().hz == 20)
    }

    @Test func valuesThatBeginWithDashes() throws {
        let options = ["--pidfile", "--my--file", "--loglevel", "verbose"]
        #expect(try read("", options: options).get().process.pidFile == [UInt8]("--my--file"))
        #expect(try read("", options: ["--pidfile --my--file"]).get().process.pidFile == [UInt8]("--my--file"))
    }

    @Test func saveWithoutValue() throws {
        for options in [["--save", "--hz", "20"], ["--hz", "20", "--save"], ["--save", "", "--hz", "20"]] {
            let configuration = try read("save 900 1\n", options: options).get()
            #expect(shown("save", configuration) == "" && configuration.hz == 20)
        }
    }
}

@Suite struct PromiseTests {
    @Test(arguments: [
        "tls-port 6380", "aclfile /a", "replicaof a 1", "slaveof a 1", "cluster-enabled yes", "user a on", "loadmodule /a",
        "tls-cluster yes", "tls-replication yes", "min-slaves-to-write 1",
    ])
    func refused(_ line: String) throws {
        var reader = ConfigurationReader()
        try reader.read(text: [UInt8](line))
        #expect {
            try reader.finish()
        } throws: {
            let message = ($0 as? StartupError)?.message ?? ""
            return message.hasPrefix("Can't start: ") && message.contains(line.split(separator: " ").last ?? "")
        }
        try reader.read(text: [UInt8]("needletail-ignore-unsupported yes"))
        #expect(DirectiveTable().promises(in: try reader.finish()).count == 1)
    }

    @Test func defaultsPromiseNothing() throws {
        var reader = ConfigurationReader()
        try reader.read(text: [UInt8]("appendonly no\ntls-port 0\naclfile \"\"\nreplicaof no one\ncluster-enabled no\nmasterauth x\n"))
        #expect(DirectiveTable().promises(in: try reader.finish()).isEmpty)
    }
}

@Suite struct RenameCommandTests {
    @Test func linesInTheirOrder() throws {
        let text = "rename-command GET \"\"\nrename-command set get\nRENAME-COMMAND del \(String(repeating: "x", count: 60))\n"
        let renamed = try read(text).get().process.renamedCommands.map { [$0.from, $0.to].map { String(decoding: $0, as: UTF8.self) } }
        #expect(renamed == [["GET", ""], ["set", "get"], ["del", String(repeating: "x", count: 60)]])
    }

    @Test func errors() {
        #expect(refusal("rename-command nosuch x").contains("No such command in rename-command"))
        #expect(refusal("rename-command get \"\"\nrename-command get x").contains("No such command in rename-command"))
        #expect(refusal("rename-command get SET").contains("Target command name already exists"))
        #expect(refusal("rename-command client|kill x").contains("No such command in rename-command"))
    }
}

@Suite struct ConfigurationFileTests {
    private func read(_ path: String) throws(StartupError) -> Configuration {
        var reader = ConfigurationReader()
        try reader.read(file: path)
        return reader.configuration
    }

    @Test func missing() {
        #expect {
            try read("/no/such/file.conf")
        } throws: {
            ($0 as? StartupError)?.message == "Fatal error, can't open config file '/no/such/file.conf': No such file or directory"
        }
        // A directory opens, but does not read.
        #expect(throws: StartupError.self) { try read("/") }
    }

    @Test func includesTakeTheirPlace() throws {
        let scratch = try Scratch()
        let inner = try scratch.write("inner.conf", "port 2\ntimeout 2\n")
        let outer = try scratch.write("outer.conf", "port 1\nINCLUDE \"\(inner)\"\ntimeout 3\n")
        let configuration = try read(outer)
        #expect(configuration.network.port == 2)
        #expect(configuration.network.timeoutSeconds == 3)
    }

    @Test func theSameFileTwiceIsNoCircle() throws {
        let scratch = try Scratch()
        let inner = try scratch.write("inner.conf", "port 2\n")
        let outer = try scratch.write("outer.conf", String(repeating: "include \(inner)\n", count: 40))
        #expect(try read(outer).network.port == 2)
    }

    @Test func circlesEnd() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a.conf"
        let other = try scratch.write("b.conf", "include \(path)\n")
        _ = try scratch.write("a.conf", "include \(other)\ninclude \(other)\n")
        #expect {
            try read(path)
        } throws: {
            ($0 as? StartupError)?.message.contains("includes are nested too deeply") == true
        }
    }

    @Test func includesByPattern() throws {
        let scratch = try Scratch()
        _ = try scratch.write("b.conf", "port 2\n")
        _ = try scratch.write("a.conf", "port 1\ntimeout 1\n")
        _ = try scratch.write("c.txt", "nosuch\n")
        let configuration = try read(try scratch.write("outer", "include \(scratch.path)/*.conf\ninclude \(scratch.path)/none*\n"))
        #expect(configuration.network.port == 2 && configuration.network.timeoutSeconds == 1)
    }

    @Test func includeOfNothing() throws {
        let scratch = try Scratch()
        let outer = try scratch.write("outer.conf", "include /no/such/file.conf\n")
        #expect(throws: StartupError.self) { try read(outer) }
    }
}
