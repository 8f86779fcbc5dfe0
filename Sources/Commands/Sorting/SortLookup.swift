import Engine
import Keyspace
import Primitives

/// Follows the patterns of BY and GET; the key that is asked for is written into one buffer.
struct SortLookup {
    private var key: [UInt8] = []

    /// Calls `body` with the text to which a pattern leads for an element; false when there is none.
    mutating func find(
        _ pattern: SortPattern, _ word: RawSpan, for element: RawSpan, _ context: inout CommandContext,
        _ body: (inout CommandContext, RawSpan) -> Void
    ) -> Bool {
        if pattern.isElement {
            body(&context, element)
            return true
        }
        guard !pattern.isNothing else { return false }
        pattern.writeKey(word, element, to: &key)
        guard let entry = context.lookupRead(key.rawSpan).entry else { return false }
        guard let field = pattern.field(word) else {
            guard entry.type == .string else { return false }
            entry.withString { body(&context, $0) }
            return true
        }
        guard entry.type == .hash else { return false }
        return entry.readField(word.suffix(from: field), at: context.now) { body(&context, $0) } == .present
    }
}
