import Persistence
import Primitives
import Testing

@Suite struct AppendOnlyScannerTests {
    private func command(_ words: String...) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    /// What is found: commands, annotations, the whole part's length, and damage as `offset text`.
    private func scan(_ text: String) -> (commands: Int, moments: [Int64?], whole: Int, damage: String?) {
        let bytes = [UInt8](text.utf8)
        var scanner = AppendOnlyScanner(ByteSource(copying: bytes.rawSpan), start: 0, line: 1)
        var commands = 0
        var moments: [Int64?] = []
        do throws(AppendOnlyDamage) {
            while true {
                switch try scanner.next() {
                case .command: commands += 1
                case .annotation(.moment(let moment)): moments.append(moment)
                case .annotation: moments.append(nil)
                case .end: return (commands, moments, scanner.wholeOffset, nil)
                }
            }
        } catch {
            return (commands, moments, scanner.wholeOffset, "\(error.offset) \(error.text ?? (error.isForeign ? "foreign" : "end"))")
        }
    }

    @Test func wholeFiles() {
        let text = "#TS:12\r\n" + command("SET", "k", "v") + command("multi") + command("SET", "k", "v") + command("Exec") + "#x\n"
        let found = scan(text)
        #expect(found.commands == 4 && found.moments == [12, nil] && found.whole == text.utf8.count && found.damage == nil)
        #expect(scan("").damage == nil)
    }

    @Test func transactionsCountWhenTheyAreWhole() {
        let first = command("SET", "k", "v")
        let found = scan(first + command("MULTI") + first)
        #expect(found.whole == first.utf8.count)
        #expect(found.damage?.hasSuffix("Reached EOF before reading EXEC for MULTI") == true)
        #expect(scan(command("MULTI") + command("MULTI")).damage?.hasSuffix("Unexpected MULTI in AOF") == true)
        #expect(scan(first + command("EXEC")).damage?.hasSuffix("Unexpected EXEC in AOF") == true)
    }

    @Test func everyTruncationIsNoticed() {
        let first = command("SET", "k", "v")
        let all = first + command("RPUSH", "list", String(repeating: "x", count: 30))
        for count in first.utf8.count + 1..<all.utf8.count {
            let found = scan(String(decoding: all.utf8.prefix(count), as: UTF8.self))
            #expect(found.whole == first.utf8.count && found.commands == 1 && found.damage != nil, "\(count) bytes")
        }
    }

    @Test func damages() {
        #expect(scan("!!!").damage == "0 foreign")
        #expect(scan("*1\r\n+3\r\nfoo\r\n").damage == "4 Expected prefix '$', got: '+'")
        #expect(scan("*1\r\n$3\r\nfooXY").damage == "8 Expected \\r\\n, got: 5859")
        #expect(scan("*x\r\n").damage == "0 Expected \\r\\n, got: 780d")
        #expect(scan("*1\r\n$-1\r\n").damage == "4 Expected to read string of -1 bytes, which is not in the suitable range")
        #expect(scan("*1\r\n$99999999999\r\n").damage == "4 Expected to read string of 99999999999 bytes, which is not in the suitable range")
        #expect(scan("*99999999999999999999999\r\n").damage != nil)
        #expect(scan("*9223372036854775807\r\n").damage == "22 end")
        #expect(scan("*1\r\n$2147483646\r\nab").damage == "17 Expected to read 2147483648 bytes, got 2 bytes")
    }
}
