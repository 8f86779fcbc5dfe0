// Reading the fields of a hash, whatever its encoding: a listpack of pairs, a
// listpack with expiries, or a table.

import CSystem
import Primitives
import Structures

/// What a look-up of a field found.
public enum FieldPresence: Sendable {
    case missing
    /// Still there, but its time is over.
    case expired
    case present
}

extension Entry {
    /// The fields of a hash with encoding hashtable.
    @inlinable
    public var fields: ContainerReference<FieldTable> {
        precondition(type == .hash && holdsContainer)
        return reference(FieldTable.self)
    }

    /// Fields of a hash, expired ones included.
    public var fieldCount: Int {
        switch encoding {
        case .hashtable: fields.value.count
        case .listpackex: Listpack(bytes).count / 3
        default: Listpack(bytes).count / 2
        }
    }

    /// Whether a field of the hash has an expiry.
    public var hasFieldExpiries: Bool { fieldDeadline != nil }

    /// When the first field of a hash expires; nil where none does.
    public var firstFieldExpiry: Milliseconds? { fieldDeadline }

    /// When the first field of a hash expires; nil for every other value.
    @inlinable
    var fieldDeadline: Milliseconds? {
        guard type == .hash, encoding != .listpack else { return nil }
        return timedFieldDeadline
    }

    @usableFromInline
    var timedFieldDeadline: Milliseconds? {
        if encoding == .hashtable { return fields.value.nextExpiry }
        let listpack = Listpack(bytes)
        return listpack.isEmpty ? nil : listpack.expiry(ofFieldAt: Listpack.headerBytes)
    }

    /// Fields that are expired at `now` and still there.
    public func expiredFieldCount(at now: Milliseconds) -> Int {
        guard let deadline = fieldDeadline, deadline <= now else { return 0 }
        if encoding == .hashtable { return fields.value.expiredCount(at: now) }
        var count = 0
        let listpack = Listpack(bytes)
        var place = Listpack.headerBytes
        while place < listpack.end, let expiry = listpack.expiry(ofFieldAt: place), expiry <= now {
            count += 1
            place = listpack.skip(3, from: place)
        }
        return count
    }

    /// Calls `body` with the value of a field, when it is present at `now`.
    @inlinable
    public func readField(_ name: RawSpan, at now: Milliseconds, _ body: (RawSpan) -> Void) -> FieldPresence {
        if encoding == .hashtable {
            guard let field = fields.value.find(name) else { return .missing }
            if field.isExpired(at: now) { return .expired }
            body(field.value)
            return .present
        }
        let listpack = Listpack(bytes)
        let isTimed = encoding == .listpackex
        guard let place = listpack.field(ListpackWord(name), isTimed ? .timed : .pair) else { return .missing }
        if isTimed, let expiry = listpack.expiry(ofFieldAt: place), expiry <= now { return .expired }
        listpack.withText(at: place + listpack.element(at: place).totalCount, body)
        return .present
    }

    /// Whether a field is there at `now`, and when it expires.
    public func fieldExpiry(_ name: RawSpan, at now: Milliseconds) -> (presence: FieldPresence, expiry: Milliseconds?) {
        let expiry: Milliseconds?
        switch encoding {
        case .hashtable:
            guard let field = fields.value.find(name) else { return (.missing, nil) }
            expiry = field.expiry
        case .listpackex:
            let listpack = Listpack(bytes)
            guard let place = listpack.field(ListpackWord(name), .timed) else { return (.missing, nil) }
            expiry = listpack.expiry(ofFieldAt: place)
        default:
            return (Listpack(bytes).field(ListpackWord(name), .pair) == nil ? .missing : .present, nil)
        }
        if let expiry, expiry <= now { return (.expired, nil) }
        return (.present, expiry)
    }

    /// Visits all fields of a hash with value and expiry, expired ones included.
    @inlinable
    public func forEachField(_ body: (RawSpan, RawSpan, Milliseconds?) -> Void) {
        if encoding == .hashtable {
            return fields.value.forEach { body($0.name, $0.value, $0.expiry) }
        }
        let listpack = Listpack(bytes)
        let isTimed = encoding == .listpackex
        var place = Listpack.headerBytes
        let end = listpack.end
        while place < end {
            let name = listpack.element(at: place)
            let valuePlace = place + name.totalCount
            let value = listpack.element(at: valuePlace)
            let expiry = isTimed ? listpack.expiry(ofFieldAt: place) : nil
            listpack.withText(of: name) { name in
                listpack.withText(of: value) { value in body(name, value, expiry) }
            }
            place = valuePlace + value.totalCount
            if isTimed { place += listpack.element(at: place).totalCount }
        }
    }
}

extension Entry {
    /// Visits fields of a hash with encoding hashtable from `position` on, at
    /// least a bucket; where to go on, or nil at the end.
    public func scanFields(from position: UInt64, _ body: (RawSpan, RawSpan, Milliseconds?) -> Void) -> UInt64? {
        fields.value.scan(from: position) { body($0.name, $0.value, $0.expiry) }
    }

    /// Calls `body` with a random field, expired ones included, each with equal chance.
    public func withRandomField(
        using random: inout RandomGenerator, _ body: (RawSpan, RawSpan, Milliseconds?) -> Void
    ) {
        if encoding == .hashtable {
            guard let field = fields.value.randomField(using: &random) else { return }
            return body(field.name, field.value, field.expiry)
        }
        let listpack = Listpack(bytes)
        let isTimed = encoding == .listpackex
        guard let place = listpack.seek(random.below(fieldCount) * (isTimed ? 3 : 2)) else { return }
        let expiry = isTimed ? listpack.expiry(ofFieldAt: place) : nil
        listpack.withText(at: place) { name in
            listpack.withText(at: listpack.skip(1, from: place)) { value in body(name, value, expiry) }
        }
    }
}
