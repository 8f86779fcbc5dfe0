// The fields of a large hash: a table of fields, and the deadlines of those
// that expire, in order of time.

import CSystem
import Primitives

/// A map from byte strings to byte strings, each with an expiry or without.
@safe
public struct FieldTable: ~Copyable {
    // SAFETY: the table owns its fields; they are freed when removed, and by deinit.
    @usableFromInline var table: HashTable<Field>
    private var fieldBytes = 0
    /// Numbers are the fields' words.
    private var deadlines = DeadlineList()

    /// A table without fields.
    public init(seed: HashSeed) { table = HashTable(seed: seed, pace: .hasty) }

    deinit { table.forEach { unsafe $0.free() } }

    /// Fields, expired ones included.
    @inlinable public var count: Int { table.count }
    /// Fields with an expiry.
    public var expiringCount: Int { deadlines.count }
    /// When the first field expires.
    public var nextExpiry: Int64? { deadlines.first?.moment }

    /// How the fields are spread over the table.
    public var spread: TableSpread { table.spread }

    /// Bytes of tables and fields.
    public var memoryUsage: Int { table.allocatedBytes + fieldBytes + deadlines.memoryUsage }

    /// Fields that are expired at `now`.
    public func expiredCount(at now: Int64) -> Int { deadlines.isEmpty ? 0 : deadlines.dueCount(at: now) }

    /// An equal table that shares nothing.
    public func copy() -> FieldTable {
        var copy = FieldTable(seed: table.seed)
        copy.reserve(count)
        table.forEach { copy.set($0.name, $0.value, $0.expiry.map { .at($0) } ?? .clear) }
        return copy
    }

    /// Makes room for `capacity` fields ahead of their coming.
    public mutating func reserve(_ capacity: Int) { table.reserve(capacity) }

    /// A field, expired or not.
    @inlinable
    public func find(_ name: RawSpan) -> Field? { table.find(name, name.hash(table.seed)) }

    // MARK: Change

    /// Sets a field, whatever it was; true when it is new.
    @discardableResult
    public mutating func set(_ name: RawSpan, _ value: RawSpan, _ expiry: ExpiryChange) -> Bool {
        let hash = name.hash(table.seed)
        guard let field = table.find(name, hash) else {
            let field = Field.make(name, value, expiry.applied(to: nil))
            table.insert(field, hash)
            add(field)
            return true
        }
        let newExpiry = expiry.applied(to: field.expiry)
        if newExpiry == field.expiry, field.overwrite(value) { return false }
        replace(field, with: Field.make(name, value, newExpiry), hash)
        return false
    }

    /// Gives a field an expiry or takes it away; the field must be there.
    public mutating func setExpiry(_ field: Field, _ expiry: Int64?) {
        if expiry == field.expiry { return }
        if let expiry, let old = field.expiry {
            deadlines.remove(DeadlineList.Deadline(moment: old, number: field.bits))
            field.overwriteExpiry(expiry)
            deadlines.insert(DeadlineList.Deadline(moment: expiry, number: field.bits))
        } else {
            replace(field, with: Field.make(field.name, field.value, expiry), field.hash(table.seed))
        }
    }

    /// Removes a field; false when it is not there.
    @discardableResult
    public mutating func remove(_ name: RawSpan) -> Bool {
        guard let field = table.remove(name, name.hash(table.seed)) else { return false }
        drop(field)
        return true
    }

    /// Removes the field that expires first, when it is due at `now`; its name.
    public mutating func removeFirstDue(at now: Int64) -> [UInt8]? {
        guard let first = deadlines.first, first.moment <= now else { return nil }
        // SAFETY: the list holds the words of live fields.
        let field = unsafe Field(raw: UnsafeMutableRawPointer(bitPattern: first.number).unsafelyUnwrapped)
        let name = field.name.array
        remove(name.rawSpan)
        return name
    }

    private mutating func replace(_ old: Field, with new: Field, _ hash: UInt64) {
        table.replace(old, with: new, hash)
        add(new)
        drop(old)
    }

    /// Counts a field that came into the table.
    private mutating func add(_ field: Field) {
        fieldBytes += field.allocationBytes
        if let expiry = field.expiry { deadlines.insert(DeadlineList.Deadline(moment: expiry, number: field.bits)) }
    }

    /// Frees a field that is out of the table.
    private mutating func drop(_ field: Field) {
        fieldBytes -= field.allocationBytes
        if let expiry = field.expiry { deadlines.remove(DeadlineList.Deadline(moment: expiry, number: field.bits)) }
        // SAFETY: out of the table and the list.
        unsafe field.free()
    }

    // MARK: Iteration. The table must not change meanwhile.

    /// Visits all fields in the order of the table.
    public func forEach(_ body: (Field) -> Void) { table.forEach(body) }

    /// Visits fields from `position` on, at least a bucket; where to go on, or nil at the end.
    public func scan(from position: UInt64, _ body: (Field) -> Void) -> UInt64? { table.scan(from: position, body) }

    /// A random field, each with equal chance.
    public func randomField(using random: inout RandomGenerator) -> Field? { table.randomElement(using: &random) }

    /// Traps when the table contradicts itself. For tests.
    public func checkInvariants() {
        table.checkInvariants()
        deadlines.checkInvariants()
        var bytes = 0
        var expiring = 0
        table.forEach { field in
            bytes += field.allocationBytes
            if field.hasExpiry { expiring += 1 }
        }
        precondition(bytes == fieldBytes && expiring == deadlines.count)
        deadlines.forEach { deadline in
            let field = unsafe Field(raw: UnsafeMutableRawPointer(bitPattern: deadline.number).unsafelyUnwrapped)
            precondition(field.expiry == deadline.moment && find(field.name)?.bits == field.bits)
        }
    }
}
