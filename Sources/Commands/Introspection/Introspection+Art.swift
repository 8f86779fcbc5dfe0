// LOLWUT: a small picture, different every time.

import Engine
import Primitives
import RESP

extension Introspection {
    static func lolwut(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        // Every version draws the same; the number must be one all the same.
        if arguments.count > 2, arguments[1].matches("version") { _ = try context.integer(arguments[2]) }
        var text = drawing(&context.random)
        text += [UInt8]("\nNeedletail: every thread finds its way.\nRedis ver. \(ServerIdentity.version)\n")
        context.reply.verbatim(text.rawSpan, format: "txt")
        return .done
    }

    private static let columns = 48
    private static let rows = 9

    /// Threads that wander from left to right, over and under each other.
    private static func drawing(_ random: inout RandomGenerator) -> [UInt8] {
        var canvas = [[UInt8]](repeating: [UInt8](repeating: 32, count: columns), count: rows)
        for thread in 0..<4 {
            var row = Int(random.next() % UInt64(rows))
            for column in 0..<columns {
                let isCrossing = canvas[row][column] != 32
                switch random.next() % 6 {
                case 0 where row > 0:
                    canvas[row][column] = 47  // slash
                    row -= 1
                case 1 where row < rows - 1:
                    canvas[row][column] = 92  // backslash
                    row += 1
                default:
                    // The later thread goes under every second time.
                    if !isCrossing || thread & 1 == 0 { canvas[row][column] = isCrossing ? 43 : 45 }
                }
            }
        }
        return Array(canvas.map { line in line + [10] }.joined())
    }
}
