import Engine
import TestSupport
import Testing

/// Places: adding, reading and searching, as the peers tell them.
@Suite struct GeoCommandTests {
    private func sicily(_ client: TestClient, large: Bool = false) {
        client.line("CONFIG SET zset-max-listpack-entries \(large ? 0 : 128)")
        #expect(client.line("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania") == 2)
        #expect(client.line("GEOADD g 12.758489 38.788135 edge1 17.241510 38.788135 edge2") == 2)
        #expect(client.line("OBJECT ENCODING g").text == (large ? "skiplist" : "listpack"))
    }

    private func bulk(_ items: String...) -> Reply { .array(items.map { .bulk([UInt8]($0)) }) }

    @Test(arguments: [false, true])
    func reading(large: Bool) {
        let client = TestServer().connect()
        sicily(client, large: large)
        let palermo = bulk("13.36138933897018433", "38.11555639549629859")
        #expect(client.line("GEOPOS g Palermo none") == .array([palermo, .null]))
        #expect(client.line("GEOPOS none a b") == [nil, nil])
        #expect(client.line("GEOPOS g") == [])
        #expect(client.line("GEOHASH g Palermo none Catania") == ["sqc8b49rny0", nil, "sqdtr74hyu0"])
        #expect(client.line("GEODIST g Palermo Catania") == "166274.1516")
        #expect(client.line("GEODIST g Palermo Catania KM") == "166.2742")
        #expect(client.line("GEODIST g Palermo Catania mi") == "103.3182")
        #expect(client.line("GEODIST g Palermo Catania ft") == "545518.8700")
        #expect(client.line("GEODIST g Palermo Palermo") == "0.0000")
        #expect(client.line("GEODIST g Palermo none") == nil)
        #expect(client.line("GEODIST none a b km") == nil)
        #expect(client.line("ZSCORE g Palermo") == "3479099956230698")
        client.line("HELLO 3")
        #expect(client.line("GEOPOS g Palermo") == [[.double("13.36138933897018433"), .double("38.11555639549629859")]])
    }

    @Test(arguments: [false, true])
    func searching(large: Bool) {
        let client = TestServer().connect()
        sicily(client, large: large)
        let expected: [(String, Reply)] = [
            ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", ["Catania", "Palermo"]),
            ("GEOSEARCH g BYRADIUS 200 km DESC FROMLONLAT 15 37", ["Palermo", "Catania"]),
            ("GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC", ["Catania", "Palermo", "edge2", "edge1"]),
            ("GEOSEARCH g FROMMEMBER Palermo BYRADIUS 0 m", ["Palermo"]),
            ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1", ["Catania"]),
            ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 DESC", ["Palermo"]),
            ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ANY ASC", ["Palermo"]),
            ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST ASC", [["Catania", "56.4413"], ["Palermo", "190.4424"]]),
            ("GEORADIUS g 15 37 200 km WITHHASH COUNT 1", [["Catania", 3_479_447_370_796_909]]),
            ("GEORADIUSBYMEMBER_RO g Palermo 1 m WITHCOORD WITHDIST WITHHASH",
             [["Palermo", "0.0000", 3_479_099_956_230_698, bulk("13.36138933897018433", "38.11555639549629859")]]),
            ("GEOSEARCH g BYPOLYGON 4 12 37 18 37 18 38.5 12 38.5 WITHDIST ASC", [["Catania", "32658.3730"], ["Palermo", "148257.1244"]]),
            ("GEOSEARCH g BYPOLYGON 3 0 0 1 0 1 1", []), ("GEOSEARCH none FROMMEMBER x BYRADIUS 1 m", []),
            ("GEORADIUS none 1 1 1 m", []), ("GEORADIUSBYMEMBER none x bad bad", []),
        ]
        for (line, reply) in expected { #expect(client.line(line) == reply, "\(line)") }
    }

    @Test func searchesAreRefused() {
        let client = TestServer().connect()
        sicily(client)
        client.line("SET text x")
        let member = "ERR could not decode requested zset member"
        let stored = "is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        let unit = "ERR unsupported unit provided. please use M, KM, FT, MI"
        let few = "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"
        let expected: [(String, String)] = [
            ("GEOSEARCH g FROMMEMBER x BYRADIUS 1 m", member), ("GEORADIUSBYMEMBER g x 1 m", member),
            ("GEOSEARCH g FROMLONLAT 181 1 BYRADIUS 1 m", "ERR invalid longitude,latitude pair 181.000000,1.000000"),
            ("GEOSEARCH g FROMLONLAT inf -inf BYRADIUS 1 m", "ERR invalid longitude,latitude pair inf,-inf"),
            ("GEOSEARCH g FROMLONLAT x 1 BYRADIUS 1 m", "ERR value is not a valid float"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS x m", "ERR need numeric radius"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS -1 m", "ERR radius cannot be negative"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 x", unit), ("GEODIST g a b x", unit),
            ("GEOSEARCH g FROMLONLAT 1 1 BYBOX x 1 m", "ERR need numeric width"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYBOX 1 x m", "ERR need numeric height"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYBOX 1 -1 m", "ERR height or width cannot be negative"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 m COUNT 0", "ERR COUNT must be > 0"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 m COUNT x", "ERR value is not an integer or out of range"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 m ANY", "ERR the ANY argument requires COUNT argument"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 m STOREDIST", "ERR syntax error"),
            ("GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 m BYBOX 1 1 m", "ERR syntax error"),
            ("GEOSEARCH g FROMLONLAT 1 1 FROMMEMBER x ASC ASC", "ERR syntax error"),
            ("GEOSEARCH g BYRADIUS 1 m ASC DESC", "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"),
            ("geosearch g FROMMEMBER Palermo ASC DESC ASC", "ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch"),
            ("GEOSEARCH g BYPOLYGON 2 1 1 2 2", few), ("GEOSEARCH g BYPOLYGON -1 1 1 2 2", few),
            ("GEOSEARCH g BYPOLYGON 2147483647 1 1 2 2", few),
            ("GEOSEARCH g BYPOLYGON 2147483648 1 1 2 2", "ERR invalid number of vertices"),
            ("GEOSEARCH g BYPOLYGON 3 1 1 2 2 3 99", "ERR invalid longitude,latitude pair 3.000000,99.000000"),
            ("GEOSEARCH g BYPOLYGON 3 1 1 2 2 3 3 FROMMEMBER Palermo", "ERR syntax error"),
            ("GEORADIUS g 1 1 1 m STORE d WITHDIST", "ERR STORE option in GEORADIUS " + stored),
            ("GEOSEARCHSTORE d g FROMLONLAT 1 1 BYRADIUS 1 m WITHHASH", "ERR GEOSEARCHSTORE " + stored),
            ("GEORADIUS_RO g 1 1 1 m STORE d", "ERR syntax error"), ("GEORADIUS g 1 1 1 m STORE", "ERR syntax error"),
            ("GEOSEARCH text FROMLONLAT 1 1 BYRADIUS 1 m", "WRONGTYPE Operation against a key holding the wrong kind of value"),
            ("GEODIST g a b m x", "ERR syntax error"),
        ]
        for (line, text) in expected { #expect(client.line(line) == .error(text), "\(line)") }
    }

    @Test func additions() {
        let server = TestServer()
        let client = server.connect()
        #expect(client.line("GEOADD g XX 1 1 a") == 0)
        #expect(client.line("EXISTS g") == 0)
        #expect(client.line("GEOADD g 1 1 a 2 2 b") == 2)
        #expect(client.line("GEOADD g CH 1 1 a 3 3 b 4 4 c") == 2)
        #expect(client.line("GEOADD g NX 5 5 a") == 0)
        #expect(client.line("GEOADD g XX CH 5 5 a 6 6 d") == 1)
        #expect(client.line("ZRANGE g 0 -1") == ["b", "c", "a"])
        let expected: [(String, String)] = [
            ("GEOADD g NX XX 1 1 a", "ERR syntax error"), ("GEOADD g 1 1 a 2", "ERR syntax error"), ("GEOADD g CH CH CH", "ERR syntax error"),
            ("GEOADD g 1 x a", "ERR value is not a valid float"),
            ("GEOADD g 1 1 a 181 86 b", "ERR invalid longitude,latitude pair 181.000000,86.000000"),
        ]
        for (line, text) in expected { #expect(client.line(line) == .error(text), "\(line)") }
        // The ends of the earth lie one step beyond the grid.
        #expect(client.line("GEOADD ends 180 85.05112878 ne -180 -85.05112878 sw") == 2)
        #expect(client.line("ZSCORE ends ne") == "13510798882111488")
        #expect(client.line("GEOHASH ends ne sw") == ["bp05b5048p0", "00bh0hbj200"])
    }

    @Test func results() {
        let server = TestServer()
        let client = server.connect()
        sicily(client)
        #expect(client.line("GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST") == 2)
        #expect(client.line("ZRANGE d 0 -1") == ["Catania", "Palermo"])
        #expect(client.line("ZCOUNT d 56.4412 56.4413") == 1)
        #expect(client.line("GEORADIUS g 15 37 200 km STORE d COUNT 1") == 1)
        #expect(client.line("ZRANGE d 0 -1 WITHSCORES") == ["Catania", "3479447370796909"])
        #expect(client.line("GEORADIUSBYMEMBER g Palermo 1 m STORE x STOREDIST g") == 1)
        #expect(client.line("ZRANGE g 0 -1 WITHSCORES") == ["Palermo", "0"])
        #expect(client.line("EXISTS x") == 0)
        #expect(client.line("GEORADIUS none 1 1 1 m STORE d") == 0)
        #expect(client.line("EXISTS d") == 0)
    }

    @Test func effectsAndEvents() {
        let server = TestServer()
        let client = server.connect()
        server.recordEffects()
        server.engine.observeNotices()
        client.line("GEOADD g NX CH 13.361389 38.115556 a 15.087269 37.502669 b")
        client.line("GEOADD g NX 1 1 a")
        client.line("GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 m")
        client.line("GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 1 m")
        client.line("GEORADIUS g 1 1 1 m STORE none")
        #expect(
            server.takeEffects() == [
                ["SELECT", "0"], ["ZADD", "g", "NX", "CH", "3479099956230698", "a", "3479447370796909", "b"],
                ["GEOSEARCHSTORE", "d", "g", "FROMMEMBER", "a", "BYRADIUS", "1", "m"],
                ["GEOSEARCHSTORE", "d", "none", "FROMMEMBER", "a", "BYRADIUS", "1", "m"],
            ])
        let events = server.engine.takeNotices().map { String(describing: $0.event.name) }
        #expect(events == ["zadd", "geosearchstore", "del"])
    }
}
