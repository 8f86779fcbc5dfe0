import Engine
import Testing

/// Every directive, whatever it is told.
@Suite struct DirectiveTests {
    private static var table: DirectiveTable { DirectiveTable() }

    private static var values: [[UInt8]] {
        let texts = [
            "", " ", "0", "-0", "1", "-1", "+1", "01", "1.5", "1e3", "nan", "inf", "yes", "no", "YES", "maybe", "local",
            "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
            "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "99999999999999999999999",
            "1b", "1kb", "9223372036854775807gb", "8589934592gb", "-1gb", "kb", "777", "0777", "888", "-777", "5%",
            "900 1", "900", "a b c", "\"", "'", "\\", "\n", "\r\n", "noeviction", "allkeys-lfu", "notice", "*", "-::*",
        ]
        return texts.map { [UInt8]($0) } + [
            [0], [255, 254], [0xed, 0xa0, 0x80], [UInt8](repeating: 57, count: 5000), [UInt8](repeating: 97, count: 5000),
        ]
    }

    @Test func namesAreFoundInAnyCase() {
        let table = Self.table
        for directive in table.directives {
            for name in [directive.name] + directive.aliases {
                #expect(table.find([UInt8](name.uppercased()))?.name == directive.name)
            }
        }
        #expect(Set(table.directives.map(\.name)).count == table.directives.count)
        for word in [[], [UInt8]("nosuch"), [UInt8]("port "), [0], [255]] { #expect(table.find(word)?.name == nil) }
    }

    /// A value is taken or refused; what is refused leaves no trace, and what is
    /// taken shows as something that can be set again.
    @Test func anyValue() {
        for directive in Self.table.directives {
            for value in Self.values {
                var configuration = Configuration()
                let before = directive.value(in: configuration)
                do throws(Directive.Refusal) {
                    try directive.set([value], in: &configuration)
                    expectRoundTrip(directive, &configuration)
                } catch {
                    #expect(!error.text.isEmpty)
                    #expect(directive.value(in: configuration) == before, "\(directive.name)")
                }
            }
        }
    }

    @Test func anyNumberOfWords() {
        for directive in Self.table.directives {
            var configuration = Configuration()
            if !directive.traits.contains(.several) {
                #expect(throws: Directive.Refusal.self, "\(directive.name)") { try directive.set([], in: &configuration) }
            }
            try? directive.set([[], []], in: &configuration)
            try? directive.set([[UInt8]("1"), [UInt8]("2"), [UInt8]("3")], in: &configuration)
            expectRoundTrip(directive, &configuration)
        }
    }

    @Test func defaults() {
        for directive in Self.table.directives {
            var configuration = Configuration()
            expectRoundTrip(directive, &configuration)
        }
    }

    private func expectRoundTrip(_ directive: Directive, _ configuration: inout Configuration) {
        let value = directive.value(in: configuration)
        // No host at all is the one value that no line can say.
        if directive.name == "replicaof", value.isEmpty { return }
        do throws(Directive.Refusal) {
            try directive.set(value: value, in: &configuration)
            #expect(directive.value(in: configuration) == value, "\(directive.name)")
        } catch {
            Issue.record("\(directive.name) refuses its own value \(value): \(error.text)")
        }
    }
}
