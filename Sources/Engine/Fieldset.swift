import Primitives

/// Names of fields that a client has announced, so that later commands only send values.
public struct Fieldset: Sendable {
    /// What the client calls it.
    public let name: [UInt8]
    /// The names, in the order in which values will come.
    public let fields: [[UInt8]]

    /// A fieldset of different names.
    public init(name: [UInt8], fields: [[UInt8]]) {
        self.name = name
        self.fields = fields
    }

    /// Bytes that name and fields occupy.
    var memoryUsage: Int { fields.reduce(48 + name.count) { $0 + 40 + $1.count } }
}

/// The fieldsets of a session.
public struct Fieldsets: Sendable {
    private var items: [Fieldset] = []

    /// No fieldsets.
    public init() {}

    /// Fieldsets.
    public var count: Int { items.count }

    /// Bytes of all fieldsets.
    public var memoryUsage: Int { items.reduce(0) { $0 + $1.memoryUsage } }

    /// The fieldset of this name.
    public func find(_ name: RawSpan) -> Fieldset? {
        for item in items where item.name.rawSpan.equals(name) { return item }
        return nil
    }

    /// Adds a fieldset; one of the same name goes.
    public mutating func add(_ fieldset: Fieldset) {
        _ = remove(fieldset.name.rawSpan)
        items.append(fieldset)
    }

    /// Removes a fieldset; false when there is none of this name.
    public mutating func remove(_ name: RawSpan) -> Bool {
        let wanted = name.array
        guard let index = items.firstIndex(where: { $0.name == wanted }) else { return false }
        items.remove(at: index)
        return true
    }

    /// Removes all fieldsets.
    public mutating func removeAll() { items.removeAll() }
}
