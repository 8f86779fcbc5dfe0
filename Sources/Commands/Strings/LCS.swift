import Engine
import Keyspace
import Primitives
import RESP

/// A longest common subsequence of two byte strings.
///
/// `length[i, j]` of the first i and j bytes follows from its neighbours, so
/// two rows of lengths are enough to compute it. To walk the way back, one bit
/// per cell remembers whether the upper neighbour was longer than the left one.
struct LongestCommonSubsequence {
    /// Bytes at the same distance that both strings share: one run of the subsequence.
    struct Match {
        var firstStart: Int
        var secondStart: Int
        var count: Int
    }

    private(set) var count = 0
    /// From the end of the strings to their start.
    private(set) var matches: [Match] = []

    /// The length alone.
    init(countOf first: RawSpan, _ second: RawSpan) {
        var bits: [UInt64] = []
        fill(&bits, first, second, rowWords: 0)
    }

    init(_ first: RawSpan, _ second: RawSpan) {
        let rowWords = (second.byteCount + 63) / 64
        var bits = [UInt64](repeating: 0, count: rowWords * first.byteCount)
        fill(&bits, first, second, rowWords: rowWords)
        walkBack(bits, first, second, rowWords: rowWords)
    }

    private mutating func fill(_ bits: inout [UInt64], _ first: RawSpan, _ second: RawSpan, rowWords: Int) {
        guard first.byteCount > 0, second.byteCount > 0 else { return }
        var row = [UInt32](repeating: 0, count: second.byteCount + 1)
        for i in 0..<first.byteCount {
            let byte = first.byte(i)
            var diagonal: UInt32 = 0
            for j in 0..<second.byteCount {
                let above = row[j + 1]
                let left = row[j]
                if byte == second.byte(j) {
                    row[j + 1] = diagonal &+ 1
                } else if above > left {
                    if rowWords > 0 { bits[i &* rowWords &+ j >> 6] |= 1 << UInt64(j & 63) }
                } else {
                    row[j + 1] = left
                }
                diagonal = above
            }
        }
        count = Int(row[second.byteCount])
    }

    private mutating func walkBack(_ bits: [UInt64], _ first: RawSpan, _ second: RawSpan, rowWords: Int) {
        var i = first.byteCount - 1
        var j = second.byteCount - 1
        var run = Match(firstStart: 0, secondStart: 0, count: 0)
        while i >= 0, j >= 0 {
            if first.byte(i) == second.byte(j) {
                run = Match(firstStart: i, secondStart: j, count: run.count + 1)
                i -= 1
                j -= 1
                continue
            }
            if run.count > 0 { matches.append(run) }
            run.count = 0
            if bits[i * rowWords + j >> 6] >> UInt64(j & 63) & 1 == 1 { i -= 1 } else { j -= 1 }
        }
        if run.count > 0 { matches.append(run) }
    }
}

extension Strings {
    static var lcsDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "lcs", arity: -3, [.readonly], .string,
                keys: [KeySpecification(.index(1), .range(last: 1, step: 1, limit: 0), [.readOnly, .access])],
                group: .string, since: "7.0.0",
                complexity: "O(N*M) where N and M are the lengths of the strings.",
                summary: "Finds a longest common subsequence of two strings.",
                syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]", lcs)
        ]
    }

    private struct LCSOptions {
        var wantsCount = false
        var wantsMatches = false
        var wantsMatchCounts = false
        var minimum: Int64 = 0

        init(_ arguments: borrowing Arguments, _ context: borrowing CommandContext) throws(CommandError) {
            var index = 3
            while index < arguments.count {
                let word = arguments[index]
                if word.matches("IDX") {
                    wantsMatches = true
                } else if word.matches("LEN") {
                    wantsCount = true
                } else if word.matches("WITHMATCHLEN") {
                    wantsMatchCounts = true
                } else if word.matches("MINMATCHLEN"), index + 1 < arguments.count {
                    index += 1
                    minimum = try context.integer(arguments[index]).value
                } else {
                    throw .syntax
                }
                index += 1
            }
        }
    }

    static func lcs(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        // Expired keys go first: entries do not survive a change of the keyspace.
        _ = context.lookupWrite(arguments[1])
        _ = context.lookupWrite(arguments[2])
        let first = context.lookupRead(arguments[1]).entry
        let second = context.lookupRead(arguments[2]).entry
        guard first?.isString ?? true, second?.isString ?? true else {
            throw context.failure("ERR The specified keys must contain string values")
        }
        let options = try LCSOptions(arguments, context)
        guard !(options.wantsCount && options.wantsMatches) else {
            throw context.failure("ERR If you want both the length and indexes, please just use IDX.")
        }
        try checkEffort(first?.stringCount ?? 0, second?.stringCount ?? 0, &context)
        let a = first?.withString { $0.array } ?? []
        let b = second?.withString { $0.array } ?? []
        if options.wantsCount {
            context.reply.integer(LongestCommonSubsequence(countOf: a.rawSpan, b.rawSpan).count)
            return .done
        }
        let result = LongestCommonSubsequence(a.rawSpan, b.rawSpan)
        if options.wantsMatches {
            reply(result, options, &context)
        } else {
            var text: [UInt8] = []
            text.reserveCapacity(result.count)
            for match in result.matches.reversed() {
                text += a[match.firstStart..<match.firstStart + match.count]
            }
            context.reply.bulk(text)
        }
        return .done
    }

    /// Refuses strings for which a table of four bytes per cell, as the originals
    /// make it, would be larger than a bulk string may be.
    private static func checkEffort(_ a: Int, _ b: Int, _ context: inout CommandContext) throws(CommandError) {
        guard a < Int(UInt32.max) - 1, b < Int(UInt32.max) - 1 else {
            throw context.failure("ERR String too long for LCS")
        }
        let (cells, overflow) = (a + 1).multipliedReportingOverflow(by: b + 1)
        guard !overflow, cells <= Int(context.configuration.maximumBulkBytes) / 4 else {
            throw context.failure(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
    }

    private static func reply(
        _ result: LongestCommonSubsequence, _ options: LCSOptions, _ context: inout CommandContext
    ) {
        let matches = result.matches.filter { Int64($0.count) >= options.minimum }
        context.reply.map(2)
        context.reply.bulk("matches" as StaticString)
        context.reply.array(matches.count)
        for match in matches {
            context.reply.array(options.wantsMatchCounts ? 3 : 2)
            for start in [match.firstStart, match.secondStart] {
                context.reply.array(2)
                context.reply.integer(start)
                context.reply.integer(start + match.count - 1)
            }
            if options.wantsMatchCounts { context.reply.integer(match.count) }
        }
        context.reply.bulk("len" as StaticString)
        context.reply.integer(result.count)
    }
}
