// What there is to know about a command, said once beside its handler. Dispatch,
// arity checks, ACL, COMMAND, cluster key extraction and the README's table all
// read these declarations.

import Primitives
import RESP

/// Reads the arguments, works through the context's capabilities, writes one reply.
public typealias Handler =
    @Sendable (inout CommandContext, borrowing Arguments) throws(CommandError) -> Outcome

/// What becomes of the session after a handler.
public enum Outcome: Sendable {
    /// The reply is written.
    case done
    /// Nothing is written; the command runs again when one of the keys named
    /// with `CommandContext.wait` is modified.
    case block
    /// Nothing is written; the command runs again when another server has answered
    /// to what `CommandContext.exchange` has named; in a transaction everybody waits for that.
    case exchange
    /// The connection ends once the reply is sent.
    case close
    /// The queued commands of the session's transaction are to be run.
    case executeTransaction
}

public struct CommandFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var write: Self { Self(rawValue: 1 << 0) }
    public static var readonly: Self { Self(rawValue: 1 << 1) }
    /// May enlarge the data: refused when `maxmemory` is reached.
    public static var denyOOM: Self { Self(rawValue: 1 << 2) }
    public static var admin: Self { Self(rawValue: 1 << 3) }
    public static var pubsub: Self { Self(rawValue: 1 << 4) }
    public static var noScript: Self { Self(rawValue: 1 << 5) }
    public static var blocking: Self { Self(rawValue: 1 << 6) }
    /// Allowed while a file is loading.
    public static var loading: Self { Self(rawValue: 1 << 7) }
    /// Allowed on a replica with stale data.
    public static var stale: Self { Self(rawValue: 1 << 8) }
    public static var skipMonitor: Self { Self(rawValue: 1 << 9) }
    public static var skipSlowlog: Self { Self(rawValue: 1 << 10) }
    public static var asking: Self { Self(rawValue: 1 << 11) }
    public static var fast: Self { Self(rawValue: 1 << 12) }
    /// Allowed before authentication.
    public static var noAuth: Self { Self(rawValue: 1 << 13) }
    /// Writes nothing, but may have to reach the replicas. Not shown to clients.
    public static var mayReplicate: Self { Self(rawValue: 1 << 14) }
    public static var noAsyncLoading: Self { Self(rawValue: 1 << 15) }
    public static var noMulti: Self { Self(rawValue: 1 << 16) }
    /// Keys cannot be told from positions alone.
    public static var movableKeys: Self { Self(rawValue: 1 << 17) }
    public static var allowBusy: Self { Self(rawValue: 1 << 18) }
    /// A request without keys is no error for COMMAND GETKEYS.
    public static var noMandatoryKeys: Self { Self(rawValue: 1 << 19) }
    /// Runs at once inside a transaction instead of being queued. Not shown to clients.
    public static var immediate: Self { Self(rawValue: 1 << 30) }
    /// Runs the transaction's queue: what holds for a queued command holds for it (not told to clients).
    public static var runsQueue: Self { Self(rawValue: 1 << 29) }

    /// Allowed to RESP2 clients while they are subscribed (not told to clients).
    public static var whileSubscribed: Self { Self(rawValue: 1 << 27) }

    /// Its keys may lie in other databases than the selected one (not told to clients).
    public static var crossesDatabases: Self { Self(rawValue: 1 << 26) }

    /// The names that clients see, in the order in which COMMAND lists them.
    public static var names: [(CommandFlags, StaticString)] {
        [
            (.write, "write"), (.readonly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"),
            (.pubsub, "pubsub"), (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"),
            (.stale, "stale"), (.skipMonitor, "skip_monitor"), (.skipSlowlog, "skip_slowlog"),
            (.asking, "asking"), (.fast, "fast"), (.noAuth, "no_auth"), (.noMandatoryKeys, "no_mandatory_keys"),
            (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"), (.allowBusy, "allow_busy"),
            (.movableKeys, "movablekeys"),
        ]
    }
}

/// ACL categories.
public struct CommandCategories: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var keyspace: Self { Self(rawValue: 1 << 0) }
    public static var read: Self { Self(rawValue: 1 << 1) }
    public static var write: Self { Self(rawValue: 1 << 2) }
    public static var set: Self { Self(rawValue: 1 << 3) }
    public static var sortedset: Self { Self(rawValue: 1 << 4) }
    public static var list: Self { Self(rawValue: 1 << 5) }
    public static var hash: Self { Self(rawValue: 1 << 6) }
    public static var string: Self { Self(rawValue: 1 << 7) }
    public static var bitmap: Self { Self(rawValue: 1 << 8) }
    public static var hyperloglog: Self { Self(rawValue: 1 << 9) }
    public static var geo: Self { Self(rawValue: 1 << 10) }
    public static var stream: Self { Self(rawValue: 1 << 11) }
    public static var pubsub: Self { Self(rawValue: 1 << 12) }
    public static var admin: Self { Self(rawValue: 1 << 13) }
    public static var fast: Self { Self(rawValue: 1 << 14) }
    public static var slow: Self { Self(rawValue: 1 << 15) }
    public static var blocking: Self { Self(rawValue: 1 << 16) }
    public static var dangerous: Self { Self(rawValue: 1 << 17) }
    public static var connection: Self { Self(rawValue: 1 << 18) }
    public static var transaction: Self { Self(rawValue: 1 << 19) }
    public static var scripting: Self { Self(rawValue: 1 << 20) }

    public static var names: [(CommandCategories, StaticString)] {
        [
            (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.set, "set"),
            (.sortedset, "sortedset"), (.list, "list"), (.hash, "hash"), (.string, "string"),
            (.bitmap, "bitmap"), (.hyperloglog, "hyperloglog"), (.geo, "geo"), (.stream, "stream"),
            (.pubsub, "pubsub"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
            (.blocking, "blocking"), (.dangerous, "dangerous"), (.connection, "connection"),
            (.transaction, "transaction"), (.scripting, "scripting"),
        ]
    }
}

/// The group under which documentation files a command.
public enum CommandGroup: String, Sendable, CaseIterable {
    case generic, string, list, set, sortedSet = "sorted-set", hash, pubsub, transactions, connection, server
    case scripting, hyperloglog, cluster, geo, stream, bitmap
}

/// How a command uses the keys of one specification.
public struct KeyFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var readOnly: Self { Self(rawValue: 1 << 0) }
    public static var readWrite: Self { Self(rawValue: 1 << 1) }
    public static var overwrite: Self { Self(rawValue: 1 << 2) }
    public static var remove: Self { Self(rawValue: 1 << 3) }
    public static var access: Self { Self(rawValue: 1 << 4) }
    public static var update: Self { Self(rawValue: 1 << 5) }
    public static var insert: Self { Self(rawValue: 1 << 6) }
    public static var delete: Self { Self(rawValue: 1 << 7) }
    public static var notKey: Self { Self(rawValue: 1 << 8) }
    public static var incomplete: Self { Self(rawValue: 1 << 9) }
    public static var variableFlags: Self { Self(rawValue: 1 << 10) }

    public static var names: [(KeyFlags, StaticString)] {
        [
            (.readOnly, "RO"), (.readWrite, "RW"), (.overwrite, "OW"), (.remove, "RM"),
            (.access, "access"), (.update, "update"), (.insert, "insert"), (.delete, "delete"),
            (.notKey, "not_key"), (.incomplete, "incomplete"), (.variableFlags, "variable_flags"),
        ]
    }
}

/// Where keys stand among the arguments.
public struct KeySpecification: Sendable {
    public enum Begin: Sendable {
        case index(Int)
        case keyword(StaticString, startFrom: Int)
        case unknown
    }

    public enum Find: Sendable {
        /// `last` is relative to the first key when it is not negative, else to the last argument.
        case range(last: Int, step: Int, limit: Int)
        case keynum(index: Int, first: Int, step: Int)
        case unknown
    }

    /// What variable flags depend on: they hold when one of `words` stands
    /// at `start` or behind; otherwise `otherwise` does.
    public struct Variation: Sendable {
        public let words: [StaticString]
        public let start: Int
        public let otherwise: KeyFlags

        public init(with words: [StaticString], from start: Int, otherwise: KeyFlags) {
            self.words = words
            self.start = start
            self.otherwise = otherwise
        }
    }

    /// An option with a key behind its word; the last one counts.
    public struct Option: Sendable {
        /// What precedes the key.
        public let word: StaticString
        /// Where options start.
        public let start: Int
        /// Other options that have words behind theirs, and how many.
        public let others: [(word: StaticString, count: Int)]

        /// `word` among the options from word `start` on, of which `others` have words behind theirs.
        public init(_ word: StaticString, from start: Int, others: [(word: StaticString, count: Int)] = []) {
            self.word = word
            self.start = start
            self.others = others
        }
    }

    public let begin: Begin
    public let find: Find
    public let flags: KeyFlags
    public let notes: StaticString?
    public let variation: Variation?
    /// The option behind whose word the key of an `unknown` search stands (SORT's
    /// STORE). Not told to clients, who were always told `unknown`.
    public let option: Option?

    public init(
        _ begin: Begin, _ find: Find, _ flags: KeyFlags, notes: StaticString? = nil, variation: Variation? = nil,
        option: Option? = nil
    ) {
        self.begin = begin
        self.find = find
        self.flags = flags
        self.notes = notes
        self.variation = variation
        self.option = option
    }

    /// One key at `index`.
    public static func key(
        _ index: Int, _ flags: KeyFlags, notes: StaticString? = nil, variation: Variation? = nil
    ) -> Self {
        Self(.index(index), .range(last: 0, step: 1, limit: 0), flags, notes: notes, variation: variation)
    }

    /// Keys from `index` to the end, every `step` arguments.
    public static func keys(from index: Int, step: Int = 1, _ flags: KeyFlags) -> Self {
        Self(.index(index), .range(last: -1, step: step, limit: 0), flags)
    }
}

public struct CommandDeclaration: Sendable {
    public struct Deprecation: Sendable {
        public let since: StaticString
        public let replacement: StaticString
        public init(since: StaticString, replacement: StaticString) {
            self.since = since
            self.replacement = replacement
        }
    }

    /// Lower case; of a subcommand, its own word.
    public let name: StaticString
    /// Words of a request, the name included; negative: at least so many.
    public let arity: Int
    public let flags: CommandFlags
    /// Beyond what follows from the flags (read, write, fast, slow, admin, ...).
    public let categories: CommandCategories
    public let keys: [KeySpecification]
    public let group: CommandGroup
    /// The first version that had it (of Redis, or of Valkey where only that has it).
    public let since: StaticString
    public let complexity: StaticString
    public let summary: StaticString
    /// The arguments in the notation of redis.io: `key [NX | XX] [EX seconds]`.
    public let syntax: StaticString
    /// What later versions changed: version and change, oldest first.
    public let history: KeyValuePairs<StaticString, StaticString>
    public let deprecation: Deprecation?
    /// Meant for servers and their developers, not for applications.
    public let isInternal: Bool
    /// Hints for proxies and clients, as COMMAND INFO tells them.
    public let tips: [StaticString]
    public let subcommands: [CommandDeclaration]
    public let handler: Handler?

    public init(
        _ name: StaticString, arity: Int, _ flags: CommandFlags, _ categories: CommandCategories = [],
        keys: [KeySpecification] = [], group: CommandGroup, since: StaticString, complexity: StaticString = "O(1)",
        summary: StaticString, syntax: StaticString = "", history: KeyValuePairs<StaticString, StaticString> = [:],
        deprecated: Deprecation? = nil, isInternal: Bool = false, tips: [StaticString] = [], _ handler: @escaping Handler
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.categories = categories
        self.keys = keys
        self.group = group
        self.since = since
        self.complexity = complexity
        self.summary = summary
        self.syntax = syntax
        self.history = history
        self.deprecation = deprecated
        self.isInternal = isInternal
        self.tips = tips
        self.subcommands = []
        self.handler = handler
    }

    /// A command that only leads to its subcommands.
    public init(
        container name: StaticString, arity: Int = -2, group: CommandGroup, since: StaticString, summary: StaticString,
        subcommands: [CommandDeclaration]
    ) {
        self.name = name
        self.arity = arity
        flags = []
        categories = []
        keys = []
        self.group = group
        self.since = since
        complexity = "Depends on subcommand."
        self.summary = summary
        syntax = ""
        history = [:]
        deprecation = nil
        isInternal = false
        tips = []
        self.subcommands = subcommands
        handler = nil
    }

    /// The same command with subcommands beneath it (COMMAND, which also works alone).
    public init(_ command: CommandDeclaration, subcommands: [CommandDeclaration]) {
        name = command.name
        arity = command.arity
        flags = command.flags
        categories = command.categories
        keys = command.keys
        group = command.group
        since = command.since
        complexity = command.complexity
        summary = command.summary
        syntax = command.syntax
        history = command.history
        deprecation = command.deprecation
        isInternal = command.isInternal
        tips = command.tips
        self.subcommands = subcommands
        handler = command.handler
    }

    /// All ACL categories, those that follow from the flags included.
    public var allCategories: CommandCategories {
        var all = categories
        if flags.contains(.write) { all.insert(.write) }
        if flags.contains(.readonly), !all.contains(.scripting) { all.insert(.read) }
        if flags.contains(.admin) { all.formUnion([.admin, .dangerous]) }
        if flags.contains(.pubsub) { all.insert(.pubsub) }
        if flags.contains(.fast) { all.insert(.fast) }
        if flags.contains(.blocking) { all.insert(.blocking) }
        if !all.contains(.fast) { all.insert(.slow) }
        return all
    }
}
