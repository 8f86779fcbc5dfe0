/// A parsed reply, RESP2 or RESP3, comparable with literals:
/// `#expect(client("GET", "k") == "v")`.
public indirect enum Reply: Equatable, Sendable {
    case status(String)
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case null
    case array([Reply])
    case map([Reply])
    case set([Reply])
    case push([Reply])
    case double(String)
    case boolean(Bool)
    case bigNumber(String)
    case verbatim(String)
    /// Nothing was answered.
    case none

    /// A status or bulk string as text.
    public var text: String? {
        switch self {
        case .status(let text), .verbatim(let text), .double(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    public var elements: [Reply] {
        switch self {
        case .array(let items), .map(let items), .set(let items), .push(let items): items
        default: []
        }
    }

    public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }

    public static func == (a: Reply, b: Reply) -> Bool {
        switch (a, b) {
        case (.integer(let x), .integer(let y)): x == y
        case (.error(let x), .error(let y)): x == y
        case (.null, .null), (.none, .none): true
        case (.array(let x), .array(let y)), (.map(let x), .map(let y)), (.set(let x), .set(let y)),
            (.push(let x), .push(let y)): x == y
        case (.boolean(let x), .boolean(let y)): x == y
        case (.bigNumber(let x), .bigNumber(let y)): x == y
        case (.bulk(let x), .bulk(let y)): x == y
        default: a.text != nil && a.text == b.text
        }
    }

    /// Parses one reply at `offset`; nil when bytes are missing.
    public static func parse(_ bytes: [UInt8], _ offset: inout Int) -> Reply? {
        guard offset < bytes.count, let end = bytes[offset...].firstIndex(of: 13) else { return nil }
        let type = bytes[offset]
        let line = String(decoding: bytes[(offset + 1)..<end], as: UTF8.self)
        var position = end + 2
        func items(_ count: Int) -> [Reply]? {
            var items: [Reply] = []
            for _ in 0..<max(0, count) {
                guard let item = parse(bytes, &position) else { return nil }
                items.append(item)
            }
            return items
        }
        func string() -> [UInt8]? {
            guard let count = Int(line), position + count + 2 <= bytes.count else { return nil }
            defer { position += count + 2 }
            return Array(bytes[position..<(position + count)])
        }
        let reply: Reply?
        switch UnicodeScalar(type) {
        case "+": reply = .status(line)
        case "-": reply = .error(line)
        case ":": reply = Int64(line).map { .integer($0) }
        case "$": reply = line == "-1" ? .null : string().map { .bulk($0) }
        case "=": reply = string().map { .verbatim(String(decoding: $0.dropFirst(4), as: UTF8.self)) }
        case "*": reply = line == "-1" ? .null : Int(line).flatMap(items).map { .array($0) }
        case "~": reply = Int(line).flatMap(items).map { .set($0) }
        case ">": reply = Int(line).flatMap(items).map { .push($0) }
        case "%": reply = Int(line).flatMap { items($0 * 2) }.map { .map($0) }
        case "_": reply = .null
        case "#": reply = .boolean(line == "t")
        case ",": reply = .double(line)
        case "(": reply = .bigNumber(line)
        default: reply = nil
        }
        if reply != nil { offset = position }
        return reply
    }
}

extension Reply: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByNilLiteral {
    public init(stringLiteral value: String) { self = .status(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: Reply...) { self = .array(elements) }
    public init(nilLiteral: ()) { self = .null }
}
