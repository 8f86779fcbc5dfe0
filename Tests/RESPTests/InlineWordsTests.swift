import Primitives
import RESP
import Testing

@Suite struct InlineWordsTests {
    @Test func quotedWordsReadAgain() {
        for word in [[], Array(0...255), [UInt8]("plain"), [UInt8]("a \"b\" \\ 'c'"), [92], [34], [92, 120, 52]] as [[UInt8]] {
            let quoted = InlineWords.quoted(word)
            #expect(InlineWords.split(quoted.rawSpan) == [word])
            #expect(quoted.allSatisfy { (32...126).contains($0) })
        }
    }
}
