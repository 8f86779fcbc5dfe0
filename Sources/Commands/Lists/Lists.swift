import Engine
import Keyspace
import Primitives
import RESP

/// Commands on lists.
public enum Lists {
    /// All commands of the family.
    public static var declarations: [CommandDeclaration] {
        pushDeclarations + popDeclarations + rangeDeclarations + searchDeclarations + changeDeclarations
            + moveDeclarations + blockingDeclarations
    }

    /// The end that LEFT or RIGHT names.
    static func end(_ word: RawSpan) throws(CommandError) -> ListEnd {
        if word.matches("LEFT") { return .head }
        if word.matches("RIGHT") { return .tail }
        throw .syntax
    }

    /// Indices as clients give them, both inclusive, negative ones counted from the tail. Nil when none is meant.
    static func range(start: Int64, end: Int64, count: Int) -> Range<Int>? {
        let size = Int64(count)
        let first = start < 0 ? max(0, start &+ size) : start
        let last = min(size - 1, end < 0 ? end &+ size : end)
        guard first <= last, first < size else { return nil }
        return Int(first)..<Int(last) + 1
    }

    /// An index as clients give it; nil when there is no such element.
    static func index(_ index: Int64, count: Int) -> Int? {
        let size = Int64(count)
        let place = index < 0 ? index &+ size : index
        return place >= 0 && place < size ? Int(place) : nil
    }
}

extension CommandContext {
    /// How large lists and their nodes may be.
    var listLimits: ListLimits {
        ListLimits(
            node: configuration.values.listNode, compressDepth: configuration.values.listCompressDepth,
            packedThreshold: host.debug.listPackedThreshold)
    }
}
