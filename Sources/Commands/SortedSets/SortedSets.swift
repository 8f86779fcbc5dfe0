import Engine
import Keyspace
import Primitives
import RESP
import Structures

/// Commands on sorted sets.
public enum SortedSets {
    /// All commands of the family.
    public static var declarations: [CommandDeclaration] {
        additionDeclarations + readingDeclarations + rangeDeclarations + rangeRemovalDeclarations + removalDeclarations
            + randomDeclarations + algebraDeclarations + scanDeclarations + blockingDeclarations
    }

    static func event(_ name: StaticString) -> KeyEvent { KeyEvent(name, .sortedSet) }
}

extension CommandContext {
    /// Up to which size sorted sets stay listpacks.
    var sortedSetLimits: PackedLimits {
        PackedLimits(count: configuration.values.sortedSetEntries, bytes: configuration.values.sortedSetBytes)
    }

    /// The sorted set at a key, for reading; nil when there is none.
    mutating func sortedSetForReading(_ key: RawSpan) throws(CommandError) -> Entry? {
        try slotForReading(key, .sortedSet).entry
    }

    /// Removes a sorted set that has become empty, after its own event was told.
    mutating func removeIfEmpty(sortedSet entry: Entry, _ key: RawSpan, _ slot: KeySlot) {
        guard entry.scoredCount == 0 else { return }
        remove(key, slot)
        notice(key, KeyEvent("del", .generic), slot.database)
    }

    /// Stores the result of a command, or removes the key when it is empty; replies with the number of members.
    mutating func store(sortedSet result: consuming SortedSet, _ key: RawSpan, _ event: KeyEvent) {
        let slot = lookupWrite(key)
        let count = result.count
        if count > 0 {
            let limits = sortedSetLimits
            let access = freshAccess
            let old = slot.entry?.type
            self[slot].setSortedSet(key, slot.hash, existing: slot.entry, result, limits, .clear, access)
            keyModified(key, event, replacing: old)
        } else if slot.entry != nil {
            remove(key, slot)
            keyModified(key, KeyEvent("del", .generic))
        }
        reply.integer(count)
    }

    /// The score that a word spells.
    func score(_ word: RawSpan) throws(CommandError) -> Double {
        guard let score = word.score else { throw .notFloat }
        return score
    }
}

extension RawSpan {
    /// The number that fills the span; integers that a double can hold are read without C's help.
    var score: Double? {
        if byteCount <= 16, let integer = canonicalInteger, integer.magnitude <= 1 << 53 { return Double(integer) }
        return double
    }
}

/// How members are told with their scores.
struct ScoredReply {
    /// Pairs of their own, where the client speaks RESP3; else one list.
    let isNested: Bool
    let withScores: Bool

    init(_ context: borrowing CommandContext, withScores: Bool) {
        self.withScores = withScores
        isNested = withScores && context.reply.version == .resp3
    }

    func begin(_ count: Int, _ reply: inout ReplyWriter) {
        reply.array(withScores && !isNested ? 2 * count : count)
    }

    func write(_ member: RawSpan, _ score: Double, _ reply: inout ReplyWriter) {
        if isNested { reply.array(2) }
        reply.bulk(member)
        if withScores { reply.double(score) }
    }
}
