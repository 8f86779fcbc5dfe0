import Engine
import Testing

/// The tree of a notation, written back as text.
private func tree(_ notation: String) -> String { ArgumentSyntax.parse(notation).map(tree).joined(separator: " ") }

private func tree(_ argument: ArgumentSyntax) -> String {
    var text = argument.token.isEmpty ? "" : "\(argument.token):"
    switch argument.kind {
    case .oneOf: text += "<\(argument.children.map(tree).joined(separator: "|"))>"
    case .block: text += "(\(argument.children.map(tree).joined(separator: " ")))"
    case .pureToken: text += "!"
    default: text += "\(argument.name)/\(argument.kind.rawValue)"
    }
    if argument.isMultiple { text += argument.repeatsToken ? "++" : "+" }
    if argument.isOptional { text += "?" }
    return text
}

@Suite struct IntrospectionSyntaxTests {
    @Test func plainArguments() {
        #expect(tree("") == "")
        #expect(tree("key") == "key/key")
        #expect(tree("key seconds value") == "key/key seconds/integer value/string")
        #expect(tree("source destination key1 pattern") == "source/key destination/key key1/key pattern/pattern")
    }

    @Test func options() {
        #expect(
            tree("key value [NX | XX | IFEQ comparison-value] [GET] [EX seconds | EXAT unix-time-seconds | KEEPTTL]")
                == "key/key value/string <NX:!|XX:!|IFEQ:comparison-value/string>? GET:!? "
                + "<EX:seconds/integer|EXAT:unix-time-seconds/unix-time|KEEPTTL:!>?")
        #expect(tree("[[AUTH username password] x]") == "(AUTH:(username/string password/string)? x/string)?")
        #expect(tree("[LIMIT offset count]") == "LIMIT:(offset/integer count/integer)?")
        #expect(tree("MAXLEN [= | ~] threshold") == "MAXLEN:! <=:!|~:!>? threshold/integer")
    }

    @Test func repetitions() {
        #expect(tree("numkeys key [key ...]") == "numkeys/integer key/key+")
        #expect(tree("key value [key value ...]") == "(key/key value/string)+")
        #expect(tree("[key [key ...]]") == "key/key+?")
        #expect(tree("[GET pattern [GET pattern ...]]") == "GET:pattern/pattern++?")
        #expect(tree("[KEYS key [key ...]]") == "KEYS:key/key+?")
        #expect(tree("[WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN>]") == "WEIGHTS:weight/integer+? AGGREGATE:<SUM:!|MIN:!>?")
        #expect(tree("STREAMS key [key ...] id [id ...]") == "STREAMS:(key/key+ id/string+)")
        #expect(tree("<a | b>") == "<a/string|b/string>")
        #expect(tree("a | b") == "<a/string|b/string>")
    }

    private func only(_ notation: String) -> ArgumentSyntax? { ArgumentSyntax.parse(notation).first }

    @Test func annotations() {
        #expect(tree("key increment=double [seed=integer]") == "key/key increment/double seed/integer?")
        #expect(tree("ip:port a@b x=y =") == "ip:port/string a@b/string x=y/string =:!")
        #expect(only("username@6.0.0")?.since == "6.0.0" && only("username@6.0.0")?.name == "username")
        let option = only("[GET@6.2.0]")
        #expect(option?.since == "6.2.0" && option?.token == "GET" && option?.isOptional == true)
        let valued = only("EX@2.6.12 seconds")
        #expect(valued?.since == "2.6.12" && valued?.token == "EX" && valued?.kind == .integer)
    }

    @Test func names() {
        let group = only("[condition@7.0.0: NX | XX]")
        #expect(group?.name == "condition" && group?.since == "7.0.0" && group?.kind == .oneOf)
        #expect(group?.children.map(\.name) == ["nx", "xx"])
        #expect(only("<enabled: ON | OFF>")?.name == "enabled")
        #expect(only("TYPE <client-type: A | B>")?.name == "client-type")
        let address = only("[addr: ADDR ip:port]")
        #expect(address?.name == "addr" && address?.displayText == "ip:port" && address?.token == "ADDR")
    }

    /// Whatever a declaration says, the parser ends and does not trap.
    @Test func brokenNotations() {
        for text in ["[", "]", "<", ">", "|", "...", "[ ]", "[[a", "a ] b", "A <", "A [", "a [a ...", "[... a]", "||", "[a:", "<a:", ":", "a@", "@1", "a=", "=b", "[a:]", "a@1=double"] {
            _ = ArgumentSyntax.parse(text)
        }
    }
}
