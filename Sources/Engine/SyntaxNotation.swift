// The notation in which declarations tell their arguments, as a tree:
//
//     key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]
//     numkeys key [key ...]
//     <LIB-NAME libname | LIB-VER libver>
//     key increment=double [condition@7.0.0: NX | XX]
//
// Brackets are options, angle brackets groups, bars separate alternatives;
// `[x ...]` behind `x` (or `x ...`) says that x repeats; upper-case words stand for
// themselves, lower-case ones for what the client puts there. `@` precedes the
// version that brought an argument, `=` a kind that the word itself does not tell;
// a word with a colon at the head of a bracket names what is in it.

/// One argument of a command, as COMMAND DOCS tells it.
public struct ArgumentSyntax: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case string, integer, double, key, pattern
        case unixTime = "unix-time"
        case pureToken = "pure-token"
        case oneOf = "oneof"
        case block
    }

    public var name: String
    /// What people read in its place.
    public var displayText: String
    public var kind: Kind
    /// The first version that had it; empty where it came with the command.
    public var since = ""
    /// The word that precedes the value, or that is the argument.
    public var token = ""
    public var isOptional = false
    public var isMultiple = false
    /// Every repetition has the token again.
    public var repeatsToken = false
    public var children: [ArgumentSyntax] = []

    init(_ name: String, _ kind: Kind) {
        self.name = name
        displayText = name
        self.kind = kind
    }

    /// The arguments that a text in the notation describes.
    public static func parse(_ text: String) -> [ArgumentSyntax] {
        var parser = SyntaxParser(text)
        var result: [ArgumentSyntax] = []
        while !parser.isAtEnd {
            let alternatives = parser.alternatives()
            result += alternatives.count == 1 ? alternatives[0] : [SyntaxParser.oneOf(alternatives)]
            parser.skip()
        }
        return result
    }
}

/// A word with what is annotated to it: `increment=double`, `username@6.0.0`.
private struct AnnotatedWord {
    var text: String
    var kind: ArgumentSyntax.Kind?
    var since = ""

    init(_ word: String) {
        let parts = word.split(separator: "@", maxSplits: 1).map(String.init)
        text = word
        if parts.count == 2, parts[1].first?.isNumber == true {
            text = parts[0]
            since = parts[1]
        }
        let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
        if halves.count == 2, let named = ArgumentSyntax.Kind(rawValue: halves[1]) {
            text = halves[0]
            kind = named
        }
    }

    /// Gives an argument the word as its name; what people read stays, but for a token alone.
    func name(_ argument: inout ArgumentSyntax) {
        argument.name = text
        if argument.kind == .pureToken { argument.displayText = text }
        if !since.isEmpty { argument.since = since }
    }
}

private struct SyntaxParser {
    private var words: [String] = []
    private var position = 0

    init(_ text: String) {
        var word = ""
        for character in text {
            if "[]<>|".contains(character) || character == " " {
                if !word.isEmpty { words.append(word) }
                word = ""
                if character != " " { words.append(String(character)) }
            } else {
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
    }

    var isAtEnd: Bool { position >= words.count }
    private var next: String { isAtEnd ? "" : words[position] }
    mutating func skip() { if !isAtEnd { position += 1 } }

    /// Sequences separated by bars, up to a closing bracket or the end.
    mutating func alternatives() -> [[ArgumentSyntax]] {
        var result = [sequence()]
        while next == "|" {
            skip()
            result.append(sequence())
        }
        return result
    }

    private mutating func sequence() -> [ArgumentSyntax] {
        var items: [ArgumentSyntax] = []
        while !isAtEnd, !["]", ">", "|"].contains(next) {
            switch next {
            case "...":
                skip()
                if !items.isEmpty { items[items.count - 1].isMultiple = true }
            case "[":
                skip()
                option(behind: &items)
            case "<":
                items.append(group())
            default:
                items.append(word())
            }
        }
        return items
    }

    /// What stands in angle brackets.
    private mutating func group() -> ArgumentSyntax {
        skip()
        let label = label()
        var group = Self.one(alternatives())
        skip()
        label?.name(&group)
        return group
    }

    /// Takes `name:` or `name@version:`.
    private mutating func label() -> AnnotatedWord? {
        guard next.hasSuffix(":"), next.count > 1 else { return nil }
        let label = AnnotatedWord(String(next.dropLast()))
        skip()
        return label
    }

    /// What stands in brackets: an option, or the repetition of what precedes it.
    private mutating func option(behind items: inout [ArgumentSyntax]) {
        let label = label()
        let start = position
        let content = alternatives()
        let repeats = position > start && words[position - 1] == "..."
        skip()
        if repeats, content.count == 1, Self.isRepetition(content[0], of: items) {
            let count = content[0].count
            if count == 1 {
                items[items.count - 1].isMultiple = true
                let token = items[items.count - 1].token
                items[items.count - 1].repeatsToken = !token.isEmpty && content[0][0].token == token
            } else {
                var block = ArgumentSyntax("data", .block)
                block.children = Array(items.suffix(count))
                block.isMultiple = true
                items.removeLast(count)
                items.append(block)
            }
            return
        }
        var item = Self.one(content)
        label?.name(&item)
        item.isOptional = true
        items.append(item)
    }

    /// Whether `content` says once more what the last of `items` say.
    private static func isRepetition(_ content: [ArgumentSyntax], of items: [ArgumentSyntax]) -> Bool {
        guard !content.isEmpty, content.count <= items.count else { return false }
        return zip(content, items.suffix(content.count)).allSatisfy { $0.name == $1.name && $0.kind == $1.kind }
    }

    /// A word, or a token with the value behind it.
    private mutating func word() -> ArgumentSyntax {
        let word = AnnotatedWord(next.filter { $0 != "\"" })
        let text = word.text
        skip()
        guard Self.isToken(text) else { return Self.placeholder(word) }
        var item: ArgumentSyntax
        if next == "<" {
            let isLabelled = position + 1 < words.count && words[position + 1].hasSuffix(":")
            item = group()
            if item.kind == .oneOf, !isLabelled { item.name = text.lowercased() }
        } else {
            item = valued(text)
        }
        item.token = text
        if !word.since.isEmpty { item.since = word.since }
        return item
    }

    /// The values behind a token, or the token alone.
    private mutating func valued(_ token: String) -> ArgumentSyntax {
        var values: [ArgumentSyntax] = []
        while !isAtEnd, Self.isPlaceholder(next), next != "..." {
            let value = Self.placeholder(AnnotatedWord(next))
            skip()
            values.append(value)
            if let repeated = repetition(of: value.name) { values[values.count - 1].isMultiple = repeated }
        }
        guard let first = values.first else { return ArgumentSyntax(Self.tokenName(token), .pureToken) }
        guard values.count > 1 else { return first }
        var block = ArgumentSyntax(token.lowercased(), .block)
        block.children = values
        return block
    }

    private static func placeholder(_ word: AnnotatedWord) -> ArgumentSyntax {
        var item = ArgumentSyntax(word.text, word.kind ?? kind(of: word.text))
        item.since = word.since
        return item
    }

    /// Takes `[name ...]` behind `name`.
    private mutating func repetition(of name: String) -> Bool? {
        let expected = ["[", name, "...", "]"]
        guard position + expected.count <= words.count, Array(words[position..<position + expected.count]) == expected else {
            return nil
        }
        position += expected.count
        return true
    }

    private static func one(_ alternatives: [[ArgumentSyntax]]) -> ArgumentSyntax {
        alternatives.count == 1 ? single(alternatives[0]) : oneOf(alternatives)
    }

    static func oneOf(_ alternatives: [[ArgumentSyntax]]) -> ArgumentSyntax {
        let children = alternatives.map(single)
        var group = ArgumentSyntax(groupName(children), .oneOf)
        group.children = children
        return group
    }

    private static func single(_ items: [ArgumentSyntax]) -> ArgumentSyntax {
        if items.count == 1 { return items[0] }
        var block = ArgumentSyntax(items.first?.name ?? "options", .block)
        block.children = items
        return block
    }

    private static func groupName(_ children: [ArgumentSyntax]) -> String {
        let tokens = Set(children.map(\.token))
        if !tokens.isDisjoint(with: ["EX", "PX", "EXAT", "PXAT"]) { return "expiration" }
        if !tokens.isDisjoint(with: ["NX", "XX"]) { return "condition" }
        return children.count > 4 ? "options" : children.map(\.name).joined(separator: "-")
    }

    // MARK: Words

    private static func isToken(_ word: String) -> Bool {
        !word.contains { $0.isLowercase } && word != "..."
    }

    private static func isPlaceholder(_ word: String) -> Bool {
        word.contains { $0.isLowercase }
    }

    private static func tokenName(_ token: String) -> String {
        switch token {
        case "=": "equal"
        case "~": "approximately"
        case "*": "auto-id"
        case "$": "last-id"
        case "CH": "change"
        case "INCR": "increment"
        default: token.lowercased()
        }
    }

    private static let integers: Set<String> = [
        "seconds", "milliseconds", "count", "index", "cursor", "increment", "decrement", "numkeys", "offset", "start",
        "end", "stop", "db", "destination-db", "index1", "index2", "port", "rank", "num-matches", "len", "maxlen",
        "protover", "client-id", "maxage", "threshold", "limit", "min-idle-time", "ms", "timeout", "numfields", "bit",
        "numlocal", "numreplicas", "length", "columns", "rows", "version", "min-match-len", "entries-added", "weight",
        "numsub", "count-or-rank", "position", "size", "ttl",
    ]
    private static let doubles: Set<String> = [
        "score", "radius", "width", "height", "longitude", "latitude", "float-increment", "min-score", "max-score",
    ]
    private static let keys: Set<String> = [
        "key", "newkey", "source", "destination", "destkey", "sourcekey", "dst", "src", "sourcekey1", "sourcekey2",
    ]

    private static func kind(of name: String) -> ArgumentSyntax.Kind {
        if keys.contains(name) || name.hasPrefix("key") && name.dropFirst(3).allSatisfy(\.isNumber) { return .key }
        if name == "pattern" { return .pattern }
        if name.hasPrefix("unix-time") { return .unixTime }
        if integers.contains(name) { return .integer }
        return doubles.contains(name) ? .double : .string
    }
}
