import Commands
import Engine
import Primitives
import TestSupport
import Testing

@Suite struct StringsConditionTests {
    let server = TestServer()
    let client: TestClient

    init() { client = server.connectRecorded() }

    let badDigest = Reply.error("ERR must be exactly 16 hexadecimal characters")

    @Test func ifEqual() {
        #expect(client("SET", "k", "v", "IFEQ", "a") == nil)
        #expect(client("GET", "k") == nil)
        client("SET", "k", "123")
        _ = server.takeEffects()
        #expect(client("SET", "k", "v", "IFEQ", "0123") == nil)
        #expect(client("SET", "k", "v", "ifeq", "123") == "OK")
        #expect(client("SET", "k", "w", "IFEQ", "no", "GET") == "v")
        #expect(client("SET", "k", "w", "IFEQ", "v", "GET", "KEEPTTL") == "v")
        #expect(client("SET", "k", "x", "IFEQ", "w", "PXAT", "33177117420000") == "OK")
        #expect(client("SET", "k", "y", "IFEQ", "no", "EX", "0")
            == .error("ERR invalid expire time in 'set' command"))
        #expect(server.takeEffects() == [
            ["SET", "k", "v"], ["SET", "k", "w", "KEEPTTL"], ["SET", "k", "x", "PXAT", "33177117420000"],
        ])
    }

    @Test func ifNotEqual() {
        #expect(client("SET", "k", "a", "IFNE", "x") == "OK")
        #expect(client("SET", "k", "b", "IFNE", "a") == nil)
        #expect(client("SET", "k", "b", "IFNE", "x", "GET") == "a")
        #expect(client("SET", "n", "b", "IFNE", "x", "GET") == nil)
        #expect(client("GET", "n") == "b")
    }

    @Test func ifDigest() {
        #expect(client("SET", "k", "v", "IFDEQ", "short") == nil)
        #expect(client("SET", "k", "hello", "IFDNE", "short") == "OK")
        #expect(client("SET", "k", "x", "IFDEQ", "short") == badDigest)
        #expect(client("SET", "k", "x", "IFDNE", "9555E8555c62dcfd") == nil)
        #expect(client("SET", "k", "x", "IFDEQ", "zzzzzzzzzzzzzzzz") == nil)
        #expect(client("SET", "k", "123", "IFDEQ", "9555E8555C62DCFD") == "OK")
        #expect(client("SET", "k", "x", "IFDNE", "zzzzzzzzzzzzzzzz", "GET") == "123")
    }

    @Test func digest() {
        #expect(client("DIGEST", "k") == nil)
        let known = [
            ("hello", "9555e8555c62dcfd"), ("123", "404a763b3f4c8c9a"), ("Hello world", "b6acb9d84a38ff74"),
            ("", "2d06800538d394c2"), ("v8", "0cc76dbb41381419"),
            (
                "v8lf0c11xh8ymlqztfd3eeq16kfn4sspw7fqmnuuq3k3t75em5wdizgcdw7uc26nnf961u2jkfzkjytls2kwlj7626sd",
                "00006c38adf31777"
            ),
        ]
        for (value, digest) in known {
            client("SET", "k", value)
            #expect(client("DIGEST", "k") == .status(digest))
        }
        #expect(client("DIGEST") == .error("ERR wrong number of arguments for 'digest' command"))
    }

    @Test func delex() {
        let arity = Reply.error("ERR wrong number of arguments for 'delex' command")
        #expect(client("DELEX", "k") == 0)
        #expect(client("DELEX", "k", "IFEQ") == arity)
        #expect(client("DELEX", "k", "IFEQ", "a", "b") == arity)
        #expect(client("DELEX", "k", "NOPE", "a") == 0)
        #expect(client("DELEX", "k", "IFDEQ", "a") == 0)
        #expect(client("DELEX", "k", "IFNE", "a") == 0)
        client("SET", "k", "hello")
        _ = server.takeEffects()
        #expect(client("DELEX", "k", "NOPE", "a")
            == .error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"))
        #expect(client("DELEX", "k", "IFDEQ", "a") == badDigest)
        #expect(client("DELEX", "k", "IFEQ", "a") == 0)
        #expect(client("DELEX", "k", "IFNE", "hello") == 0)
        #expect(client("DELEX", "k", "IFDNE", "9555e8555c62dcfd") == 0)
        #expect(server.takeEffects() == [])
        #expect(client("DELEX", "k", "IFDEQ", "9555e8555c62dcfd") == 1)
        for words in [["DELEX", "k"], ["DELEX", "k", "IFEQ", "1"], ["DELEX", "k", "IFNE", "2"]] {
            client("SET", "k", "1")
            #expect(client.run(words.map { [UInt8]($0) }) == 1)
            #expect(client("GET", "k") == nil)
        }
        let del = ["DEL", "k"]
        let set = ["SET", "k", "1"]
        #expect(server.takeEffects() == [del, set, del, set, del, set, del])
    }

    @Test func delifeq() {
        #expect(client("DELIFEQ", "k", "v") == 0)
        client("SET", "k", "12")
        _ = server.takeEffects()
        #expect(client("DELIFEQ", "k", "012") == 0)
        #expect(client("DELIFEQ", "k", "12") == 1)
        #expect(server.takeEffects() == [["DEL", "k"]])
        #expect(client("DELIFEQ", "k") == .error("ERR wrong number of arguments for 'delifeq' command"))
    }

    /// Hashes of (7 i + 3) mod 256, by length, from the reference implementation.
    @Test(arguments: [
        (0, 0x2d06800538d394c2), (1, 0x13e608bc156defed), (2, 0x1c9074b93943b86c), (3, 0xa9088dda485b481c),
        (4, 0x6d9253b16c8b1ed3), (5, 0x998620e10e3a4b37), (7, 0x8e8291ad89127e2e), (8, 0x60539db630471163),
        (9, 0xfeff668361d723a8), (12, 0x6829454be0cc3199), (16, 0xb8c859b0f030b585), (17, 0x714a04408e79b80f),
        (31, 0xed41ac283d0674b3), (32, 0x19ff4ee1d6ba1a55), (33, 0x3e44983ad21679c8), (64, 0x287eb1fa9e4be2c1),
        (65, 0x829218de4d798646), (96, 0xf084e7cfbc624743), (97, 0x1daa83271a8e7b7c), (127, 0x998fa0631fd78d0b),
        (128, 0x67425a03650261bf), (129, 0xc664bf3311c6abc4), (160, 0xd70dea8de694b883), (239, 0x1d861931c1f3cafa),
        (240, 0x64556dc6b462a6cf), (241, 0x8beadd3a8874fe17), (256, 0x3c38817f6d79c0da), (257, 0x2a300c3495738ea6),
        (512, 0xf58202b8d9019d1d), (513, 0xb14f40af8c0a4286), (1023, 0xd26986a0b85dcc44),
        (1024, 0x9b81661c641c72b1), (1025, 0x806c2072ed713576), (1088, 0x2f8781e01841f0da),
        (1089, 0x2a90437fe231e7e8), (2049, 0x55aed42c9f1554b6), (4999, 0x11fe9beb341ea18d),
    ] as [(Int, UInt64)])
    func xxh3(_ count: Int, _ expected: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) }
        #expect(bytes.rawSpan.xxh3 == expected)
    }
}
