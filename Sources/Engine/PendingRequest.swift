import BasicContainers
import Primitives
import RESP

/// A request of which a part has arrived. Small words are collected in one
/// growing buffer; a large bulk string goes into a block of exactly its size,
/// which the keyspace may adopt, so that it costs its size once.
struct PendingRequest: ~Copyable {
    var parser: RequestParser
    var words = WordBuffer()
    /// Bytes from the start of the request on, large bulk strings left out.
    private var buffer: Block
    /// How far the parser got in `buffer`.
    private var offset: Int
    /// Complete large bulk strings and the number of their word.
    private(set) var large = UniqueArray<LargeWord>()
    /// The large bulk string under way, its CR LF included, and its size.
    private var filling: Block?
    private var fillingCount = 0

    struct LargeWord: ~Copyable {
        let index: Int
        let block: Block
    }

    /// Takes over a request that the parser left incomplete at `offset` of
    /// `input`, whose words so far are `words[first...]`.
    init(
        parser: RequestParser, input: RawSpan, start: Int, offset: Int, words source: borrowing WordBuffer,
        first: Int, status: RequestParser.Status
    ) {
        self.parser = parser
        self.offset = offset - start
        do {
            let copy = Block(copying: input.suffix(from: start))
            words.append(source, from: first, rebasing: input.suffix(from: start), to: copy.bytes)
            buffer = copy.share()
        }
        note(status)
    }

    /// Bytes held.
    var bytes: Int {
        var total = buffer.count
        for i in 0..<large.count { total += large[i].block.count }
        switch filling {
        case .some(let block): total += block.count
        case .none: break
        }
        return total
    }

    /// Bytes of the words that are complete.
    var parsedBytes: Int {
        var total = offset
        for i in 0..<large.count { total += large[i].block.count }
        return total
    }

    /// The first bytes of the request, at most `count`.
    func firstBytes(_ count: Int) -> [UInt8] { buffer.bytes.slice(0, min(count, buffer.count)).array }

    /// Room for more in the buffers held.
    var unusedBytes: Int {
        var total = buffer.capacity - buffer.count
        switch filling {
        case .some(let block): total += block.capacity - block.count
        case .none: break
        }
        return total
    }

    /// What a large bulk string gets before more of it arrives.
    private static var firstLargeBytes: Int { 256 * 1024 }

    /// Keeps the start of a large bulk string apart when the parser met one.
    private mutating func note(_ status: RequestParser.Status) {
        guard case .largeBulk(let count) = status else { return }
        // The block grows with what arrives: announcing a string costs nothing.
        let arrived = buffer.count - offset
        var block = Block(capacity: min(count + 2, max(Self.firstLargeBytes, arrived)))
        block.append(buffer.bytes.suffix(from: offset))
        moveStart(offset)
        fillingCount = count
        filling = consume block
    }

    /// Keeps only the first `count` bytes, in a block of their size: the rest of
    /// the input would be held as long as the large string is under way.
    private mutating func moveStart(_ count: Int) {
        buffer.resize(count)
        let start = Block(copying: buffer.bytes)
        let outgrown = buffer.share()
        words.rebase(from: outgrown.bytes, to: start.bytes)
        buffer = start.share()
    }

    /// Adds what arrived; returns how much of `input` was taken.
    mutating func receive(_ input: RawSpan) -> Int {
        if var block = filling.take() {
            let taken = min(fillingCount + 2 - block.count, input.byteCount)
            let needed = block.count + taken
            if needed > block.capacity {
                block = block.reserving(min(fillingCount + 2, max(needed, block.capacity * 2)))
            }
            block.append(input.slice(0, taken))
            if block.count == fillingCount + 2 {
                block.resize(fillingCount)
                large.append(LargeWord(index: words.count, block: block.share()))
                words.append(block.bytes)
                largeBulkEnded = true
            } else {
                filling = consume block
            }
            return taken
        }
        let needed = buffer.count + input.byteCount
        if needed > buffer.capacity {
            var larger = Block(capacity: max(needed, buffer.capacity * 2))
            larger.append(buffer.bytes)
            let outgrown = buffer.share()
            words.rebase(from: outgrown.bytes, to: larger.bytes)
            buffer = larger
        }
        buffer.append(input)
        return input.byteCount
    }

    private var largeBulkEnded = false

    /// Goes on parsing.
    mutating func advance(_ limits: RequestLimits) throws(ProtocolError) -> RequestParser.Status {
        switch filling {
        case .some: return .incomplete
        case .none: break
        }
        if largeBulkEnded {
            largeBulkEnded = false
            if parser.finishLargeBulk() == .complete { return .complete }
        }
        let status = try Self.advance(&parser, buffer.share(), &offset, &words, limits)
        note(status)
        return status
    }

    private static func advance(
        _ parser: inout RequestParser, _ input: consuming Block, _ offset: inout Int, _ words: inout WordBuffer,
        _ limits: RequestLimits
    ) throws(ProtocolError) -> RequestParser.Status {
        try parser.advance(input.bytes, &offset, &words, limits)
    }

    /// The line of an inline request.
    func line(_ start: Int, _ count: Int) -> [UInt8] { buffer.bytes.slice(start, count).array }

    /// What was received behind the request.
    func takeRest() -> Block? {
        guard offset < buffer.count else { return nil }
        return Block(copying: buffer.bytes.suffix(from: offset))
    }

    /// Hands over the large words for the time of the command.
    mutating func moveLargeWords(to target: inout UniqueArray<LargeWord>) { swap(&large, &target) }
}
