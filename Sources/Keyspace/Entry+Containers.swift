// Large values are structures on the heap, each owned by one entry, which keeps
// the pointer. Type and encoding in the entry's header say which structure it is.

import CSystem
import Primitives
import Structures

/// A structure that an entry can own.
public protocol Container: ~Copyable {
    /// An equal structure that shares nothing.
    borrowing func copy() -> Self
    /// Elements; an empty container is never left in the keyspace.
    var count: Int { get }
    /// Bytes of the structure and all it owns.
    var memoryUsage: Int { get }
}

/// A container in the keyspace; valid as long as its entry holds it.
@frozen @safe
public struct ContainerReference<Value: Container & ~Copyable>: BitwiseCopyable {
    // SAFETY: `Entry.make(_:_:container:)` made the allocation, `Entry.free` frees
    // it; references are not kept across changes of the partition.
    @usableFromInline let pointer: UnsafeMutablePointer<Value>

    @inlinable
    @unsafe init(_ pointer: UnsafeMutablePointer<Value>) { unsafe self.pointer = unsafe pointer }

    /// The container itself, to be read and changed in place.
    @inlinable
    public var value: Value {
        _read { yield unsafe pointer.pointee }
        nonmutating _modify { yield unsafe &pointer.pointee }
    }
}

extension Entry {
    /// Whether the value is a container on the heap, not bytes of the entry.
    @inlinable public var holdsContainer: Bool { header & Self.containerFlag != 0 }

    @inlinable var containerPointer: UnsafeMutableRawPointer {
        unsafe raw.loadUnaligned(fromByteOffset: valueOffset, as: UnsafeMutableRawPointer.self)
    }

    static func make<Value: Container & ~Copyable>(
        _ key: RawSpan, _ shape: EntryShape, container: consuming Value
    ) -> Entry {
        let entry = allocateEntry(key, shape, valueCount: 8, kind: containerFlag)
        unsafe entry.valueStart.storeBytes(of: place(container), as: UnsafeMutableRawPointer.self)
        return entry
    }

    private static func place<Value: Container & ~Copyable>(_ container: consuming Value) -> UnsafeMutableRawPointer {
        let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe pointer.initialize(to: container)
        return UnsafeMutableRawPointer(pointer)
    }

    @inlinable
    func reference<Value: Container & ~Copyable>(_: Value.Type) -> ContainerReference<Value> {
        unsafe ContainerReference(containerPointer.assumingMemoryBound(to: Value.self))
    }

    /// The members of a set with encoding hashtable.
    public var members: ContainerReference<MemberTable> {
        precondition(type == .set && holdsContainer)
        return reference(MemberTable.self)
    }

    var listReference: ContainerReference<QuickList> { reference(QuickList.self) }

    /// What is done with a container whose type is not known before.
    private enum Deed { case free, copy, measure, count }

    private func act(_ deed: Deed) -> Int {
        switch type {
        case .set: act(deed, on: reference(MemberTable.self))
        case .list: act(deed, on: listReference)
        case .hash: act(deed, on: reference(FieldTable.self))
        case .sortedSet: act(deed, on: reference(SortedSet.self))
        default: preconditionFailure("no container of this type")
        }
    }

    /// `copy` returns the address of the new container.
    private func act<Value: Container & ~Copyable>(_ deed: Deed, on reference: ContainerReference<Value>) -> Int {
        switch deed {
        case .free:
            unsafe reference.pointer.deinitialize(count: 1)
            unsafe reference.pointer.deallocate()
            return 0
        case .copy: return unsafe Int(bitPattern: Self.place(reference.value.copy()))
        case .measure: return reference.value.memoryUsage + MemoryLayout<Value>.size
        case .count: return reference.value.count
        }
    }

    func freeContainer() { _ = act(.free) }

    /// Gives `copy`, which has the bytes of this entry, a container of its own.
    func copyContainer(into copy: Entry) { unsafe copy.valueStart.storeBytes(of: act(.copy), as: Int.self) }

    var containerMemory: Int { act(.measure) }

    /// Elements that freeing the value has to touch.
    public var freeingEffort: Int { holdsContainer ? act(.count) : 1 }
}
