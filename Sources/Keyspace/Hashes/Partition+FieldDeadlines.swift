// Which hashes of a partition have fields that expire, in order of their first
// expiry: `fieldDeadlines` holds the moment with the address of the entry. Every
// way in which an entry comes, goes, moves or changes its first expiry passes here.

import CSystem
import Primitives
import Structures

extension Partition {
    /// Hashes that have fields with an expiry.
    public var fieldExpiringCount: Int { fieldDeadlines.count }

    /// The key of the hash whose field expires first, when it is due at `now`.
    public func keyOfDueField(at now: Milliseconds) -> [UInt8]? {
        guard let first = fieldDeadlines.first, first.moment <= now else { return nil }
        // SAFETY: the list holds addresses of entries in the tables.
        return unsafe Entry(raw: UnsafeMutableRawPointer(bitPattern: first.number).unsafelyUnwrapped).key.array
    }

    /// Notes that the entry at `address` had its first expiry at `before` and is
    /// `entry` now; nil: it was not, or is no more.
    @inlinable
    mutating func moveDeadline(_ address: UInt, _ before: Milliseconds?, to entry: Entry?) {
        let after = entry?.fieldDeadline
        if before == nil, after == nil { return }
        replaceDeadline(address, before, entry, after)
    }

    @usableFromInline
    mutating func replaceDeadline(_ address: UInt, _ before: Milliseconds?, _ entry: Entry?, _ after: Milliseconds?) {
        if let entry, before == after, entry.address == address { return }
        if let before { fieldDeadlines.remove(DeadlineList.Deadline(moment: before, number: address)) }
        if let entry, let after { fieldDeadlines.insert(DeadlineList.Deadline(moment: after, number: entry.address)) }
    }
}

extension Partition {
    /// Traps when the list of deadlines is not that of the entries. For tests.
    func checkDeadlines() {
        fieldDeadlines.checkInvariants()
        var found = 0
        entries.forEach { entry in
            if entry.fieldDeadline != nil { found += 1 }
            if entry.type == .hash, entry.holdsContainer { entry.fields.value.checkInvariants() }
        }
        precondition(found == fieldDeadlines.count)
        fieldDeadlines.forEach { deadline in
            let entry = unsafe Entry(raw: UnsafeMutableRawPointer(bitPattern: deadline.number).unsafelyUnwrapped)
            precondition(entry.fieldDeadline == deadline.moment)
        }
    }
}

extension Entry {
    /// The address as a number.
    @inlinable var address: UInt { unsafe UInt(bitPattern: raw) }
}
