import Persistence
import Primitives
import Testing

/// The format of groups, and of the room that they are written into.
@Suite struct AppendOnlyGroupTests {
    private func annotation(_ line: String, endingAt end: Int = 1) -> AppendOnlyAnnotation {
        AppendOnlyAnnotation([UInt8](line.utf8).rawSpan, endingAt: end)
    }

    @Test func linesOfGroups() {
        for group in [AppendOnlyGroup(bytes: 0, sum: 0), AppendOnlyGroup(bytes: 93, sum: 0xabc), AppendOnlyGroup(bytes: 1 << 16, sum: .max)] {
            let line = String(decoding: group.line, as: UTF8.self)
            #expect(line.hasSuffix("\r\n") && line.utf8.count <= AppendOnlyAnnotation.tellingBytes)
            #expect(annotation(String(line.unicodeScalars.dropLast())) == .group(group))
            // Wherever a sector may end.
            for count in 5..<line.utf8.count - 1 {
                #expect(annotation(String(line.unicodeScalars.prefix(count)) + "####") == .tornGroup, "\(count) bytes of \(line)")
            }
        }
        for line in ["#SUM:\r", "#SUM:1:\r", "#SUM:-1:0000000000000000\r", "#SUM:01:0000000000000000\r", "#SUM:1:000000000000000g\r",
            "#SUM:1:+000000000000001\r", "#SUM:65537:0000000000000000\r", "#SUM:9223372036854775808:0000000000000000\r", "#SUM:1:00:00\r"] {
            #expect(annotation(line) == .tornGroup, "\(line)")
        }
    }

    @Test func otherLines() {
        #expect(annotation("#TS:12\r") == .moment(12))
        #expect(annotation("#TS:12") == .moment(nil))
        #expect(annotation("#TS:99999999999999999999\r") == .moment(nil))
        #expect(annotation("#") == .comment)
        #expect(annotation("#", endingAt: 128) == .room)
        #expect(annotation("## ", endingAt: 128) == .comment)
        #expect(annotation(String(repeating: "#", count: 81), endingAt: 128) == .comment)
        #expect(annotation("#SUM", endingAt: 64) == .comment)
    }

    /// Wherever the room begins and a group in it ends, what follows is annotations, as every reader knows them.
    @Test func whatIsLeftOfTheRoomIsAnnotations() {
        for start in 0..<130 as Range<Int64> {
            let end = (start + 400) / AppendOnlyRoom.lineBytes * AppendOnlyRoom.lineBytes
            let room = AppendOnlyRoom.filling(start..<end)
            #expect(room.count == Int(end - start))
            for groupEnd in start..<end - 1 {
                var rest = Array(room[Int(groupEnd - start)...])
                if AppendOnlyRoom.isAtLineFeed(groupEnd) { rest[0] = 35 }
                #expect(rest.last == 10 && AppendOnlyRoom.isRoom(rest.rawSpan))
                var place = Int(groupEnd)
                for line in rest.dropLast().split(separator: 10, omittingEmptySubsequences: false) {
                    place += line.count + 1
                    #expect(!line.isEmpty && line.count < 128)
                    #expect(AppendOnlyAnnotation(Array(line).rawSpan, endingAt: place) == .room, "from \(start), behind \(groupEnd)")
                }
            }
        }
    }

    // MARK: As redis-check-aof reads it

    private let first = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
    private let set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"

    private func group(_ commands: String) -> String {
        let bytes = [UInt8](commands.utf8)
        return String(decoding: AppendOnlyGroup(bytes: bytes.count, sum: CRC64().sum(bytes.rawSpan)).line, as: UTF8.self) + commands
    }

    private func room(behind text: String) -> String {
        let start = Int64(text.utf8.count)
        return String(decoding: AppendOnlyRoom.filling(start..<(start + 200) / 64 * 64), as: UTF8.self)
    }

    private func scan(_ text: String) -> (commands: Int, whole: Int, damage: String?) {
        var scanner = AppendOnlyScanner(ByteSource(copying: [UInt8](text.utf8).rawSpan), start: 0, line: 1)
        var commands = 0
        do throws(AppendOnlyDamage) {
            while true {
                switch try scanner.next() {
                case .command: commands += 1
                case .annotation: break
                case .end: return (commands, scanner.wholeOffset, nil)
                }
            }
        } catch {
            return (commands, scanner.wholeOffset, error.text ?? (error.isForeign ? "foreign" : "end"))
        }
    }

    @Test func groupsAreChecked() {
        let text = first + group(set + set) + group(set)
        let whole = text + room(behind: text)
        #expect(scan(whole) == (4, whole.utf8.count, nil))
        // Another server goes on behind the room.
        #expect(scan(whole + first + set) == (6, (whole + first + set).utf8.count, nil))
        let torn = first + group(set).replacing("$1\r\nv", with: "$1\r\n#")
        #expect(scan(torn + room(behind: torn)) == (1, first.utf8.count, "A group of commands is not what was written"))
        let short = first + group(set).dropLast(4)
        #expect(scan(String(short)).whole == first.utf8.count && scan(String(short)).damage != nil)
        // The beginning of a group that never came to the disk.
        let lost = first + room(behind: first)
        #expect(scan(lost + set) == (1, first.utf8.count, "The beginning of a group of commands is missing"))
        #expect(scan(lost + "v\r\n").damage == "foreign")
    }
}
