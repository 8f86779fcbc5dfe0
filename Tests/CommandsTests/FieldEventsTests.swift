import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// The fields of hashes that change, on the four channels for them, and the events of hashes.
@Suite struct FieldEventsTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connect() }

    @Test func channels() {
        let listener = EventListener(server, "STIVh")
        client("HSET", "h", "name", "v", "", "w", "a,b|1:c", "x")
        #expect(listener.heard() == [
            "__subkeyspace@0__:h hset|4:name,0:,7:a,b|1:c", "__subkeyevent@0__:hset 1:h|4:name,0:,7:a,b|1:c",
            "__subkeyspaceitem@0__:h\nname hset", "__subkeyspaceitem@0__:h\n hset", "__subkeyspaceitem@0__:h\na,b|1:c hset",
            "__subkeyspaceevent@0__:hset|h 4:name,0:,7:a,b|1:c",
        ])
        let own = ["S": "__subkeyspace@2__:", "T": "__subkeyevent@2__:", "I": "__subkeyspaceitem@2__:", "V": "__subkeyspaceevent@2__:"]
        client("SELECT", "2")
        for (letter, prefix) in own {
            client("CONFIG", "SET", "notify-keyspace-events", letter + "h")
            client("HSETNX", "h" + letter, "f", "v")
            let heard = listener.heard()
            #expect(heard.count == 1 && heard[0].hasPrefix(prefix))
        }
    }

    /// Behind the channels of the key; every class of channels goes by its own letters.
    @Test func besideTheOthers() {
        let listener = EventListener(server, "KESAg")
        client.line("HSET h f v")
        client.line("DEL h")
        client.line("SET s v")
        #expect(listener.heard() == [
            "__keyspace@0__:h hset", "__keyevent@0__:hset h", "__subkeyspace@0__:h hset|1:f",
            "__keyspace@0__:h del", "__keyevent@0__:del h", "__keyspace@0__:s set", "__keyevent@0__:set s",
        ])
        // Without the class of hashes, or without a channel, there is nothing.
        for classes in ["STIV", "STIVg", "hl", "KESTIVg", "oc"] {
            client("CONFIG", "SET", "notify-keyspace-events", classes)
            client.line("HSET h f v")
            #expect(listener.heard() == [], Comment(rawValue: classes))
        }
    }

    /// A line break in the key would be taken for the one before the field.
    @Test func keysWithLineBreaks() {
        let listener = EventListener(server, "STIVh")
        client("HSET", "a\nb", "c\nd", "v")
        #expect(listener.heard() == [
            "__subkeyspace@0__:a\nb hset|3:c\nd", "__subkeyevent@0__:hset 3:a\nb|3:c\nd",
            "__subkeyspaceevent@0__:hset|a\nb 3:c\nd",
        ])
        client("HDEL", "a|b", "f")
        client("HSET", "a|b", "|", "v")
        client("CONFIG", "SET", "notify-keyspace-events", "")
        #expect(listener.heard() == [
            "__subkeyspace@0__:a|b hset|1:|", "__subkeyevent@0__:hset 3:a|b|1:|", "__subkeyspaceitem@0__:a|b\n| hset",
            "__subkeyspaceevent@0__:hset|a|b 1:|",
        ])
    }

    /// "event|fields" for field events, "event" for others, of the key `h`.
    private func told(_ listener: EventListener) -> [String] {
        listener.heard().map { line in
            let space = line.firstIndex(of: " ") ?? line.startIndex
            return String(line[line.index(after: space)...])
        }
    }

    @Test(arguments: ["512", "0"])
    func events(limit: String) {
        client("CONFIG", "SET", "hash-max-listpack-entries", limit)
        let listener = EventListener(server, "KShgoc")
        let steps: [(String, [String])] = [
            ("HSET h a 1 b 2 a 3", ["hset", "hset|1:a,1:b,1:a"]), ("HMSET h c 3", ["hset", "hset|1:c"]),
            ("HSETNX h c 3", []), ("HSETNX h d 4", ["hset", "hset|1:d"]), ("HINCRBY h n 1", ["hincrby", "hincrby|1:n"]),
            ("HINCRBYFLOAT h n 1.5", ["hincrbyfloat", "hincrbyfloat|1:n"]),
            ("HEXPIRE h 10 FIELDS 3 a x b", ["hexpire", "hexpire|1:a,1:b"]), ("HEXPIRE h 10 NX FIELDS 1 a", []),
            ("HPERSIST h FIELDS 3 a c b", ["hpersist", "hpersist|1:a,1:b"]), ("HPERSIST h FIELDS 1 a", []),
            ("HGETEX h FIELDS 1 a", []), ("HGETEX h PX 500 FIELDS 2 a x", ["hexpire", "hexpire|1:a"]),
            ("HGETEX h PERSIST FIELDS 2 a b", ["hpersist", "hpersist|1:a"]),
            ("HGETEX h EXAT 1 FIELDS 2 a x", ["hdel", "hdel|1:a"]), ("HSETEX h FIELDS 1 a 1", ["hset", "hset|1:a"]),
            ("HSETEX h EX 10 FIELDS 2 a 1 e 2", ["hset", "hset|1:a,1:e", "hexpire", "hexpire|1:a,1:e"]),
            ("HSETEX h KEEPTTL FIELDS 1 a 1", ["hset", "hset|1:a"]), ("HSETEX h FNX FIELDS 1 a 1", []),
            ("HSETEX h FXX PX 0 FIELDS 1 e 1", ["hset", "hset|1:e", "hdel", "hdel|1:e"]),
            ("HPEXPIREAT h 1 FIELDS 2 x d", ["hdel", "hdel|1:d"]), ("HGETDEL h FIELDS 3 c x c", ["hdel", "hdel|1:c"]),
            ("HDEL h x", []), ("HDEL h b x b", ["hdel", "hdel|1:b"]), ("HDEL h a n", ["hdel", "hdel|1:a,1:n", "del"]),
            ("HSETEX h PX 0 FIELDS 1 a 1", ["hset", "hset|1:a", "hdel", "hdel|1:a", "del"]),
            ("HSETEX h XX FIELDS 1 a 1", []), ("HGETDEL h FIELDS 1 a", []),
            ("HIMPORT PREPARE s a b", []), ("HIMPORT SET h s 1 2", ["hset", "hset|1:a,1:b"]),
            ("HIMPORT SET h s 3 4", ["overwritten", "hset", "hset|1:a,1:b"]),
            ("HEXPIREAT h 1 FIELDS 2 a b", ["hdel", "hdel|1:a,1:b", "del"]),
        ]
        for (line, events) in steps {
            client.line(line)
            #expect(told(listener) == events, Comment(rawValue: line))
        }
    }

    /// What a command finds expired is told at once, ahead of what it does itself; an empty hash goes last.
    @Test(arguments: ["512", "0"])
    func fieldsFoundExpired(limit: String) {
        client("CONFIG", "SET", "hash-max-listpack-entries", limit)
        let expired = ["hexpired", "hexpired|1:a,1:b"]
        let steps: [(line: String, lone: [String], beside: [String])] = [
            ("HMGET h a x b", expired + ["del"], expired),
            ("HGET h a", ["hexpired", "hexpired|1:a"], ["hexpired", "hexpired|1:a"]),
            ("HGETDEL h FIELDS 3 a c b", expired + ["del"], expired + ["hdel", "hdel|1:c", "del"]),
            ("HGETEX h FIELDS 3 a c b", expired + ["del"], expired),
            ("HGETEX h PX 90 FIELDS 3 a c b", expired + ["del"], expired + ["hexpire", "hexpire|1:c"]),
            ("HGETEX h PX 0 FIELDS 3 a c b", expired + ["del"], expired + ["hdel", "hdel|1:c", "del"]),
            ("HGETEX h PERSIST FIELDS 2 a b", expired + ["del"], expired),
            ("HEXPIRE h 90 FIELDS 3 a c b", expired + ["del"], expired + ["hexpire", "hexpire|1:c"]),
            ("HEXPIRE h 0 FIELDS 3 a b c", expired + ["del"], expired + ["hdel", "hdel|1:c", "del"]),
            ("HPERSIST h FIELDS 2 a b", expired + ["del"], expired),
            ("HSETEX h FXX FIELDS 2 a 1 b 2", expired + ["del"], expired),
            (
                "HSETEX h FNX PX 90 FIELDS 2 a 1 b 2", expired + ["hset", "hset|1:a,1:b", "hexpire", "hexpire|1:a,1:b"],
                expired + ["hset", "hset|1:a,1:b", "hexpire", "hexpire|1:a,1:b"]
            ),
            (
                "HSETEX h FNX PX 0 FIELDS 2 a 1 b 2", expired + ["hset", "hset|1:a,1:b", "hdel", "hdel|1:a,1:b", "del"],
                expired + ["hset", "hset|1:a,1:b", "hdel", "hdel|1:a,1:b"]
            ),
            ("HDEL h a b", ["hdel", "hdel|1:a,1:b", "del"], ["hdel", "hdel|1:a,1:b"]),
            ("HSETNX h a 1", ["hexpired", "hexpired|1:a", "hset", "hset|1:a"], ["hexpired", "hexpired|1:a", "hset", "hset|1:a"]),
        ]
        for step in steps {
            for (others, expected) in [("", step.lone), (" c 3", step.beside)] {
                client.line("DEL h")
                client.line("HSET h a 1 b 2" + others)
                client.line("HPEXPIRE h 5 FIELDS 2 a b")
                server.advance(milliseconds: 6)
                let listener = EventListener(server, "KSAh")
                client.line(step.line)
                #expect(told(listener) == expected, Comment(rawValue: step.line + others))
                listener.client.disconnect()
                // What is left of it is in order.
                client.line("HSET h z 1")
                server.cycle()
                #expect(client.line("HLEN h").integerValue == Int64(client.line("HKEYS h").elements.count))
            }
        }
    }

    /// Fields set with a moment that is past were there for their own events.
    @Test func fieldsThatAreGoneAtOnce() {
        let listener = EventListener(server, "KnhgS")
        client.line("HSETEX h PX 0 FIELDS 2 a 1 a 2")
        #expect(told(listener) == ["new", "hset", "hset|1:a,1:a", "hdel", "hdel|1:a,1:a", "del"])
        client.line("HSET h b 1")
        #expect(told(listener) == ["new", "hset", "hset|1:b"])
        client.line("HSETEX h PX 0 FIELDS 1 a 1")
        #expect(told(listener) == ["hset", "hset|1:a", "hdel", "hdel|1:a"])
        #expect(client.line("HGETALL h") == ["b", "1"])
    }

    @Test func fieldsThatTheCycleRemoves() {
        client.line("HSET h a 1 b 2 c 3")
        client.line("HPEXPIRE h 5 FIELDS 2 a b")
        client.line("HPEXPIRE h 50 FIELDS 1 c")
        let listener = EventListener(server, "ESTh")
        server.advance(milliseconds: 6)
        server.cycle()
        // The order is that of the expiries, which are equal.
        let orders = ["1:a,1:b", "1:b,1:a"].map {
            ["__keyevent@0__:hexpired h", "__subkeyspace@0__:h hexpired|\($0)", "__subkeyevent@0__:hexpired 1:h|\($0)"]
        }
        #expect(orders.contains(listener.heard()))
        server.advance(milliseconds: 50)
        client.line("HRANDFIELD h 2")
        #expect(listener.heard() == [
            "__keyevent@0__:hexpired h", "__subkeyspace@0__:h hexpired|1:c", "__subkeyevent@0__:hexpired 1:h|1:c",
        ])
    }
}
