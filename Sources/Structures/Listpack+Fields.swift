// Small hashes. Without expiries a listpack holds field, value, field, value ...;
// with expiries field, value, expiry ..., where expiries are milliseconds, 0 for
// none, and the fields stand in order of expiry with those without at the end.
// (Redis calls the second form listpackex.)

import Primitives

extension Listpack {
    /// Elements of a field: two, or three with its expiry.
    public enum FieldShape: Int, Sendable {
        case pair = 2
        case timed = 3
    }

    /// The place of a field.
    @inlinable
    public func field(_ name: ListpackWord, _ shape: FieldShape) -> Int? {
        find(name, skipping: shape.rawValue - 1)
    }

    /// The expiry of the timed field at `place`.
    @inlinable
    public func expiry(ofFieldAt place: Int) -> Int64? {
        let moment = element(at: skip(2, from: place)).integer
        return moment == 0 ? nil : moment
    }

    /// Where a timed field with this expiry belongs.
    func place(forExpiry expiry: Int64?) -> Int {
        guard let expiry else { return end }
        var place = Self.headerBytes
        while place < end {
            guard let other = self.expiry(ofFieldAt: place), other <= expiry else { return place }
            place = skip(3, from: place)
        }
        return place
    }
}

extension Spliceable where Self: ~Copyable {
    /// Sets a field of a hash without expiries; true when it is new.
    public mutating func setPair(_ name: RawSpan, _ value: RawSpan) -> Bool {
        let word = ListpackWord(name)
        guard let place = Listpack(bytes).field(word, .pair) else {
            insertElements(word, ListpackWord(value), at: Listpack(bytes).end)
            return true
        }
        let valuePlace = Listpack(bytes).skip(1, from: place)
        replaceElement(at: valuePlace, with: ListpackWord(value))
        return false
    }

    /// Sets a field of a hash with expiries; true when it is new.
    public mutating func setTimed(_ name: RawSpan, _ value: RawSpan, _ expiry: ExpiryChange) -> Bool {
        guard let place = Listpack(bytes).field(ListpackWord(name), .timed) else {
            insertTimed(name, value, expiry.applied(to: nil))
            return true
        }
        let old = Listpack(bytes).expiry(ofFieldAt: place)
        let new = expiry.applied(to: old)
        if new == old {
            let valuePlace = Listpack(bytes).skip(1, from: place)
            replaceElement(at: valuePlace, with: ListpackWord(value))
        } else {
            removeElements(at: place, 3)
            insertTimed(name, value, new)
        }
        return false
    }

    /// Gives the timed field at `place` another expiry.
    public mutating func setExpiry(ofFieldAt place: Int, _ expiry: Int64?) {
        guard Listpack(bytes).expiry(ofFieldAt: place) != expiry else { return }
        let valuePlace = Listpack(bytes).skip(1, from: place)
        let name = Listpack(bytes).withText(at: place) { $0.array }
        let value = Listpack(bytes).withText(at: valuePlace) { $0.array }
        removeElements(at: place, 3)
        insertTimed(name.rawSpan, value.rawSpan, expiry)
    }

    private mutating func insertTimed(_ name: RawSpan, _ value: RawSpan, _ expiry: Int64?) {
        let place = Listpack(bytes).place(forExpiry: expiry)
        let word = ListpackWord(name)
        let valueWord = ListpackWord(value)
        insertElements(word, valueWord, at: place)
        insertElement(ListpackWord(integer: expiry ?? 0), at: place + word.totalCount + valueWord.totalCount)
    }

    /// Puts "no expiry" behind every pair: the form with expiries.
    public mutating func addExpiries() {
        var place = Listpack.headerBytes
        while place < Listpack(bytes).end {
            place = Listpack(bytes).skip(2, from: place)
            insertElement(ListpackWord(integer: 0), at: place)
            place = Listpack(bytes).skip(1, from: place)
        }
    }
}
