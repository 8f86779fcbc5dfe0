import Primitives

/// The words of a request.
public typealias Arguments = Words

/// Arguments that outlive their input: queued in a transaction, held by a
/// blocked client, replayed from a file. Owns copies of all words in one block.
public struct OwnedArguments: ~Copyable {
    private let bytes: Block
    private var buffer: WordBuffer

    public init(copying arguments: borrowing Arguments) {
        var total = 0
        for i in 0..<arguments.count { total += arguments[i].byteCount }
        var block = Block(capacity: total)
        for i in 0..<arguments.count { block.append(arguments[i]) }
        buffer = WordBuffer(capacity: arguments.count)
        var offset = 0
        for i in 0..<arguments.count {
            let count = arguments[i].byteCount
            buffer.append(block.bytes.slice(offset, count))
            offset += count
        }
        bytes = block
    }

    public init(_ words: [[UInt8]]) {
        var block = Block(capacity: words.reduce(0) { $0 + $1.count })
        for word in words { block.append(word.rawSpan) }
        buffer = WordBuffer(capacity: words.count)
        var offset = 0
        for word in words {
            buffer.append(block.bytes.slice(offset, word.count))
            offset += word.count
        }
        bytes = block
    }

    public var count: Int { buffer.count }

    /// Bytes that the copies occupy.
    public var memoryUsage: Int { bytes.allocationBytes + buffer.count * 16 }

    /// The words, as a view that ends before this value does.
    public var arguments: Arguments {
        @_lifetime(borrow self)
        get { buffer.words(0..<buffer.count) }
    }
}
