import Engine
import Primitives

/// Commands on the bits of strings.
public enum Bitmaps {
    /// All of them.
    public static var declarations: [CommandDeclaration] { bitDeclarations + searchDeclarations + fieldDeclarations }

    static func offsetFailure(_ context: inout CommandContext) -> CommandError {
        context.failure("ERR bit offset is not an integer or out of range")
    }

    /// The bit offset that a client gave; `#` and a number count fields of `width` bits where that is allowed.
    static func offset(
        _ word: RawSpan, width: Int64?, _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        var digits = word
        var unit: Int64 = 1
        if let width, word.byteCount > 0, word.byte(0) == 35 {
            digits = word.suffix(from: 1)
            unit = width
        }
        guard let number = digits.canonicalInteger else { throw offsetFailure(&context) }
        let (offset, isTooLarge) = number.multipliedReportingOverflow(by: unit)
        guard !isTooLarge, offset >= 0, offset >> 3 < context.configuration.maximumBulkBytes else {
            throw offsetFailure(&context)
        }
        return Int(offset)
    }
}
