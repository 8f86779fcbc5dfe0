import Engine
import Keyspace
import Persistence
import Primitives
import RESP

extension Snapshots {
    static var migration: [CommandDeclaration] {
        [
            CommandDeclaration(
                "migrate", arity: -6, [.write, .movableKeys], [.keyspace, .dangerous],
                keys: [
                    .key(3, [.readWrite, .access, .delete]),
                    KeySpecification(
                        .keyword("KEYS", startFrom: -2), .range(last: -1, step: 1, limit: 0),
                        [.readWrite, .access, .delete, .incomplete]),
                ],
                group: .generic, since: "2.6.0",
                complexity: "That of DUMP and DEL here and of RESTORE there, and the transfer of N bytes.",
                summary: "Moves keys to another server, where they are before they are gone here.",
                syntax: """
                    host port <key-selector: key | <empty-string: "">> destination-db timeout [COPY@3.0.0] [REPLACE@3.0.0] \
                    [authentication: AUTH@4.0.7 <auth: password> | AUTH2@6.0.0 username password] \
                    [keys: KEYS@3.0.6 key [key ...]]
                    """,
                history: ["3.0.0": "COPY and REPLACE.", "3.0.6": "KEYS.", "4.0.7": "AUTH.", "6.0.0": "AUTH2."],
                tips: ["nondeterministic_output"], migrate)
        ]
    }

    /// What the words say.
    private struct Migration {
        var copies = false
        var replaces = false
        var credentials: [[UInt8]] = []
        /// Where the keys stand.
        var keys = 3..<4
        var patience: Milliseconds = 1000
        var database: Int64 = 0

        init(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
            var index = 6
            while index < arguments.count {
                let word = arguments[index]
                if word.matches("COPY") {
                    copies = true
                } else if word.matches("REPLACE") {
                    replaces = true
                } else if word.matches("AUTH") {
                    try readCredentials(1, &index, arguments, &context)
                } else if word.matches("AUTH2") {
                    try readCredentials(2, &index, arguments, &context)
                } else if word.matches("KEYS") {
                    guard arguments[3].byteCount == 0 else {
                        throw context.failure(
                            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
                    }
                    keys = index + 1..<arguments.count
                    break
                } else {
                    throw .syntax
                }
                index += 1
            }
            let wanted = try context.integer(arguments[5]).value
            if wanted > 0 { patience = wanted }
            database = try context.integer(arguments[4]).value
        }

        /// Takes `count` words that nobody may see.
        private mutating func readCredentials(
            _ count: Int, _ index: inout Int, _ arguments: borrowing Arguments, _ context: inout CommandContext
        ) throws(CommandError) {
            guard index + count < arguments.count else { throw .syntax }
            credentials = []
            for _ in 0..<count {
                index += 1
                credentials.append(arguments[index].array)
                context.redact(index)
            }
        }
    }

    private static func migrate(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let migration = try Migration(arguments, &context)
        if let answer = context.takeAnswer() {
            try end(migration, answer, &context)
            return .done
        }
        let port = arguments[2].canonicalInteger.flatMap { UInt16(exactly: $0) }
        var exchange = Exchange(
            with: PeerAddress(host: arguments[1].array, port: port ?? 0), credentials: migration.credentials,
            database: migration.database, patience: migration.patience)
        for index in migration.keys { add(arguments[index], to: &exchange, migration, &context) }
        guard exchange.count > 0 else {
            context.reply.simple("NOKEY")
            return .done
        }
        guard port != nil else { throw failure(.connecting, &context) }
        if !migration.copies { exchange.heldKeys = exchange.subjects }
        context.exchange(exchange)
        return .exchange
    }

    /// Has a key restored by the other server, if it is here.
    private static func add(
        _ key: RawSpan, to exchange: inout Exchange, _ migration: Migration, _ context: inout CommandContext
    ) {
        guard let entry = context.lookupRead(key).entry else { return }
        let payload = Payload.make(
            from: entry, dialect: context.snapshotDialect, compresses: context.configuration.persistence.compresses)
        exchange.subjects.append(key.array)
        exchange.begin(migration.replaces ? 5 : 4)
        exchange.word("RESTORE")
        exchange.word(key)
        // Not the unit's moment: a transaction may have waited for other exchanges since.
        exchange.word(entry.expiry.map { max(1, $0 - context.time.wallMicroseconds / 1000) } ?? 0)
        exchange.word(payload.bytes)
        if migration.replaces { exchange.word("REPLACE") }
    }

    /// Removes what the other server has taken, and answers.
    private static func end(
        _ migration: Migration, _ answer: ExchangeAnswer, _ context: inout CommandContext
    ) throws(CommandError) {
        var removed: [[UInt8]] = []
        var refusal = answer.refusal
        for (key, line) in zip(answer.subjects, answer.lines) {
            if line.first == minus {
                if refusal == nil { refusal = line }
            } else if !migration.copies, answer.refusal == nil, remove(key.rawSpan, &context) {
                removed.append(key)
            }
        }
        propagateRemoval(of: removed, &context)
        if let refusal {
            throw context.failure(bytes: [UInt8]("ERR Target instance replied with error: ") + refusal.dropFirst())
        }
        if let failure = answer.failure { throw self.failure(failure, &context) }
        context.reply.ok()
    }

    private static var minus: UInt8 { 45 }

    /// Whether there was something to remove: a key may have expired meanwhile.
    private static func remove(_ key: RawSpan, _ context: inout CommandContext) -> Bool {
        let slot = context.lookupWrite(key)
        guard slot.entry != nil else { return false }
        context.remove(key, slot)
        context.keyModified(key, KeyEvent("del", .generic))
        return true
    }

    private static func propagateRemoval(of keys: [[UInt8]], _ context: inout CommandContext) {
        guard !keys.isEmpty else { return context.effects.suppress() }
        context.effects.begin(keys.count + 1)
        context.effects.word("DEL")
        for key in keys { context.effects.word(key.rawSpan) }
    }

    private static func failure(_ failure: ExchangeFailure, _ context: inout CommandContext) -> CommandError {
        switch failure {
        case .connecting: context.failure("IOERR error or timeout connecting to the client")
        case .writing: context.failure("IOERR error or timeout writing to target instance")
        case .reading: context.failure("IOERR error or timeout reading to target instance")
        }
    }
}
