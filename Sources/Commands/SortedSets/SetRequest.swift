import Engine
import Keyspace
import Primitives
import RESP
import Structures

/// What is made of several sets.
enum SetOperation: Sendable {
    case union, intersection, difference
}

/// A request for a union, an intersection or a difference, with the sets it is made of.
struct SetRequest {
    /// What becomes of the result.
    enum Purpose { case reply, store, count }

    private enum Aggregate {
        case sum, minimum, maximum, count
    }

    private let operation: SetOperation
    private var sources: [ScoredSource] = []
    private var aggregate = Aggregate.sum
    private(set) var withScores = false
    /// Members to be counted at most; 0 for all.
    private var limit: Int64 = 0

    /// The number of keys stands at word `start`.
    init(
        _ operation: SetOperation, _ purpose: Purpose, _ name: StaticString, _ arguments: borrowing Arguments,
        from start: Int, _ context: inout CommandContext
    ) throws(CommandError) {
        self.operation = operation
        let number = try context.integer(arguments[start]).value
        guard number >= 1 else { throw context.failure("ERR at least 1 input key is needed for '\(name)' command") }
        guard number < Int64(arguments.count - start) else { throw .syntax }
        let keys = start + 1..<start + 1 + Int(number)
        sources.reserveCapacity(keys.count)
        for index in keys {
            let entry = context.lookupRead(arguments[index]).entry
            if let entry, entry.type != .sortedSet, entry.type != .set { throw .wrongType }
            sources.append(ScoredSource(entry))
        }
        try readOptions(arguments, from: keys.upperBound, purpose, &context)
        // The smallest first: that is where an intersection begins, and the order in which scores are added up.
        if operation != .difference { sources.sort { $0.count < $1.count } }
    }

    private mutating func readOptions(
        _ arguments: borrowing Arguments, from start: Int, _ purpose: Purpose, _ context: inout CommandContext
    ) throws(CommandError) {
        let isWeighted = operation != .difference && purpose != .count
        var index = start
        while index < arguments.count {
            let word = arguments[index]
            let left = arguments.count - index - 1
            if isWeighted, word.matches("WEIGHTS"), left >= sources.count {
                try readWeights(arguments, from: index + 1, &context)
                index += sources.count
            } else if isWeighted, word.matches("AGGREGATE"), left >= 1 {
                index += 1
                aggregate = try Self.aggregate(arguments[index])
            } else if purpose == .reply, word.matches("WITHSCORES") {
                withScores = true
            } else if purpose == .count, word.matches("LIMIT"), left >= 1 {
                index += 1
                guard let given = arguments[index].canonicalInteger, given >= 0 else {
                    throw context.failure("ERR LIMIT can't be negative")
                }
                limit = given
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    private mutating func readWeights(
        _ arguments: borrowing Arguments, from start: Int, _ context: inout CommandContext
    ) throws(CommandError) {
        for number in 0..<sources.count {
            guard let weight = arguments[start + number].score else {
                throw context.failure("ERR weight value is not a float")
            }
            sources[number].weight = weight
        }
    }

    private static func aggregate(_ word: RawSpan) throws(CommandError) -> Aggregate {
        if word.matches("SUM") { return .sum }
        if word.matches("MIN") { return .minimum }
        if word.matches("MAX") { return .maximum }
        if word.matches("COUNT") { return .count }
        throw .syntax
    }

    // MARK: The result

    /// The members that the request asks for.
    func result(_ seed: HashSeed) -> SortedSet {
        var result = SortedSet(seed: seed)
        switch operation {
        case .union:
            result.reserve(sources.last?.count ?? 0)
            for source in sources {
                source.forEach { result.collect($0, share($1, source), combine) }
            }
        case .intersection:
            forEachCommon { result.collect($0, $1, combine) }
        case .difference:
            let others = sources.dropFirst()
            sources.first?.forEach { member, score in
                if !others.contains(where: { $0.score(of: member) != nil }) { result.collect(member, score, combine) }
            }
        }
        result.arrange()
        return result
    }

    /// How many members are in all sets, counted up to the limit.
    var commonCount: Int {
        var count = 0
        forEachCommon(upTo: limit == 0 ? .max : Int(clamping: limit)) { _, _ in count += 1 }
        return count
    }

    /// Visits up to `limit` members that are in all sets.
    private func forEachCommon(upTo limit: Int = .max, _ body: (RawSpan, Double) -> Void) {
        guard let smallest = sources.first else { return }
        var found = 0
        smallest.forEach(while: { found < limit }) { member, score in
            guard found < limit else { return }
            var total = share(score, smallest)
            for other in sources.dropFirst() {
                guard let score = other.score(of: member) else { return }
                total = combine(total, share(score, other))
            }
            found += 1
            body(member, total)
        }
    }

    /// What a set contributes to the score of a member.
    private func share(_ score: Double, _ source: ScoredSource) -> Double {
        if aggregate == .count { return source.weight }
        let share = source.weight * score
        return share.isNaN ? 0 : share
    }

    private func combine(_ a: Double, _ b: Double) -> Double {
        switch aggregate {
        case .sum, .count:
            let sum = a + b
            // Infinities of both signs have no sum.
            return sum.isNaN ? 0 : sum
        case .minimum: return b < a ? b : a
        case .maximum: return b > a ? b : a
        }
    }
}

/// A sorted set, a set whose members all count 1, or a key that is not there.
private struct ScoredSource {
    private let entry: Entry?
    var weight = 1.0
    let count: Int

    init(_ entry: Entry?) {
        self.entry = entry
        count = entry.map { $0.type == .set ? $0.memberCount : $0.scoredCount } ?? 0
    }

    /// Visits the members with their scores, in portions as long as `condition` holds.
    func forEach(while condition: () -> Bool = { true }, _ body: (RawSpan, Double) -> Void) {
        guard let entry else { return }
        if entry.type == .set { return entry.forEachWord { body($0, 1) } }
        var start = 0
        while start < count, condition() {
            let end = min(start + Self.portion, count)
            entry.forEachScored(start..<end, body)
            start = end
        }
    }

    private static var portion: Int { 256 }

    func score(of member: RawSpan) -> Double? {
        guard let entry else { return nil }
        if entry.type == .set { return entry.containsMember(member) ? 1 : nil }
        return entry.score(of: member)
    }
}
