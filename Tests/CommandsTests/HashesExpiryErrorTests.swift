import Commands
import Engine
import Primitives
import TestSupport
import Testing

@Suite struct HashesExpiryErrorTests {
    let server = TestServer()
    let client: TestClient

    init() {
        client = server.connect()
        client("HSET", "h", "a", "1")
    }

    private static var fieldsMissing: String { "ERR Mandatory argument FIELDS is missing or not at the right position" }
    private static var noMatch: String { "ERR The `numfields` parameter must match the number of arguments" }
    private static var notPositive: String { "ERR Number of fields must be a positive integer" }

    private func expect(_ line: String, _ error: String) {
        #expect(client.line(line) == .error(error), Comment(rawValue: line))
    }

    @Test func fields() {
        for command in ["HTTL h", "HPERSIST h", "HGETEX h", "HGETDEL h", "HEXPIRETIME h"] {
            expect("\(command) FIELD 1 a", Self.fieldsMissing)
            expect("\(command) FIELDS 0 a", Self.notPositive)
            expect("\(command) FIELDS -1 a", Self.notPositive)
            expect("\(command) FIELDS x a", Self.notPositive)
            expect("\(command) FIELDS 9223372036854775808 a", Self.notPositive)
            expect("\(command) FIELDS 2 a", Self.noMatch)
            expect("\(command) FIELDS 1 a b", Self.noMatch)
        }
        expect("HEXPIRE h 10 FIELDS 0 a", "ERR Parameter `numFields` should be greater than 0")
        expect("HEXPIRE h 10 FIELDS 2 a", Self.noMatch)
        expect("HEXPIRE h 10 FIELDS 9223372036854775807 a", Self.noMatch)
        expect("HEXPIRE h 10 NOPE FIELDS 1 a", Self.fieldsMissing)
        expect("HEXPIRE h 10 NX XX FIELDS 1 a", "ERR NX and XX, GT or LT options at the same time are not compatible")
        expect("HGETEX h PERSIST 1 FIELDS 1 a", Self.fieldsMissing)
    }

    @Test func moments() {
        expect("HEXPIRE h x FIELDS 1 a", "ERR value is not an integer or out of range")
        expect("HEXPIRE h -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0")
        for (command, name) in [("HEXPIRE", "hexpire"), ("HEXPIREAT", "hexpireat"), ("HPEXPIRE", "hpexpire"), ("HPEXPIREAT", "hpexpireat")] {
            expect("\(command) h 9223372036854775807 FIELDS 1 a", "ERR invalid expire time in '\(name)' command")
            expect("\(command) h 70368744177664 FIELDS 1 a", "ERR invalid expire time in '\(name)' command")
        }
        #expect(client.line("HPEXPIREAT h 70368744177663 FIELDS 1 a") == [1])
        #expect(client.line("HPEXPIRETIME h FIELDS 1 a") == [70_368_744_177_663])
        #expect(client.line("HEXPIRETIME h FIELDS 1 a") == [70_368_744_178])
        expect("HGETEX h EX 9223372036854775807 FIELDS 1 a", "ERR invalid expire time in 'hgetex' command")
        expect("HGETEX h PX -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0")
        expect("HSETEX h EXAT 9223372036854775807 FIELDS 1 a 1", "ERR invalid expire time in 'hsetex' command")
    }

    @Test func settingWithExpiry() {
        let oneExpiry = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
        expect("HSETEX h EX 1 KEEPTTL FIELDS 1 a 1", oneExpiry)
        expect("HSETEX h KEEPTTL KEEPTTL FIELDS 1 a 1", oneExpiry)
        expect("HSETEX h PX 1 PX 1 FIELDS 1 a 1", oneExpiry)
        expect("HSETEX h FXX FNX FIELDS 1 a 1", "ERR Only one of FXX or FNX arguments can be specified")
        expect("HSETEX h XX NX FIELDS 1 a 1", "ERR Only one of NX or XX arguments can be specified")
        expect("HSETEX h NOPE FIELDS 1 a 1", "ERR unknown argument: NOPE")
        expect("HSETEX h EX FIELDS 1 a 1", "ERR value is not an integer or out of range")
        expect("HSETEX h FIELDS 0 a 1", "ERR invalid number of fields")
        expect("HSETEX h FIELDS 9223372036854775808 a 1", "ERR invalid number of fields")
        expect("HSETEX h FIELDS 1 a 1 b", "ERR wrong number of arguments for 'hsetex' command")
        expect("HSETEX h FIELDS 2 a 1", "ERR wrong number of arguments for 'hsetex' command")
        expect("HSETEX h FNX KEEPTTL XX XX", "ERR Only one of NX or XX arguments can be specified")
        expect("HSETEX h FNX PX 10 XX", "ERR missing FIELDS argument")
        expect("HSETEX h FNX KEEPTTL XX NX", "ERR Only one of NX or XX arguments can be specified")
        expect("HSETEX h FNX PX 10 XX KEEPTTL", "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
    }
}
