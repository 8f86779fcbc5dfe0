/// Byte strings, each once, with a place each: what belongs to a name is kept in arrays beside
/// the table. Names keep the order in which they came, but for the last one, which takes the
/// place of one that is removed. A name is found without making an array of it.
///
/// Slots hold places, searched one behind the other from where the hash points; at most half
/// of them are taken. A slot that becomes free is filled from behind, so that no search stops early.
public struct NameTable: Sendable {
    /// The names by their places.
    public private(set) var names: [[UInt8]] = []
    private var hashes: [UInt64] = []
    /// Places, or -1; a power of two in number, or none.
    private var slots: [Int32] = []
    private let seed: HashSeed

    /// An empty table; `seed` keeps clients from choosing names that collide.
    public init(seed: HashSeed) { self.seed = seed }

    /// How many names there are.
    public var count: Int { names.count }
    /// Whether there is no name.
    public var isEmpty: Bool { names.isEmpty }

    /// The place of a name; nil when it is not there.
    public func find(_ name: RawSpan) -> Int? {
        guard !names.isEmpty else { return nil }
        return find(name, name.hash(seed))
    }

    private func find(_ name: RawSpan, _ hash: UInt64) -> Int? {
        guard !slots.isEmpty else { return nil }
        var slot = home(hash)
        while true {
            let place = Int(slots[slot])
            guard place >= 0 else { return nil }
            if hashes[place] == hash, holds(name, at: place) { return place }
            slot = behind(slot)
        }
    }

    private func holds(_ name: RawSpan, at place: Int) -> Bool {
        let known = names[place]
        return known.rawSpan.equals(name)
    }

    /// The place of a name, which is added at the end unless it is there.
    public mutating func insert(_ name: RawSpan) -> (place: Int, isNew: Bool) {
        let hash = name.hash(seed)
        if let place = find(name, hash) { return (place, false) }
        precondition(names.count < Int(Int32.max) / 2, "too many names")
        names.append(name.array)
        hashes.append(hash)
        if names.count * 2 > slots.count { spread(over: max(8, slots.count * 2)) } else { fill(hash, names.count - 1) }
        return (names.count - 1, true)
    }

    /// Removes the name at `place`, which the last one takes.
    public mutating func remove(at place: Int) {
        free(slot(of: place))
        let last = names.count - 1
        if place < last {
            slots[slot(of: last)] = Int32(place)
            names.swapAt(place, last)
            hashes.swapAt(place, last)
        }
        names.removeLast()
        hashes.removeLast()
    }

    /// Removes and returns all names, in the order of their places; the memory stays unless few names
    /// stood in much of it, which would be cleared again and again.
    public mutating func takeAll() -> [[UInt8]] {
        let all = names
        names = []
        if slots.count > 16 * max(8, all.count) {
            (hashes, slots) = ([], [])
        } else {
            hashes.removeAll(keepingCapacity: true)
            for slot in slots.indices { slots[slot] = -1 }
        }
        return all
    }

    // MARK: Slots

    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash & UInt64(slots.count - 1)) }
    private func behind(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

    private func slot(of place: Int) -> Int {
        var slot = home(hashes[place])
        while Int(slots[slot]) != place { slot = behind(slot) }
        return slot
    }

    private mutating func fill(_ hash: UInt64, _ place: Int) {
        var slot = home(hash)
        while slots[slot] >= 0 { slot = behind(slot) }
        slots[slot] = Int32(place)
    }

    private mutating func spread(over count: Int) {
        slots = [Int32](repeating: -1, count: count)
        for place in hashes.indices { fill(hashes[place], place) }
    }

    /// Empties a slot: whatever stands behind it and may stand in it moves there.
    private mutating func free(_ freed: Int) {
        var hole = freed
        var slot = behind(hole)
        while slots[slot] >= 0 {
            let distance = (slot - home(hashes[Int(slots[slot])])) & (slots.count - 1)
            if distance >= (slot - hole) & (slots.count - 1) {
                slots[hole] = slots[slot]
                hole = slot
            }
            slot = behind(slot)
        }
        slots[hole] = -1
    }
}
