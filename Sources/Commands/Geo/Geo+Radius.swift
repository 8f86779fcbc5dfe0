// GEORADIUS and GEORADIUSBYMEMBER, which GEOSEARCH has replaced, with their read-only forms.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension Geo {
    private static func declaration(
        _ name: StaticString, since: StaticString, arity: Int, summary: StaticString, syntax: StaticString,
        history: KeyValuePairs<StaticString, StaticString>, instead: StaticString, storesFrom start: Int? = nil,
        _ handler: @escaping Handler
    ) -> CommandDeclaration {
        var keys: [KeySpecification] = [.key(1, [.readOnly, .access])]
        if let start {
            for word: StaticString in ["STORE", "STOREDIST"] {
                keys.append(
                    KeySpecification(
                        .keyword(word, startFrom: start), .range(last: 0, step: 1, limit: 0),
                        [.overwrite, .update, .variableFlags]))
            }
        }
        return CommandDeclaration(
            name, arity: arity, start == nil ? [.readonly] : [.write, .denyOOM], .geo, keys: keys, group: .geo, since: since,
            complexity: "O(N+log(M)) for N members in the square around the circle and M members in it", summary: summary,
            syntax: syntax, history: history, deprecated: .init(since: "6.2.0", replacement: instead), handler)
    }

    static var radiusDeclarations: [CommandDeclaration] {
        [
            declaration(
                "georadius", since: "3.2.0", arity: -6, summary: "Returns or stores members in a circle around a place.",
                syntax: """
                    key longitude latitude radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] \
                    [WITHHASH] [count-block: COUNT count [ANY@6.2.0]] [order: ASC | DESC] \
                    [store: STORE <storekey: key> | STOREDIST <storedistkey: key>]
                    """,
                history: radiusHistory,
                instead: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument", storesFrom: 6
            ) { context, arguments throws(CommandError) in
                try search(.radius(readOnly: false), event: "georadiusstore", &context, arguments)
            },
            declaration(
                "georadius_ro", since: "3.2.10", arity: -6, summary: "Returns members in a circle around a place.",
                syntax: """
                    key longitude latitude radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] \
                    [WITHHASH] [count-block: COUNT count [ANY@6.2.0]] [order: ASC | DESC]
                    """,
                history: radiusHistory, instead: "`GEOSEARCH` with the `BYRADIUS` argument"
            ) { context, arguments throws(CommandError) in
                try search(.radius(readOnly: true), event: "georadiusstore", &context, arguments)
            },
            declaration(
                "georadiusbymember", since: "3.2.0", arity: -5,
                summary: "Returns or stores members in a circle around a member.",
                syntax: """
                    key member radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] \
                    [count-block: COUNT count [ANY]] [order: ASC | DESC] \
                    [store: STORE <storekey: key> | STOREDIST <storedistkey: key>]
                    """,
                history: radiusHistory,
                instead: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments", storesFrom: 5
            ) { context, arguments throws(CommandError) in
                try search(.memberRadius(readOnly: false), event: "georadiusstore", &context, arguments)
            },
            declaration(
                "georadiusbymember_ro", since: "3.2.10", arity: -5, summary: "Returns members in a circle around a member.",
                syntax: """
                    key member radius <unit: M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] \
                    [count-block: COUNT count [ANY]] [order: ASC | DESC]
                    """,
                history: radiusHistory,
                instead: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"
            ) { context, arguments throws(CommandError) in
                try search(.memberRadius(readOnly: true), event: "georadiusstore", &context, arguments)
            },
        ]
    }

    private static var radiusHistory: KeyValuePairs<StaticString, StaticString> {
        ["6.2.0": "Added the `ANY` option for `COUNT`.", "7.0.0": "Added support for uppercase unit names."]
    }
}
