import Primitives
import Structures

/// Sets that are combined; nil stands for the empty set. Valid until the next
/// change of the keyspace.
public struct SetOperands {
    private let sets: [Entry?]

    /// The sets in the order in which the command names them.
    public init(_ sets: [Entry?]) { self.sets = sets }

    /// Visits the members that all sets have, until `body` returns false. The
    /// smallest set is walked, the others are asked, small ones first.
    public func intersection(_ body: (RawSpan) -> Bool) {
        var present: [Entry] = []
        present.reserveCapacity(sets.count)
        for set in sets {
            guard let set else { return }
            present.append(set)
        }
        present.sort { $0.memberCount < $1.memberCount }
        let others = present.dropFirst()
        present[0].forEachMember { member in
            for other in others where !other.containsMember(member) { return true }
            return body(member)
        }
    }

    /// Adds the members of all sets.
    public func union(into builder: inout SetBuilder) {
        for set in sets { set?.forEachWord { builder.insert($0) } }
    }

    /// Counts the members that any of the sets has, up to `limit`. Nothing is
    /// collected: a member counts in the first set that has it.
    public func unionCount(limit: Int) -> Int {
        var count = 0
        for (index, set) in sets.enumerated() {
            guard let set else { continue }
            let earlier = sets[..<index]
            set.forEachMember { member in
                for other in earlier where other?.containsMember(member) ?? false { return true }
                count += 1
                return count < limit
            }
            if count >= limit { return limit }
        }
        return count
    }

    /// Visits the members of the first set that no other has, until `body`
    /// returns false. Either each member is looked for in the others, or the
    /// others' members are taken out of a copy, whichever touches less.
    public func difference(_ limits: SetLimits, _ seed: HashSeed, _ body: (RawSpan) -> Bool) {
        guard let first = sets.first ?? nil else { return }
        let others = sets.dropFirst().compactMap { $0 }
        let size = first.memberCount
        let asking = size.multipliedReportingOverflow(by: others.count)
        let taking = others.reduce(size) { $0 + $1.memberCount }
        if asking.overflow || asking.partialValue / 2 > taking {
            var builder = SetBuilder(limits, seed: seed)
            first.forEachWord { builder.insert($0) }
            for other in others { other.forEachWord { builder.remove($0) } }
            var goesOn = true
            builder.forEach { if goesOn { goesOn = body($0) } }
            return
        }
        first.forEachMember { member in
            for other in others where other.containsMember(member) { return true }
            return body(member)
        }
    }
}
