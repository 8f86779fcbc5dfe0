import Engine
import Primitives
import TestSupport

/// Every declared command with values from the edges in every position.
public struct ArgumentFuzzer: Fuzzer {
    /// Commands that end or stop the process on purpose: full names, or a name
    /// with the word behind it.
    public static let skipped: Set<String> = [
        "shutdown", "debug|segfault", "debug|panic", "debug|restart", "debug|crash-and-recover", "debug|oom",
        "debug|assert", "debug|sleep", "debug|crash-and-abort",
    ]

    private var random: RandomGenerator
    private var server: TestServer
    private var client: TestClient
    private var cases = 0
    private var words: [[UInt8]] = []
    private let commands: [(words: [[UInt8]], options: [[UInt8]])]

    public init(seed: UInt64) {
        random = RandomGenerator(seed: seed)
        server = .forFuzzing(seed: seed)
        client = server.connect()
        let table = server.engine.context.commands
        commands = table.commands.filter { $0.handler != nil && !Self.skipped.contains($0.fullName) }.map { command in
            (command.fullName.split(separator: "|").map { [UInt8](String($0)) }, Self.options("\(command.declaration.syntax)"))
        }
        fill()
    }

    /// The words in capitals of a syntax line: options that lead deeper.
    private static func options(_ syntax: String) -> [[UInt8]] {
        syntax.split { !($0.isLetter || $0 == "-") }.filter { $0.count > 1 && $0.allSatisfy { $0.isUppercase || $0 == "-" } }
            .map { [UInt8](String($0)) }
    }

    private static let edges: [[UInt8]] = [
        "0", "-0", "-1", "1", "2", "7", "8", "63", "64", "65", "1023", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "-9223372036854775809", "9223372036854775806", "2147483647", "2147483648", "-2147483648",
        "4294967295", "4294967296", "18446744073709551615", "18446744073709551616", "1e308", "1e309", "-1e308", "1e-320",
        "5e-324", "1e4932", "nan", "-nan", "inf", "-inf", "1.5", "0x10", "", " ", "*", "**", "[", "[^", "\\", "?*?*", "(1", "[a",
        "-", "+", "k", "n", "e", "l", "missing", "\0", "\r\n", "\u{ff}", "1048575", "1048576", "1048577", "100000", "16",
        "9223372036854775", "-9223372036854775", "9223372036854774", "1700000000", "1700000000001",
    ].map { [UInt8]($0) } + [[UInt8](repeating: 119, count: 300), [UInt8](repeating: 57, count: 300), [0xff, 0xfe, 0x00]]

    private mutating func fill() {
        for line in ["SET k value", "SET n 10", "SET e soon", "PEXPIRE e 100000", "SET \(String(repeating: "w", count: 300)) wide"] {
            client.line(line)
        }
        client.run([[UInt8]("SET"), [UInt8]("l"), [UInt8](repeating: 108, count: 40_000)])
        _ = client.takeBytes()
    }

    public mutating func prepare() -> String {
        cases += 1
        if cases % FuzzLimits.casesPerEngine == 0 {
            server = .forFuzzing(seed: random.next())
            client = server.connect()
            fill()
        }
        let command = commands[random.below(commands.count)]
        words = command.words
        for _ in 0..<random.below(7) {
            if !command.options.isEmpty, random.below(3) == 0 {
                words.append(command.options[random.below(command.options.count)])
            } else {
                words.append(Self.edges[random.below(Self.edges.count)])
            }
        }
        if words.count > 1, random.below(2) == 0 { words[1 + random.below(1)] = Self.edges[Self.edges.count - 1 - random.below(25)] }
        return "arguments case \(cases): \(printable(words))"
    }

    public mutating func run() -> String? {
        let name = words.prefix(2).map { String(decoding: $0, as: UTF8.self).lowercased() }.joined(separator: "|")
        guard !Self.skipped.contains(name) else { return nil }
        switch random.below(40) {
        case 0: client.line("HELLO 3")
        case 1: client.line("HELLO 2")
        case 2: server.advance(milliseconds: Int64(random.below(5000)))
        case 3: server.cycle()
        case 4: fill()
        default: break
        }
        _ = client.takeBytes()
        client.send(TestClient.encode(words))
        let replies = client.takeBytes()
        if let problem = problem(with: replies) { return problem }
        // Paused clients and monitors would refuse most of what follows.
        if random.below(4) == 0 { server.engine.context.unpauseClients() }
        let isMonitor = server.engine.context.clients.monitorCount > 0 && random.below(4) == 0
        // Blocked, silenced or closed: the next case gets a fresh client.
        if replies.isEmpty || client.isClosed || isMonitor {
            client.disconnect()
            client = server.connect()
        }
        _ = server.engine.takeRequests()
        while server.engine.takeGarbage() != nil {}
        return nil
    }
}
