import Primitives
import TestSupport

/// Broken and random request streams, cut anywhere.
public struct RequestFuzzer: Fuzzer {
    private var random: RandomGenerator
    private var server: TestServer
    private var cases = 0
    private var bytes: [UInt8] = []
    private var cuts: [Int] = []

    public init(seed: UInt64) {
        random = RandomGenerator(seed: seed)
        server = .forFuzzing(seed: seed)
    }

    public mutating func prepare() -> String {
        cases += 1
        if cases % FuzzLimits.casesPerEngine == 0 { server = .forFuzzing(seed: random.next()) }
        bytes = stream()
        for _ in 0..<random.below(6) { mutate() }
        cuts = (0..<random.below(8)).map { _ in random.below(bytes.count + 1) }.sorted()
        return "resp case \(cases), cuts \(cuts): \(printable([Array(bytes.prefix(4000))]))"
    }

    private mutating func stream() -> [UInt8] {
        var stream: [UInt8] = []
        for _ in 0..<1 + random.below(6) {
            switch random.below(8) {
            case 0: stream += Self.fragments[random.below(Self.fragments.count)]
            case 1: stream += (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 2: stream += [UInt8]("SET \"a\\x00b\" 'c d'\r\n")
            case 3 where random.below(10) == 0:
                stream += TestClient.encode([[UInt8]("SET"), [UInt8]("large"), [UInt8](repeating: 120, count: 32_000 + random.below(10_000))])
            default: stream += TestClient.encode(Generators.command(of: Generators.all, &random))
            }
        }
        return stream
    }

    private static let fragments: [[UInt8]] = [
        "*", "*\r\n", "*1\r\n", "*-1\r\n", "*0\r\n", "*2147483647\r\n", "*2147483648\r\n", "*9223372036854775807\r\n",
        "*-9223372036854775808\r\n", "*18446744073709551616\r\n", "$", "$-1\r\n", "$0\r\n\r\n", "$9223372036854775807\r\n",
        "*1\r\n$-1\r\n", "*1\r\n$1048576\r\n", "*1\r\n$1048577\r\n", "*1\r\n$40000\r\nshort", "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n",
        "\r\n", "\n", "\r", "\0", "\"", "'", "\"\\x", "\"\\", "GET \"\r\n", "PING\n", "*1000000\r\n", "*1\r\n$4\r\nPINGxx",
        "*1\r\n$99999999999999999999\r\n", "*1\r\n+OK\r\n",
    ].map { [UInt8]($0) }

    private mutating func mutate() {
        guard !bytes.isEmpty else { return }
        let place = random.below(bytes.count)
        switch random.below(6) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 3: bytes.removeLast(min(bytes.count - place, random.below(30)))
        case 4: bytes.insert(contentsOf: Self.fragments[random.below(Self.fragments.count)], at: place)
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.below(50))], at: random.below(bytes.count))
        }
    }

    public mutating func run() -> String? {
        let client = server.connect()
        defer { client.disconnect() }
        var start = 0
        for end in cuts + [bytes.count] where end > start {
            client.send(Array(bytes[start..<end]))
            start = end
        }
        return problem(with: client.takeBytes())
    }
}
