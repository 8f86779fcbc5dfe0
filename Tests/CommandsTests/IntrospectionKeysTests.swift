import Commands
import Engine
import Primitives
import RESP
import TestSupport
import Testing

/// Commands that do nothing, with key specifications of every kind.
private enum Shapes {
    static func nothing(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        .done
    }

    static func command(
        _ name: StaticString, _ keys: [KeySpecification], _ flags: CommandFlags = []
    ) -> CommandDeclaration {
        CommandDeclaration(name, arity: -2, flags, keys: keys, group: .generic, since: "1.0.0", summary: "", nothing)
    }

    static var declarations: [CommandDeclaration] {
        let numkeys = KeySpecification.Find.keynum(index: 0, first: 1, step: 1)
        return [
            command("all", [.keys(from: 1, [.readOnly])]),
            command("pairs", [.keys(from: 1, step: 2, [.overwrite])]),
            command("two", [.key(1, [.readWrite]), .key(2, [.overwrite])]),
            command("butlast", [KeySpecification(.index(1), .range(last: -2, step: 1, limit: 0), [.readWrite])]),
            command("store", [.key(1, [.overwrite]), KeySpecification(.index(2), numkeys, [.readOnly])]),
            command("numbered", [KeySpecification(.index(1), numkeys, [.readOnly])]),
            command("script", [KeySpecification(.index(2), numkeys, [.readWrite])], .noMandatoryKeys),
            command(
                "streams",
                [KeySpecification(.keyword("STREAMS", startFrom: 1), .range(last: -1, step: 1, limit: 2), [.readOnly])]),
            command(
                "backwards",
                [
                    .key(1, [.readOnly]),
                    KeySpecification(.keyword("KEYS", startFrom: -2), .range(last: -1, step: 1, limit: 0), [.delete]),
                ]),
            command(
                "partly",
                [.key(1, [.readOnly]), KeySpecification(.unknown, .unknown, [.overwrite, .incomplete], notes: "somewhere")]),
            command(
                "sorting",
                [
                    .key(1, [.readOnly]),
                    KeySpecification(.unknown, .unknown, [.overwrite, .incomplete], option: .init("STORE", from: 2)),
                ]),
            command(
                "varying",
                [
                    .key(
                        1, [.readWrite, .access, .update, .variableFlags],
                        variation: .init(with: ["GET"], from: 3, otherwise: [.overwrite, .update]))
                ]),
            command("channel", [.key(1, [.notKey])]),
        ]
    }
}

@Suite struct IntrospectionKeysTests {
    let client = TestServer(declarations: Families.all + Shapes.declarations).connect()

    private let invalid = Reply.error("ERR Invalid arguments specified for command")

    private func keys(_ request: String) -> Reply { client.line("COMMAND GETKEYS \(request)") }

    /// First, last, step and whether keys are movable.
    private func positions(_ name: String) -> Reply {
        let entry = client("COMMAND", "INFO", name).elements[0].elements
        return .array(Array(entry[3...5]) + [entry[2].elements.contains("movablekeys") ? "movable" : "fixed"])
    }

    @Test func ranges() {
        #expect(keys("all a b c") == ["a", "b", "c"])
        #expect(keys("pairs a 1 b 2") == ["a", "b"])
        #expect(keys("two a b c") == ["a", "b"])
        #expect(keys("two a") == invalid)
        #expect(keys("butlast a b 0") == ["a", "b"])
        #expect(keys("butlast 0") == invalid)
    }

    @Test func numberedKeys() {
        #expect(keys("store d 0 a") == invalid)
        #expect(keys("store d 2 a b") == ["d", "a", "b"])
        #expect(keys("numbered 2 a b c") == ["a", "b"])
        for count in ["0", "3", "-1", "x", "9223372036854775807", "-9223372036854775808", "99999999999999999999"] {
            #expect(keys("numbered \(count) a b") == invalid)
        }
        #expect(keys("script x 0") == [])
        #expect(keys("script x 3 a b") == [])
        #expect(keys("script x abc a b") == [])
        #expect(keys("script x 1 a b") == ["a"])
    }

    @Test func keywords() {
        #expect(keys("streams count 2 STREAMS a b 0 0") == ["a", "b"])
        #expect(keys("streams count 2 streams a 0") == ["a"])
        #expect(keys("streams count 2") == invalid)
        #expect(keys("streams x streams") == invalid)
        #expect(keys("backwards k 0 KEYS a b") == ["k", "a", "b"])
        #expect(keys("backwards k 0 1") == ["k"])
        #expect(keys("partly k store x") == ["k"])
        #expect(keys("sorting k by x store d") == ["k", "d"])
        #expect(keys("sorting k by x") == ["k"])
        #expect(keys("sorting k by store") == ["k"])
        #expect(keys("sorting k store a store b") == ["k", "b"])
        #expect(keys("channel c") == .error("ERR The command has no key arguments"))
    }

    @Test func variableFlags() {
        #expect(client.line("COMMAND GETKEYSANDFLAGS varying k v") == [["k", ["OW", "update"]]])
        #expect(client.line("COMMAND GETKEYSANDFLAGS varying k GET") == [["k", ["OW", "update"]]])
        #expect(client.line("COMMAND GETKEYSANDFLAGS varying k v get") == [["k", ["RW", "access", "update"]]])
    }

    @Test func oldPositions() {
        #expect(positions("all") == [1, -1, 1, "fixed"])
        #expect(positions("pairs") == [1, -1, 2, "fixed"])
        #expect(positions("two") == [1, 2, 1, "fixed"])
        #expect(positions("butlast") == [1, -2, 1, "fixed"])
        #expect(positions("store") == [1, 1, 1, "movable"])
        #expect(positions("numbered") == [0, 0, 0, "movable"])
        #expect(positions("streams") == [0, 0, 0, "movable"])
        #expect(positions("partly") == [1, 1, 1, "movable"])
    }

    @Test func specificationShapes() {
        client("HELLO", "3")
        func specifications(_ name: String) -> [Reply] {
            client("COMMAND", "INFO", name).elements[0].elements[8].elements
        }
        #expect(specifications("partly")[1] == .map([
            "notes", "somewhere", "flags", .set(["OW", "incomplete"]),
            "begin_search", .map(["type", "unknown", "spec", .map([])]),
            "find_keys", .map(["type", "unknown", "spec", .map([])]),
        ]))
        #expect(specifications("store")[1] == .map([
            "flags", .set(["RO"]), "begin_search", .map(["type", "index", "spec", .map(["index", 2])]),
            "find_keys", .map(["type", "keynum", "spec", .map(["keynumidx", 0, "firstkey", 1, "keystep", 1])]),
        ]))
        #expect(specifications("streams")[0] == .map([
            "flags", .set(["RO"]),
            "begin_search", .map(["type", "keyword", "spec", .map(["keyword", "STREAMS", "startfrom", 1])]),
            "find_keys", .map(["type", "range", "spec", .map(["lastkey", -1, "keystep", 1, "limit", 2])]),
        ]))
    }
}
