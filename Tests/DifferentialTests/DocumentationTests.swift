import Testing
import TestSupport

/// What COMMAND DOCS and COMMAND INFO tell, beside what live peers tell of the
/// same commands. Each fact must be as one of the peers says; where it is not on
/// purpose, `deliberate` says why.
@Suite(.serialized, .enabled(if: !LivePeer.programs.isEmpty, "no redis-server in PATH and no .peers/valkey-server: nothing to compare with"))
struct DocumentationTests {
    /// `command fact`, and why it is as it is.
    static let deliberate: [String: String] = [
        "bitop arguments": "the operations of Redis 8.2 as well",
        "client|kill arguments": "the filters that are there; neither peer has both dialects",
        "client|list arguments": "the filters that are there; neither peer has both dialects",
        "debug arguments": "the peers tell none, so that redis-cli could give no hint",
        "hexpire since": "Redis 7.4 had it before Valkey 9.0",
        "hexpireat arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hexpireat since": "Redis 7.4 had it before Valkey 9.0",
        "hexpiretime arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hexpiretime since": "Redis 7.4 had it before Valkey 9.0",
        "hgetdel arguments": "as Redis says since 8.0; Valkey takes numfields for a key",
        "hgetdel since": "Redis 8.0 had it before Valkey",
        "hgetex arguments": "as Redis says since 8.0; Valkey takes numfields for a key",
        "hgetex since": "Redis 8.0 had it before Valkey",
        "hpersist arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hpersist since": "Redis 7.4 had it before Valkey 9.0",
        "hpexpire arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hpexpire since": "Redis 7.4 had it before Valkey 9.0",
        "hpexpireat arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hpexpireat since": "Redis 7.4 had it before Valkey 9.0",
        "hpexpiretime arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hpexpiretime since": "Redis 7.4 had it before Valkey 9.0",
        "hpttl arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "hpttl since": "Redis 7.4 had it before Valkey 9.0",
        "hsetex arguments": "the conditions of both; Valkey takes numfields for a key",
        "hsetex key specifications": "updates, as Redis says since 8.0",
        "hsetex since": "Redis 8.0 had it before Valkey",
        "httl arguments": "as Redis says since 7.4; Valkey takes numfields for a key",
        "httl since": "Redis 7.4 had it before Valkey 9.0",
        "msetex since": "Redis 8.4 had it before Valkey 9.1",
        "psetex deprecation": "as Redis says since 8.0; Valkey took it back",
        "quit deprecation": "as Redis says since 7.2",
        "set arguments": "the conditions of Redis 8.4 as well",
        "setex deprecation": "as Redis says since 8.0; Valkey took it back",
        "setnx deprecation": "as Redis says since 8.0; Valkey took it back",
        "sort arguments": "ALPHA is shown by its word; patterns have no number, as they are no keys",
        "sort key specifications": "the notes are in our words",
        "sort_ro arguments": "ALPHA is shown by its word; patterns have no number, as they are no keys",
        "sort_ro key specifications": "the notes are in our words",
        "shutdown arguments": "flat as in Redis; the group is named as since 7.2",
        "zinter arguments": "AGGREGATE COUNT of Redis 8.10 as well",
        "zinterstore arguments": "AGGREGATE COUNT of Redis 8.10 as well",
        "zunion arguments": "AGGREGATE COUNT of Redis 8.10 as well",
        "zunionstore arguments": "AGGREGATE COUNT of Redis 8.10 as well",
    ]

    /// The facts of every command, by `command fact`.
    private typealias Facts = [String: String]

    @Test func everyFactIsAPeers() throws {
        var peers: [Facts] = []
        for program in LivePeer.programs { peers.append(try facts(of: try LivePeer(program))) }
        let ours = facts()
        #expect(ours.count > 500)
        var needed: Set<String> = []
        for (name, fact) in ours.sorted(by: { $0.key < $1.key }) {
            let told = peers.compactMap { $0[name] }
            guard !told.isEmpty, !told.contains(fact) else { continue }
            needed.insert(name)
            #expect(Self.deliberate[name] != nil, "\(name): \(fact)\npeers: \(told.joined(separator: "\n       "))")
        }
        if peers.count == 2 {
            let needless = Set(Self.deliberate.keys).subtracting(needed)
            #expect(needless.isEmpty, "no differences by now: \(needless.sorted())")
        }
    }

    /// A hint can be shown for whatever takes arguments.
    @Test func everyArgumentIsDocumented() {
        let ours = facts()
        for (name, fact) in ours where name.hasSuffix(" arity") && fact != "1" && fact != "-1" {
            let command = name.dropLast(" arity".count)
            let isAlone = fact == "2" && command.contains("|")
            let isContainer = ours.keys.contains { $0.hasPrefix("\(command)|") }
            #expect(isAlone || isContainer || ours["\(command) arguments"] != "", "\(command)")
        }
    }

    // MARK: Asking

    private func facts() -> Facts {
        let client = TestServer().connect()
        client("HELLO", "3")
        return facts(documents: client("COMMAND", "DOCS"), descriptions: client("COMMAND"))
    }

    private func facts(of peer: LivePeer) throws -> Facts {
        _ = try ask(peer, "HELLO", "3")
        return facts(documents: try ask(peer, "COMMAND", "DOCS"), descriptions: try ask(peer, "COMMAND"))
    }

    private func ask(_ peer: LivePeer, _ words: String...) throws -> Reply {
        try peer.send(TestClient.encode(words.map { [UInt8]($0) }))
        let bytes = try peer.replies(1) { Reply.parse($0, &$1) != nil }
        var offset = 0
        return try #require(Reply.parse(bytes, &offset))
    }

    // MARK: Facts of replies

    private func facts(documents: Reply, descriptions: Reply) -> Facts {
        var facts: Facts = [:]
        add(documents: documents, to: &facts)
        add(descriptions: descriptions, to: &facts)
        return facts
    }

    private func add(documents: Reply, to facts: inout Facts) {
        for (name, document) in documents.pairs {
            facts["\(name) arguments"] = (document["arguments"]?.elements ?? []).map(argument).joined(separator: " ")
            facts["\(name) since"] = document["since"]?.text
            facts["\(name) group"] = document["group"]?.text
            facts["\(name) deprecation"] = "\(list(document["doc_flags"])) \(document["deprecated_since"]?.text ?? "")"
            if let subcommands = document["subcommands"] { add(documents: subcommands, to: &facts) }
        }
    }

    /// `TOKEN:name/type#key@since~flag(children)`
    private func argument(_ reply: Reply) -> String {
        var text = reply["token"].map { "\($0.text ?? ""):" } ?? ""
        text += "\(reply["name"]?.text ?? "")/\(reply["type"]?.text ?? "")"
        if let display = reply["display_text"]?.text { text += " '\(display)'" }
        if let key = reply["key_spec_index"]?.integerValue { text += "#\(key)" }
        if let since = reply["since"]?.text { text += "@\(since)" }
        text += (reply["flags"]?.elements ?? []).compactMap(\.text).sorted().map { "~\($0)" }.joined()
        guard let children = reply["arguments"]?.elements else { return text }
        return text + "(\(children.map(argument).joined(separator: " ")))"
    }

    private func add(descriptions: Reply, to facts: inout Facts) {
        for description in descriptions.elements {
            let parts = description.elements
            guard parts.count == 10, let name = parts[0].text else { continue }
            facts["\(name) arity"] = "\(parts[1].integerValue ?? 0)"
            facts["\(name) flags"] = list(parts[2])
            facts["\(name) keys"] = "\(parts[3...5].map { $0.integerValue ?? 0 })"
            facts["\(name) categories"] = list(parts[6])
            facts["\(name) tips"] = list(parts[7])
            facts["\(name) key specifications"] = list(parts[8])
            add(descriptions: parts[9], to: &facts)
        }
    }

    /// What stands in a set, whose order is nobody's business.
    private func list(_ reply: Reply?) -> String {
        (reply?.elements ?? []).map(written).sorted().joined(separator: " ")
    }

    private func written(_ reply: Reply) -> String {
        switch reply {
        case .array(let items), .map(let items): "(\(items.map(written).joined(separator: " ")))"
        case .set(let items): "{\(items.map(written).sorted().joined(separator: " "))}"
        default: reply.text ?? "\(reply)"
        }
    }
}

extension Reply {
    /// The entries of a map.
    fileprivate var pairs: [(name: String, value: Reply)] {
        let items = elements
        return stride(from: 0, to: items.count - 1, by: 2).map { (items[$0].text ?? "", items[$0 + 1]) }
    }

    fileprivate subscript(name: String) -> Reply? { pairs.first { $0.name == name }?.value }
}
