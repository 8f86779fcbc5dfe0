import Primitives

/// What is wrong with a file of commands.
public struct AppendOnlyDamage: Error, Sendable {
    /// The byte at which it showed.
    public let offset: Int
    /// In the words of redis-check-aof; nil: no command begins here, or the bytes end.
    public let text: String?
    /// Whether something stands where a command should begin.
    public let isForeign: Bool
}

/// Reads a file of commands without executing them, and knows up to where it is whole:
/// commands between MULTI and EXEC count when EXEC is there.
public struct AppendOnlyScanner: ~Copyable {
    /// What was found.
    public enum Found: Sendable {
        case command
        case annotation(AppendOnlyAnnotation)
        case end
    }

    private var source: ByteSource
    /// In front of the bytes that are read.
    private let start: Int
    private var firstWord = GrowingBytes(capacity: 64)
    private var isInTransaction = false
    /// The group under way: where it began and ends, and the sums that it should have and has so far.
    private var group: (start: Int, end: Int, expected: UInt64, sum: UInt64, isRoom: Bool)?
    private let summing = CRC64()
    /// Whether nothing but room stands between what is whole and here.
    private var followsRoom = false
    /// Where the last reading of a word began.
    private var place: Int
    /// Up to here all is whole.
    public private(set) var wholeOffset: Int
    /// Lines read, from 1; those of annotations do not count.
    public private(set) var line: Int

    /// `start`: what was read already, say a preamble; `line`: the first line's number.
    public init(_ source: consuming ByteSource, start: Int, line: Int) {
        self.source = source
        self.start = start
        self.line = line
        place = start
        wholeOffset = start
    }

    /// Bytes read so far, those in front included.
    public var offset: Int { start + source.offset }

    /// Reads a command or an annotation.
    public mutating func next() throws(AppendOnlyDamage) -> Found {
        guard let first = byte() else {
            if group != nil { throw tornGroup() }
            guard !isInTransaction else { throw damage("Reached EOF before reading EXEC for MULTI") }
            wholeOffset = offset
            return .end
        }
        let found: Found
        switch first {
        case 35: found = .annotation(try annotation())
        case 42:
            try command()
            found = .command
        default: throw AppendOnlyDamage(offset: offset - 1, text: nil, isForeign: true)
        }
        try endGroup()
        if !isInTransaction, group == nil, !followsRoom { wholeOffset = offset }
        return found
    }

    // MARK: Groups

    private func tornGroup() -> AppendOnlyDamage {
        AppendOnlyDamage(offset: group?.start ?? place, text: "A group of commands is not what was written", isForeign: false)
    }

    /// Where a group should end it does, and has the sum that it should have.
    private mutating func endGroup() throws(AppendOnlyDamage) {
        guard let group, offset >= group.end else { return }
        let isWhole = offset == group.end && group.sum == group.expected
        // Where nothing of it has come to the disk, another server may have gone on behind the room.
        guard isWhole || group.isRoom else { throw tornGroup() }
        followsRoom = !isWhole
        self.group = nil
    }

    private mutating func begin(_ group: AppendOnlyGroup) throws(AppendOnlyDamage) {
        guard self.group == nil else { throw tornGroup() }
        self.group = (place, offset + group.bytes, group.sum, 0, true)
        followsRoom = false
    }

    private func damage(_ text: String?) -> AppendOnlyDamage { AppendOnlyDamage(offset: place, text: text, isForeign: false) }

    /// The next byte; nil at the end, be it that the file cannot be read further.
    private mutating func byte() -> UInt8? {
        guard let byte = try? source.byte() else { return nil }
        if let (_, end, _, sum, isRoom) = group, offset <= end {
            group?.sum = summing.sum([byte].rawSpan, after: sum)
            group?.isRoom = isRoom && (byte == 35 || byte == 10)
        }
        return byte
    }

    private mutating func annotation() throws(AppendOnlyDamage) -> AppendOnlyAnnotation {
        place = offset - 1
        var text: [UInt8] = [35]
        while let byte = byte(), byte != 10 { if text.count <= AppendOnlyAnnotation.tellingBytes { text.append(byte) } }
        let annotation = AppendOnlyAnnotation(text.rawSpan, endingAt: offset)
        switch annotation {
        case .group(let group): try begin(group)
        case .tornGroup: throw tornGroup()
        case .room: followsRoom = group == nil
        case .moment, .comment: break
        }
        return annotation
    }

    private mutating func command() throws(AppendOnlyDamage) {
        place = offset - 1
        let start = place
        let words = try number()
        guard words > 0 else { return }
        for index in 0..<words {
            place = offset
            guard let prefix = byte() else { throw damage(nil) }
            guard prefix == 36 else {
                throw damage("Expected prefix '$', got: '\(String(decoding: [prefix], as: UTF8.self))'")
            }
            let length = try number()
            guard length >= 0, length < Int64(Int32.max) else {
                throw damage("Expected to read string of \(length) bytes, which is not in the suitable range")
            }
            try word(Int(length), isFirst: index == 0)
        }
        // Another server begins with SELECT, perhaps in a transaction; what else stands behind room is the rest of a group
        // whose beginning is lost.
        let isSelecting = firstWord.bytes.matches("SELECT")
        guard !followsRoom || isSelecting || firstWord.bytes.matches("MULTI") && !isInTransaction else {
            place = start
            throw damage("The beginning of a group of commands is missing")
        }
        if isSelecting { followsRoom = false }
        try followTransaction()
    }

    /// A decimal number and the line's end.
    private mutating func number() throws(AppendOnlyDamage) -> Int64 {
        var digits: [UInt8] = []
        var rest: [UInt8] = []
        while let byte = byte() {
            let isDigit = byte >= 48 && byte <= 57 || byte == 45 && digits.isEmpty
            if rest.isEmpty, isDigit, digits.count < 20 { digits.append(byte) } else { rest.append(byte) }
            if rest.count == 2 || byte == 10 { break }
        }
        try expectLineEnd(rest)
        return digits.rawSpan.canonicalInteger ?? 0
    }

    private mutating func expectLineEnd(_ bytes: [UInt8]) throws(AppendOnlyDamage) {
        guard bytes != [13, 10] else {
            line += 1
            return
        }
        let padded = bytes + [0, 0]
        throw damage("Expected \\r\\n, got: \(Self.hexadecimal(padded[0]))\(Self.hexadecimal(padded[1]))")
    }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// The bytes of a word and the line's end.
    private mutating func word(_ length: Int, isFirst: Bool) throws(AppendOnlyDamage) {
        place = offset
        if isFirst { firstWord.truncate(to: 0) }
        var ending: [UInt8] = []
        for index in 0..<length + 2 {
            guard let byte = byte() else { throw damage("Expected to read \(length + 2) bytes, got \(index) bytes") }
            if index >= length { ending.append(byte) } else if isFirst, index < 64 { firstWord.append(byte) }
        }
        try expectLineEnd(ending)
    }

    private mutating func followTransaction() throws(AppendOnlyDamage) {
        if firstWord.bytes.matches("MULTI") {
            guard !isInTransaction else { throw damage("Unexpected MULTI in AOF") }
            isInTransaction = true
        } else if firstWord.bytes.matches("EXEC") {
            guard isInTransaction else { throw damage("Unexpected EXEC in AOF") }
            isInTransaction = false
        }
    }
}
