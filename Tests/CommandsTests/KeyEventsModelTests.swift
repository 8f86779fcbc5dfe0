import Commands
import Engine
import Primitives
import RESP
import TestSupport
import Testing

/// Whoever listens can follow what happens: random commands, and what their events must be.
@Suite struct KeyEventsModelTests {
    /// What is heard of the first database: the channel's kind, the rest of its name and the message, as bytes.
    private struct Message {
        var kind: String
        var name: [UInt8]
        var text: [UInt8]

        init?(_ reply: Reply) {
            guard case .array(let words) = reply, words.count == 4, case .bulk(let channel) = words[2],
                case .bulk(let text) = words[3], let at = channel.firstIndex(of: 64), let colon = channel.firstIndex(of: 58),
                channel[at..<colon].elementsEqual("@0__".utf8)
            else { return nil }
            kind = String(decoding: channel[2..<at], as: UTF8.self)
            name = Array(channel[(colon + 1)...])
            self.text = text
        }

        static func all(_ client: TestClient) -> [Message] {
            var messages: [Message] = []
            while case let reply = client.nextReply(), reply != .none {
                if let message = Message(reply) { messages.append(message) }
            }
            return messages
        }
    }

    private func types(_ client: TestClient) -> [[UInt8]: String] {
        var types: [[UInt8]: String] = [:]
        for key in client("KEYS", "*").elements {
            guard case .bulk(let bytes) = key else { continue }
            types[bytes] = client.run([[UInt8]("TYPE"), bytes]).text
        }
        return types
    }

    /// Commands on a few keys that all families share.
    private func meeting(_ random: inout RandomGenerator) -> [[UInt8]] {
        let lines = [
            "SET a 1", "SET a 1 GET", "MSET a 1 b 2", "LPUSH a 1", "SADD a 1", "ZADD a 1 m", "HSET a f v", "GEOADD a 1 1 m", "PFADD a x",
            "DEL a", "RENAME a b", "COPY a b REPLACE", "SUNIONSTORE a b c", "ZUNIONSTORE a 2 b c", "ZRANGESTORE a b 0 -1", "SORT a STORE b",
            "BITOP OR a b c", "INCR a", "APPEND a x", "LMOVE a b LEFT LEFT", "SMOVE a b 1", "HDEL a f", "SREM a 1", "LPOP a", "EXPIRE a -1",
            "SET a 1 PXAT 1", "PFMERGE a b", "HSETEX a PX 0 FIELDS 1 f v", "GETSET a 1", "MSETEX 2 a 1 b 2 XX",
        ]
        return lines[random.below(lines.count)].split(separator: " ").map { word in
            ["a", "b", "c"].contains(word) ? [UInt8]("k\(random.below(5))") : [UInt8](String(word))
        }
    }

    /// A key whose type is another after a command was told as such, none else was, and each of them as overwritten.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func typesChangeAsTold(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let server = TestServer(seed: seed)
        let (client, asker) = (server.connect(), server.connect())
        let listener = EventListener(server, "Eoc").client
        let generators = Generators.all + Generators.newer + [Generators.sorting]
        var before: [[UInt8]: String] = [:]
        var changes = 0
        for step in 0..<1500 {
            let command = random.below(4) > 0 ? meeting(&random) : Generators.command(of: generators, &random)
            // Databases change places without a word.
            guard !printable(command).uppercased().hasPrefix("\"SWAPDB") else { continue }
            client.run(command)
            client("SELECT", "0")
            _ = client.takeBytes()
            let messages = Message.all(listener)
            let after = types(asker)
            let told = Set(messages.filter { $0.name == [UInt8]("type_changed") }.map(\.text))
            let overwritten = Set(messages.filter { $0.name == [UInt8]("overwritten") }.map(\.text))
            let changed = Set(after.filter { key, type in before[key].map { $0 != type } ?? false }.keys)
            changes += changed.count
            guard told == changed, overwritten.isSuperset(of: told), overwritten.isSubset(of: Set(after.keys)) else {
                Issue.record("""
                    seed \(seed), step \(step): \(printable(command)): told \(told), changed \(changed), \
                    overwritten \(overwritten)
                    """)
                return
            }
            before = after
        }
        #expect(changes > 20)
    }

    /// The names of a list `length:name,...`.
    private func names(_ list: ArraySlice<UInt8>) -> [[UInt8]]? {
        var names: [[UInt8]] = []
        var rest = list
        while let colon = rest.firstIndex(of: 58), let count = Int(String(decoding: rest[..<colon], as: UTF8.self)) {
            let end = colon + 1 + count
            guard end <= rest.endIndex else { return nil }
            names.append(Array(rest[(colon + 1)..<end]))
            guard end < rest.endIndex else { return names }
            guard rest[end] == 44 else { return nil }
            rest = rest[(end + 1)...]
        }
        return nil
    }

    /// Applies a message to the fields that a listener knows of each hash; nil: it is not understood.
    private func follow(_ message: Message, _ fields: inout [[UInt8]: Set<[UInt8]>]) -> Bool {
        if message.kind == "keyspace" {
            let event = String(decoding: message.text, as: UTF8.self)
            if ["del", "overwritten"].contains(event) { fields[message.name] = nil }
            return true
        }
        guard let bar = message.text.firstIndex(of: 124), let names = names(message.text[(bar + 1)...]) else { return false }
        switch String(decoding: message.text[..<bar], as: UTF8.self) {
        case "hset", "hincrby", "hincrbyfloat": fields[message.name, default: []].formUnion(names)
        case "hdel", "hexpired": fields[message.name, default: []].subtract(names)
        case "hexpire", "hpersist": return fields[message.name]?.isSuperset(of: names) == true
        default: return false
        }
        return true
    }

    /// Who follows the channels of fields knows the fields of all hashes, while they come, go and expire.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func fieldsAreKnown(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let server = TestServer(seed: seed)
        let (client, asker) = (server.connect(), server.connect())
        let listener = EventListener(server, "KSghoc").client
        var fields: [[UInt8]: Set<[UInt8]>] = [:]
        var heard = 0
        var lately: [String] = []
        for step in 0..<3000 {
            var command = random.below(2) == 0 ? HashGenerator.command(&random) : HashGenerator.newer(&random)
            if random.below(6) == 0 {
                let keys = ["hash:a", "hash:b", "hash:c", "hash:large", "hash:larger"]
                command = [
                    "HPEXPIRE", keys[random.below(keys.count)], "\(1 + random.below(30))", "FIELDS", "3", "f", "g", "name",
                ].map { [UInt8]($0) }
            }
            lately = lately.suffix(5) + [printable(command)]
            client.run(command)
            _ = client.takeBytes()
            if random.below(3) == 0 { server.advance(milliseconds: Int64(random.below(8))) }
            if random.below(10) == 0 { server.cycle() }
            for message in Message.all(listener) {
                heard += 1
                guard follow(message, &fields) else {
                    Issue.record("seed \(seed), step \(step): \(message), after \(lately)")
                    return
                }
            }
            guard step % 20 == 19 else { continue }
            server.cycle()
            for message in Message.all(listener) { #expect(follow(message, &fields)) }
            var found: [[UInt8]: Set<[UInt8]>] = [:]
            for (key, type) in types(asker) where type == "hash" {
                let names = asker.run([[UInt8]("HKEYS"), key]).elements.compactMap { if case .bulk(let name) = $0 { name } else { nil } }
                found[key] = Set(names)
            }
            guard found == fields.filter({ !$0.value.isEmpty }) else {
                Issue.record("seed \(seed), step \(step): known \(fields), there \(found), after \(lately)")
                return
            }
        }
        #expect(heard > 1000)
    }
}
