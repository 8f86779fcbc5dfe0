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

    /// Whatever a declaration says, the parser ends and does not trap.
    @Test func brokenNotations() {
        for text in ["[", "]", "<", ">", "|", "...", "[ ]", "[[a", "a ] b", "A <", "A [", "a [a ...", "[... a]", "||"] {
            _ = ArgumentSyntax.parse(text)
        }
    }
}
