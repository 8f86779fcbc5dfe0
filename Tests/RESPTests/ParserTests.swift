import Primitives
import RESP
import Testing

/// What a parser made of some bytes.
private struct Outcome: Equatable {
    var requests: [[[UInt8]]] = []
    var error: ProtocolError?
    var left = 0
}

private func copies(of buffer: borrowing WordBuffer) -> [[UInt8]] {
    var copies: [[UInt8]] = []
    let words = buffer.words(0..<buffer.count)
    for i in 0..<words.count { copies.append(words[i].array) }
    return copies
}

/// Feeds `bytes` in the pieces that end at `cuts`.
private func parse(_ bytes: [UInt8], cuts: [Int], maximum: Int = 1 << 29, authenticated: Bool = true) -> Outcome {
    var outcome = Outcome()
    var parser = RequestParser()
    var words = WordBuffer()
    var offset = 0
    let limits = RequestLimits(maximumBulkBytes: maximum, isAuthenticated: authenticated)
    do throws(ProtocolError) {
        for end in cuts + [bytes.count] {
            piece: while true {
                switch try parser.advance(bytes.rawSpan.slice(0, end), &offset, &words, limits) {
                case .complete:
                    outcome.requests.append(copies(of: words))
                    words.removeAll()
                case .inline(let start, let count):
                    guard let split = InlineWords.split(bytes.rawSpan.slice(start, count)) else { throw .unbalancedQuotes }
                    outcome.requests.append(split)
                case .incomplete, .largeBulk: break piece
                }
            }
        }
    } catch {
        outcome.error = error
    }
    outcome.left = bytes.count - offset
    return outcome
}

private func parse(_ text: String, maximum: Int = 1 << 29, authenticated: Bool = true) -> Outcome {
    parse([UInt8](text), cuts: [], maximum: maximum, authenticated: authenticated)
}

@Suite struct ParserTests {
    @Test func requests() {
        #expect(parse("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n").requests == [[[UInt8]("GET"), [UInt8]("k")]])
        #expect(parse("*1\r\n$0\r\n\r\n").requests == [[[]]])
        #expect(parse("*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n").requests == [[], [], [[UInt8]("PING")]])
        #expect(parse("PING\r\nECHO \"a b\"\n\r\n").requests == [[[UInt8]("PING")], [[UInt8]("ECHO"), [UInt8]("a b")], []])
    }

    @Test(arguments: [
        ("*x\r\n", ProtocolError.invalidMultibulkLength), ("*\r\n", .invalidMultibulkLength),
        ("*2147483648\r\n", .invalidMultibulkLength), ("*9223372036854775808\r\n", .invalidMultibulkLength),
        ("*01\r\n", .invalidMultibulkLength), ("*1 \r\n", .invalidMultibulkLength), ("*+1\r\n", .invalidMultibulkLength),
        ("*1\r\n$-1\r\n", .invalidBulkLength), ("*1\r\n$x\r\n", .invalidBulkLength), ("*1\r\n$\r\n", .invalidBulkLength),
        ("*1\r\n$536870913\r\n", .invalidBulkLength), ("*1\r\n$9223372036854775807\r\n", .invalidBulkLength),
        ("*1\r\n$18446744073709551616\r\n", .invalidBulkLength), ("*1\r\n$03\r\nabc\r\n", .invalidBulkLength),
        ("*1\r\n$03\r\n", .invalidBulkLength), ("*1\r\n:3\r\n", .expectedBulk(got: 58)), ("*1\r\n\r\n", .expectedBulk(got: 13)),
        ("*1\r\nx\r\n", .expectedBulk(got: 120)), ("GET \"x\r\n", .unbalancedQuotes), ("GET \"x\"y\r\n", .unbalancedQuotes),
        ("GET 'x\r\n", .unbalancedQuotes),
    ])
    func brokenRequests(_ text: String, _ error: ProtocolError) {
        #expect(parse(text).error == error)
        let bytes = [UInt8](text)
        #expect(parse(bytes, cuts: Array(0..<bytes.count)).error == error, "byte by byte")
    }

    @Test func linesThatNeverEnd() {
        let long = String(repeating: "1", count: 65_537)
        #expect(parse(long).error == .bigInlineRequest)
        #expect(parse("*" + long).error == .bigMultibulkCount)
        #expect(parse("*1\r\n$" + long).error == .bigBulkCount)
        #expect(parse(String(repeating: "a", count: 65_536)).error == nil)
    }

    @Test func beforeAuthenticationOnlySmallRequestsAreRead() {
        #expect(parse("*11\r\n", authenticated: false).error == .unauthenticatedMultibulkLength)
        #expect(parse("*10\r\n", authenticated: false).error == nil)
        #expect(parse("*1\r\n$16385\r\n", authenticated: false).error == .unauthenticatedBulkLength)
        #expect(parse("*1\r\n$16384\r\n", authenticated: false).error == nil)
        #expect(parse("*1\r\n$1000\r\n", maximum: 999).error == .invalidBulkLength)
    }

    @Test(arguments: [
        (ProtocolError.bigInlineRequest, "too big inline request"), (.bigMultibulkCount, "too big mbulk count string"),
        (.bigBulkCount, "too big bulk count string"), (.invalidMultibulkLength, "invalid multibulk length"),
        (.unauthenticatedMultibulkLength, "unauthenticated multibulk length"), (.invalidBulkLength, "invalid bulk length"),
        (.unauthenticatedBulkLength, "unauthenticated bulk length"), (.expectedBulk(got: 58), "expected '$', got ':'"),
        (.expectedBulk(got: 13), "expected '$', got ' '"), (.unbalancedQuotes, "unbalanced quotes in request"),
    ])
    func errorTexts(_ error: ProtocolError, _ text: String) { #expect(error.text == text) }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func cutsDoNotMatter(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<30 {
            switch random.below(8) {
            case 0: bytes += [UInt8]("PING \"a\\x41 b\" 'c'\r\n")
            case 1: bytes += [UInt8]("*0\r\n")
            case 2: bytes += [UInt8]("\r\n")
            default:
                let count = 1 + random.below(5)
                bytes += [UInt8]("*\(count)\r\n")
                for _ in 0..<count {
                    let sizes = [0, 1, 9, 10, 99, 100, 999, 1000, 40_000]
                    let size = sizes[random.below(random.below(20) == 0 ? 9 : 7)]
                    bytes += [UInt8]("$\(size)\r\n") + (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) } + [13, 10]
                }
            }
        }
        if random.below(2) == 0, !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
        let whole = parse(bytes, cuts: [])
        for _ in 0..<5 {
            let cuts = (0..<random.below(60)).map { _ in random.below(bytes.count + 1) }.sorted()
            let pieces = parse(bytes, cuts: cuts)
            #expect(pieces.requests == whole.requests && pieces.error == whole.error, "seed \(seed), cuts \(cuts)")
        }
        if bytes.count < 20_000 {
            let single = parse(bytes, cuts: Array(0..<bytes.count))
            #expect(single.requests == whole.requests && single.error == whole.error, "seed \(seed), byte by byte")
        }
    }
}

@Suite struct InlineWordTests {
    private func split(_ text: String) -> [String]? {
        let bytes = [UInt8](text)
        return InlineWords.split(bytes.rawSpan)?.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func wordsAndQuotes() {
        #expect(split("") == [])
        #expect(split("  a\tb  ") == ["a", "b"])
        #expect(split("\"a b\" 'c d'") == ["a b", "c d"])
        #expect(split("\"\\n\\r\\t\\b\\a\\x41\\q\\\"\"") == ["\n\r\t\u{8}\u{7}Aq\""])
        #expect(split("'it\\'s \\n'") == ["it's \\n"])
        #expect(split("\"\" ''") == ["", ""])
        #expect(split("a\"b c\"") == ["ab c"])
        #expect(split("\"\\x4\"") == ["x4"])
        for text in ["\"", "'", "\"a", "'a", "\"a\"b", "'a'b", "\"\\\"", "\"a\\"] { #expect(split(text) == nil, "\(text)") }
    }
}

@Suite struct ReplyWriterTests {
    private func written(_ version: ProtocolVersion, _ body: (inout ReplyWriter) -> Void) -> String {
        var writer = ReplyWriter()
        writer.version = version
        body(&writer)
        var chain = ByteChain()
        writer.bytes.cut(into: &chain)
        return String(decoding: chain.array, as: UTF8.self)
    }

    private func expect(
        _ two: String, _ three: String, _ location: SourceLocation = #_sourceLocation, _ body: (inout ReplyWriter) -> Void
    ) {
        #expect(written(.resp2, body) == two, sourceLocation: location)
        #expect(written(.resp3, body) == three, sourceLocation: location)
    }

    @Test func scalars() {
        expect("+OK\r\n", "+OK\r\n") { $0.ok() }
        expect("+PONG\r\n", "+PONG\r\n") { $0.simple("PONG") }
        expect("-ERR a  b\r\n", "-ERR a  b\r\n") { $0.error([UInt8]("ERR a\r\nb").rawSpan) }
        expect(":-9223372036854775808\r\n", ":-9223372036854775808\r\n") { $0.integer(Int64.min) }
        expect(":9\r\n:10\r\n:99\r\n:100\r\n:-1\r\n", ":9\r\n:10\r\n:99\r\n:100\r\n:-1\r\n") { writer in
            for value in [9, 10, 99, 100, -1] { writer.integer(value) }
        }
        expect("$-1\r\n", "_\r\n") { $0.null() }
        expect("*-1\r\n", "_\r\n") { $0.nullArray() }
        expect(":1\r\n", "#t\r\n") { $0.boolean(true) }
        expect(":0\r\n", "#f\r\n") { $0.boolean(false) }
        expect("$3\r\n1.5\r\n", ",1.5\r\n") { $0.double(1.5) }
        expect("$4\r\n-inf\r\n", ",-inf\r\n") { $0.double(-.infinity) }
        expect("$3\r\nnan\r\n", ",nan\r\n") { $0.double(.nan) }
        expect("$2\r\n12\r\n", "(12\r\n") { $0.bigNumber([UInt8]("12").rawSpan) }
    }

    @Test func strings() {
        expect("$0\r\n\r\n", "$0\r\n\r\n") { $0.bulk([UInt8]()) }
        expect("$3\r\nabc\r\n", "$3\r\nabc\r\n") { $0.bulk("abc" as StaticString) }
        expect("$2\r\n-7\r\n", "$2\r\n-7\r\n") { $0.bulk(decimal: -7) }
        expect("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n") { $0.verbatim([UInt8]("hi").rawSpan, format: "txt") }
        expect("$4\r\nshar\r\n", "$4\r\nshar\r\n") { $0.bulk(sharing: Block(copying: [UInt8]("shar").rawSpan)) }
    }

    @Test func aggregates() {
        expect("*2\r\n", "*2\r\n") { $0.array(2) }
        expect("*4\r\n", "%2\r\n") { $0.map(2) }
        expect("*2\r\n", "~2\r\n") { $0.set(2) }
        expect("*2\r\n", ">2\r\n") { $0.push(2) }
        expect("*3\r\n:1\r\n*1\r\n:2\r\n:3\r\n", "*3\r\n:1\r\n*1\r\n:2\r\n:3\r\n") { writer in
            let outer = writer.deferredAggregate()
            writer.integer(1)
            let inner = writer.deferredAggregate()
            writer.integer(2)
            writer.closeArray(inner, count: 1)
            writer.integer(3)
            writer.closeArray(outer, count: 3)
        }
    }
}
