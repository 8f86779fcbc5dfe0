import Commands
import Engine
import Primitives
import RESP
import Testing
import TestSupport

/// However requests arrive, whole or in parts, the replies are the same.
@Suite struct InputTests {
    /// The replies to `bytes`, received in the pieces that end at `cuts`, and whether the connection stays.
    private func replies(_ bytes: [UInt8], cuts: [Int], password: Bool = false) -> ([UInt8], Bool) {
        let server = TestServer { if password { $0.requiredPassword = [UInt8]("secret") } }
        let client = server.connect()
        var start = 0
        for end in cuts + [bytes.count] where end > start {
            client.send(Array(bytes[start..<end]))
            start = end
        }
        let received = client.takeBytes()
        return (received, client.isClosed)
    }

    private func stream(_ random: inout RandomGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<1 + random.below(40) {
            let key = [UInt8]("k\(random.below(4))")
            switch random.below(12) {
            case 0: bytes += [UInt8]("GET k\(random.below(4))\r\n")
            case 1: bytes += [UInt8]("SET \"k\(random.below(4))\" 'a b'\r\n")
            case 2: bytes += [UInt8]("\r\n")
            case 3: bytes += [UInt8]("*0\r\n")
            case 4: bytes += TestClient.encode([[UInt8]("NOSUCH"), key])
            case 5: bytes += TestClient.encode([[UInt8]("GET")])
            case 6: bytes += TestClient.encode([[UInt8]("SET"), key, []])
            case 7 where random.below(4) == 0:
                let sizes = [32_767, 32_768, 32_769, 70_000, 200_000]
                let size = sizes[random.below(sizes.count)]
                bytes += TestClient.encode([[UInt8]("SET"), key, [UInt8](repeating: 76, count: size)])
            default:
                let command = Generators.getAndSet(&random)
                bytes += TestClient.encode(command)
            }
        }
        switch random.below(6) {
        case 0: bytes += [UInt8]("*1\r\n$-5\r\n")
        case 1: bytes += [UInt8]("GET \"x\r\nGET k1\r\n")
        case 2: bytes += [UInt8]("*2\r\n$3\r\nGET\r\n:1\r\n")
        case 3 where bytes.count > 10: bytes.removeLast(random.below(10))
        default: break
        }
        return bytes
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func cutsDoNotMatter(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let bytes = stream(&random)
        let whole = replies(bytes, cuts: [])
        for round in 0..<4 {
            let cuts = (0..<random.below(30)).map { _ in random.below(bytes.count + 1) }.sorted()
            #expect(replies(bytes, cuts: cuts) == whole, "seed \(seed), round \(round), cuts \(cuts)")
        }
        if bytes.count < 60_000 {
            #expect(replies(bytes, cuts: Array(0..<bytes.count)) == whole, "seed \(seed), byte by byte")
        }
    }

    @Test func largeBulkByteByByte() {
        let value = (0..<33_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let bytes = TestClient.encode([[UInt8]("SET"), [UInt8]("big"), value]) + TestClient.encode([[UInt8]("GET"), [UInt8]("big")])
        let expected = [UInt8]("+OK\r\n$33000\r\n") + value + [13, 10]
        #expect(replies(bytes, cuts: Array(0..<bytes.count)).0 == expected)
        #expect(replies(bytes, cuts: []).0 == expected)
    }

    @Test func severalLargeBulksInOneRequest() {
        let a = [UInt8](repeating: 65, count: 50_000)
        let b = [UInt8](repeating: 66, count: 60_000)
        let bytes = TestClient.encode([[UInt8]("SET"), a, b]) + TestClient.encode([[UInt8]("GET"), a])
        let expected = [UInt8]("+OK\r\n$60000\r\n") + b + [13, 10]
        for step in [1000, 9999, 49_999, 70_001] {
            let cuts = Array(stride(from: step, to: bytes.count, by: step))
            #expect(replies(bytes, cuts: cuts).0 == expected, "pieces of \(step)")
        }
    }

    @Test(arguments: [
        ("*x\r\n", "invalid multibulk length"), ("*1\r\n$x\r\n", "invalid bulk length"),
        ("*1\r\n:1\r\n", "expected '$', got ':'"), ("GET \"\r\n", "unbalanced quotes in request"),
        ("*2147483648\r\n", "invalid multibulk length"), ("*1\r\n$2147483648\r\n", "invalid bulk length"),
    ])
    func brokenProtocolEndsTheConnection(_ text: String, _ message: String) {
        let (received, closed) = replies([UInt8](text + "PING\r\n"), cuts: [])
        #expect(received == [UInt8]("-ERR Protocol error: \(message)\r\n"))
        #expect(closed)
    }

    @Test(arguments: [(1, 1), (255, 255), (0, 0), (13, 32), (34, 34)] as [(UInt8, UInt8)])
    func unexpectedBytesAreShownAsTheyCame(_ byte: UInt8, _ shown: UInt8) {
        let (received, _) = replies([UInt8]("*1\r\n") + [byte, 13, 10], cuts: [])
        #expect(received == [UInt8]("-ERR Protocol error: expected '$', got '") + [shown, 39, 13, 10])
    }

    @Test func strangersMayNotSendMuch() {
        let many = replies([UInt8]("*11\r\n"), cuts: [], password: true)
        #expect(many.0 == [UInt8]("-ERR Protocol error: unauthenticated multibulk length\r\n"))
        let large = replies([UInt8]("*2\r\n$16385\r\n"), cuts: [], password: true)
        #expect(large.0 == [UInt8]("-ERR Protocol error: unauthenticated bulk length\r\n"))
        let small = replies([UInt8]("GET k\r\n"), cuts: [], password: true)
        #expect(small.0 == [UInt8]("-NOAUTH Authentication required.\r\n"))
        #expect(!small.1)
    }

    @Test func commandNamesEndWhereTheyEnd() {
        let (received, _) = replies(TestClient.encode([[UInt8]("GET\0"), [UInt8]("k")]), cuts: [])
        #expect(received.starts(with: [UInt8]("-ERR unknown command")))
    }

    @Test func silencedRepliesLeaveEarlierOnesAlone() {
        let silence = CommandDeclaration(
            "silence", arity: 1, [], group: .connection, since: "1.0.0", summary: "Ends replies."
        ) { context, _ throws(CommandError) in
            context.session.flags.insert(.replyOff)
            return .done
        }
        let speak = CommandDeclaration(
            "speak", arity: 1, [], group: .connection, since: "1.0.0", summary: "Replies again."
        ) { context, _ throws(CommandError) in
            context.session.flags.remove(.replyOff)
            context.reply.ok()
            return .done
        }
        let ping = CommandDeclaration(
            "echo", arity: 2, [], group: .connection, since: "1.0.0", summary: "Replies."
        ) { context, arguments throws(CommandError) in
            context.reply.bulk(arguments[1])
            return .done
        }
        let server = TestServer(declarations: [silence, speak, ping])
        let client = server.connect()
        client.send([UInt8]("ECHO a\r\nECHO b\r\nSILENCE\r\nECHO c\r\nNOSUCH\r\nSPEAK\r\nECHO d\r\n"))
        let replies = [client.nextReply(), client.nextReply(), client.nextReply(), client.nextReply(), client.nextReply()]
        #expect(replies == ["a", "b", "OK", "d", .none])
    }
}

/// A command that takes ten milliseconds of the simulated clock.
private func slowCommand(_ clock: SimulatedClock) -> CommandDeclaration {
    CommandDeclaration(
        "slow", arity: 1, [], group: .server, since: "7.2.0", summary: "Takes its time."
    ) { (context: inout CommandContext, arguments: borrowing Arguments) throws(CommandError) -> Outcome in
        clock.advance(milliseconds: 10)
        context.reply.ok()
        return .done
    }
}

@Suite struct TurnTests {
    /// One client's long pipeline does not keep the others waiting: after its
    /// share of the turn it goes on in the next.
    @Test func longPipelineYields() {
        let clock = SimulatedClock()
        let server = TestServer(clock: clock, declarations: Families.all + [slowCommand(clock)])
        let busy = server.connect()
        let other = server.connect()
        let request = TestClient.encode([[UInt8]("SLOW")])
        busy.send(request + request + request)
        #expect(busy.nextReply() == "OK")
        #expect(busy.nextReply() == .none)
        let hasYielded = server.engine.hasYielded
        #expect(hasYielded)
        #expect(other("PING") == "PONG")
        server.engine.resumeYielded()
        #expect(busy.nextReply() == "OK")
        #expect(busy.nextReply() == .none)
        server.engine.resumeYielded()
        #expect(busy.nextReply() == "OK")
        let isDone = !server.engine.hasYielded
        #expect(isDone)
    }
}
