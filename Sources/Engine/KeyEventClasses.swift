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

    /// Letters and classes of what `A` stands for, in the order in which CONFIG GET tells them.
    private static var common: [(letter: UInt8, classes: KeyEventClasses)] {
        [
            (103, Self(.generic)), (36, Self(.string)), (108, Self(.list)), (115, Self(.set)), (104, Self(.hash)),
            (122, Self(.sortedSet)), (120, Self(.expired)), (101, Self(.evicted)), (116, Self(.stream)),
            (100, Self(.module)),
        ]
    }

    /// What is told only where `A` is not.
    private static var rare: [(letter: UInt8, classes: KeyEventClasses)] { [(110, Self(.new))] }

    private static var channels: [(letter: UInt8, classes: KeyEventClasses)] {
        [(75, .keyspace), (69, .keyevent), (109, Self(.miss))]
    }

    private static var all: KeyEventClasses { KeyEventClasses(common.map(\.classes)) }

    /// The classes that letters name; nil when one of them names none.
    public init?(letters: [UInt8]) {
        self = []
        let known = Self.common + Self.rare + Self.channels + [(65, Self.all)]
        for letter in letters {
            guard let found = known.first(where: { $0.letter == letter }) else { return nil }
            formUnion(found.classes)
        }
    }

    /// The letters of the classes.
    public var letters: [UInt8] {
        var letters: [UInt8] = isSuperset(of: Self.all)
            ? [65] : (Self.common + Self.rare).filter { contains($0.classes) }.map(\.letter)
        letters += Self.channels.filter { contains($0.classes) }.map(\.letter)
        return letters
    }

    /// Whether events of a class are published at all.
    func publishes(_ kind: KeyEvent.Class) -> Bool {
        contains(Self(kind)) && !isDisjoint(with: [.keyspace, .keyevent])
    }

    /// Whether anything is published.
    var isActive: Bool { !isDisjoint(with: [.keyspace, .keyevent]) && !subtracting([.keyspace, .keyevent]).isEmpty }
}
