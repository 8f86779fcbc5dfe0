import Primitives

/// The words of an inline request or a configuration line: separated by
/// blanks, quoted where they hold some. Double quotes know \n \r \t \b \a \xHH
/// and \c for any other character; single quotes know only \'.
public enum InlineWords {
    /// Nil when quotes are unbalanced or a closing quote touches a word.
    public static func split(_ line: RawSpan) -> [[UInt8]]? {
        var words: [[UInt8]] = []
        var index = 0
        while true {
            while index < line.byteCount, isBlank(line.byte(index)) { index += 1 }
            guard index < line.byteCount, line.byte(index) != 0 else { return words }
            guard let word = word(line, &index) else { return nil }
            words.append(word)
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

    private static func word(_ line: RawSpan, _ index: inout Int) -> [UInt8]? {
        var word: [UInt8] = []
        while index < line.byteCount {
            let byte = line.byte(index)
            if isBlank(byte) || byte == 0 { break }
            index += 1
            if byte == 34 || byte == 39 {
                guard quoted(line, &index, by: byte, into: &word) else { return nil }
                // A closing quote must be followed by a blank or the end.
                guard index == line.byteCount || isBlank(line.byte(index)) else { return nil }
                return word
            }
            word.append(byte)
        }
        if index < line.byteCount, line.byte(index) == 0 { index = line.byteCount }
        return word
    }

    private static func quoted(_ line: RawSpan, _ index: inout Int, by quote: UInt8, into word: inout [UInt8]) -> Bool {
        while index < line.byteCount {
            let byte = line.byte(index)
            index += 1
            if byte == quote { return true }
            guard byte == 92, index < line.byteCount else {
                word.append(byte)
                continue
            }
            let escaped = line.byte(index)
            if quote == 39 {
                if escaped == 39 { index += 1 }
                word.append(escaped == 39 ? 39 : 92)
                continue
            }
            if escaped == 120, index + 2 < line.byteCount,
                let high = hexDigit(line.byte(index + 1)), let low = hexDigit(line.byte(index + 2)) {
                word.append(high << 4 | low)
                index += 3
                continue
            }
            index += 1
            word.append(Self.escape(escaped))
        }
        return false
    }

    private static func escape(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 110: 10
        case 114: 13
        case 116: 9
        case 98: 8
        case 97: 7
        default: byte
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        case 65...70: byte - 55
        default: nil
        }
    }
}
