import Engine
import Foundation
import Primitives
import System
import Testing
@testable import Server

@Suite struct CivilDateTests {
    private static var calendar: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        return calendar
    }

    private func expectAgreement(_ seconds: Int64) {
        let date = CivilDate(seconds: seconds)
        let parts = Self.calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: TimeInterval(seconds)))
        let ours = [date.year, date.month, date.day, date.hour, date.minute, date.second]
        let theirs = [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second].map { Int64($0 ?? -1) }
        #expect(ours == theirs, "\(seconds)")
    }

    @Test func randomMoments() {
        for _ in 0..<5000 { expectAgreement(Int64.random(in: 0..<4_102_444_800)) }
    }

    @Test func edges() {
        // The first and last seconds of months and of leap days.
        for day in 0..<47_482 where day % 7 == 0 || (11_000..<11_100).contains(day) {
            expectAgreement(Int64(day) * 86_400)
            expectAgreement(Int64(day) * 86_400 + 86_399)
        }
        for seconds in [951_782_399, 951_782_400, 951_868_800, 4_107_542_399, 4_107_542_400] as [Int64] {
            expectAgreement(seconds)
        }
    }

    @Test func monthNames() {
        let names = (0..<12).map { (month: Int64) in CivilDate(seconds: (15 + month * 30) * 86_400).monthName }
        #expect(names == ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])
    }
}

@Suite struct LoggerTests {
    private func logger(
        _ path: String, _ level: LogLevel = .debug, _ format: LogFormat = .legacy, _ timestamps: LogTimestamps = .legacy,
        at milliseconds: Int64 = 1_700_000_000_007
    ) throws -> Logger {
        var settings = Configuration().log
        settings.file = [UInt8](path.utf8)
        settings.level = level
        settings.format = format
        settings.timestamps = timestamps
        return try Logger(settings, time: .simulated(SimulatedClock(milliseconds: milliseconds)))
    }

    private func lines(
        _ level: LogLevel, _ format: LogFormat = .legacy, _ timestamps: LogTimestamps = .legacy, _ body: (Logger) -> Void
    ) throws -> [String] {
        let path = NSTemporaryDirectory() + "needletail-\(UUID().uuidString).log"
        defer { try? FileManager.default.removeItem(atPath: path) }
        body(try logger(path, level, format, timestamps))
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func shape() throws {
        let lines = try lines(.debug) {
            $0.debug("a")
            $0.verbose("b")
            $0.notice("c")
            $0.warning("d e")
        }
        #expect(lines.count == 4)
        for (line, end) in zip(lines, [". a", "- b", "* c", "# d e"]) {
            let shape = #/(\d+):M (\d\d) ([A-Z][a-z][a-z]) (\d{4}) (\d\d):(\d\d):(\d\d)\.(\d\d\d) (.*)/#
            let parts = try #require(try shape.wholeMatch(in: line), "\(line)")
            #expect(parts.1 == "\(Process.identifier)" && parts.8 == "007" && parts.9 == end)
            #expect(parts.3 == "Nov" && parts.4 == "2023" && parts.7 == "20")
        }
    }

    @Test func levels() throws {
        let expected: [(LogLevel, [Character])] = [
            (.debug, [".", "-", "*", "#"]), (.verbose, ["-", "*", "#"]), (.notice, ["*", "#"]), (.warning, ["#"]), (.nothing, []),
        ]
        for (level, marks) in expected {
            let lines = try lines(level) {
                $0.debug("x")
                $0.verbose("x")
                $0.notice("x")
                $0.warning("x")
            }
            #expect(lines.map { $0.dropLast(2).last } == marks)
        }
    }

    @Test func silentMessagesAreNotMade() throws {
        var made = 0
        func message() -> String {
            made += 1
            return "x"
        }
        _ = try lines(.warning) {
            $0.notice(message())
            $0.warning(message())
        }
        #expect(made == 1)
    }

    @Test func rawTextIsLeftAlone() throws {
        #expect(try lines(.nothing) { $0.raw("one\ntwo\n") } == ["one", "two"])
    }

    @Test func fileThatCannotBeOpened() {
        #expect(throws: StartupError.self) {
            try logger("/no/such/directory/x.log")
        }
    }

    @Test func formatsForPrograms() throws {
        let message = "a \"b\" \\ \n\u{1}é"
        let json = try lines(.debug, .json, .milliseconds) {
            $0.verbose(message)
            $0.raw("banner")
        }
        #expect(json.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(json[0].utf8)) as? [String: Any]
        let fields = try #require(object)
        #expect(fields["pid"] as? Int == Int(Process.identifier) && fields["role"] as? String == "primary")
        #expect(fields["timestamp"] as? String == "1700000000007" && fields["level"] as? String == "info")
        #expect(fields["message"] as? String == message)
        let logfmt = try lines(.debug, .logfmt, .milliseconds) { $0.warning(message) }
        let expected = #"role=primary timestamp="1700000000007" level=warning message="a \"b\" \\ \n\u0001é""#
        #expect(logfmt == ["pid=\(Process.identifier) " + expected])
    }

    @Test func isoTimestamps() throws {
        let line = try #require(try lines(.debug, .legacy, .iso8601) { $0.notice("x") }.first)
        let stamp = try #require(line.split(separator: " ").dropFirst().first.map(String.init))
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let date = try #require(formatter.date(from: stamp))
        #expect(abs(date.timeIntervalSince1970 - 1_700_000_000.007) < 0.0005)
    }

    @Test func fileThatIsMovedAwayIsBegunAnew() throws {
        let path = NSTemporaryDirectory() + "needletail-\(UUID().uuidString).log"
        defer { for path in [path, path + ".1"] { try? FileManager.default.removeItem(atPath: path) } }
        let logger = try logger(path)
        logger.notice("one")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        logger.notice("two")
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix(" two\n"))
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8).hasSuffix(" one\n"))
        logger.settings.level = .nothing
        logger.warning("three")
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("three"))
    }
}
