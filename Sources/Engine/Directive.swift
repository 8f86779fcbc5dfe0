// A directive: what names a setting in redis.conf, on the command line and in CONFIG.

import Primitives
import RESP

/// What is to be known of a directive beside its name and type.
public struct DirectiveTraits: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Only a start can set it.
    public static var immutable: DirectiveTraits { DirectiveTraits(rawValue: 1) }
    /// CONFIG GET shows it by its full name only, not by a pattern. Beside those that
    /// Redis hides these are the immutable ones that Redis does not know: tools set
    /// again what `CONFIG GET *` told them, but for the immutable ones of Redis.
    public static var hidden: DirectiveTraits { DirectiveTraits(rawValue: 2) }
    /// Says where files are written: `enable-protected-configs` tells who may change it.
    public static var protected: DirectiveTraits { DirectiveTraits(rawValue: 4) }
    /// A secret, to be kept out of logs.
    public static var sensitive: DirectiveTraits { DirectiveTraits(rawValue: 8) }
    /// Takes several words, or none.
    public static var several: DirectiveTraits { DirectiveTraits(rawValue: 16) }
    /// Another value than the default promises durability, security or a topology that is not there yet.
    public static var promise: DirectiveTraits { DirectiveTraits(rawValue: 32) }
    /// Patterns find it by its first name only.
    public static var quietAliases: DirectiveTraits { DirectiveTraits(rawValue: 128) }
    /// CONFIG SET refuses it while data is loaded.
    public static var fixedWhileLoading: DirectiveTraits { DirectiveTraits(rawValue: 256) }
    /// Each line of a file adds to those before.
    public static var additive: DirectiveTraits { DirectiveTraits(rawValue: 64) }
}

/// One directive: its names, how its value reads and prints, and when it may change.
public struct Directive: Sendable {
    /// A setting that a directive names.
    public typealias Field<Value> = WritableKeyPath<Configuration, Value> & Sendable

    enum Kind: Sendable {
        case integer(Field<Int64>, ClosedRange<Int64>)
        /// Bytes, with units: `1gb`.
        case memory(Field<Int64>, ClosedRange<Int64>)
        /// Octal, as permissions are written.
        case octal(Field<Int64>, ClosedRange<Int64>)
        case flag(Field<Bool>)
        /// Any text that `check` finds nothing against.
        case text(Field<[UInt8]>, check: @Sendable ([UInt8]) throws(Refusal) -> Void = { (_) throws(Refusal) in })
        /// A value that is a part of a setting, or several numbers, or has a spelling of its own.
        case composed(
            get: @Sendable (Configuration) -> String,
            set: @Sendable (inout Configuration, [[UInt8]]) throws(Refusal) -> Void)
        case choice([String], get: @Sendable (Configuration) -> String, set: @Sendable (inout Configuration, String) -> Void)
        case kept(KeptShape, initial: [UInt8])
    }

    /// In lower case, as CONFIG REWRITE writes it.
    public let name: String
    /// Further names, in lower case.
    public let aliases: [String]
    /// When it may change, and how it is shown.
    public let traits: DirectiveTraits
    let kind: Kind

    init(_ name: String, _ kind: Kind, _ traits: DirectiveTraits = [], aliases: [String] = []) {
        self.name = name
        self.kind = kind
        self.traits = traits
        self.aliases = aliases
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ field: Field<Value>
    ) -> Kind {
        .choice(
            Value.allCases.map(\.rawValue), get: { $0[keyPath: field].rawValue },
            set: { configuration, word in
                if let value = Value(rawValue: word) { configuration[keyPath: field] = value }
            })
    }

    /// Why a value is refused; the text that CONFIG SET and the start-up show.
    public struct Refusal: Error, Sendable {
        /// A clause in Redis's words.
        public let text: String

        public init(text: String) { self.text = text }

        /// Not about the value: a directive takes one word, or a certain number of them.
        public static var wordCount: Refusal { Refusal(text: "wrong number of arguments") }
    }

    /// Whether the feature behind it does not act yet.
    public var isKept: Bool { if case .kept = kind { true } else { false } }

    /// The value as CONFIG GET shows it.
    public func value(in configuration: Configuration) -> [UInt8] {
        switch kind {
        case .integer(let field, _), .memory(let field, _): [UInt8](String(configuration[keyPath: field]))
        case .octal(let field, _): [UInt8](String(configuration[keyPath: field], radix: 8))
        case .flag(let field): [UInt8](configuration[keyPath: field] ? "yes" : "no")
        case .text(let field, _): configuration[keyPath: field]
        case .choice(_, let get, _), .composed(let get, _): [UInt8](get(configuration))
        case .kept(_, let initial): configuration.kept[name] ?? initial
        }
    }

    /// Refuses a value that asks for a feature which is not there yet, unless the operator has agreed to that.
    public func checkPromise(in configuration: Configuration) throws(Refusal) {
        guard traits.contains(.promise), !configuration.process.ignoresUnsupported else { return }
        guard value(in: configuration) == value(in: Configuration()) else {
            throw Refusal(text: "this feature is not there yet (see needletail-ignore-unsupported)")
        }
    }

    /// Sets the directive from the one word that CONFIG SET has.
    public func set(value: [UInt8], in configuration: inout Configuration) throws(Refusal) {
        guard traits.contains(.several) else { return try assign([value], in: &configuration) }
        let words = value.isEmpty ? [] : value.split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
        try assign(words, in: &configuration)
    }

    /// Sets the directive from the words behind its name on a line.
    public func set(_ words: [[UInt8]], in configuration: inout Configuration) throws(Refusal) {
        guard traits.contains(.several), words.count == 1, !words[0].isEmpty else { return try assign(words, in: &configuration) }
        // Several words may come as one, in quotes.
        let quoted = words[0]
        guard let split = InlineWords.split(quoted.rawSpan) else {
            throw Refusal(text: "Unbalanced quotes in configuration line")
        }
        try assign(split, in: &configuration)
    }

    /// Sets the directive from a line of a file; `isFirst` tells that no line before named it.
    public func read(_ words: [[UInt8]], isFirst: Bool, in configuration: inout Configuration) throws(Refusal) {
        let before = value(in: configuration)
        try set(words, in: &configuration)
        let added = value(in: configuration)
        guard traits.contains(.additive), !isFirst, !before.isEmpty, !added.isEmpty else { return }
        if isKept { configuration.kept[name] = before + [32] + added } else { try set(value: before + [32] + added, in: &configuration) }
    }

    private func assign(_ words: [[UInt8]], in configuration: inout Configuration) throws(Refusal) {
        guard words.count == 1 || traits.contains(.several) else { throw .wordCount }
        switch kind {
        case .kept(let shape, _): configuration.kept[name] = try shape.checked(words)
        case .composed(_, let set): try set(&configuration, words)
        case .integer, .memory, .octal, .flag, .text, .choice: try assign(words[0], in: &configuration)
        }
    }

    private func assign(_ word: [UInt8], in configuration: inout Configuration) throws(Refusal) {
        switch kind {
        case .integer(let field, let range): configuration[keyPath: field] = try Self.integer(word, range)
        case .memory(let field, let range): configuration[keyPath: field] = try Self.memory(word, range)
        case .octal(let field, let range): configuration[keyPath: field] = try Self.octal(word, range)
        case .flag(let field): configuration[keyPath: field] = try Self.flag(word)
        case .text(let field, let check):
            try check(word)
            configuration[keyPath: field] = word
        case .choice(let options, _, let set): set(&configuration, try Self.option(word, of: options))
        case .kept, .composed: break
        }
    }
}
