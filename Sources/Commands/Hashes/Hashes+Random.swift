// Fields chosen by chance.

import Engine
import Keyspace
import Primitives
import RESP

extension Hashes {
    static var randomDeclarations: [CommandDeclaration] {
        [
            reader(
                "hrandfield", arity: -2, flags: .readonly, since: "6.2.0", complexity: "O(N) for N fields returned",
                summary: "Returns fields chosen by chance.", syntax: "key [options: count [WITHVALUES]]",
                tips: ["nondeterministic_output"], hrandfield)
        ]
    }

    /// Expired fields that one call removes before it chooses.
    private static var removalLimit: Int { 4096 }

    static func hrandfield(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let count = arguments.count > 2 ? try randomCount(&context, arguments) : nil
        var slot = try context.slotForReading(arguments[1], .hash)
        if let entry = slot.entry, entry.expiredFieldCount(at: context.now) > 0 {
            context.expireDueFields(arguments[1], &slot, limit: removalLimit)
        }
        guard let entry = slot.entry, case var sampler = FieldSampler(entry, context), sampler.population > 0 else {
            if count == nil { context.reply.null() } else { context.reply.array(0) }
            return .done
        }
        sampler.withValues = arguments.count > 3
        defer { context.random = sampler.random }
        if let count {
            let allowance = try context.allowance(forRepetitions: count)
            sampler.write(count, allowed: allowance, &context.reply)
            context.endReply(allowed: allowance)
        } else {
            sampler.writeOne(&context.reply)
        }
        return .done
    }

    private static func randomCount(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Int64 {
        let count = try context.randomCount(arguments[2])
        guard arguments.count > 3 else { return count }
        guard arguments.count == 4, arguments[3].matches("WITHVALUES") else { throw .syntax }
        return try context.randomCount(arguments[2], isPaired: true)
    }
}

/// Chooses among the fields of a hash that are not expired.
private struct FieldSampler {
    private let entry: Entry
    private let now: Milliseconds
    private let isPairwise: Bool
    var random: RandomGenerator
    var withValues = false
    /// Fields to choose from.
    let population: Int
    private let expired: Int

    init(_ entry: Entry, _ context: borrowing CommandContext) {
        self.entry = entry
        now = context.now
        isPairwise = context.reply.version == .resp3
        random = context.random
        expired = entry.expiredFieldCount(at: now)
        population = entry.fieldCount - expired
    }

    mutating func writeOne(_ reply: inout ReplyWriter) {
        var random = self.random
        draw(using: &random) { name, _ in reply.bulk(name) }
        self.random = random
    }

    /// Positive counts choose different fields, negative ones may repeat them until the reply is beyond `allowance`.
    mutating func write(_ count: Int64, allowed allowance: Int, _ reply: inout ReplyWriter) {
        let number = count < 0 ? Int(-count) : Int(min(count, Int64(population)))
        reply.array(withValues && !isPairwise ? number * 2 : number)
        if count < 0 {
            writeRepeatedly(number, allowed: allowance, &reply)
        } else if number * 3 > population || !entry.holdsContainer || expired > 0 {
            writeByPass(number, &reply)
        } else {
            writeByDraws(number, &reply)
        }
    }

    private func write(_ name: RawSpan, _ value: RawSpan, _ reply: inout ReplyWriter) {
        if withValues, isPairwise { reply.array(2) }
        reply.bulk(name)
        if withValues { reply.bulk(value) }
    }

    private func isAlive(_ expiry: Milliseconds?) -> Bool { expiry.map { $0 > now } ?? true }

    /// A pass over all fields takes each with the chance that makes all choices equal.
    private mutating func writeByPass(_ number: Int, _ reply: inout ReplyWriter) {
        var left = population
        var wanted = number
        var random = self.random
        entry.forEachField { name, value, expiry in
            guard wanted > 0, isAlive(expiry) else { return }
            if random.below(left) < wanted {
                write(name, value, &reply)
                wanted -= 1
            }
            left -= 1
        }
        self.random = random
    }

    private mutating func writeRepeatedly(_ number: Int, allowed allowance: Int, _ reply: inout ReplyWriter) {
        var random = self.random
        for _ in 0..<number {
            guard reply.bytes.count <= allowance else { break }
            draw(using: &random) { name, value in write(name, value, &reply) }
        }
        self.random = random
    }

    /// Few of many: fields that come again are drawn again.
    private mutating func writeByDraws(_ number: Int, _ reply: inout ReplyWriter) {
        var seen = Set<[UInt8]>()
        var random = self.random
        while seen.count < number {
            draw(using: &random) { name, value in
                if seen.insert(name.array).inserted { write(name, value, &reply) }
            }
        }
        self.random = random
    }

    /// Calls `body` once, with a field that is not expired.
    private func draw(using random: inout RandomGenerator, _ body: (RawSpan, RawSpan) -> Void) {
        var isFound = false
        var tries = 0
        while !isFound, tries < 1000 {
            entry.withRandomField(using: &random) { name, value, expiry in
                guard isAlive(expiry) else { return }
                isFound = true
                body(name, value)
            }
            tries += 1
        }
        guard !isFound else { return }
        entry.forEachField { name, value, expiry in
            guard !isFound, isAlive(expiry) else { return }
            isFound = true
            body(name, value)
        }
    }
}
