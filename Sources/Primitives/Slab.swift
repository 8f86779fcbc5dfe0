import BasicContainers

/// The address of a slab element: a slot and the generation of its tenant, so
/// that an address kept too long finds nothing instead of somebody else.
public struct SlabID: Hashable, Sendable, BitwiseCopyable {
    public let slot: UInt32
    public let generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// Both in one word, for event tokens.
    @inlinable public var raw: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    @inlinable
    public init(raw: UInt64) {
        slot = UInt32(truncatingIfNeeded: raw)
        generation = UInt32(truncatingIfNeeded: raw >> 32)
    }
}

/// Elements in stable boxes, addressed by `SlabID`. An element can be taken out
/// while it is worked on; meanwhile its slot stays reserved.
public struct Slab<Element: ~Copyable>: ~Copyable {
    @usableFromInline
    struct Slot: ~Copyable {
        @usableFromInline var generation: UInt32 = 1
        @usableFromInline var occupied = false
        @usableFromInline var box: Box<Element>?
        @inlinable init() {}
    }

    @usableFromInline var slots = UniqueArray<Slot>()
    @usableFromInline var free: [UInt32] = []
    @usableFromInline var tenants = 0
    /// Elements, taken ones included.
    @inlinable public var count: Int { tenants }

    @inlinable public init() {}

    /// Adds the element that `make` builds for its address.
    @inlinable
    public mutating func insert(_ make: (SlabID) -> Element) -> SlabID {
        tenants += 1
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot())
        }
        let id = SlabID(slot: slot, generation: slots[Int(slot)].generation)
        slots[Int(slot)].occupied = true
        slots[Int(slot)].box = Box(make(id))
        return id
    }

    @inlinable
    public func contains(_ id: SlabID) -> Bool {
        Int(id.slot) < slots.count && slots[Int(id.slot)].generation == id.generation
            && slots[Int(id.slot)].occupied
    }

    /// Takes the element out for work; nil when the address is stale or the element is out already.
    @inlinable
    public mutating func take(_ id: SlabID) -> Box<Element>? {
        guard contains(id) else { return nil }
        return slots[Int(id.slot)].box.take()
    }

    /// Puts a taken element back.
    @inlinable
    public mutating func put(_ box: consuming Box<Element>, back id: SlabID) {
        precondition(contains(id))
        slots[Int(id.slot)].box = consume box
    }

    /// Ends the tenancy; what was stored is returned unless it is out.
    @inlinable
    @discardableResult
    public mutating func remove(_ id: SlabID) -> Box<Element>? {
        guard contains(id) else { return nil }
        tenants -= 1
        let index = Int(id.slot)
        slots[index].occupied = false
        slots[index].generation = slots[index].generation &+ 1
        if slots[index].generation == 0 { slots[index].generation = 1 }
        free.append(id.slot)
        return slots[index].box.take()
    }

    /// Works on an element in place; nil when it is not there.
    @inlinable
    public mutating func with<Result>(_ id: SlabID, _ body: (inout Element) -> Result) -> Result? {
        guard contains(id), var box = slots[Int(id.slot)].box.take() else { return nil }
        let result = body(&box.value)
        slots[Int(id.slot)].box = consume box
        return result
    }

    /// Visits all elements that are not taken out, in slot order.
    @inlinable
    public mutating func forEach(_ body: (SlabID, inout Element) -> Void) {
        for index in 0..<slots.count {
            guard slots[index].occupied, var box = slots[index].box.take() else { continue }
            body(SlabID(slot: UInt32(index), generation: slots[index].generation), &box.value)
            slots[index].box = consume box
        }
    }
}

/// A value on the heap with one owner: cheap to move, stable in place.
@frozen @safe
public struct Box<Value: ~Copyable>: ~Copyable {
    // SAFETY: the pointer is initialised from init to deinit and never handed out.
    @usableFromInline let pointer: UnsafeMutablePointer<Value>

    @inlinable
    public init(_ value: consuming Value) {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: value)
    }

    deinit {
        unsafe pointer.deinitialize(count: 1)
        unsafe pointer.deallocate()
    }

    @inlinable
    public var value: Value {
        @inline(__always)
        _read { yield unsafe pointer.pointee }
        @inline(__always)
        _modify { yield unsafe &pointer.pointee }
    }

    /// Ends the box and returns what was in it.
    @inlinable
    public consuming func unwrap() -> Value {
        let value = unsafe pointer.move()
        unsafe pointer.deallocate()
        discard self
        return value
    }
}

extension Box: @unchecked Sendable where Value: Sendable & ~Copyable {}
