import Commands
import Engine
import Primitives
import Testing

@Suite struct RenamedCommandTests {
    private func table(_ lines: [(String, String)]) -> CommandTable {
        CommandTable(Families.all, renamed: lines.map { (from: [UInt8]($0), to: [UInt8]($1)) })
    }

    private func found(_ name: String, in table: CommandTable) -> String? {
        let bytes = [UInt8](name)
        return table.resolve(fullName: bytes.rawSpan).map { table.commands[$0].fullName }
    }

    @Test func newNamesCountAndOldOnesDoNot() {
        let table = table([("GET", "Fetch"), ("set", ""), ("client", "secret")])
        #expect(found("get", in: table) == nil && found("set", in: table) == nil && found("client|id", in: table) == nil)
        #expect(found("FETCH", in: table) == "get" && found("secret|id", in: table) == "client|id")
        #expect(found("mget", in: table) == "mget")
        #expect(table.topLevel.count == CommandTable(Families.all).topLevel.count - 1)
    }

    @Test func linesInTheirOrder() {
        let table = table([("get", "x"), ("set", "get"), ("x", "set")])
        #expect(found("get", in: table) == "set" && found("set", in: table) == "get" && found("x", in: table) == nil)
    }

    /// Such names are what redis.conf itself suggests.
    @Test func longNames() {
        let long = String(repeating: "b840fc02", count: 5)
        let table = table([("config", long), ("nosuch", "y")])
        #expect(found("config", in: table) == nil && found(long.uppercased(), in: table) == "config")
        #expect(found("y", in: table) == nil)
    }
}
