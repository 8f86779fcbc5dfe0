import Engine
import Keyspace
import Primitives
import RESP

/// What CLIENT TYPE tells connections apart by.
enum ClientType {
    case normal, replica, primary, subscriber

    init?(_ word: RawSpan) {
        if word.matches("normal") {
            self = .normal
        } else if word.matches("slave") || word.matches("replica") {
            self = .replica
        } else if word.matches("master") || word.matches("primary") {
            self = .primary
        } else if word.matches("pubsub") {
            self = .subscriber
        } else {
            return nil
        }
    }

    /// The type of a session. Without replication no connection leads to a primary.
    static func of(_ session: borrowing Session) -> ClientType {
        switch session.clientClass {
        case .normal: .normal
        case .replica: .replica
        case .pubsub: .subscriber
        }
    }
}

/// Which clients CLIENT LIST and KILL mean: those that pass every filter given.
/// Of a filter that is given twice the last one counts.
struct ClientFilter {
    /// A property that clients must have, or with NOT- must not have.
    private enum Criterion {
        case numbers([Int64])
        case type(ClientType)
        case address([UInt8])
        case localAddress([UInt8])
        case ip([UInt8])
        case user([UInt8])
        case name([UInt8])
        case libraryName([UInt8])
        case libraryVersion([UInt8])
        case flags(String)
        case capabilities(String)
        case database(Int)
    }

    private var criteria: [(option: String, isNegated: Bool, criterion: Criterion)] = []
    private var minimumAge: Int64?
    private var minimumIdle: Int64?
    private var sparesServed: Bool

    /// `sparesServed`: leaves out the client that asks, unless SKIPME says otherwise.
    init(sparesServed: Bool) { self.sparesServed = sparesServed }

    /// All clients that come from `address`.
    init(address: [UInt8]) {
        sparesServed = false
        criteria = [("addr", false, .address(address))]
    }

    /// The client numbers that are asked for, in their order; nil: any.
    var numbers: [Int64]? {
        for case ("id", false, .numbers(let numbers)) in criteria { return numbers }
        return nil
    }

    // MARK: Reading

    /// Reads the options from word 2 on. `invalidNumber`: the error for a client number that is none.
    mutating func read(
        _ arguments: borrowing Arguments, invalidNumber: String, _ context: inout CommandContext
    ) throws(CommandError) {
        var next = 2
        while next < arguments.count {
            guard next + 1 < arguments.count else { throw .syntax }
            let isNegated = arguments[next].byteCount > 4 && arguments[next].slice(0, 4).matches("not-")
            let option = isNegated ? arguments[next].suffix(from: 4) : arguments[next]
            if option.matches("id") {
                let end = try readNumbers(arguments, next + 1, isNegated, invalidNumber, &context)
                next = end
                continue
            }
            let value = arguments[next + 1]
            if !isNegated, try readPlain(option, value, &context) {
                next += 2
                continue
            }
            let criterion = try Self.criterion(option, value, &context)
            add(option.text.lowercased(), isNegated, criterion)
            next += 2
        }
    }

    private mutating func add(_ option: String, _ isNegated: Bool, _ criterion: Criterion) {
        criteria.removeAll { $0.option == option && $0.isNegated == isNegated }
        criteria.append((option, isNegated, criterion))
    }

    /// Reads client numbers from word `start` on up to the next option; returns where that stands.
    private mutating func readNumbers(
        _ arguments: borrowing Arguments, _ start: Int, _ isNegated: Bool, _ invalidNumber: String,
        _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        var numbers: [Int64] = []
        var next = start
        while next < arguments.count, let number = arguments[next].canonicalInteger {
            guard number > 0 else { throw context.failure("ERR client-id should be greater than 0") }
            numbers.append(number)
            next += 1
        }
        guard !numbers.isEmpty else { throw context.failure(invalidNumber) }
        add("id", isNegated, .numbers(numbers))
        return next
    }

    /// Reads the options that cannot be negated; false when it is none of them.
    private mutating func readPlain(
        _ option: RawSpan, _ value: RawSpan, _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        if option.matches("maxage") {
            minimumAge = try Self.seconds("maxage", value, &context)
        } else if option.matches("idle") {
            minimumIdle = try Self.seconds("idle", value, &context)
        } else if option.matches("skipme") {
            guard value.matches("yes") || value.matches("no") else { throw .syntax }
            sparesServed = value.matches("yes")
        } else {
            return false
        }
        return true
    }

    private static func seconds(
        _ name: String, _ word: RawSpan, _ context: inout CommandContext
    ) throws(CommandError) -> Int64 {
        guard let seconds = word.canonicalInteger else {
            throw context.failure("ERR \(name) is not an integer or out of range")
        }
        guard seconds > 0 else { throw context.failure("ERR \(name) should be greater than 0") }
        return seconds
    }

    private static func criterion(
        _ option: RawSpan, _ value: RawSpan, _ context: inout CommandContext
    ) throws(CommandError) -> Criterion {
        if option.matches("addr") { return .address(value.array) }
        if option.matches("laddr") { return .localAddress(value.array) }
        if option.matches("ip") { return .ip(value.array) }
        if option.matches("name") { return .name(value.array) }
        if option.matches("lib-name") { return .libraryName(value.array) }
        if option.matches("lib-ver") { return .libraryVersion(value.array) }
        if option.matches("type") {
            guard let type = ClientType(value) else {
                throw context.failure("ERR Unknown client type '", quoting: value)
            }
            return .type(type)
        }
        if option.matches("user") {
            guard value.equals(RawSpan(literal: "default")) else {
                throw context.failure("ERR No such user '", quoting: value)
            }
            return .user(value.array)
        }
        if option.matches("flags") {
            return .flags(try letters(value, among: "AbBcdeEiIMNOPrRStTuUx", "flags", &context))
        }
        if option.matches("capa") { return .capabilities(try letters(value, among: "r", "capa", &context)) }
        if option.matches("db") { return .database(try database(value, &context)) }
        throw .syntax
    }

    private static func letters(
        _ word: RawSpan, among known: String, _ name: String, _ context: inout CommandContext
    ) throws(CommandError) -> String {
        let letters = word.text
        guard letters.allSatisfy(known.contains) else {
            throw context.failure("ERR Unknown \(name) found in the provided filter: ", quoting: word, "")
        }
        return letters
    }

    private static func database(_ word: RawSpan, _ context: inout CommandContext) throws(CommandError) -> Int {
        guard let number = word.canonicalInteger else {
            throw context.failure("ERR DB is not an integer or out of range")
        }
        guard number >= 0, number < Int64(context.databaseCount) else {
            throw context.failure("ERR DB number should be between 0 and \(context.databaseCount - 1)")
        }
        return Int(number)
    }

    // MARK: Matching

    /// Whether a session passes, `served` being the one that asks.
    func matches(_ session: borrowing Session, served: SessionID, now: Milliseconds) -> Bool {
        if sparesServed, session.id == served { return false }
        if let minimumAge, max(0, now - session.identity.created) / 1000 < minimumAge { return false }
        if let minimumIdle, max(0, now - session.lastInteraction) / 1000 < minimumIdle { return false }
        for (_, isNegated, criterion) in criteria where Self.holds(criterion, session) == isNegated { return false }
        return true
    }

    private static func holds(_ criterion: Criterion, _ session: borrowing Session) -> Bool {
        let identity = session.identity
        switch criterion {
        case .numbers(let numbers): return numbers.contains(identity.number)
        case .type(let type): return ClientType.of(session) == type
        case .address(let address): return [UInt8](identity.peer.address) == address
        case .localAddress(let address): return [UInt8](identity.peer.localAddress) == address
        case .ip(let ip): return host(of: identity.peer.address) == ip
        case .user(let user): return identity.user == user
        // What was never set is not the empty word.
        case .name(let name): return !name.isEmpty && identity.name == name
        case .libraryName(let name): return !name.isEmpty && identity.libraryName == name
        case .libraryVersion(let version): return !version.isEmpty && identity.libraryVersion == version
        case .flags(let letters):
            let present = session.flagLetters
            return letters.allSatisfy(present.contains)
        case .capabilities(let letters):
            let present = session.capabilityLetters
            return letters.allSatisfy(present.contains)
        case .database(let index): return session.database.value == index
        }
    }

    /// An address without its port, and without the brackets of IPv6.
    private static func host(of address: String) -> [UInt8] {
        let bytes = [UInt8](address)
        guard let colon = bytes.lastIndex(of: 58) else { return bytes }
        let host = bytes[..<colon]
        return host.first == 91 && host.last == 93 ? [UInt8](host.dropFirst().dropLast()) : [UInt8](host)
    }
}
