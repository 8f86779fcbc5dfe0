import Engine
import Keyspace
import Primitives
import RESP
import TestSupport
import Testing

@Suite struct ConnectionTests {
    let server = TestServer()

    @Test func ping() {
        let client = server.connect()
        #expect(client("PING") == "PONG")
        #expect(client("PING", "hello") == "hello")
        #expect(client("PING", "") == .bulk([]))
        #expect(client("PING", "a", "b") == .error("ERR wrong number of arguments for 'ping' command"))
    }

    @Test func echo() {
        let client = server.connect()
        #expect(client("ECHO", "hi") == .bulk([UInt8]("hi")))
        #expect(client("ECHO") == .error("ERR wrong number of arguments for 'echo' command"))
        #expect(client("ECHO", "a", "b") == .error("ERR wrong number of arguments for 'echo' command"))
    }

    @Test func quitClosesAfterItsReply() {
        let client = server.connect()
        client.send(TestClient.encode([[UInt8]("QUIT"), [UInt8]("x")]) + TestClient.encode([[UInt8]("PING")]))
        #expect(client.takeBytes() == [UInt8]("+OK\r\n"))
        #expect(client.isClosed)
    }

    @Test func select() {
        let client = server.connect()
        client("SET", "k", "zero")
        #expect(client("SELECT", "9") == "OK")
        #expect(client("GET", "k") == nil)
        #expect(client("SELECT", "0") == "OK")
        #expect(client("GET", "k") == "zero")
        #expect(client("SELECT", "16") == .error("ERR DB index is out of range"))
        #expect(client("SELECT", "-1") == .error("ERR DB index is out of range"))
        for word in ["abc", "", "1.0", "99999999999999999999"] {
            #expect(client("SELECT", word) == .error("ERR value is not an integer or out of range"))
        }
    }

    @Test func reset() {
        let client = server.connect()
        client("HELLO", "3", "SETNAME", "bob")
        client("SELECT", "3")
        client("CLIENT", "NO-TOUCH", "ON")
        #expect(client("RESET") == "RESET")
        #expect(client("CLIENT", "GETNAME") == nil)
        let info = client("CLIENT", "INFO").text ?? ""
        #expect(info.contains(" flags=N db=0 ") && info.contains(" resp=2 "))
        #expect(client("RESET", "x") == .error("ERR wrong number of arguments for 'reset' command"))
    }

    @Test func resetTurnsRepliesOnAgain() {
        let client = server.connect()
        client("CLIENT", "REPLY", "OFF")
        #expect(client("RESET") == "RESET")
        #expect(client("PING") == "PONG")
    }
}

@Suite struct ConnectionHandshakeTests {
    private let wrong = Reply.error("WRONGPASS invalid username-password pair or user is disabled.")

    private func greeting(_ protocolVersion: Int64, _ id: Int64) -> [Reply] {
        [
            "server", "redis", "version", "7.2.4", "proto", .integer(protocolVersion), "id", .integer(id),
            "mode", "standalone", "role", "master", "modules", [],
        ]
    }

    @Test func hello() {
        let client = TestServer().connect()
        #expect(client("HELLO") == .array(greeting(2, 1)))
        #expect(client("HELLO", "3") == .map(greeting(3, 1)))
        #expect(client("HELLO") == .map(greeting(3, 1)))
        #expect(client("GET", "none") == nil)
        #expect(client("HELLO", "2") == .array(greeting(2, 1)))
    }

    @Test func helloErrors() {
        let client = TestServer().connect()
        for word in ["1", "4", "-3"] {
            #expect(client("HELLO", word) == .error("NOPROTO unsupported protocol version"))
        }
        for word in ["abc", "2.0", "", "9999999999999999999", "SETNAME"] {
            #expect(client("HELLO", word) == .error("ERR Protocol version is not an integer or out of range"))
        }
        #expect(client("HELLO", "3", "Foo") == .error("ERR Syntax error in HELLO option 'Foo'"))
        #expect(client("HELLO", "3", "AUTH", "a") == .error("ERR Syntax error in HELLO option 'AUTH'"))
        #expect(client("HELLO", "3", "SETNAME") == .error("ERR Syntax error in HELLO option 'SETNAME'"))
        #expect(
            client("HELLO", "3", "SETNAME", "a b")
                == .error("ERR Client names cannot contain spaces, newlines or special characters."))
        #expect(client("HELLO", "3", "AUTH", "nobody", "x") == wrong)
        #expect(client("HELLO") == .array(greeting(2, 1)))
    }

    @Test func helloSetsNameAfterAuthentication() {
        let client = TestServer { $0.requiredPassword = [UInt8]("secret") }.connect()
        #expect(client("HELLO", "3", "SETNAME", "bob", "AUTH", "default", "bad") == wrong)
        #expect(client("HELLO", "3", "SETNAME", "x", "setname", "bob", "auth", "default", "secret") == .map(greeting(3, 1)))
        #expect(client("CLIENT", "GETNAME") == "bob")
        #expect(client("HELLO", "3", "SETNAME", "") == .map(greeting(3, 1)))
        #expect(client("CLIENT", "GETNAME") == nil)
    }

    @Test func authentication() {
        let client = TestServer { $0.requiredPassword = [UInt8]("secret") }.connect()
        #expect(client("PING") == .error("NOAUTH Authentication required."))
        #expect(client("HELLO", "3").text == nil)
        #expect(client("HELLO", "9") == .error("NOPROTO unsupported protocol version"))
        for word in ["", "secre", "secretx", "Secret"] { #expect(client("AUTH", word) == wrong) }
        #expect(client("AUTH", "default", "bad") == wrong)
        #expect(client("AUTH", "other", "secret") == wrong)
        #expect(client("AUTH", "secret") == "OK")
        #expect(client("PING") == "PONG")
        #expect(client("AUTH", "bad") == wrong)
        #expect(client("PING") == "PONG")
        #expect(client("RESET") == "RESET")
        #expect(client("PING") == .error("NOAUTH Authentication required."))
        #expect(client("AUTH", "default", "secret") == "OK")
        #expect(client("AUTH", "a", "b", "c") == .error("ERR syntax error"))
        #expect(client("AUTH") == .error("ERR wrong number of arguments for 'auth' command"))
    }

    @Test func helloBeforeAuthentication() {
        let client = TestServer { $0.requiredPassword = [UInt8]("secret") }.connect()
        guard case .error(let text) = client("HELLO", "3") else { Issue.record("no error"); return }
        #expect(text.hasPrefix("NOAUTH HELLO must be called with the client already authenticated"))
        #expect(client("QUIT") == "OK")
    }

    @Test func authenticationWithoutPassword() {
        let client = TestServer().connect()
        #expect(
            client("AUTH", "x")
                == .error(
                    "ERR AUTH <password> called without any password configured for the default user. "
                        + "Are you sure your configuration is correct?"))
        #expect(client("AUTH", "default", "anything") == "OK")
        #expect(client("AUTH", "other", "anything") == wrong)
    }
}
