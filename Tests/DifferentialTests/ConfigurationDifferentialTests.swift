import Commands
import Engine
import Foundation
import Primitives
import RESP
import Testing
import TestSupport
@testable import Server

/// Every directive at its edges and beyond, asked of a live `redis-server` 7.0:
/// accepted or refused alike, with the same words.
@Suite(.serialized, .enabled(if: RedisProgram.path != nil, "no redis-server 7.0 in PATH: nothing to compare with"))
struct ConfigurationDifferentialTests {
    private static let texts = [
        "", " ", "0", "-0", "1", "-1", "+1", "01", " 1", "1 ", "1.5", "1e3", "nan", "inf", "yes", "no", "YES", "No", "true", "maybe",
        "local", "2", "10", "11", "99", "100", "101", "127", "128", "129", "199", "500", "501", "1000", "1001", "1023", "1024", "16383",
        "65535", "65536", "1048575", "1048576", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "99999999999999999999999", "1b", "1kb", "5K", "2mB", "1gb", "1t", "1.5gb", "-1gb", "kb", "1bb",
        "9223372036854775807gb", "777", "0777", "888", "1777", "-777", "5%", "0%", "100%", "101%", "-5%", "%", "5 %",
        "900 1", "900", "0 1", "900 -1", "900 1 60", "900  1", "900 1 60 0", "a b c", "0 200 800", "3 2 1", "-2001 0 0", "0 0 2001",
        "noeviction", "ALLKEYS-LFU", "notice", "always", "save", "nosave now", "save nosave", "now now", "default force", "now foo",
        "KEA", "nKE", "g$lshzxetd", "E$m", "Kq", "normal 1mb 2kb 60", "slave 0 0", "replica 1 2 3 pubsub 4 5 6", "pubsub -1 0 0",
        "master 1 2 3", "0 100", "50.5 99.99", "12.3456789", "100.1", "{title}", "{foo}", "{port}", "}", "a/b", "a.b-c", "a_b",
        "allchannels", "resetchannels", "on-empty-db", "swapdb", "optional", "hostname", "panic", "clients", "user", "local7",
        "systemd", "a\"b", "a'b", "a\\b", "*", "-::*",
    ]

    private static func shown(_ reply: Reply) -> String {
        switch reply {
        case .status(let text), .error(let text): text
        case .array(let parts): parts.dropFirst().compactMap(\.text).joined(separator: " ")
        default: "\(reply)"
        }
    }

    /// Sets and reads each value and puts the first one back.
    private static func requests(_ name: String, _ values: [[UInt8]], initial: [UInt8]) -> [UInt8] {
        let (config, set, get, name) = ([UInt8]("CONFIG"), [UInt8]("SET"), [UInt8]("GET"), [UInt8](name))
        return values.flatMap { value in
            [[config, set, name, value], [config, get, name], [config, set, name, initial]].flatMap { TestClient.encode($0) }
        }
    }

    @Test func configSet() throws {
        let peer = try LivePeer(options: ["--enable-protected-configs", "yes"])
        let server = TestServer { $0.process.protectedDirectives = .yes }
        let client = server.connect()
        var compared = 0
        for directive in DirectiveTable().directives {
            let values = (Self.texts.map { [UInt8]($0) } + [[255, 254], [UInt8](repeating: 97, count: 300)]).filter {
                ConfigurationDifference.of(directive, $0)?.extent != .untried
            }
            for name in [directive.name] + directive.aliases where !values.isEmpty {
                try peer.send(TestClient.encode([[UInt8]("CONFIG"), [UInt8]("GET"), [UInt8](name)]))
                let known = try Self.replies(of: peer, 1)[0].elements
                guard known.count == 2, case .bulk(let theirs) = known[1] else { continue }
                try peer.send(Self.requests(name, values, initial: theirs))
                let expected = try Self.replies(of: peer, values.count * 3)
                let mine = directive.value(in: server.engine.context.configuration)
                client.send(Self.requests(name, values, initial: mine))
                let got = (0..<values.count * 3).map { _ in client.nextReply() }
                for (index, value) in values.enumerated() {
                    let pairs = zip(got[(index * 3)..<(index * 3 + 2)], expected[(index * 3)..<(index * 3 + 2)])
                    Self.compare(directive, name, value, pairs.map { (Self.shown($0), Self.shown($1)) })
                    compared += 1
                }
            }
        }
        #expect(compared > 10_000)
    }

    private static func replies(of peer: LivePeer, _ count: Int) throws -> [Reply] {
        let bytes = try peer.replies(count) { Reply.parse($0, &$1) != nil }
        var offset = 0
        return (0..<count).compactMap { _ in Reply.parse(bytes, &offset) }
    }

    /// `pairs`: ours and the peer's replies to CONFIG SET and CONFIG GET.
    private static func compare(_ directive: Directive, _ name: String, _ value: [UInt8], _ pairs: [(ours: String, theirs: String)]) {
        let extent = ConfigurationDifference.of(directive, value)?.extent
        let place = "CONFIG SET \(name) '\(String(decoding: value.prefix(80), as: UTF8.self))'"
        if extent == .anything { return }
        let isAccepted = pairs[0].ours == "OK"
        if extent == .text {
            // What newer versions accept, or name in their errors.
            if isAccepted != (pairs[0].theirs == "OK") { Issue.record("\(place): \(pairs[0])") }
            return
        }
        #expect(pairs[0].ours == pairs[0].theirs, "\(place)")
        if isAccepted, pairs[0].theirs == "OK" { #expect(pairs[1].ours == pairs[1].theirs, "\(place), then CONFIG GET") }
    }

    // MARK: At the start

    /// What a start says of the configuration: the line and the reason, or nothing.
    private static func refusal(in output: String) -> String? {
        guard let start = output.range(of: ">>> ") else { return nil }
        return output[start.lowerBound...].split(separator: "\n").prefix(2).joined(separator: "\n")
    }

    private static func ours(_ text: [UInt8]) -> String? {
        do throws(StartupError) {
            var reader = ConfigurationReader()
            try reader.read(text: text)
            return nil
        } catch {
            return refusal(in: error.message)
        }
    }

    /// Port 0: an accepted configuration ends the peer's start by itself.
    private static func compareStarts(seed: UInt64, _ arguments: (String, String) throws -> (peer: [String], ours: [UInt8])) throws {
        var random = RandomGenerator(seed: seed)
        let directives = DirectiveTable().directives
        var compared = 0
        while compared < 60 {
            let directive = directives[random.below(directives.count)]
            let value = texts[random.below(texts.count)]
            guard ConfigurationDifference.of(directive, [UInt8](value)) == nil else { continue }
            let (peer, text) = try arguments(directive.name, value)
            let theirs = refusal(in: try RedisProgram.output(peer))
            // What 7.0 does not know is not its to judge.
            if theirs?.hasSuffix("Bad directive or wrong number of arguments") == true { continue }
            #expect(ours(text) == theirs, "seed \(seed): \(directive.name) '\(value)'")
            compared += 1
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func commandLines(seed: UInt64) throws {
        try Self.compareStarts(seed: seed) { name, value in
            let options = ["--port", "0", "--" + name, value]
            return (options, OptionText.lines(of: options))
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func files(seed: UInt64) throws {
        let path = FileManager.default.temporaryDirectory.path + "/needletail-\(UUID().uuidString).conf"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Self.compareStarts(seed: seed) { name, value in
            let text = "# Values as they are, unquoted\nport 0\n\(name) \(value)\n"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            return ([path], [UInt8](text))
        }
    }
}
