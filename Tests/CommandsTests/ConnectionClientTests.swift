import Commands
import Engine
import Keyspace
import Primitives
import RESP
import TestSupport
import Testing

/// A command that waits for ever, to have a blocked client.
private enum Waiting {
    static var declaration: CommandDeclaration {
        CommandDeclaration(
            "waitfor", arity: 2, [.write, .blocking], .list, keys: [.key(1, [.readWrite])], group: .list,
            since: "1.0.0", summary: "Waits.", run)
    }

    static var multi: CommandDeclaration {
        CommandDeclaration(
            "multi", arity: 1, [.immediate], group: .transactions, since: "1.0.0", summary: "Starts a transaction."
        ) { (context, _) throws(CommandError) in
            context.session.transaction = Box(Transaction())
            return .done
        }
    }

    static func run(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard context.lookupRead(arguments[1]).entry != nil else {
            context.wait(for: [arguments[1].array], until: nil, .nullArray)
            return .block
        }
        context.reply.simple("FOUND")
        return .done
    }
}

@Suite struct ConnectionClientTests {
    let server = TestServer(declarations: Families.all + [Waiting.declaration] + (Families.all.contains { "\($0.name)" == "multi" } ? [] : [Waiting.multi]))

    private func fields(_ line: String) -> [String: String] {
        var fields: [String: String] = [:]
        for word in line.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }

    private func lines(_ reply: Reply) -> [[String: String]] {
        (reply.text ?? "").split(separator: "\n").map { fields(String($0)) }
    }

    @Test func names() {
        let client = server.connect()
        #expect(client("CLIENT", "ID") == 1)
        #expect(client("CLIENT", "GETNAME") == nil)
        #expect(client("CLIENT", "SETNAME", "bob") == "OK")
        #expect(client("CLIENT", "GETNAME") == "bob")
        for name in ["a b", "a\n", "\u{7f}", "ä"] {
            #expect(
                client("CLIENT", "SETNAME", name)
                    == .error("ERR Client names cannot contain spaces, newlines or special characters."))
        }
        #expect(client("CLIENT", "SETNAME", "") == "OK")
        #expect(client("CLIENT", "GETNAME") == nil)
    }

    @Test func setInfo() {
        let client = server.connect()
        #expect(client("CLIENT", "SETINFO", "LIB-NAME", "lib") == "OK")
        #expect(client("CLIENT", "SETINFO", "lib-ver", "1.2") == "OK")
        let info = client("CLIENT", "INFO").text ?? ""
        #expect(info.contains(" lib-name=lib lib-ver=1.2 "))
        #expect(client("CLIENT", "SETINFO", "foo", "x") == .error("ERR Unrecognized option 'foo'"))
        #expect(
            client("CLIENT", "SETINFO", "LIB-NAME", "a b")
                == .error("ERR LIB-NAME cannot contain spaces, newlines or special characters."))
        #expect(
            client("CLIENT", "SETINFO", "LIB-VER", "a\r")
                == .error("ERR LIB-VER cannot contain spaces, newlines or special characters."))
    }

    @Test func infoLine() {
        let client = server.connect()
        server.advance(milliseconds: 5500)
        client("SELECT", "3")
        client("CLIENT", "SETNAME", "bob")
        let text = client("CLIENT", "INFO").text ?? ""
        let names = text.dropLast().split(separator: " ").map { String($0.prefix { $0 != "=" }) }
        #expect(names == [
            "id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "db", "sub", "psub", "ssub", "multi",
            "qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl", "oll", "omem", "tot-mem", "events",
            "cmd", "user", "redir", "resp", "lib-name", "lib-ver", "watch",
            "io-thread", "tot-net-in", "tot-net-out", "tot-cmds", "capa",
        ])
        let info = fields(text)
        #expect(info["id"] == "1" && info["addr"] == "127.0.0.1:1" && info["laddr"] == "127.0.0.1:6379")
        #expect(info["name"] == "bob" && info["age"] == "5" && info["idle"] == "0" && info["db"] == "3")
        #expect(info["flags"] == "N" && info["multi"] == "-1" && info["cmd"] == "client|info")
        #expect(info["user"] == "default" && info["argv-mem"] == "10" && info["qbuf"] == "26")
        client("HELLO", "3")
        if case .verbatim = client("CLIENT", "INFO") {} else { Issue.record("not verbatim") }
    }

    @Test func list() {
        let first = server.connect()
        let second = server.connect()
        let third = server.connect()
        second("GET", "k")
        third("WAITFOR", "k")
        let all = lines(first("CLIENT", "LIST"))
        #expect(all.map { $0["id"] } == ["1", "2", "3"])
        #expect(all.map { $0["cmd"] } == ["client|list", "get", "waitfor"])
        #expect(all.map { $0["flags"] } == ["N", "N", "b"])
        #expect(lines(first("CLIENT", "LIST", "TYPE", "normal")).count == 3)
        for type in ["replica", "slave", "master", "pubsub"] {
            #expect(first("CLIENT", "LIST", "TYPE", type) == .bulk([]))
        }
        #expect(lines(first("CLIENT", "LIST", "ID", "3", "9", "1")).map { $0["id"] } == ["3", "1"])
        #expect(first("CLIENT", "LIST", "ID", "77") == .bulk([]))
        #expect(first("CLIENT", "LIST", "ID", "abc") == .error("ERR Invalid client ID"))
        #expect(first("CLIENT", "LIST", "TYPE", "foo") == .error("ERR Unknown client type 'foo'"))
        for words in [["FOO"], ["TYPE"], ["ID"]] {
            #expect(first.run((["CLIENT", "LIST"] + words).map { [UInt8]($0) }) == .error("ERR syntax error"))
        }
    }

    @Test func heldInputIsTold() {
        let client = server.connect()
        let other = server.connect()
        other.send([UInt8]("*2\r\n$3\r\nGET\r\n"))
        let line = lines(client("CLIENT", "LIST"))[1]
        // Complete words are told as such.
        #expect(line["qbuf"] == "0" && line["argv-mem"] == "13")
        other.send([UInt8]("$1\r"))
        #expect(lines(client("CLIENT", "LIST"))[1]["qbuf"] == "3")
        other.send([UInt8]("\nk\r\n"))
        #expect(lines(client("CLIENT", "LIST"))[1]["qbuf"] == "0")
    }

    @Test func reply() {
        let client = server.connect()
        #expect(client("CLIENT", "REPLY", "ON") == "OK")
        #expect(client("CLIENT", "REPLY", "OFF") == .none)
        #expect(client("PING") == .none)
        #expect(client("NOSUCH") == .none)
        #expect(client("CLIENT", "REPLY", "SKIP") == .none)
        #expect(client("PING") == .none)
        #expect(client("CLIENT", "REPLY", "ON") == "OK")
        #expect(client("PING") == "PONG")
        #expect(client("CLIENT", "REPLY", "SKIP") == .none)
        #expect(client("NOSUCH") == .none)
        #expect(client("PING") == "PONG")
        #expect(client("CLIENT", "REPLY", "FOO") == .error("ERR syntax error"))
    }

    /// Replies of commands before the switch are not lost with those after it.
    @Test func replyInPipeline() {
        let client = server.connect()
        func bytes(_ lines: String...) -> [UInt8] {
            lines.flatMap { TestClient.encode($0.split(separator: " ").map { [UInt8](String($0)) }) }
        }
        client.send(bytes("ECHO a", "CLIENT REPLY SKIP", "ECHO b", "ECHO c", "CLIENT REPLY OFF", "ECHO d"))
        #expect(client.nextReply() == "a")
        #expect(client.nextReply() == "c")
        #expect(client.nextReply() == .none)
        client.send(bytes("CLIENT REPLY SKIP", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "ECHO e", "ECHO f"))
        #expect(client.nextReply() == "OK")
        #expect(client.nextReply() == "f")
    }

    @Test func transactions() {
        let client = server.connect()
        let other = server.connect()
        other("MULTI")
        #expect(other("SET", "a", "b") == "QUEUED")
        let line = lines(client("CLIENT", "LIST"))[1]
        #expect(line["multi"] == "1" && line["flags"] == "x" && line["multi-mem"] != "0")
        #expect(
            other("CLIENT", "REPLY", "OFF")
                == .error("ERR Command not allowed inside a transaction"))
        #expect(other("RESET") == "RESET")
        #expect(lines(client("CLIENT", "LIST"))[1]["multi"] == "-1")
        other("MULTI")
        #expect(other("QUIT") == "OK")
        #expect(other.isClosed)
    }

    @Test func switches() {
        let client = server.connect()
        #expect(client("CLIENT", "NO-EVICT", "on") == "OK")
        #expect(client("CLIENT", "NO-TOUCH", "ON") == "OK")
        #expect(fields(client("CLIENT", "INFO").text ?? "")["flags"] == "eT")
        #expect(client("CLIENT", "NO-EVICT", "off") == "OK")
        #expect(client("CLIENT", "NO-TOUCH", "OFF") == "OK")
        #expect(fields(client("CLIENT", "INFO").text ?? "")["flags"] == "N")
        #expect(client("CLIENT", "NO-EVICT", "foo") == .error("ERR syntax error"))
        #expect(client("CLIENT", "NO-TOUCH", "foo") == .error("ERR syntax error"))
    }

    @Test func killByAddress() {
        let client = server.connect()
        let other = server.connect()
        #expect(client("CLIENT", "KILL", "1.2.3.4:5") == .error("ERR No such client"))
        #expect(client("CLIENT", "KILL", "127.0.0.1:2") == "OK")
        #expect(server.engine.takeRequests().closing == [other.id])
        // Before the host gets to it, the client is gone for everybody.
        #expect(other("PING") == .none)
        #expect(lines(client("CLIENT", "LIST")).count == 1)
        #expect(client("CLIENT", "KILL", "127.0.0.1:1") == "OK")
        #expect(client.isClosed)
    }

    @Test func killByFilters() {
        let client = server.connect()
        for _ in 0..<4 { _ = server.connect() }
        #expect(client("CLIENT", "KILL", "ID", "2") == 1)
        #expect(client("CLIENT", "KILL", "ID", "2") == 0)
        #expect(client("CLIENT", "KILL", "ID", "99") == 0)
        #expect(client("CLIENT", "KILL", "ADDR", "127.0.0.1:3", "USER", "default") == 1)
        #expect(client("CLIENT", "KILL", "LADDR", "127.0.0.1:6379", "ID", "4") == 1)
        #expect(client("CLIENT", "KILL", "MAXAGE", "10") == 0)
        server.advance(milliseconds: 11_000)
        #expect(client("CLIENT", "KILL", "MAXAGE", "10") == 1)
        #expect(client("CLIENT", "KILL", "TYPE", "replica", "SKIPME", "no") == 0)
        #expect(client("CLIENT", "KILL", "ID", "1") == 0)
        #expect(client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "NO") == 1)
        #expect(client.isClosed)
    }

    @Test func killErrors() {
        let client = server.connect()
        for id in ["abc", "0", "-1"] {
            #expect(client("CLIENT", "KILL", "ID", id) == .error("ERR client-id should be greater than 0"))
        }
        #expect(client("CLIENT", "KILL", "TYPE", "foo") == .error("ERR Unknown client type 'foo'"))
        #expect(client("CLIENT", "KILL", "USER", "foo") == .error("ERR No such user 'foo'"))
        #expect(client("CLIENT", "KILL", "MAXAGE", "x") == .error("ERR maxage is not an integer or out of range"))
        #expect(client("CLIENT", "KILL", "MAXAGE", "0") == .error("ERR maxage should be greater than 0"))
        #expect(client("CLIENT", "KILL", "ID", "1", "SKIPME", "foo") == .error("ERR syntax error"))
        #expect(client("CLIENT", "KILL", "ID", "1", "SKIPME") == .error("ERR syntax error"))
        #expect(client("CLIENT", "KILL", "FOO", "bar") == .error("ERR syntax error"))
        #expect(client("CLIENT", "KILL") == .error("ERR wrong number of arguments for 'client|kill' command"))
    }

    /// A killed client that waits takes nothing any more.
    @Test func killedBlockedClientIsNotServed() {
        let client = server.connect()
        let waiting = server.connect()
        waiting("WAITFOR", "k")
        client.send(
            TestClient.encode(["CLIENT", "KILL", "ID", "2"].map { [UInt8]($0) })
                + TestClient.encode(["SET", "k", "v"].map { [UInt8]($0) }))
        #expect(client.nextReply() == 1)
        #expect(client.nextReply() == "OK")
        #expect(waiting.takeBytes() == [])
    }

    @Test func unblock() {
        let client = server.connect()
        let waiting = server.connect()
        waiting("WAITFOR", "k")
        #expect(client("CLIENT", "UNBLOCK", "2") == 1)
        #expect(waiting.nextReply() == nil)
        #expect(client("CLIENT", "UNBLOCK", "2") == 0)
        waiting("WAITFOR", "k")
        #expect(client("CLIENT", "UNBLOCK", "2", "error") == 1)
        #expect(waiting.nextReply() == .error("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
        #expect(waiting("PING") == "PONG")
        #expect(client("CLIENT", "UNBLOCK", "99") == 0)
        #expect(client("CLIENT", "UNBLOCK", "abc") == .error("ERR value is not an integer or out of range"))
        #expect(
            client("CLIENT", "UNBLOCK", "2", "foo")
                == .error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"))
    }

    @Test func help() {
        let client = server.connect()
        let help = client("CLIENT", "HELP").elements
        #expect(help.first == "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(help.contains("SETNAME connection-name"))
        #expect(client("CLIENT", "FOO") == .error("ERR unknown subcommand 'FOO'. Try CLIENT HELP."))
        #expect(client("CLIENT") == .error("ERR wrong number of arguments for 'client' command"))
    }
}
