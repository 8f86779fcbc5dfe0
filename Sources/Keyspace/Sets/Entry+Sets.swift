import Primitives
import Structures

/// Reading a set; the entry must be one.
extension Entry {
    private var small: SmallSet {
        @_lifetime(borrow self)
        get { SmallSet(bytes, encoding) }
    }

    /// Members.
    public var memberCount: Int { holdsContainer ? members.value.count : small.count }

    /// Whether `member` is in the set.
    public func containsMember(_ member: RawSpan) -> Bool {
        holdsContainer ? members.value.contains(member) : small.contains(member)
    }

    /// Visits all members; `body` returns false to stop.
    public func forEachMember(while body: (RawSpan) -> Bool) {
        if holdsContainer { members.value.visit(while: body) } else { small.forEach(body) }
    }

    /// Calls `body` with a random member, each with equal chance; the set is not empty.
    public func withRandomMember<Result>(using random: inout RandomGenerator, _ body: (RawSpan) -> Result) -> Result? {
        if holdsContainer { return members.value.withRandomMember(using: &random, body) }
        let count = small.count
        return count > 0 ? small.withMember(random.below(count), body) : nil
    }

    /// Visits `wanted` different random members, every choice with equal chance; all, when there are not so many.
    public func forEachRandomMember(_ wanted: Int, using random: inout RandomGenerator, _ body: (RawSpan) -> Void) {
        let total = memberCount
        var needed = min(wanted, total)
        if holdsContainer, needed < total / 4 {
            var chosen = MemberTable(seed: members.value.seed)
            while needed > 0 {
                let isNew = members.value.withRandomMember(using: &random) { member in
                    guard chosen.insert(member) else { return false }
                    body(member)
                    return true
                }
                if isNew ?? true { needed -= 1 }
            }
            return
        }
        // Each member is taken with the chance of those still needed among those still to come.
        var left = total
        forEachMember { member in
            if random.below(left) < needed {
                body(member)
                needed -= 1
            }
            left -= 1
            return needed > 0
        }
    }

    /// Visits members from `position` on: a small set whole, a table by buckets.
    /// Returns where to go on, 0 at the end.
    public func scanMembers(from position: UInt64, count: Int, _ body: (RawSpan) -> Void) -> UInt64 {
        guard holdsContainer else {
            forEachWord(body)
            return 0
        }
        var here = position
        var visited = 0
        // Buckets may be empty: a step visits some, but not without limit.
        var steps = count.multipliedReportingOverflow(by: 10).overflow ? Int.max : count * 10
        while visited < count, steps > 0 {
            guard let next = members.value.scan(from: here, { member in
                visited += 1
                body(member)
            }) else { return 0 }
            here = next
            steps -= 1
        }
        return here
    }
}
