import Primitives

/// Which keyspace events are published, and how (`notify-keyspace-events`).
public struct KeyEventClasses: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The class of an event.
    init(_ kind: KeyEvent.Class) { self.init(rawValue: 1 << UInt32(kind.rawValue)) }

    /// Published under the key's name.
    static var keyspace: Self { Self(rawValue: 1 << 30) }
    /// Published under the event's name.
    static var keyevent: Self { Self(rawValue: 1 << 31) }
    private static var keyChannels: Self { [.keyspace, .keyevent] }

    /// Fields published under their key's name.
    static var subkeyspace: Self { Self(rawValue: 1 << 26) }
    /// Key and fields published under the event's name.
    static var subkeyevent: Self { Self(rawValue: 1 << 27) }
    /// The event published under the names of key and field.
    static var subkeyspaceItem: Self { Self(rawValue: 1 << 28) }
    /// Fields published under the names of event and key.
    static var subkeyspaceEvent: Self { Self(rawValue: 1 << 29) }
    private static var fieldChannels: Self { [.subkeyspace, .subkeyevent, .subkeyspaceItem, .subkeyspaceEvent] }

    /// The letters that CONFIG SET takes, in the order in which its error tells them.
    static var allLetters: String { "Ag$lshzxeKEtmdnocaSTIV" }

    /// Letters and classes of what `A` stands for, in the order in which CONFIG GET tells them.
    private static var common: [(letter: UInt8, classes: KeyEventClasses)] {
        [
            (103, Self(.generic)), (36, Self(.string)), (108, Self(.list)), (115, Self(.set)), (104, Self(.hash)),
            (122, Self(.sortedSet)), (120, Self(.expired)), (101, Self(.evicted)), (116, Self(.stream)),
            (100, Self(.module)), (97, Self(.array)),
        ]
    }

    /// What is told only where `A` is not.
    private static var rare: [(letter: UInt8, classes: KeyEventClasses)] {
        [(110, Self(.new)), (111, Self(.overwritten)), (99, Self(.typeChanged))]
    }

    /// What is told in any case.
    private static var independent: [(letter: UInt8, classes: KeyEventClasses)] {
        [
            (75, .keyspace), (69, .keyevent), (109, Self(.miss)), (83, .subkeyspace), (84, .subkeyevent),
            (73, .subkeyspaceItem), (86, .subkeyspaceEvent),
        ]
    }

    private static var all: KeyEventClasses { KeyEventClasses(common.map(\.classes)) }

    /// The classes that letters name; nil when one of them names none.
    public init?(letters: [UInt8]) {
        self = []
        let known = Self.common + Self.rare + Self.independent + [(65, Self.all)]
        for letter in letters {
            guard let found = known.first(where: { $0.letter == letter }) else { return nil }
            formUnion(found.classes)
        }
    }

    /// The letters of the classes.
    public var letters: [UInt8] {
        var letters: [UInt8] = isSuperset(of: Self.all)
            ? [65] : (Self.common + Self.rare).filter { contains($0.classes) }.map(\.letter)
        letters += Self.independent.filter { contains($0.classes) }.map(\.letter)
        return letters
    }

    /// Whether events of a class are published under the names of keys or events.
    func publishes(_ kind: KeyEvent.Class) -> Bool { contains(Self(kind)) && !isDisjoint(with: Self.keyChannels) }

    /// Whether there are events that are.
    var publishesKeys: Bool {
        !isDisjoint(with: Self.keyChannels) && !subtracting(Self.keyChannels.union(Self.fieldChannels)).isEmpty
    }

    /// Whether the fields that changed are published; only hashes have such.
    var publishesFields: Bool { contains(Self(.hash)) && !isDisjoint(with: Self.fieldChannels) }
}
