import Commands
import Engine
import Keyspace
import Primitives
import RESP
import TestSupport
import Testing

@Suite struct IntrospectionTests {
    let server = TestServer()

    private let notEnough = Reply.error("ERR wrong number of arguments for 'command|getkeys' command")

    /// The peers' bytes, line ends as blanks.
    private func bytes(_ client: TestClient, _ line: String) -> String {
        client.send(TestClient.encode(line.split(separator: " ").map { [UInt8](String($0)) }))
        return String(decoding: client.takeBytes(), as: UTF8.self).replacing("\r\n", with: " ")
    }

    @Test func time() {
        let client = server.connect()
        server.advance(milliseconds: 42)
        #expect(client("TIME") == ["1700000000", "42000"])
        #expect(client("TIME", "x") == .error("ERR wrong number of arguments for 'time' command"))
    }

    @Test func lolwut() {
        let client = server.connect()
        let first = client("LOLWUT").text ?? ""
        #expect(first.hasSuffix("\nRedis ver. 7.2.4\n"))
        #expect(client("LOLWUT").text != first)
        #expect(client("LOLWUT", "VERSION", "5", "1", "2").text?.hasSuffix("Redis ver. 7.2.4\n") == true)
        #expect(client("LOLWUT", "VERSION", "-9223372036854775808").text?.hasSuffix("Redis ver. 7.2.4\n") == true)
        #expect(client("LOLWUT", "VERSION").text != nil)
        #expect(client("LOLWUT", "foo", "bar").text != nil)
        #expect(client("LOLWUT", "VERSION", "abc") == .error("ERR value is not an integer or out of range"))
        client("HELLO", "3")
        if case .verbatim = client("LOLWUT") {} else { Issue.record("not verbatim") }
    }

    @Test func countAndAll() {
        let client = server.connect()
        let all = client("COMMAND").elements
        #expect(client("COMMAND", "COUNT") == .integer(Int64(all.count)))
        #expect(client("COMMAND", "INFO").elements.count == all.count)
        #expect(all.allSatisfy { $0.elements.count == 10 })
        #expect(client("COMMAND", "COUNT", "x") == .error("ERR wrong number of arguments for 'command|count' command"))
        #expect(client("COMMAND", "FOO") == .error("ERR unknown subcommand 'FOO'. Try COMMAND HELP."))
    }

    @Test func infoBytes() {
        let client = server.connect()
        #expect(
            bytes(client, "COMMAND INFO get")
                == "*1 *10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 *1 *6 $5 flags *2 +RO "
                + "+access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 $9 find_keys *4 $4 type $5 range "
                + "$4 spec *6 $7 lastkey :0 $7 keystep :1 $5 limit :0 *0 ")
        #expect(
            bytes(client, "COMMAND INFO Client|KILL")
                == "*1 *10 $11 client|kill :-3 *4 +admin +noscript +loading +stale :0 :0 :0 *4 +@admin +@slow "
                + "+@dangerous +@connection *0 *0 *0 ")
        client("HELLO", "3")
        #expect(
            bytes(client, "COMMAND INFO get")
                == "*1 *10 $3 get :2 ~2 +readonly +fast :1 :1 :1 ~3 +@read +@string +@fast ~0 ~1 %3 $5 flags ~2 +RO "
                + "+access $12 begin_search %2 $4 type $5 index $4 spec %1 $5 index :1 $9 find_keys %2 $4 type $5 range "
                + "$4 spec %3 $7 lastkey :0 $7 keystep :1 $5 limit :0 ~0 ")
    }

    @Test func infoOfContainersAndStrangers() {
        let client = server.connect()
        let found = client("COMMAND", "INFO", "nosuch", "CLIENT", "get|x", "client|foo").elements
        #expect(found.count == 4)
        #expect(found[0] == nil && found[2] == nil && found[3] == nil)
        #expect(found[1].elements.prefix(6) == ["client", -2, [], 0, 0, 0])
        #expect(found[1].elements[6] == ["@slow"])
        #expect(found[1].elements[9].elements.contains { $0.elements.first == "client|kill" })
    }

    @Test func list() {
        let client = server.connect()
        let all = client("COMMAND", "LIST").elements
        #expect(all.contains("get") && all.contains("client|kill") && all.contains("command"))
        #expect(client("COMMAND", "LIST", "FILTERBY", "PATTERN", "Client|K*") == ["client|kill"])
        #expect(client("COMMAND", "LIST", "filterby", "module", "x") == [])
        #expect(client("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nosuch") == [])
        let connection = client("COMMAND", "LIST", "FILTERBY", "ACLCAT", "CONNECTION").elements
        #expect(connection.contains("ping") && !connection.contains("get"))
        for words in [["FOO"], ["FILTERBY", "PATTERN"], ["FILTERBY", "FOO", "x"], ["FILTERBY", "PATTERN", "a", "b"]] {
            #expect(client.run((["COMMAND", "LIST"] + words).map { [UInt8]($0) }) == .error("ERR syntax error"))
        }
    }

    @Test func keys() {
        let client = server.connect()
        #expect(client("COMMAND", "GETKEYS", "SET", "a", "b") == ["a"])
        #expect(client("COMMAND", "GETKEYSANDFLAGS", "get", "a") == [["a", ["RO", "access"]]])
        #expect(client("COMMAND", "GETKEYS", "foo", "a") == .error("ERR Invalid command specified"))
        #expect(client("COMMAND", "GETKEYS", "client", "foo") == .error("ERR Invalid command specified"))
        #expect(client("COMMAND", "GETKEYS", "ping") == .error("ERR The command has no key arguments"))
        #expect(client("COMMAND", "GETKEYS", "client", "kill", "x") == .error("ERR The command has no key arguments"))
        #expect(
            client("COMMAND", "GETKEYS", "get", "a", "b")
                == .error("ERR Invalid number of arguments specified for command"))
        #expect(
            client("COMMAND", "GETKEYS", "get") == .error("ERR Invalid number of arguments specified for command"))
        #expect(client("COMMAND", "GETKEYS") == notEnough)
        client("HELLO", "3")
        #expect(client("COMMAND", "GETKEYSANDFLAGS", "get", "a") == [["a", .set(["RO", "access"])]])
    }

    @Test func docs() {
        let client = server.connect()
        #expect(client("COMMAND", "DOCS", "nosuch") == [])
        #expect(client("COMMAND", "DOCS", "GET").elements.first == "get")
        #expect(client("COMMAND", "DOCS").elements.count == 2 * (client("COMMAND").elements.count))
        client("HELLO", "3")
        #expect(client("COMMAND", "DOCS", "nosuch") == .map([]))
        #expect(client("COMMAND", "DOCS", "echo", "echo").elements.count == 4)
        let argument: Reply = .map(["name", "message", "type", "string", "display_text", "message"])
        #expect(
            client("COMMAND", "DOCS", "echo")
                == .map([
                    "echo",
                    .map([
                        "summary", "Sends the given string back.", "since", "1.0.0", "group", "connection",
                        "complexity", "O(1)", "arguments", [argument],
                    ]),
                ]))
        let quit = client("COMMAND", "DOCS", "quit").elements[1].elements
        #expect(quit[8...] == [
            "doc_flags", .set(["deprecated"]), "deprecated_since", "7.2.0", "replaced_by", "just closing the connection",
        ])
        let scan = client("COMMAND", "DOCS", "scan").elements[1].elements
        #expect(scan[8...9] == ["history", .set([["6.0.0", "TYPE."]])])
        #expect(
            scan[11].elements.last
                == .map([
                    "name", "type", "type", "string", "display_text", "type", "token", "TYPE", "since", "6.0.0", "flags",
                    .set(["optional"]),
                ]))
        #expect(client("COMMAND", "DOCS", "debug").elements[1].elements[8...9] == ["doc_flags", .set(["syscmd"])])
        let container = client("COMMAND", "DOCS", "client").elements[1].elements
        #expect(container[8] == "subcommands")
        #expect(container[9].elements.contains("client|kill"))
    }

    @Test func help() {
        let help = server.connect()("COMMAND", "HELP").elements
        #expect(help.prefix(2) == ["COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", "(no subcommand)"])
        #expect(help.contains("GETKEYS command [arg [arg ...]]"))
    }
}
