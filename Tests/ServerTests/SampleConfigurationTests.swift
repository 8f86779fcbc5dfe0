import Engine
import Foundation
import Testing
@testable import Server

/// `needletail.conf`, which states every setting with its default as `#name value`.
@Suite struct SampleConfigurationTests {
    private let text: String

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        text = try String(contentsOf: root.appendingPathComponent("needletail.conf"), encoding: .utf8)
    }

    private func configuration(_ text: String) throws -> Configuration {
        var reader = ConfigurationReader()
        try reader.read(text: [UInt8](text.utf8))
        return reader.configuration
    }

    /// What CONFIG GET tells of a server with this configuration.
    private func told(_ configuration: Configuration) -> [String: String] {
        var told: [String: String] = [:]
        for directive in DirectiveTable().directives {
            told[directive.name] = String(decoding: directive.value(in: configuration), as: UTF8.self)
        }
        return told
    }

    @Test func everySettingIsThere() throws {
        let words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }.map(String.init))
        let settings = told(Configuration())
        #expect(settings.count > 200)
        for directive in DirectiveTable().directives {
            for name in [directive.name] + directive.aliases { #expect(words.contains(name), "\(name)") }
        }
    }

    @Test func asItIsItSaysNothing() throws {
        #expect(told(try configuration(text)) == told(Configuration()))
    }

    /// With every `#name value` made a setting, nothing is other than without the file.
    @Test func defaultsAreStated() throws {
        let stated = text.split(separator: "\n").filter { line in
            line.first == "#" && line.dropFirst().first?.isLowercase == true && !line.contains("<")
        }
        #expect(stated.count > 200)
        let settings = told(try configuration(stated.map { $0.dropFirst() }.joined(separator: "\n")))
        for (name, value) in told(Configuration()) { #expect(settings[name] == value, "\(name)") }
    }

    /// `[not yet]`, in the lines above a setting or at the head of its section, stands
    /// where a setting has no effect and nowhere else.
    @Test func whatDoesNotActSaysSo() throws {
        let table = DirectiveTable()
        var isSectionMarked = false
        var isMarked = false
        var isProse = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# ---") { isSectionMarked = line.contains("[not yet]") }
            if line.hasPrefix("# ") {
                isMarked = (isProse && isMarked) || line.contains("[not yet]")
            }
            isProse = line.hasPrefix("# ")
            guard line.first == "#", line.dropFirst().first?.isLowercase == true else { continue }
            let name = line.dropFirst().prefix { $0 != " " }
            guard let directive = table.find([UInt8](name.utf8)) else { continue }
            #expect(directive.isKept == (isSectionMarked || isMarked), "\(name)")
        }
    }
}
